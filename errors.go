package zegocensor

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/redact"
)

// The classes of failure, for [errors.Is]. The details are in [Error],
// [TransportError], [ResponseError] and [InvalidRequestError], for [errors.As].
var (
	// ErrInvalidRequest: the request or the configuration is wrong and has to
	// be changed. Nothing was carried out.
	ErrInvalidRequest = errors.New("zegocensor: invalid request")
	// ErrUnauthenticated: the AppID or the ServerSecret is wrong.
	ErrUnauthenticated = errors.New("zegocensor: unauthenticated")
	// ErrSignatureExpired: the clock of this machine and ZEGO's differ by more
	// than ten minutes, and the answer did not let the client correct it.
	ErrSignatureExpired = errors.New("zegocensor: signature expired")
	// ErrPermissionDenied: the project may not call this action.
	ErrPermissionDenied = errors.New("zegocensor: permission denied")
	// ErrNotEnabled: the service, the environment or the moderation vendor is
	// not switched on for the project.
	ErrNotEnabled = errors.New("zegocensor: not enabled")
	// ErrRoomNotFound: the room does not exist, or no longer.
	ErrRoomNotFound = errors.New("zegocensor: room not found")
	// ErrRateLimited: too many calls for the project or the room.
	ErrRateLimited = errors.New("zegocensor: rate limited")
	// ErrRefused: the vendor answered, and refused the call, for whatever reason. An
	// error of this class is of one of the others too, if its code is documented.
	ErrRefused = errors.New("zegocensor: refused")
	// ErrUnavailable: ZEGO or its moderation backend could not answer now.
	ErrUnavailable = errors.New("zegocensor: unavailable")
	// ErrOutcomeUnknown: a call that must not be sent twice was sent, and no
	// answer says whether it was carried out. After a Start a task may be running,
	// and costing money, although nobody knows its TaskID. Its callbacks contain the
	// TaskID; after about five minutes without a stream it ends by itself.
	ErrOutcomeUnknown = errors.New("zegocensor: outcome unknown")
)

// Error is a refusal by ZEGO: an answer whose Code is not 0.
type Error struct {
	Action     string // the action that was refused
	Code       Code   // why
	Message    string // ZEGO's own words; empty where they repeat the signed request
	RequestID  string // what ZEGO's support asks for
	HTTPStatus int    // the status that came with it; ZEGO documents none for refusals

	// Wait is what the Retry-After header of the answer says; 0 = it had none.
	Wait time.Duration
	// OutcomeUnknown says that the call may have been carried out and must not be sent
	// twice: the error matches [ErrOutcomeUnknown].
	OutcomeUnknown bool
}

// Error returns the action, the code, the request ID, and, if the code is documented
// for the action, its meaning and what to do about it. It contains no part of the
// request.
func (e *Error) Error() string {
	var b strings.Builder
	info := e.Code.in(e.Action)
	fmt.Fprintf(&b, "zegocensor: %s: refused: ", e.Action)
	if info.meaning != "" {
		b.WriteString(info.meaning + " ")
	}
	fmt.Fprintf(&b, "(code %d", int32(e.Code))
	if e.Message != "" {
		fmt.Fprintf(&b, ", %q", e.Message)
	}
	fmt.Fprintf(&b, ", HTTP %d", e.HTTPStatus)
	if e.RequestID != "" {
		fmt.Fprintf(&b, ", request %q", e.RequestID)
	}
	b.WriteByte(')')
	if info.advice != "" {
		b.WriteString(": " + info.advice)
	}
	return b.String()
}

// Is reports whether e belongs to the class target, one of this package's sentinels.
// The class depends on both Action and Code: see [Code].
func (e *Error) Is(target error) bool {
	switch {
	case target == nil:
		return false
	case target == ErrRefused:
		return true
	case target == ErrOutcomeUnknown:
		return e.OutcomeUnknown
	case target == ErrRateLimited && e.HTTPStatus == 429:
		return true
	}
	return e.Code.in(e.Action).class == target
}

// RetryAfter returns how long to wait before another call can succeed: Wait, else the
// 5 minutes that ZEGO suggests for 50006, 50007 and 50009, else 0 (unknown).
func (e *Error) RetryAfter() time.Duration {
	if e.Wait > 0 {
		return e.Wait
	}
	return e.Code.in(e.Action).retryAfter
}

// LogValue returns the action, the code, the HTTP status and the request ID.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("action", e.Action),
		slog.Int("code", int(e.Code)),
		slog.Int("http_status", e.HTTPStatus),
		slog.String("request_id", e.RequestID),
		slog.Bool("outcome_unknown", e.OutcomeUnknown),
		slog.String("error", e.Error()),
	)
}

// TransportError means that no answer came: the address could not be resolved
// or reached, the connection broke, or time ran out.
type TransportError struct {
	Package string // whose client was called; empty = zegocensor
	Action  string // the action that was called
	Host    string // whom it was sent to
	Err     error  // the cause, on one printable line, without the signed URL and without texts of an answer
	// OutcomeUnknown says that the call may have been carried out and must not be sent
	// twice: the error matches [ErrOutcomeUnknown].
	OutcomeUnknown bool
}

// Error tells the action, the host and the beginning of the cause, on one line.
func (e *TransportError) Error() string {
	return fmt.Sprintf("%s: %s: no answer from %s: %s%s", packageName(e.Package), e.Action, e.Host, causeText(e.Err), unknownSuffix(e.OutcomeUnknown))
}

// Unwrap returns the cause. [errors.Is] and [errors.As] find what the transport
// returned, except errors that show a secret or a text of the answer: those are
// found by errors.Is only.
func (e *TransportError) Unwrap() error { return e.Err }

// Is matches [ErrOutcomeUnknown] if OutcomeUnknown is set.
func (e *TransportError) Is(target error) bool {
	return target == ErrOutcomeUnknown && e.OutcomeUnknown
}

// LogValue returns the action, the host and the error.
func (e *TransportError) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("action", e.Action),
		slog.String("host", e.Host),
		slog.Bool("outcome_unknown", e.OutcomeUnknown),
		slog.String("error", e.Error()),
	)
}

// Timeout reports whether time ran out, the caller's or that of one attempt.
func (e *TransportError) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(e.Err, &t) && t.Timeout()
}

// ResponseError means that an answer came which is not ZEGO's envelope: a
// proxy's HTML page, a redirect, JSON cut short, more than 1 MiB, or a success
// without the data it should bring.
type ResponseError struct {
	Package    string // whose client was called; empty = zegocensor
	Action     string // the action that was called
	HTTPStatus int    // the status of the answer
	Excerpt    string // the beginning of an answer in plain text or HTML, at most about 120 bytes; empty if the answer may hold a token or repeats the signed request: HTTP 2xx, JSON, and any answer to GenerateIdentifyToken
	Err        error  // what is wrong with it

	// Wait is what the Retry-After header of the answer says; 0 = it had none.
	Wait time.Duration
	// OutcomeUnknown says that the call may have been carried out and must not be sent
	// twice: the error matches [ErrOutcomeUnknown].
	OutcomeUnknown bool
}

// Error tells the action, the HTTP status, the fault and the excerpt.
func (e *ResponseError) Error() string {
	excerpt := ""
	if e.Excerpt != "" {
		excerpt = fmt.Sprintf(": %q", e.Excerpt)
	}
	return fmt.Sprintf("%s: %s: unusable answer (HTTP %d): %s%s%s", packageName(e.Package), e.Action, e.HTTPStatus, causeText(e.Err), excerpt, unknownSuffix(e.OutcomeUnknown))
}

// Unwrap returns what is wrong with the answer.
func (e *ResponseError) Unwrap() error { return e.Err }

// Is matches [ErrOutcomeUnknown] if OutcomeUnknown is set, [ErrRateLimited] for HTTP 429 and [ErrUnavailable] for HTTP 5xx.
func (e *ResponseError) Is(target error) bool {
	switch target {
	case ErrOutcomeUnknown:
		return e.OutcomeUnknown
	case ErrRateLimited:
		return e.HTTPStatus == 429
	case ErrUnavailable:
		return e.HTTPStatus >= 500
	}
	return false
}

// RetryAfter returns Wait.
func (e *ResponseError) RetryAfter() time.Duration { return e.Wait }

// LogValue returns the action, the HTTP status and the error.
func (e *ResponseError) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("action", e.Action),
		slog.Int("http_status", e.HTTPStatus),
		slog.Bool("outcome_unknown", e.OutcomeUnknown),
		slog.String("error", e.Error()),
	)
}

// packageName is what the text of an error begins with.
func packageName(name string) string { return cmp.Or(name, "zegocensor") }

// causeText is a cause on one line: one that a program has made may be of any form.
func causeText(err error) string { return redact.Printable(fmt.Sprint(err), 256) }

func unknownSuffix(unknown bool) string {
	if unknown {
		return " (it may have been carried out: check before you call again)"
	}
	return ""
}

// InvalidRequestError lists every fault of a request or of a configuration.
// Nothing was sent. It matches [ErrInvalidRequest].
type InvalidRequestError struct {
	Package string // whose client was called; empty = zegocensor
	Action  string // the action, or "NewClient"
	Faults  []Fault
}

// Fault is one thing to change.
type Fault struct {
	Field  string // the Go name of the field, option or argument
	Reason string // what is wrong with it and what is right
}

// Error tells all faults on one line.
func (e *InvalidRequestError) Error() string {
	var b strings.Builder
	b.WriteString(packageName(e.Package) + ": " + e.Action + ": ")
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.Field + " " + f.Reason)
	}
	return b.String()
}

// Is matches [ErrInvalidRequest].
func (e *InvalidRequestError) Is(target error) bool { return target == ErrInvalidRequest }

// LogValue returns the action and the error.
func (e *InvalidRequestError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("action", e.Action), slog.String("error", e.Error()))
}
