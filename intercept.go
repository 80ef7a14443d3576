package zegocensor

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Interceptor runs around every call, for tracing, metrics or a policy of your
// own. It calls next once, which makes the call with all its attempts and fills
// in call, and returns next's error or one of its own. It cannot turn a failed
// call into a success, and next does not send a second time.
type Interceptor func(ctx context.Context, call *Call, next func(context.Context) error) error

// Call describes a call to its interceptors. It holds no URL and no secret.
type Call struct {
	Action     string // such as "StartCensorAudioV2"
	Host       string // whom it is sent to
	RequestID  string // of the last answer
	Attempts   int    // how many were made
	HTTPStatus int    // of the last answer; 0 = none came
	Code       Code   // of the last answer; 0 also where it had none
}

var (
	errNextSkipped = errors.New("zegocensor: not sent: an interceptor returned nil without calling next")
	errNextTwice   = errors.New("zegocensor: an interceptor called next twice")
)

// observed runs the call inside the interceptors and logs how it ended.
func (t *try) observed(ctx context.Context) error {
	call := &Call{Action: t.action.Name, Host: t.client.base.Host}
	var (
		err     = errNextSkipped
		called  bool
		started = time.Now()
	)
	next := func(ctx context.Context) error {
		if called {
			return errNextTwice
		}
		called = true
		err = t.run(ctx)
		call.RequestID, call.Attempts, call.HTTPStatus, call.Code = t.requestID, t.attempts, t.httpStatus, t.code
		return err
	}
	for i := len(t.client.interceptors) - 1; i >= 0; i-- {
		intercept, inner := t.client.interceptors[i], next
		next = func(ctx context.Context) error { return intercept(ctx, call, inner) }
	}
	if outer := next(ctx); outer != nil {
		err = outer
	}
	t.client.logCall(ctx, call, err, time.Since(started))
	return err
}

// logCall writes the record of a finished call: an allow-list, never a URL.
func (c *Client) logCall(ctx context.Context, call *Call, err error, d time.Duration) {
	if c.logger == nil {
		return
	}
	level, msg := slog.LevelDebug, "zegocensor: call"
	if err != nil {
		level, msg = slog.LevelWarn, "zegocensor: call failed"
	}
	if !c.logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("action", call.Action),
		slog.String("host", call.Host),
		slog.Int("attempts", call.Attempts),
		slog.Int("http_status", call.HTTPStatus),
		slog.Int("code", int(call.Code)),
		slog.String("request_id", call.RequestID),
		slog.Duration("duration", d),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	c.logger.LogAttrs(ctx, level, msg, attrs...)
}

// logRetry writes the record of an attempt that is followed by another.
func (c *Client) logRetry(ctx context.Context, t *try, f *failure, waited time.Duration) {
	if c.logger == nil {
		return
	}
	c.logger.LogAttrs(ctx, slog.LevelInfo, "zegocensor: trying again",
		slog.String("action", t.action.Name),
		slog.Int("attempts", t.attempts),
		slog.Duration("waited", waited),
		slog.String("error", f.err.Error()),
	)
}
