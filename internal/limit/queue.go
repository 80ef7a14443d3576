package limit

import (
	"context"
	"sync"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
)

// Queue is a line of calls, first come, first served. Only the first call may do
// what the line is for; all others wait. A call that gives up leaves no gap. The zero
// value is an empty line. It has no goroutine of its own.
type Queue struct {
	mu         sync.Mutex
	taken      bool // some call is first
	head, tail *waiter
	waiting    int
}

// waiter is a call that is not first. It is signalled when it becomes first.
type waiter struct {
	prev, next *waiter
	first      chan struct{}
}

// Enter returns nil when the call is first in line; the call must then [Queue.Leave].
// An error is that of ctx, and means that the call is not in the line. If the deadline
// of ctx comes before the call's turn, Enter fails immediately: the first in line is
// expected to leave after first, and the others one by one each interval.
func (q *Queue) Enter(ctx context.Context, first, interval time.Duration) error {
	if ctx.Err() != nil {
		return attempt.ContextError(ctx)
	}
	q.mu.Lock()
	if !q.taken {
		q.taken = true
		q.mu.Unlock()
		return nil
	}
	turn := first + time.Duration(1+q.waiting)*interval
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < turn {
		q.mu.Unlock()
		return context.DeadlineExceeded
	}
	w := &waiter{prev: q.tail, first: make(chan struct{})}
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	q.waiting++
	q.mu.Unlock()

	select {
	case <-w.first:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	select {
	case <-w.first: // meanwhile
		q.mu.Unlock()
		q.Leave()
	default:
		q.remove(w)
		q.mu.Unlock()
	}
	return attempt.ContextError(ctx)
}

// Leave makes the next call the first in line.
func (q *Queue) Leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	w := q.head
	if w == nil {
		q.taken = false
		return
	}
	q.remove(w)
	close(w.first)
}

func (q *Queue) remove(w *waiter) {
	if w.prev == nil {
		q.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	q.waiting--
}
