package attempt

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/redact"
	"github.com/zegocensor/zegocensor-go/internal/transport"
)

// Cause is why an attempt at address failed that had limit for itself, without what
// secrets withholds. If a peer had a part in it, that may have been a proxy, whose
// credentials are secrets too.
func Cause(parent context.Context, limit time.Duration, err error, secrets *redact.Secrets, rt http.RoundTripper, address *url.URL) error {
	if !transport.IsLocal(err) {
		secrets.AddProxy(rt, address)
	}
	if parent.Err() != nil {
		return ContextError(parent)
	}
	// The attempt's own time is up: not the caller's, so the error must not
	// match context.DeadlineExceeded.
	if errors.Is(err, context.DeadlineExceeded) {
		return timeoutError{limit}
	}
	return secrets.Cause(err)
}

// timeoutError says that one attempt took too long.
type timeoutError struct{ limit time.Duration }

func (e timeoutError) Error() string {
	return "no complete answer within " + e.limit.String() + ", the time-out of one attempt"
}

// Timeout is true, as for other time-outs of package net.
func (timeoutError) Timeout() bool { return true }

// ContextError is why ctx ended: its error, and the cause where one was given.
func ContextError(ctx context.Context) error { return withCause(ctx, ctx.Err()) }

// withCause adds why ctx ended to err, unless err says so already.
func withCause(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) || errors.Is(cause, err) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// Sleep waits for d. It ends with ctx, and at once where ctx cannot outlive d.
func Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return ContextError(ctx)
	}
	if d <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ContextError(ctx)
	}
}
