// Package schedule does things at their time, on a clock that a test can turn.
package schedule

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// Schedule does things at their time.
type Schedule struct {
	base func() time.Time
	ctx  context.Context

	turning sync.Mutex // held by Advance, so that one turns the clock at a time

	mu         sync.Mutex
	idle       sync.Cond     // running became 0
	ahead      time.Duration // how far the clock was turned
	stopped    time.Time     // what the clock shows while it is being turned; zero = it runs
	turnedFrom time.Time     // and what it showed before
	due        dueHeap
	serial     int
	running    int
	wake       chan struct{}
}

// New makes a schedule on the clock base. It works while [Schedule.Run] runs.
func New(ctx context.Context, base func() time.Time) *Schedule {
	s := &Schedule{base: base, ctx: ctx, wake: make(chan struct{}, 1)}
	s.idle.L = &s.mu
	return s
}

// Now is the time by the clock.
func (s *Schedule) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nowLocked()
}

func (s *Schedule) nowLocked() time.Time {
	if !s.stopped.IsZero() {
		return s.stopped
	}
	return s.base().Add(s.ahead)
}

// Flow is the time by which rates are judged: it goes on while the clock is being
// turned, as what is done meanwhile takes its time.
func (s *Schedule) Flow() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.base().Add(s.ahead)
	if !s.stopped.IsZero() {
		t = t.Add(s.stopped.Sub(s.turnedFrom))
	}
	return t
}

// Turned is how far the clock is ahead.
func (s *Schedule) Turned() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ahead
}

// After has do called in d, in a goroutine of its own.
func (s *Schedule) After(d time.Duration, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	heap.Push(&s.due, entry{s.nowLocked().Add(d), s.serial, do})
	s.lookAgain()
}

// lookAgain has Run see that what is next has changed.
func (s *Schedule) lookAgain() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run does what falls due as time passes, until the context ends; then it waits
// for what is being done.
func (s *Schedule) Run() {
	const longest = time.Hour
	for s.ctx.Err() == nil {
		wait := longest
		s.mu.Lock()
		for len(s.due) > 0 && s.stopped.IsZero() { // else it is Advance's
			if wait = s.due[0].at.Sub(s.nowLocked()); wait > 0 {
				break
			}
			s.startLocked()
			wait = longest
		}
		s.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.wake:
		case <-s.ctx.Done():
		}
		timer.Stop()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waitLocked()
}

// Advance turns the clock by d and does on the way what falls due, one after the
// other. Meanwhile no other time passes: what takes a moment to do does not move
// what follows from it.
func (s *Schedule) Advance(d time.Duration) {
	s.turning.Lock()
	defer s.turning.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	ahead := s.ahead + d
	s.stopped = s.nowLocked()
	s.turnedFrom = s.stopped
	target := s.stopped.Add(d)
	for s.waitLocked(); len(s.due) > 0 && !s.due[0].at.After(target) && s.ctx.Err() == nil; s.waitLocked() {
		if s.due[0].at.After(s.stopped) {
			s.stopped = s.due[0].at
		}
		s.startLocked()
	}
	s.stopped = time.Time{}
	s.ahead = ahead
	s.lookAgain()
}

// Reset drops everything that is due, and turns the clock back to its base. What is
// being done goes on.
func (s *Schedule) Reset() {
	s.turning.Lock()
	defer s.turning.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due, s.ahead = nil, 0
	s.lookAgain()
}

func (s *Schedule) startLocked() {
	e := heap.Pop(&s.due).(entry)
	s.running++
	go func() {
		e.do()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.running--; s.running == 0 {
			s.idle.Broadcast()
		}
	}()
}

func (s *Schedule) waitLocked() {
	for s.running > 0 {
		s.idle.Wait()
	}
}

type entry struct {
	at     time.Time
	serial int // keeps the order of what is due at the same time
	do     func()
}

type dueHeap []entry

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	return h[i].at.Before(h[j].at) || h[i].at.Equal(h[j].at) && h[i].serial < h[j].serial
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)   { *h = append(*h, x.(entry)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = entry{}
	*h = (*h)[:last]
	return e
}
