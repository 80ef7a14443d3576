package zegocensor

import (
	"net/http"

	"github.com/zegocensor/zegocensor-go/internal/transport"
)

// NewTransport returns the transport that a client has by default, for programs
// that need it with a change (their own certificates, or a proxy) in
// [WithHTTPClient]. It differs from [http.DefaultTransport]:
//
//   - It keeps up to 1024 connections to a host, also if all are idle. That of
//     net/http keeps two idle ones, so that a busy server opens and closes one for
//     nearly every call.
//   - A request up to 4 KiB leaves in one write, over TLS too. A TLSClientConfig of
//     your own should set DynamicRecordSizingDisabled for that. A RoundTripper
//     around the transport costs a second write, as net/http does not know the type
//     of the body then.
//   - An idle connection is closed after 30 s.
//   - A connection is made within 5 s, or given up.
//
// A call returns when its context ends. What it leaves behind is the connection
// that was being made for it, if any: it is given up 2 s after the call and at the
// latest 5 s after it was begun, unless it is ready by then and can be used by
// another call. Only behind a proxy that is itself reached over HTTPS it can take
// a minute, and with a DialContext of your own as long as that takes.
func NewTransport() *http.Transport { return transport.New() }
