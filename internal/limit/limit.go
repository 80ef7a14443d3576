// Package limit delays calls so that they do not exceed a rate. [Limiter] is the whole
// of it for one process; [Queue] and [Rooms] are its parts, for limiters that learn
// from elsewhere when the first call in line may go.
package limit

import (
	"context"
	"sync"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
)

// Limit is zegocensor.Limit.
type Limit struct {
	PerSecond int
	PerRoom   time.Duration
}

// Margin is what a second, and the time between two calls for a room, is longer here
// than on the vendor's side. A call can reach the vendor a little later than it left
// the limiter, and the call a second after it need not.
const Margin = 20 * time.Millisecond

// Interval is the time between two calls of an action of so many calls a second.
func Interval(perSecond int) time.Duration {
	return (time.Second + Margin) / time.Duration(perSecond)
}

const (
	// tolerance is how much of a delay is made up for by calls that follow each other
	// sooner. It is well below Margin: a call and the one that is PerSecond places behind
	// it go at least 1 s + Margin - tolerance apart, so that never more than the rate goes
	// in a second. What is left of Margin is for calls that are sent late, because the
	// delay met them too.
	tolerance = 8 * time.Millisecond

	// A call that goes so late means that the process was stopped, and may only now send
	// what went just before. The next call waits for a pause in addition.
	stopped = 100 * time.Millisecond
	pause   = 50 * time.Millisecond
)

// Limiter is a limiter for one process, with a line for each action.
type Limiter struct {
	of func(action string) Limit

	mu      sync.Mutex
	actions map[string]*action
}

type action struct {
	interval time.Duration
	rooms    *Rooms // nil = rooms have no limit of their own
	queue    Queue

	mu   sync.Mutex
	free time.Time // when the next call may go; only the first in line changes it
}

// New makes a limiter. PerSecond must be at least 1.
func New(of func(action string) Limit) *Limiter {
	return &Limiter{of: of, actions: make(map[string]*action)}
}

// Wait returns nil as soon as one call of the action for the room ("" = none) may be
// sent, and an error if ctx ends before or has a deadline that would.
func (l *Limiter) Wait(ctx context.Context, action, room string) error {
	a := l.action(action)
	if a.rooms == nil || room == "" {
		return a.wait(ctx)
	}
	turn, err := a.rooms.Enter(ctx, room)
	if err != nil {
		return err
	}
	err = a.wait(ctx)
	turn.Leave(err == nil)
	return err
}

func (l *Limiter) action(name string) *action {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.actions[name]
	if !ok {
		limit := l.of(name)
		a = &action{interval: Interval(limit.PerSecond)}
		if limit.PerRoom > 0 {
			a.rooms = NewRooms(limit.PerRoom)
		}
		l.actions[name] = a
	}
	return a
}

// wait is the generic cell rate algorithm, for one call at a time: only the first in
// line waits for the time to come, and the time is used up only if a call goes.
func (a *action) wait(ctx context.Context) error {
	joined := time.Now()
	if err := a.queue.Enter(ctx, max(0, a.next().Sub(joined)), a.interval); err != nil {
		return err
	}
	defer a.queue.Leave()
	free := a.next()
	if err := attempt.Sleep(ctx, time.Until(free)); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return attempt.ContextError(ctx)
	}
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	switch late := now.Sub(free); {
	case late <= tolerance:
		a.free = free.Add(a.interval)
	case !joined.Before(free): // not late: there was no call
		a.free = now.Add(a.interval)
	case late <= stopped:
		a.free = now.Add(a.interval - tolerance)
	default:
		a.free = now.Add(a.interval + pause)
	}
	return nil
}

// next is when the next call may go.
func (a *action) next() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.free
}
