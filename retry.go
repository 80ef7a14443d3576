package zegocensor

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
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

// failure is a failed attempt.
type failure struct {
	outcome attempt.Outcome
	err     error
}

// again reports whether the call may be sent once more: the retry table.
func (t *try) again(f *failure) bool {
	ok := f.outcome.Again(t.action.Idempotent)
	if f.outcome == attempt.Expired {
		ok = t.heal() // also where it is too late for this call
	}
	return ok && t.attempts < t.client.retry.MaxAttempts
}

// refusalOutcome judges an envelope whose code is not 0.
func refusalOutcome(code Code, status int) attempt.Outcome {
	switch code {
	case CodeAppRateLimited, CodeRoomRateLimited:
		return attempt.Throttled
	case CodeSignatureExpired:
		return attempt.Expired
	case CodeGatewayInternal:
		return attempt.Lost
	}
	if status == http.StatusTooManyRequests {
		return attempt.Throttled
	}
	return attempt.Refused
}

// heal sets the clock right, once in a call.
func (t *try) heal() bool {
	if t.undoHeal != nil {
		return false
	}
	undo, ok := t.client.clock.Heal(t.date, t.sent, t.responded, t.timestamp)
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
	var told time.Duration
	var teller interface{ RetryAfter() time.Duration }
	if f.outcome == attempt.Throttled && errors.As(f.err, &teller) {
		told = teller.RetryAfter()
	}
	return attempt.Policy(t.client.retry).Delay(f.outcome, t.attempts, told)
}

func (t *try) retryAfter(resp *http.Response) time.Duration {
	return attempt.RetryAfter(resp.Header, time.Unix(t.client.clock.Unix(), 0))
}

// answerFailure is an answer that is no envelope, or not the one that was due.
func (t *try) answerFailure(o attempt.Outcome, resp *http.Response, body []byte, err error) *failure {
	return &failure{outcome: o, err: &ResponseError{
		Action:         t.action.Name,
		HTTPStatus:     resp.StatusCode,
		Excerpt:        t.excerpt(body),
		Err:            err,
		retryAfter:     t.retryAfter(resp),
		outcomeUnknown: o.Unknown(t.action.Idempotent),
	}}
}

// transportFailure is an attempt without an answer.
func (t *try) transportFailure(o attempt.Outcome, cause error) *failure {
	return &failure{outcome: o, err: &TransportError{
		Action:         t.action.Name,
		Host:           t.client.base.Host,
		Err:            cause,
		outcomeUnknown: o.Unknown(t.action.Idempotent),
	}}
}

// cause is why an attempt failed, without the signed request.
func (t *try) cause(parent context.Context, limit time.Duration, err error) error {
	return attempt.Cause(parent, limit, err, t.repeatsRequest)
}
