package trtc

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go"
)

// ErrTaskNotFound is matched by a refusal that says that there is no such task, or
// no longer. The ID of a task expires before the task ends: see the package
// documentation.
var ErrTaskNotFound = errors.New("trtc: task not found")

// Code is an error code of Tencent's API, such as "InvalidParameter.SdkAppId": a
// class, and mostly a detail behind a point.
//
// https://www.tencentcloud.com/document/api/647/34270
type Code string

// The codes that the moderation actions document, and those of the gateway that a
// program may want to tell apart.
const (
	CodeAuthFailure               Code = "AuthFailure"
	CodeSignatureExpire           Code = "AuthFailure.SignatureExpire"
	CodeSignatureFailure          Code = "AuthFailure.SignatureFailure"
	CodeSecretIDNotFound          Code = "AuthFailure.SecretIdNotFound"
	CodeTokenFailure              Code = "AuthFailure.TokenFailure"
	CodeAuthUnauthorizedOperation Code = "AuthFailure.UnauthorizedOperation"
	CodeUnauthorizedOperation     Code = "UnauthorizedOperation"
	CodeFailedOperation           Code = "FailedOperation"
	CodeCSUnsupportMethod         Code = "FailedOperation.CSUnsupportMethod"
	CodeRestrictedConcurrency     Code = "FailedOperation.RestrictedConcurrency" // too many streams are moderated
	CodeRoomNotExist              Code = "FailedOperation.RoomNotExist"
	CodeInternalError             Code = "InternalError"
	CodeCSInternalError           Code = "InternalError.CSInternalError"
	CodeInvalidParameter          Code = "InvalidParameter"
	CodeOutOfRange                Code = "InvalidParameter.OutOfRange"
	CodeInvalidSdkAppID           Code = "InvalidParameter.SdkAppId"
	CodeMissingParameter          Code = "MissingParameter"
	CodeRequestLimitExceeded      Code = "RequestLimitExceeded"
	CodeResourceNotFound          Code = "ResourceNotFound"
	CodeServiceUnavailable        Code = "ServiceUnavailable"
	CodeUnsupportedOperation      Code = "UnsupportedOperation"
)

// codeUnknown stands for a code that cannot be read or shown.
const codeUnknown Code = "unknown"

// classes are the sentinels of codes and of what begins with them and a point.
var classes = map[Code][]error{
	"AuthFailure":                           {zegocensor.ErrUnauthenticated},
	"AuthFailure.SignatureExpire":           {zegocensor.ErrSignatureExpired},
	"AuthFailure.UnauthorizedOperation":     {zegocensor.ErrPermissionDenied},
	"AuthFailure.UnRealNameAuthenticated":   {zegocensor.ErrNotEnabled},
	"AuthFailure.UnsupportedOperation":      {zegocensor.ErrNotEnabled},
	"UnauthorizedOperation":                 {zegocensor.ErrPermissionDenied},
	"OperationDenied":                       {zegocensor.ErrPermissionDenied},
	"FailedOperation.NotAbility":            {zegocensor.ErrNotEnabled},
	"FailedOperation.CSUnsupportMethod":     {zegocensor.ErrNotEnabled},
	"FailedOperation.RestrictedConcurrency": {zegocensor.ErrRateLimited},
	"FailedOperation.RoomNotExist":          {zegocensor.ErrRoomNotFound},
	"FailedOperation.TaskNotExist":          {ErrTaskNotFound},
	"FailedOperation.TaskFinished":          {ErrTaskNotFound},
	"InternalError":                         {zegocensor.ErrUnavailable},
	"ServiceUnavailable":                    {zegocensor.ErrUnavailable},
	"ResourceUnavailable":                   {zegocensor.ErrUnavailable},
	"RequestLimitExceeded":                  {zegocensor.ErrRateLimited},
	"LimitExceeded":                         {zegocensor.ErrRateLimited},
	"InvalidParameter":                      {zegocensor.ErrInvalidRequest},
	"InvalidParameterValue":                 {zegocensor.ErrInvalidRequest},
	"MissingParameter":                      {zegocensor.ErrInvalidRequest},
	"UnknownParameter":                      {zegocensor.ErrInvalidRequest},
	"InvalidAction":                         {zegocensor.ErrInvalidRequest},
	"InvalidRequest":                        {zegocensor.ErrInvalidRequest},
	"RequestSizeLimitExceeded":              {zegocensor.ErrInvalidRequest},
	"UnsupportedRegion":                     {zegocensor.ErrInvalidRequest},
	"UnsupportedOperation":                  {zegocensor.ErrInvalidRequest},
	// Tencent does not tell a task that is gone from a room that is.
	"ResourceNotFound": {ErrTaskNotFound, zegocensor.ErrRoomNotFound},
}

// is reports whether c is class, or begins with it and a point.
func (c Code) is(class Code) bool {
	rest, ok := strings.CutPrefix(string(c), string(class))
	return ok && (rest == "" || rest[0] == '.')
}

// Error is a refusal by Tencent.
type Error struct {
	Action     string // the action that was refused
	Code       Code   // why
	Message    string // Tencent's own words; empty where they repeat a secret of the request
	RequestID  string // what Tencent's support asks for
	HTTPStatus int    // the status that came with it; Tencent documents 200

	// Wait is what the Retry-After header of the answer says; 0 = it had none.
	Wait time.Duration
	// OutcomeUnknown says that the call may have been carried out and must not be sent
	// twice: the error matches [zegocensor.ErrOutcomeUnknown].
	OutcomeUnknown bool
}

// Error tells the action, the code, Tencent's words and the request ID. It
// contains no part of the request.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "trtc: %s: refused: %s (", e.Action, e.Code)
	if e.Message != "" {
		fmt.Fprintf(&b, "%q, ", e.Message)
	}
	fmt.Fprintf(&b, "HTTP %d", e.HTTPStatus)
	if e.RequestID != "" {
		fmt.Fprintf(&b, ", request %q", e.RequestID)
	}
	b.WriteString(")")
	if e.OutcomeUnknown {
		b.WriteString(" (it may have been carried out: check before you call again)")
	}
	return b.String()
}

// Is reports whether e belongs to the class target: [ErrTaskNotFound], or one of
// the sentinels of package zegocensor. AuthFailure… is ErrUnauthenticated,
// RequestLimitExceeded… and FailedOperation.RestrictedConcurrency are
// ErrRateLimited, InvalidParameter… and MissingParameter… are ErrInvalidRequest,
// InternalError… is ErrUnavailable and, after a Create, ErrOutcomeUnknown, and
// ResourceNotFound… is both ErrTaskNotFound and ErrRoomNotFound. A code can be of
// several classes, such as AuthFailure.SignatureExpire.
//
// After FailedOperation.RestrictedConcurrency it does not help to wait for seconds, as
// after RequestLimitExceeded: it stays until a task ends or Tencent's support raises
// the number of streams.
func (e *Error) Is(target error) bool {
	switch {
	case target == nil:
		return false
	case target == zegocensor.ErrRefused:
		return true
	case target == zegocensor.ErrOutcomeUnknown:
		return e.OutcomeUnknown
	case target == zegocensor.ErrRateLimited && e.HTTPStatus == 429:
		return true
	}
	for class, sentinels := range classes {
		if e.Code.is(class) {
			for _, s := range sentinels {
				if s == target {
					return true
				}
			}
		}
	}
	return false
}

// RetryAfter returns Wait.
func (e *Error) RetryAfter() time.Duration { return e.Wait }

// LogValue returns the action, the code, the HTTP status and the request ID.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("action", e.Action),
		slog.String("code", string(e.Code)),
		slog.Int("http_status", e.HTTPStatus),
		slog.String("request_id", e.RequestID),
		slog.Bool("outcome_unknown", e.OutcomeUnknown),
		slog.String("error", e.Error()),
	)
}
