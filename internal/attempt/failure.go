package attempt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/redact"
)

// RoundTrip sends through the transport itself: what [http.Client] adds
// (redirects, cookies, the URL in every error) is not wanted. A nil rt is
// [http.DefaultTransport].
func RoundTrip(rt http.RoundTripper, req *http.Request) (*http.Response, error) {
	if rt == nil {
		rt = http.DefaultTransport
	}
	resp, err := rt.RoundTrip(req)
	if err == nil && (resp == nil || resp.Body == nil) {
		err = errors.New("the transport returned neither an answer nor an error")
	}
	return resp, err
}

// Conn watches whether a request got a connection to be written on.
type Conn struct {
	hooks      httptrace.ClientTrace
	asked, got atomic.Bool
}

// Trace watches the request that is sent with the context it returns.
func Trace(ctx context.Context) (*Conn, context.Context) {
	p := new(Conn)
	p.hooks.GetConn = func(string) { p.asked.Store(true) }
	p.hooks.GotConn = func(httptrace.GotConnInfo) { p.got.Store(true) }
	return p, httptrace.WithClientTrace(ctx, &p.hooks)
}

// NoAnswer judges an attempt that failed with err before an answer came:
// [NeverLeft] where it certainly sent nothing, else [Lost]. A transport that is
// not net/http's may not report connections; then only an error of dialling
// counts. A nil Conn knows no more than err.
func (p *Conn) NoAnswer(err error) Outcome {
	if p != nil && p.got.Load() {
		return Lost
	}
	if p != nil && p.asked.Load() {
		return NeverLeft
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
	if errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns) ||
		errors.As(err, &record) || errors.As(err, &certificate) ||
		errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid) {
		return NeverLeft
	}
	return Lost
}

// Cause is why an attempt failed that had limit for itself, without what secrets
// withholds.
func Cause(parent context.Context, limit time.Duration, err error, secrets *redact.Secrets) error {
	if parent.Err() != nil {
		return ContextError(parent)
	}
	// The attempt's own time is up: not the caller's, so the error must not
	// match context.DeadlineExceeded.
	if errors.Is(err, context.DeadlineExceeded) {
		return timeoutError{limit}
	}
	return secrets.Cause(err)
}

// timeoutError says that one attempt took too long.
type timeoutError struct{ limit time.Duration }

func (e timeoutError) Error() string {
	return "no complete answer within " + e.limit.String() + ", the time-out of one attempt"
}

// Timeout is true, as for other time-outs of package net.
func (timeoutError) Timeout() bool { return true }

// ContextError is why ctx ended: its error, and the cause where one was given.
func ContextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) || errors.Is(cause, err) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// Sleep waits for d. It ends with ctx, and at once where ctx cannot outlive d.
func Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return ContextError(ctx)
	}
	if d <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ContextError(ctx)
	}
}
