package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
)

// Send sends req with body once, through rt itself: what [http.Client] adds
// (redirects, cookies, the URL in every error) is not wanted. A nil rt is
// [http.DefaultTransport], a nil body is none. ctx must end with the attempt:
// what is still being dialled for it then ends soon after.
//
// repeatable says that net/http may send a request without a body again by
// itself. All others are sent at most once.
//
// An error comes with left, which is false only if it is proved that the request
// was not carried out because it never left this machine, or was refused by
// HTTP/2 before it was looked at. An error alone proves nothing: a RoundTripper
// can have sent the request on another path before the one that failed.
func Send(ctx context.Context, rt http.RoundTripper, req *http.Request, body []byte, repeatable bool) (resp *http.Response, left bool, err error) {
	if rt == nil {
		rt = http.DefaultTransport
	}
	_, std := rt.(*http.Transport)
	a := &attempt{Context: ctx, secure: req.URL.Scheme == "https"}
	a.hooks.GetConn = func(string) { a.asked.Store(true) }
	a.hooks.GotConn = a.gotConn
	a.hooks.TLSHandshakeDone = a.tlsHandshakeDone
	req = req.WithContext(httptrace.WithClientTrace(a, &a.hooks))

	// untouched reports that nobody has begun to read the body.
	untouched := func() bool { return true }
	switch {
	case body != nil && std:
		// net/http sends head and body in one write only if it knows the type
		// of the body (isKnownInMemoryReader in net/http/transfer.go).
		r := bytes.NewReader(body)
		untouched = func() bool { return r.Len() == len(body) }
		req.Body, req.ContentLength = io.NopCloser(r), int64(len(body))
	case body != nil || !repeatable:
		w := new(watched)
		w.r.Reset(body)
		untouched = w.seal
		req.Body, req.ContentLength = w, int64(len(body))
	}
	// A body without GetBody is never sent twice by net/http. After a broken
	// HTTP/1 connection it repeats only what isReplayable (request.go) and, if
	// nothing was written, what has an outgoingLength of 0: with a body of any
	// length, the empty one of a GET included, neither is so. Over HTTP/2,
	// http2shouldRetryRequest (h2_bundle.go) repeats such a request only if its
	// stream was not opened.
	req.GetBody = nil

	resp, err = rt.RoundTrip(req)
	if err == nil && (resp == nil || resp.Body == nil) {
		err = errors.New("the transport returned neither an answer nor an error")
	}
	switch {
	case err == nil:
		return resp, true, nil
	case resp != nil: // somebody answered
		return nil, true, err
	case !std:
		// The head of a GET may have left although its body was not read.
		return nil, len(body) == 0 || !untouched(), err
	case !a.asked.Load():
		return nil, !untouched(), &localError{err}
	case !a.got.Load():
		// net/http has no connection for the request, so none of its goroutines
		// reads the body: it may be asked what is left of it. A protocol that
		// was registered with RegisterProtocol may have read it.
		return nil, !untouched(), err
	}
	return nil, !refused(err.Error()), err
}

// localError is an error from before net/http asked for a connection, such as that
// of a Proxy function.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// IsLocal reports whether no peer had a part in an error of [Send].
func IsLocal(err error) bool {
	var local *localError
	return errors.As(err, &local)
}

// watched is a body that knows whether it was read.
type watched struct {
	r     bytes.Reader
	state atomic.Int32 // fresh, read or sealed
}

const (
	fresh int32 = iota
	read
	sealed
)

var errSealed = errors.New("the attempt that this body belongs to is over")

// seal reports whether the body was never read, and sees to it that it cannot be
// read any more: a transport may keep it after RoundTrip has returned.
func (w *watched) seal() bool { return w.state.CompareAndSwap(fresh, sealed) }

func (w *watched) open() bool {
	return w.state.CompareAndSwap(fresh, read) || w.state.Load() == read
}

func (w *watched) Read(p []byte) (int, error) {
	if !w.open() {
		return 0, errSealed
	}
	return w.r.Read(p)
}

// WriteTo writes the body in one piece.
func (w *watched) WriteTo(dst io.Writer) (int64, error) {
	if !w.open() {
		return 0, errSealed
	}
	return w.r.WriteTo(dst)
}

func (*watched) Close() error { return nil }

// refused reports whether the text of an error of net/http says that the server
// refused a request over HTTP/2 before it processed it: by RST_STREAM with
// REFUSED_STREAM, or by GOAWAY with a last stream ID below that of the request
// (RFC 9113, section 8.7). net/http has no type for it. Its third reason not to
// retry, PROTOCOL_ERROR, says nothing about that. Only the beginning counts:
// further on, a text can repeat what a server wrote.
func refused(text string) bool {
	reason, ok := strings.CutPrefix(text, "http2: Transport: cannot retry err [")
	if !ok {
		return false
	}
	if strings.HasPrefix(reason, "http2: Transport received Server's graceful shutdown GOAWAY]") {
		return true
	}
	id, ok := strings.CutPrefix(reason, "stream error: stream ID ")
	code := strings.TrimLeft(id, "0123456789")
	return ok && code != id && (strings.HasPrefix(code, "; REFUSED_STREAM]") || strings.HasPrefix(code, "; REFUSED_STREAM; "))
}

// attempt is the context of a request: it watches the connections that are made
// for the request.
type attempt struct {
	context.Context
	hooks  httptrace.ClientTrace
	secure bool
	asked  atomic.Bool // for a connection
	got    atomic.Bool // a connection, to write on

	mu    sync.Mutex
	dials []*establishing
}

type attemptKey struct{}

// Value makes the attempt known to [dial], whose context has the values of the
// request's context, but does not end with it.
func (a *attempt) Value(key any) any {
	if key == (attemptKey{}) {
		return a
	}
	return a.Context.Value(key)
}

func (a *attempt) gotConn(info httptrace.GotConnInfo) {
	a.got.Store(true)
	if !info.Reused && !info.WasIdle { // the one that was dialled for it
		a.established()
	}
}

func (a *attempt) tlsHandshakeDone(_ tls.ConnectionState, err error) {
	if err == nil {
		a.established()
	}
}
