package zegocensor

import (
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

// refusalOutcome judges an envelope whose code is not 0.
func refusalOutcome(action string, code Code, status int) attempt.Outcome {
	outcome := code.in(action).outcome
	if outcome == attempt.Refused && status == http.StatusTooManyRequests {
		return attempt.Throttled
	}
	return outcome
}

// Heal sets the clock right, once in a call.
func (t *try) Heal() bool { return t.timing.Heal(&t.client.clock) }

func (t *try) retryAfter(resp *http.Response) time.Duration {
	return attempt.RetryAfter(resp.Header, time.Unix(t.client.clock.Unix(), 0))
}

// answerFailure is an answer that is no envelope, or not the one that was due.
func (t *try) answerFailure(o attempt.Outcome, resp *http.Response, body []byte, err error) *attempt.Failure {
	retryAfter := t.retryAfter(resp)
	return &attempt.Failure{Outcome: o, RetryAfter: retryAfter, Err: &ResponseError{
		Action:         t.action.Name,
		HTTPStatus:     resp.StatusCode,
		Excerpt:        t.excerpt(resp.StatusCode, body),
		Err:            err,
		Wait:           retryAfter,
		OutcomeUnknown: o.Unknown(t.action.Idempotent),
	}}
}

// transportFailure is an attempt without an answer.
func (t *try) transportFailure(o attempt.Outcome, cause error) *attempt.Failure {
	return &attempt.Failure{Outcome: o, Err: &TransportError{
		Action:         t.action.Name,
		Host:           t.client.base.Host,
		Err:            cause,
		OutcomeUnknown: o.Unknown(t.action.Idempotent),
	}}
}
