package trtc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/internal/attempt"
	"github.com/zegocensor/zegocensor-go/internal/rawjson"
	"github.com/zegocensor/zegocensor-go/internal/redact"
	"github.com/zegocensor/zegocensor-go/internal/transport"
)

// maxAnswer is how much of an answer is read. Tencent's have a few hundred bytes.
const maxAnswer = 1 << 20

// Action is an action of TRTC's API, for [Client.Do].
type Action struct {
	Name string // as Tencent writes it, such as "RemoveUserByStrRoomId"
	// Idempotent says that carrying the action out twice does no harm, so that
	// it may be tried again when nobody knows whether the first try arrived.
	Idempotent bool
}

// Response is what every successful answer has.
type Response struct {
	RequestID  string // what Tencent's support asks for
	HTTPStatus int
	Attempts   int // how many times the call was sent or tried to be sent
}

// payload is the body of a request, or why there is none.
type payload struct {
	body    []byte
	room    string   // for the limiter; "" = none
	secrets []string // that are in it
	faults  faults
}

// nilRequest is the payload of a request that must not be nil.
var nilRequest = payload{faults: faults{{Field: "req", Reason: "must not be nil"}}}

func payloadOf(v any) payload {
	b, err := json.Marshal(v)
	if err != nil {
		return payload{faults: faults{{Field: "body", Reason: "cannot be encoded as JSON: " + err.Error()}}}
	}
	if len(b) == 0 || b[0] != '{' {
		return payload{faults: faults{{Field: "body", Reason: "must be a JSON object"}}}
	}
	text := string(b)
	return payload{body: b, room: rawjson.Text(rawjson.Member(text, "RoomId")), secrets: secretsIn(nil, "", text)}
}

// Do calls an action that has no method of its own, on the same path as those that
// have: signed anew for each attempt, limited, retried where that is safe.
//
// body is marshalled to a JSON object; nil is {}. It must name the SdkAppId where
// the action wants it, and hold no [zegocensor.Secret], which JSON does not show. What its
// members are called tells what in it is secret, such as UserSig, and is then shown
// nowhere. data, unless nil, receives what is in the answer's Response.
func (c *Client) Do(ctx context.Context, a Action, body, data any) (*Response, error) {
	if body == nil {
		body = struct{}{}
	}
	p := payloadOf(body)
	p.faults.check(!strings.Contains(string(p.body), `"`+redact.Withheld+`"`), "body", "must not contain a Secret: use its Reveal")
	if !p.faults.check(isActionName(a.Name), "Action.Name", `must be a name such as "DismissRoom", letters and digits only`) {
		a.Name = "Do" // what errors show
	}
	decode := func(string) error { return nil }
	if data != nil {
		v := reflect.ValueOf(data)
		p.faults.check(v.Kind() == reflect.Pointer && !v.IsNil(), "data", "must be a pointer that is not nil, or nil")
		decode = func(response string) error {
			if json.Unmarshal([]byte(response), data) != nil {
				return errors.New("the Response is not of the form that was asked for")
			}
			return nil
		}
	}
	return c.call(ctx, a, p, decode)
}

func isActionName(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool { return !isAlphanumeric(r) })
}

// call carries an action out; decode takes what is in the answer's Response. From
// here on down, this file is the path of one call: check → wait → sign → send →
// read → decide.
func (c *Client) call(ctx context.Context, a Action, p payload, decode func(response string) error) (*Response, error) {
	if ctx == nil {
		p.faults.add("ctx", "must not be nil")
	}
	if len(p.faults) > 0 {
		return nil, &zegocensor.InvalidRequestError{Package: "trtc", Action: a.Name, Faults: p.faults}
	}
	t := &try{client: c, action: a, payload: p, decode: decode, secrets: requestWords}
	t.secrets.Add(p.secrets...)
	var code Code // of the last answer
	started := time.Now()
	info, err := attempt.Observe(ctx, attempt.Observed{
		Package:    "trtc",
		Idempotent: a.Idempotent,
		Unknown:    zegocensor.ErrOutcomeUnknown,
		Gate:       &t.gate,
	}, c.interceptors, zegocensor.Call{Action: a.Name, Host: c.base.Host}, func(ctx context.Context) (func(*zegocensor.Call), error) {
		err := t.run(ctx)
		t.gate.Do(func() { code = t.code })
		return func(info *zegocensor.Call) {
			info.RequestID, info.Attempts, info.HTTPStatus = t.requestID, t.attempts, t.httpStatus
		}, err
	})
	c.logCall(ctx, info, code, err, time.Since(started))
	if err != nil {
		return nil, err
	}
	return &Response{RequestID: info.RequestID, HTTPStatus: info.HTTPStatus, Attempts: info.Attempts}, nil
}

// try is one call on its way.
type try struct {
	client  *Client
	action  Action
	payload payload
	decode  func(response string) error

	// What happened so far.
	attempts   int
	httpStatus int
	code       Code
	requestID  string
	timing     attempt.Timing
	secrets    redact.Secrets // of the request and of all attempts

	gate attempt.Gate
}

// run makes attempts until one settles the call, by the table of the package
// documentation.
func (t *try) run(ctx context.Context) error {
	c := t.client
	return attempt.Run(ctx, attempt.Call{
		Package:    "trtc",
		Action:     t.action.Name,
		Idempotent: t.action.Idempotent,
		Policy:     c.retry,
		Gate:       &t.gate,
	}, t)
}

// Wait waits for the limiter.
func (t *try) Wait(ctx context.Context) error {
	if t.client.limiter == nil {
		return nil
	}
	return t.client.limiter.Wait(ctx, zegocensor.LimitRequest{Action: t.action.Name, RoomID: t.payload.room})
}

// Retrying writes the record of an attempt that is followed by another.
func (t *try) Retrying(ctx context.Context, f *attempt.Failure, waited time.Duration) {
	t.client.log(ctx, slog.LevelInfo, "trtc: trying again",
		slog.Duration("waited", waited),
		slog.String("error", f.Err.Error()),
		slog.String("action", t.action.Name),
		slog.Int("attempts", t.attempts))
}

// Heal sets the clock right, once in a call.
func (t *try) Heal() bool { return t.timing.Heal(&t.client.clock) }

// Attempt signs, sends and reads once.
func (t *try) Attempt(parent context.Context) *attempt.Failure {
	c := t.client
	t.attempts++
	t.httpStatus, t.code, t.requestID = 0, "", ""
	limit := c.attemptTimeout
	if own := c.http.Timeout; own > 0 && own < limit {
		limit = own
	}
	ctx, cancel := context.WithTimeout(parent, limit)
	defer cancel()

	req, err := t.sign(ctx)
	if err != nil {
		// Nothing was sent.
		err = t.cause(parent, limit, err)
		return &attempt.Failure{Outcome: attempt.NeverLeft, Err: fmt.Errorf("trtc: %s: not sent: %w", t.action.Name, err)}
	}
	t.timing.Sent = c.clock.Now()
	resp, left, err := transport.Send(ctx, c.http.Transport, req, t.payload.body, t.action.Idempotent)
	if err != nil {
		o := attempt.OfSilence(left)
		return &attempt.Failure{Outcome: o, Err: &zegocensor.TransportError{
			Package:        "trtc",
			Action:         t.action.Name,
			Host:           c.base.Host,
			Err:            t.cause(parent, limit, err),
			OutcomeUnknown: o.Unknown(t.action.Idempotent),
		}}
	}
	defer resp.Body.Close()
	t.timing.Responded = c.clock.Now()
	t.httpStatus = resp.StatusCode
	t.timing.Date = resp.Header.Get("Date")

	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if len(body) > maxAnswer {
		return t.unusable(attempt.Unclear, resp, nil, errors.New("larger than 1 MiB"))
	}
	env, broken := parseEnvelope(body)
	switch {
	case broken != nil && err != nil:
		cause := t.cause(parent, limit, err)
		return t.unusable(attempt.Lost, resp, nil, fmt.Errorf("broke off after %d bytes: %w", len(body), cause))
	case broken != nil:
		return t.unusable(attempt.OfStatus(resp.StatusCode), resp, body, broken)
	}
	return t.decide(resp, env) // also if reading failed when all of it had come
}

// sign builds the request of this attempt: fresh credential, timestamp and
// signature.
func (t *try) sign(ctx context.Context) (*http.Request, error) {
	c := t.client
	secretID, secretKey, token, err := c.credential.ask(ctx)
	if err != nil {
		return nil, err
	}
	timestamp := t.timing.Stamp(&c.clock)
	signature := Sign(secretKey, service, c.base.Host, contentType, timestamp, t.payload.body)
	t.secrets.Add(secretKey, token, signature)
	u := *c.base
	h := http.Header{
		"Accept":         {"application/json"},
		"Authorization":  {authorization(secretID, signature, timestamp)},
		"Content-Type":   {contentType},
		"User-Agent":     {"zegocensor-go/" + zegocensor.Version},
		"X-Tc-Action":    {t.action.Name},
		"X-Tc-Language":  {"en-US"},
		"X-Tc-Region":    {c.region},
		"X-Tc-Timestamp": {strconv.FormatInt(timestamp, 10)},
		"X-Tc-Version":   {version},
	}
	if token != "" {
		h.Set("X-Tc-Token", token)
	}
	return &http.Request{
		Method: http.MethodPost, URL: &u, Host: u.Host, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// decide judges an answer by its envelope.
func (t *try) decide(resp *http.Response, env envelope) *attempt.Failure {
	if env.code == "" || !env.code.is("AuthFailure") { // else the timestamp may not have been looked at
		t.timing.Accepted(&t.client.clock)
	}
	t.requestID = t.secrets.Clean(env.requestID, 128)
	if env.code != "" {
		o := outcomeOf(env.code, resp.StatusCode)
		if t.code = Code(t.secrets.Clean(string(env.code), 128)); t.code == "" {
			t.code = codeUnknown
		}
		retryAfter := t.retryAfter(resp)
		return &attempt.Failure{Outcome: o, RetryAfter: retryAfter, Err: &Error{
			Action:         t.action.Name,
			Code:           t.code,
			Message:        t.secrets.Clean(env.message, 256),
			RequestID:      t.requestID,
			HTTPStatus:     resp.StatusCode,
			Wait:           retryAfter,
			OutcomeUnknown: o.Unknown(t.action.Idempotent),
		}}
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return t.unusable(attempt.OfStatus(resp.StatusCode), resp, nil, errors.New("no Error, but the status of one"))
	}
	err := attempt.ErrCallOver
	t.gate.Do(func() { err = t.decode(env.response) })
	if err != nil {
		return t.unusable(attempt.Unclear, resp, nil, err)
	}
	return nil
}

// outcomeOf judges a refusal.
func outcomeOf(code Code, status int) attempt.Outcome {
	switch {
	case code.is(CodeRequestLimitExceeded), status == http.StatusTooManyRequests:
		return attempt.Throttled
	case code.is(CodeSignatureExpire):
		return attempt.Expired
	case code.is(CodeInternalError), code.is(CodeServiceUnavailable):
		return attempt.Lost
	}
	return attempt.Refused
}

func (t *try) retryAfter(resp *http.Response) time.Duration {
	return attempt.RetryAfter(resp.Header, time.Unix(t.client.clock.Unix(), 0))
}

// unusable is an answer that is no envelope, or not the one that was due.
func (t *try) unusable(o attempt.Outcome, resp *http.Response, body []byte, err error) *attempt.Failure {
	t.secrets.AddProxy(t.client.http.Transport, t.client.base)
	retryAfter := t.retryAfter(resp)
	return &attempt.Failure{Outcome: o, RetryAfter: retryAfter, Err: &zegocensor.ResponseError{
		Package:        "trtc",
		Action:         t.action.Name,
		HTTPStatus:     resp.StatusCode,
		Excerpt:        t.secrets.Excerpt(resp.StatusCode, string(body)),
		Err:            err,
		Wait:           retryAfter,
		OutcomeUnknown: o.Unknown(t.action.Idempotent),
	}}
}

// logCall writes the record of a finished call: an allow-list.
func (c *Client) logCall(ctx context.Context, call zegocensor.Call, code Code, err error, d time.Duration) {
	level, msg := slog.LevelDebug, "trtc: call"
	attrs := []slog.Attr{
		slog.String("host", call.Host),
		slog.Int("http_status", call.HTTPStatus),
		slog.String("code", string(code)),
		slog.String("request_id", call.RequestID),
		slog.Duration("duration", d),
	}
	if err != nil {
		level, msg = slog.LevelWarn, "trtc: call failed"
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	c.log(ctx, level, msg, append(attrs, slog.String("action", call.Action), slog.Int("attempts", call.Attempts))...)
}

func (c *Client) log(ctx context.Context, level slog.Level, msg string, attrs ...slog.Attr) {
	if c.logger != nil {
		c.logger.LogAttrs(ctx, level, msg, attrs...)
	}
}
