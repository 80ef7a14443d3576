package zegocensor

import (
	"context"
	"log/slog"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
)

// Interceptor runs around every call, for tracing, metrics or a policy of your
// own. It calls next once, which makes the call with all its attempts and fills
// in call, and returns next's error or one of its own. It cannot turn a failed
// call into a success, and next sends nothing if it is called again, also at the
// same time.
//
// An interceptor may return before next does, for example if a timer fires first.
// The call then fails, no further attempt is begun, and call must not be read any
// more. A Start that next was called for matches [ErrOutcomeUnknown] if it was
// carried out or may have been, whatever error the interceptor returns, also if
// next panics and the interceptor recovers.
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

// observed runs the call inside the interceptors and logs how it ended.
func (t *try) observed(ctx context.Context) error {
	t.gate = new(attempt.Gate)
	started := time.Now()
	call, err := attempt.Observe(ctx, attempt.Observed{
		Package:    "zegocensor",
		Idempotent: t.action.Idempotent,
		Unknown:    ErrOutcomeUnknown,
		Gate:       t.gate,
	}, t.client.interceptors, Call{Action: t.action.Name, Host: t.client.base.Host}, func(ctx context.Context) (func(*Call), error) {
		err := t.run(ctx)
		return func(c *Call) {
			c.RequestID, c.Attempts, c.HTTPStatus, c.Code = t.requestID, t.attempts, t.httpStatus, t.code
		}, err
	})
	t.client.logCall(ctx, &call, err, time.Since(started))
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

// Retrying writes the record of an attempt that is followed by another.
func (t *try) Retrying(ctx context.Context, f *attempt.Failure, waited time.Duration) {
	if t.client.logger == nil {
		return
	}
	t.client.logger.LogAttrs(ctx, slog.LevelInfo, "zegocensor: trying again",
		slog.String("action", t.action.Name),
		slog.Int("attempts", t.attempts),
		slog.Duration("waited", waited),
		slog.String("error", f.Err.Error()),
	)
}
