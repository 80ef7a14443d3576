package attempt

import (
	"context"
	"errors"
)

// Observe runs a call inside interceptors, the first one outermost. They cannot
// turn a failure into a success, and cannot have it run twice. Its own errors begin
// with the name of the package.
func Observe[C any, I ~func(context.Context, *C, func(context.Context) error) error](ctx context.Context, name string, interceptors []I, call *C, run func(context.Context) error) error {
	err, called := errors.New(name+": not sent: an interceptor returned nil without calling next"), false
	next := func(ctx context.Context) error {
		if called {
			return errors.New(name + ": an interceptor called next twice")
		}
		called = true
		err = run(ctx)
		return err
	}
	for i := len(interceptors) - 1; i >= 0; i-- {
		intercept, inner := interceptors[i], next
		next = func(ctx context.Context) error { return intercept(ctx, call, inner) }
	}
	if outer := next(ctx); outer != nil {
		err = outer
	}
	return err
}
