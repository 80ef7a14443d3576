package zegotest

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// schedule does things at their time, on a clock that can be turned.
type schedule struct {
	base func() time.Time
	ctx  context.Context

	turning sync.Mutex // held by advance, so that one turns the clock at a time

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

func newSchedule(ctx context.Context, base func() time.Time) *schedule {
	s := &schedule{base: base, ctx: ctx, wake: make(chan struct{}, 1)}
	s.idle.L = &s.mu
	return s
}

func (s *schedule) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nowLocked()
}

func (s *schedule) nowLocked() time.Time {
	if !s.stopped.IsZero() {
		return s.stopped
	}
	return s.base().Add(s.ahead)
}

// flow is the time by which rates are judged: it goes on while the clock is being
// turned, as what is done meanwhile takes its time.
func (s *schedule) flow() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.base().Add(s.ahead)
	if !s.stopped.IsZero() {
		t = t.Add(s.stopped.Sub(s.turnedFrom))
	}
	return t
}

// turned is how far the clock is ahead.
func (s *schedule) turned() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ahead
}

// after has do called in d, in a goroutine of its own.
func (s *schedule) after(d time.Duration, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	heap.Push(&s.due, entry{s.nowLocked().Add(d), s.serial, do})
	s.lookAgain()
}

// lookAgain has run see that what is next has changed.
func (s *schedule) lookAgain() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run does what falls due as time passes, until the context ends; then it waits
// for what is being done.
func (s *schedule) run() {
	const longest = time.Hour
	for s.ctx.Err() == nil {
		wait := longest
		s.mu.Lock()
		for len(s.due) > 0 && s.stopped.IsZero() { // else it is advance's
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

// advance turns the clock by d and does on the way what falls due, one after the
// other. Meanwhile no other time passes: what takes a moment to do does not move
// what follows from it.
func (s *schedule) advance(d time.Duration) {
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

func (s *schedule) startLocked() {
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

func (s *schedule) waitLocked() {
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
