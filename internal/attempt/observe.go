package attempt

import (
	"context"
	"errors"
	"sync"
)

// Gate is closed when a call returns. A call can be left behind by an interceptor
// that returns before next does; the gate keeps it from writing what the caller
// reads by then. A nil Gate is open.
type Gate struct {
	mu     sync.Mutex
	closed bool
}

// Do runs f, during which the gate does not close. It returns false without
// running f if the gate is closed.
func (g *Gate) Do(f func()) bool {
	if g == nil {
		f()
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	f()
	return true
}

// ErrCallOver is why an answer cannot be used whose [Gate] was closed.
var ErrCallOver = errors.New("it came when an interceptor had ended the call")

// Observed is what [Observe] has to know of a call.
type Observed struct {
	Package    string // which errors begin with
	Idempotent bool
	Unknown    error // the sentinel for calls that may have been carried out
	Gate       *Gate
}

// Observe runs a call inside interceptors, the first one outermost. They cannot
// turn a failure into a success and cannot have it run twice. If the call ran, or
// still runs, and is not idempotent, an interceptor's error does not hide that it
// may have been carried out.
//
// run returns what fills in a C. The C that interceptors see is filled in only
// while all of them wait for next, so that they can read it whenever theirs has
// returned; the returned one is nobody else's.
func Observe[C any, I ~func(context.Context, *C, func(context.Context) error) error](ctx context.Context, o Observed, interceptors []I, call C, run func(context.Context) (fill func(*C), err error)) (C, error) {
	const (
		notCalled = iota
		running   // or has panicked
		returned
	)
	type frame struct { // an interceptor that runs
		outer *frame
		over  bool
	}
	gate := o.Gate
	shared, own := call, call
	state, result := notCalled, error(nil)

	inner := func(ctx context.Context, f *frame) error {
		var refused error
		open := gate.Do(func() {
			if state != notCalled {
				refused = errors.New(o.Package + ": an interceptor called next twice")
			}
			state = max(state, running)
		})
		if !open {
			return errors.New(o.Package + ": not sent: an interceptor called next when the call was over")
		}
		if refused != nil {
			return refused
		}
		fill, err := run(ctx)
		gate.Do(func() {
			state, result = returned, err
			fill(&own)
			for ; f != nil; f = f.outer {
				if f.over {
					return
				}
			}
			fill(&shared)
		})
		return err
	}
	var enter func(ctx context.Context, i int, outer *frame) error
	enter = func(ctx context.Context, i int, outer *frame) error {
		if i == len(interceptors) {
			return inner(ctx, outer)
		}
		f := &frame{outer: outer}
		defer gate.Do(func() { f.over = true })
		return interceptors[i](ctx, &shared, func(ctx context.Context) error { return enter(ctx, i+1, f) })
	}

	defer gate.Do(func() { gate.closed = true }) // also after a panic
	err := enter(ctx, 0, nil)
	gate.Do(func() {
		gate.closed = true
		mayHaveRun := state == running || state == returned && (result == nil || errors.Is(result, o.Unknown))
		switch {
		case state == returned && err == nil:
			err = result
			return
		case state == notCalled && err == nil:
			err = errors.New(o.Package + ": not sent: an interceptor returned nil without calling next")
		case err == nil:
			err = errors.New(o.Package + ": an interceptor returned before next did")
		}
		if mayHaveRun && !o.Idempotent && !errors.Is(err, o.Unknown) {
			err = &unknownError{err, o.Unknown}
		}
	})
	return own, err
}

// unknownError is the error of an interceptor around a call that may have been
// carried out.
type unknownError struct{ err, unknown error }

func (e *unknownError) Error() string {
	return e.err.Error() + " (it may have been carried out: check before you call again)"
}

func (e *unknownError) Unwrap() []error { return []error{e.err, e.unknown} }
