package zegocensor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// RetryPolicy says how often and how soon a failed attempt is followed by
// another. A field that is 0 has its default.
type RetryPolicy struct {
	// MaxAttempts counts the first attempt too; 1 = never again. Default 3.
	MaxAttempts int
	// The wait before attempt n+1 is drawn between 0 and MinBackoff·2ⁿ⁻¹,
	// at most MaxBackoff ("full jitter"). Defaults 200 ms and 5 s. A
	// Retry-After header is waited for instead, also at most MaxBackoff.
	MinBackoff, MaxBackoff time.Duration
}

var defaultRetryPolicy = RetryPolicy{MaxAttempts: 3, MinBackoff: 200 * time.Millisecond, MaxBackoff: 5 * time.Second}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = defaultRetryPolicy.MaxAttempts
	}
	if p.MinBackoff == 0 {
		p.MinBackoff = defaultRetryPolicy.MinBackoff
		if p.MaxBackoff > 0 {
			p.MinBackoff = min(p.MinBackoff, p.MaxBackoff)
		}
	}
	if p.MaxBackoff == 0 {
		p.MaxBackoff = max(defaultRetryPolicy.MaxBackoff, p.MinBackoff)
	}
	return p
}

// outcome is what a failed attempt tells of the call.
type outcome int

const (
	refused   outcome = iota // not carried out, and another try fares no better
	neverLeft                // not sent
	throttled                // not carried out: too many calls
	expired                  // not carried out: the timestamp was wrong
	lost                     // sent, and the answer did not come or a proxy wrote it
	unclear                  // sent, and the answer makes no sense
)

// failure is a failed attempt.
type failure struct {
	outcome outcome
	err     error
}

// again reports whether the call may be sent once more: the retry table.
func (t *try) again(f *failure) bool {
	var ok bool
	switch f.outcome {
	case neverLeft, throttled:
		ok = true
	case lost:
		ok = t.action.Idempotent
	case expired:
		ok = t.heal() // also where it is too late for this call
	}
	return ok && t.attempts < t.client.retry.MaxAttempts
}

// unknown reports whether the call may have been carried out, where that
// matters.
func (t *try) unknown(o outcome) bool {
	return !t.action.Idempotent && (o == lost || o == unclear)
}

// statusOutcome judges an answer without an envelope.
func statusOutcome(status int) outcome {
	switch {
	case status == http.StatusTooManyRequests:
		return throttled
	case status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout:
		return lost
	case status >= 300 && status < 500:
		return refused
	}
	return unclear
}

// refusalOutcome judges an envelope whose code is not 0.
func refusalOutcome(code Code, status int) outcome {
	switch code {
	case CodeAppRateLimited, CodeRoomRateLimited:
		return throttled
	case CodeSignatureExpired:
		return expired
	case CodeGatewayInternal:
		return lost
	}
	if status == http.StatusTooManyRequests {
		return throttled
	}
	return refused
}

// heal sets the clock right, once in a call.
func (t *try) heal() bool {
	if t.undoHeal != nil {
		return false
	}
	undo, ok := t.client.clock.heal(t.date, t.sent, t.responded, t.timestamp)
	t.undoHeal = undo
	return ok
}

// takeBack undoes a correction of the clock that did not help.
func (t *try) takeBack(code Code) {
	if code == CodeSignatureExpired && t.undoHeal != nil {
		t.undoHeal()
	}
}

// delay is how long to wait before the next attempt.
func (t *try) delay(f *failure) time.Duration {
	if f.outcome == expired {
		return 0
	}
	p := t.client.retry
	var told interface{ RetryAfter() time.Duration }
	if f.outcome == throttled && errors.As(f.err, &told) {
		if d := told.RetryAfter(); d > 0 {
			return min(d, p.MaxBackoff)
		}
	}
	ceiling := p.MaxBackoff
	if shift := t.attempts - 1; shift < 32 {
		if d := p.MinBackoff << shift; d > 0 { // no overflow
			ceiling = min(ceiling, d)
		}
	}
	return time.Duration(rand.Int64N(int64(ceiling) + 1))
}

// retryAfter reads the header, in seconds or as a date.
func (t *try) retryAfter(resp *http.Response) time.Duration {
	v := resp.Header.Get("Retry-After")
	if v == "" {
		return 0
	}
	if s, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(time.Unix(t.client.clock.unix(), 0)))
	}
	return 0
}

// answerFailure is an answer that is no envelope, or not the one that was due.
func (t *try) answerFailure(o outcome, resp *http.Response, body []byte, err error) *failure {
	return &failure{outcome: o, err: &ResponseError{
		Action:         t.action.Name,
		HTTPStatus:     resp.StatusCode,
		Excerpt:        t.excerpt(body),
		Err:            err,
		retryAfter:     t.retryAfter(resp),
		outcomeUnknown: t.unknown(o),
	}}
}

// transportFailure is an attempt without an answer.
func (t *try) transportFailure(parent context.Context, limit time.Duration, err error, left bool) *failure {
	o := lost
	if left {
		o = neverLeft
	}
	return &failure{outcome: o, err: &TransportError{
		Action:         t.action.Name,
		Host:           t.client.base.Host,
		Err:            t.cause(parent, limit, err),
		outcomeUnknown: t.unknown(o),
	}}
}

// cause is why an attempt failed, without the signed URL.
func (t *try) cause(parent context.Context, limit time.Duration, err error) error {
	if parent.Err() != nil {
		return contextError(parent)
	}
	// The attempt's own time is up: not the caller's, so the error must not
	// match context.DeadlineExceeded.
	if errors.Is(err, context.DeadlineExceeded) {
		return attemptTimeoutError{limit}
	}
	for {
		var u *url.Error
		if !errors.As(err, &u) || u.Err == nil {
			break
		}
		err = u.Err
	}
	if t.repeatsRequest(err.Error()) {
		return withheldError{err}
	}
	return err
}

// attemptTimeoutError says that one attempt took too long.
type attemptTimeoutError struct{ limit time.Duration }

func (e attemptTimeoutError) Error() string {
	return "no complete answer within " + e.limit.String() + ", the time-out of one attempt"
}

// Timeout is true, as for other time-outs of package net.
func (attemptTimeoutError) Timeout() bool { return true }

// withheldError stands for a cause whose text repeats the signed request.
type withheldError struct{ err error }

func (e withheldError) Error() string {
	return fmt.Sprintf("a %T, whose text is withheld as it repeats the signed request", e.err)
}

// Is asks the hidden cause, so that errors.Is works as if it were not hidden.
func (e withheldError) Is(target error) bool { return errors.Is(e.err, target) }

// contextError is why ctx ended: its error, and the cause where one was given.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) || errors.Is(cause, err) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// connTrace watches whether a request got a connection to be written on.
type connTrace struct {
	hooks      httptrace.ClientTrace
	asked, got atomic.Bool
}

func traceConn(ctx context.Context) (*connTrace, context.Context) {
	p := new(connTrace)
	p.hooks.GetConn = func(string) { p.asked.Store(true) }
	p.hooks.GotConn = func(httptrace.GotConnInfo) { p.got.Store(true) }
	return p, httptrace.WithClientTrace(ctx, &p.hooks)
}

// neverLeft reports whether an attempt that failed with err certainly sent
// nothing. A transport that is not net/http's may not report connections; then
// only an error of dialling counts. A nil connTrace knows no more than err.
func (p *connTrace) neverLeft(err error) bool {
	if p != nil && p.got.Load() {
		return false
	}
	if p != nil && p.asked.Load() {
		return true
	}
	var (
		op          *net.OpError
		dns         *net.DNSError
		record      tls.RecordHeaderError
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
		invalid     x509.CertificateInvalidError
	)
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns) ||
		errors.As(err, &record) || errors.As(err, &certificate) ||
		errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid)
}
