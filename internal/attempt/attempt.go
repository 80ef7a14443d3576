// Package attempt is what it takes to call a vendor's API over HTTP, whoever the
// vendor is: to tell what a failed attempt means for the call, when to make
// another, and to show nothing of it that must not be seen. How a request is
// signed and how an answer is judged is the vendor's: package zegocensor has that
// for ZEGO, package trtc for Tencent.
package attempt

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Outcome is what a failed attempt tells of the call.
type Outcome int

// The outcomes.
const (
	Refused   Outcome = iota // not carried out, and another try fares no better
	NeverLeft                // not sent
	Throttled                // not carried out: too many calls
	Expired                  // not carried out: the timestamp was wrong
	Lost                     // sent, and the answer did not come or a proxy wrote it
	Unclear                  // sent, and the answer makes no sense
)

// OfSilence judges an attempt without an answer: left says that it may have been
// sent.
func OfSilence(left bool) Outcome {
	if left {
		return Lost
	}
	return NeverLeft
}

// OfStatus judges an answer that only its HTTP status can be read of.
func OfStatus(status int) Outcome {
	switch {
	case status == http.StatusTooManyRequests:
		return Throttled
	case status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout:
		return Lost
	case status >= 300 && status < 500:
		return Refused
	}
	return Unclear
}

// again reports whether the call may be sent once more: the retry table. An attempt
// that has Expired may be, after [Timing.Heal].
func (o Outcome) again(idempotent bool) bool {
	return o == NeverLeft || o == Throttled || o == Lost && idempotent
}

// Unknown reports whether the call may have been carried out, where that matters.
func (o Outcome) Unknown(idempotent bool) bool {
	return !idempotent && (o == Lost || o == Unclear)
}

// Policy is zegocensor.RetryPolicy.
type Policy struct {
	MaxAttempts            int
	MinBackoff, MaxBackoff time.Duration
}

// Default is the policy where nothing else was said.
var Default = Policy{MaxAttempts: 3, MinBackoff: 200 * time.Millisecond, MaxBackoff: 5 * time.Second}

// WithDefaults fills in what is 0.
func (p Policy) WithDefaults() Policy {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = Default.MaxAttempts
	}
	if p.MinBackoff == 0 {
		p.MinBackoff = Default.MinBackoff
		if p.MaxBackoff > 0 {
			p.MinBackoff = min(p.MinBackoff, p.MaxBackoff)
		}
	}
	if p.MaxBackoff == 0 {
		p.MaxBackoff = max(Default.MaxBackoff, p.MinBackoff)
	}
	return p
}

// Check gives a reason for each thing that is wrong with a policy that has its
// defaults.
func (p Policy) Check() (reasons []string) {
	fault := func(wrong bool, reason string) {
		if wrong {
			reasons = append(reasons, reason)
		}
	}
	fault(p.MaxAttempts < 1, "MaxAttempts must be at least 1, or 0 for the default")
	fault(p.MinBackoff < 0 || p.MaxBackoff < 0, "MinBackoff and MaxBackoff must not be negative")
	fault(p.MinBackoff > p.MaxBackoff, "MinBackoff must not be greater than MaxBackoff")
	return reasons
}

// delay is how long to wait after the last of so many attempts.
func (p Policy) delay(f *Failure, attempts int) time.Duration {
	switch {
	case f.Outcome == Expired:
		return 0
	case f.Outcome == Throttled && f.RetryAfter > 0:
		return min(f.RetryAfter, p.MaxBackoff)
	}
	ceiling := p.MaxBackoff
	if shift := min(attempts-1, 62); p.MinBackoff <= ceiling>>shift {
		ceiling = p.MinBackoff << shift
	}
	return time.Duration(rand.Uint64N(uint64(ceiling) + 1))
}

// RetryAfter reads the header of that name, in seconds or as a date. 0 = none.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}
	if s, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
