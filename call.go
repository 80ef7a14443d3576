package zegocensor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/google/go-querystring/query"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
	"github.com/zegocensor/zegocensor-go/internal/rawjson"
	"github.com/zegocensor/zegocensor-go/internal/redact"
	"github.com/zegocensor/zegocensor-go/internal/transport"
)

// maxAnswer is how much of an answer is read. ZEGO's have a few hundred bytes.
const maxAnswer = 1 << 20

// Action is an action of ZEGO's server API, for [Client.Do].
type Action struct {
	Name   string // as ZEGO writes it, such as "KickoutUser"
	Method string // GET or POST
	// Idempotent says that carrying the action out twice does no harm, so that
	// it may be tried again when nobody knows whether the first try arrived.
	Idempotent bool
}

// Response is what every successful answer has.
type Response struct {
	RequestID  string // what ZEGO's support asks for
	Message    string // ZEGO's own words
	HTTPStatus int
	Attempts   int // how many times the call was sent or tried to be sent
}

// payload is what one action adds to the public parameters: its query or its
// body, or why there is none.
type payload struct {
	query  string
	body   []byte
	room   string // for the limiter; "" = none
	faults faults
}

// nilRequest is the payload of a request that must not be nil.
var nilRequest = payload{faults: faults{{"req", "must not be nil"}}}

// bodyOf is the payload of a POST action.
func bodyOf(v any) payload {
	b, err := json.Marshal(v)
	if err != nil {
		return payload{faults: faults{{"body", "cannot be encoded as JSON: " + err.Error()}}}
	}
	if len(b) == 0 || b[0] != '{' {
		return payload{faults: faults{{"body", "must be a JSON object"}}}
	}
	return payload{body: b, room: rawjson.Text(rawjson.Member(string(b), "RoomId"))}
}

// queryOf is the payload of a GET action: v is a struct with url tags, or
// [url.Values].
func queryOf(v any) payload {
	values, isValues := v.(url.Values)
	if !isValues {
		if !encodable(v) {
			return payload{faults: faults{{"query", "must not contain itself, nor more than 100000 values"}}}
		}
		var err error
		if values, err = query.Values(v); err != nil {
			return payload{faults: faults{{"query", "must be url.Values or a struct with url tags"}}}
		}
	}
	var f faults
	for _, name := range publicParameters {
		f.check(!values.Has(name), "query", "must not set "+name+": the client does")
	}
	return payload{query: values.Encode(), room: values.Get("RoomId"), faults: f}
}

var publicParameters = []string{"Action", "AppId", "SignatureNonce", "Timestamp", "Signature", "SignatureVersion", "IsTest"}

// Do calls an action that has no method of its own, on the same path as those
// that have: signed anew for each attempt, limited, retried where that is safe.
//
// query holds the action's parameters for the URL: nil, [url.Values], or a
// struct with the tags of github.com/google/go-querystring (a list needs the
// option "brackets": ZEGO writes UserId[]=a&UserId[]=b). body, for POST, is
// anything that encodes as a JSON object, without a [Secret]; nil is the empty
// object. The Data of the answer is decoded into data, a pointer, unless data is
// nil or there is no Data.
func (c *Client) Do(ctx context.Context, a Action, query, body, data any) (*Response, error) {
	var p payload
	if query != nil {
		p = queryOf(query)
	}
	if !p.faults.check(isActionName(a.Name), "Action.Name", `must be a name such as "KickoutUser", letters and digits only`) {
		a.Name = "Do" // what errors show
	}
	switch a.Method {
	case http.MethodGet:
		p.faults.check(body == nil, "body", "must be nil for GET")
	case http.MethodPost:
		if body == nil {
			body = struct{}{}
		}
		b := bodyOf(body)
		p.body, p.faults = b.body, append(p.faults, b.faults...)
		if p.room == "" {
			p.room = b.room
		}
		p.faults.check(!bytes.Contains(p.body, []byte(`"`+redact.Withheld+`"`)), "body", "must not contain a Secret: use its Reveal")
	default:
		p.faults.add("Action.Method", "must be GET or POST")
	}
	if data != nil {
		v := reflect.ValueOf(data)
		p.faults.check(v.Kind() == reflect.Pointer && !v.IsNil(), "data", "must be a pointer that is not nil, or nil")
	}
	resp := new(Response)
	if err := c.call(ctx, a, p, data, resp); err != nil {
		return nil, err
	}
	return resp, nil
}

func isActionName(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}

// call carries an action out and fills in data and resp. From here on down, this file is the path of one
// call: check → wait → sign → send → read → decide.
func (c *Client) call(ctx context.Context, a Action, p payload, data any, resp *Response) error {
	if ctx == nil {
		p.faults.add("ctx", "must not be nil")
	}
	if len(p.faults) > 0 {
		return &InvalidRequestError{Action: a.Name, Faults: p.faults}
	}
	start := try{client: c, action: a, payload: p, data: data, resp: resp, secrets: requestWords}
	start.secrets.Add(c.secret())
	if len(c.interceptors) > 0 || c.logger != nil {
		t := start // an interceptor may keep it
		return t.observed(ctx)
	}
	t := tries.Get().(*try)
	defer tries.Put(t)
	*t = start
	err := t.run(ctx)
	*t = try{}
	return err
}

// tries are those that are over: a call is most of what it allocates.
var tries = sync.Pool{New: func() any { return new(try) }}

// try is one call on its way.
type try struct {
	client  *Client
	action  Action
	payload payload
	data    any
	resp    *Response

	// What happened so far.
	attempts   int
	httpStatus int
	code       Code
	requestID  string
	timing     attempt.Timing

	secrets redact.Secrets // of all attempts

	limited io.LimitedReader // of the current attempt

	gate *attempt.Gate // nil = nothing outside run goes on while it runs
}

// run makes attempts until one settles the call, by the table of the package
// documentation.
func (t *try) run(ctx context.Context) error {
	c := t.client
	return attempt.Run(ctx, attempt.Call{
		Package:    "zegocensor",
		Action:     t.action.Name,
		Idempotent: t.action.Idempotent,
		Policy:     attempt.Policy(c.retry),
		Gate:       t.gate,
	}, t)
}

// Wait waits for the limiter.
func (t *try) Wait(ctx context.Context) error {
	if t.client.limiter == nil {
		return nil
	}
	return t.client.limiter.Wait(ctx, LimitRequest{Action: t.action.Name, RoomID: t.payload.room})
}

// Attempt signs, sends and reads once.
func (t *try) Attempt(parent context.Context) *attempt.Failure {
	c := t.client
	t.attempts++
	t.httpStatus, t.code, t.requestID = 0, 0, ""
	limit := c.attemptTimeout
	if own := c.http.Timeout; own > 0 && own < limit {
		limit = own
	}
	ctx, cancel := context.WithTimeout(parent, limit)
	defer cancel()

	req := t.sign()
	t.timing.Sent = c.clock.Now()
	resp, left, err := transport.Send(ctx, c.http.Transport, &req, t.payload.body, t.action.Idempotent)
	if err != nil {
		return t.transportFailure(attempt.OfSilence(left), t.cause(parent, limit, err))
	}
	defer resp.Body.Close()
	t.timing.Responded = c.clock.Now()
	t.httpStatus = resp.StatusCode
	t.timing.Date = resp.Header.Get("Date")

	buf := buffers.Get().(*bytes.Buffer)
	defer putBuffer(buf)
	t.limited = io.LimitedReader{R: resp.Body, N: maxAnswer + 1}
	n, err := buf.ReadFrom(&t.limited)
	if n > maxAnswer {
		return t.answerFailure(attempt.Unclear, resp, nil, errors.New("larger than 1 MiB"))
	}
	env, broken := parseEnvelope(buf.Bytes())
	switch {
	case broken != nil && err != nil:
		return t.answerFailure(attempt.Lost, resp, nil, fmt.Errorf("broke off after %d bytes: %w", n, t.cause(parent, limit, err)))
	case broken != nil:
		return t.answerFailure(attempt.OfStatus(resp.StatusCode), resp, buf.Bytes(), broken)
	}
	return t.decide(resp, env) // also if reading failed when all of it had come
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= 64<<10 {
		b.Reset()
		buffers.Put(b)
	}
}

// sign builds the request of this attempt: fresh nonce, timestamp and
// signature.
func (t *try) sign() http.Request {
	c := t.client
	timestamp := t.timing.Stamp(&c.clock)

	var buf [512]byte
	q := append(buf[:0], "Action="...)
	q = append(q, t.action.Name...)
	q = append(q, "&AppId="...)
	q = strconv.AppendUint(q, uint64(c.appID), 10)
	q = append(q, "&SignatureNonce="...)
	nonceAt := len(q)
	q = appendNonce(q)
	nonce := q[nonceAt:]
	q = append(q, "&Timestamp="...)
	q = strconv.AppendInt(q, timestamp, 10)
	q = append(q, "&Signature="...)
	signatureAt := len(q)
	q = appendSignature(q, c.appID, c.secret(), nonce, timestamp)
	q = append(q, "&SignatureVersion=2.0"...)
	switch c.environment {
	case EnvironmentTest:
		q = append(q, "&IsTest=true"...)
	case EnvironmentProduction:
		q = append(q, "&IsTest=false"...)
	}
	if t.payload.query != "" {
		q = append(q, '&')
		q = append(q, t.payload.query...)
	}
	rawQuery := string(q)
	t.secrets.Add(rawQuery[nonceAt:nonceAt+nonceLen], rawQuery[signatureAt:signatureAt+signatureLen])

	u := *c.base
	u.RawQuery = rawQuery
	// The header is the attempt's own, its values included: a RoundTripper may
	// change them.
	header := make(http.Header, len(c.header))
	values := make([]string, 0, len(c.header))
	for k, v := range c.header {
		if k == "Content-Type" && t.payload.body == nil {
			continue
		}
		values = append(values, v[0])
		header[k] = values[len(values)-1 : len(values) : len(values)]
	}
	return http.Request{
		Method: t.action.Method, URL: &u, Host: u.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
}

// decide judges an answer by its envelope.
func (t *try) decide(resp *http.Response, env envelope) *attempt.Failure {
	t.code = env.code
	o := refusalOutcome(t.action.Name, env.code, resp.StatusCode)
	if env.code < CodeWrongHost && o != attempt.Expired { // the gateway may not have looked at the timestamp
		t.timing.Accepted(&t.client.clock)
	}
	t.keepTokens(env.data)
	t.requestID = t.secrets.Clean(env.requestID, 128)
	message := t.secrets.Clean(env.message, 256)
	if env.code != CodeOK {
		refused := &Error{
			Action:         t.action.Name,
			Code:           env.code,
			Message:        message,
			RequestID:      t.requestID,
			HTTPStatus:     resp.StatusCode,
			Wait:           t.retryAfter(resp),
			OutcomeUnknown: o.Unknown(t.action.Idempotent),
		}
		return &attempt.Failure{Outcome: o, RetryAfter: refused.RetryAfter(), Err: refused}
	}
	if t.data != nil {
		err := attempt.ErrCallOver
		t.gate.Do(func() { err = env.decodeData(t.data) })
		if err != nil {
			return t.answerFailure(attempt.Unclear, resp, nil, err)
		}
	}
	*t.resp = Response{
		RequestID:  t.requestID,
		Message:    message,
		HTTPStatus: resp.StatusCode,
		Attempts:   t.attempts,
	}
	return nil
}
