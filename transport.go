package zegocensor

import (
	"net"
	"net/http"
	"time"
)

// NewTransport makes the transport that a client has by default, for programs that
// need it with a change (their own certificates, or a proxy) by [WithHTTPClient].
// That of net/http keeps two idle connections to a host, so that a busy server
// opens and closes one for nearly every call.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{
			// Half the default time of an attempt: a host that does not answer
			// leaves time to learn so, as a call that never left is tried again.
			Timeout:   5 * time.Second,
			KeepAlive: 30 * time.Second,
		}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		ForceAttemptHTTP2:   true,

		// One host: its share is the whole. 128 connections carry far more than
		// ZEGO's 100 calls a second per action even when each takes a second.
		MaxIdleConns:        128,
		MaxIdleConnsPerHost: 128,
		MaxConnsPerHost:     128,
		// A Start written on a connection that the other side has just closed
		// has an unknown outcome, so connections are given up before load
		// balancers usually do (60 s).
		IdleConnTimeout: 30 * time.Second,

		// Answers are a few hundred bytes.
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}
