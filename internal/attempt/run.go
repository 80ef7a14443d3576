package attempt

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Failure is a failed attempt.
type Failure struct {
	Outcome    Outcome
	RetryAfter time.Duration // what the answer's header of that name says, or 0
	Err        error
}

// Call is what is to be known of a call to run it.
type Call struct {
	Package    string // which errors begin with
	Action     string
	Idempotent bool
	Policy     Policy
	Gate       *Gate // when it is closed, no further attempt is made
}

// Caller makes the attempts of one call.
type Caller interface {
	// Wait returns when the rate limit allows an attempt.
	Wait(ctx context.Context) error
	// Attempt makes an attempt. nil is success.
	Attempt(ctx context.Context) *Failure
	// Heal sets the clock right, if it can, after an attempt that has [Expired].
	Heal() bool
	// Retrying is told of each attempt that is followed by another.
	Retrying(ctx context.Context, f *Failure, waited time.Duration)
}

// Run makes attempts until one settles the call. Each waits for the limiter.
func Run(ctx context.Context, call Call, c Caller) error {
	for attempts := 1; ; attempts++ {
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %s: not sent: %w", call.Package, call.Action, ContextError(ctx))
		}
		if err := c.Wait(ctx); err != nil {
			return fmt.Errorf("%s: %s: not sent: waiting for the rate limiter: %w", call.Package, call.Action, withCause(ctx, err))
		}
		// A call that an interceptor left behind must not be sent afterwards: the
		// caller may be making it again by then.
		if !call.Gate.Do(func() {}) {
			return fmt.Errorf("%s: %s: not sent: an interceptor had ended the call", call.Package, call.Action)
		}
		f := c.Attempt(ctx)
		if f == nil {
			return nil
		}
		again := f.Outcome.again(call.Idempotent)
		if f.Outcome == Expired {
			again = c.Heal() // also where it is too late for this call
		}
		if !again || attempts >= call.Policy.MaxAttempts {
			return f.Err
		}
		d := call.Policy.delay(f, attempts)
		if err := Sleep(ctx, d); err != nil {
			if ended := ctx.Err(); ended != nil && errors.Is(f.Err, ended) {
				return f.Err // which says so already
			}
			return fmt.Errorf("%w; not tried again: %w", f.Err, err)
		}
		c.Retrying(ctx, f, d)
	}
}
