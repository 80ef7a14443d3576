// Package transport sends one HTTP request once, and says of a request without
// an answer whether it can have left this machine. The clients of all vendors
// send through it.
package transport

import (
	"crypto/tls"
	"net/http"
	"time"
)

// New returns the transport that clients have by default.
func New() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dial,
		TLSHandshakeTimeout: establishTimeout, // for requests that do not come from Send
		ForceAttemptHTTP2:   true,
		// Without it, crypto/tls sends the first 128 KiB of a connection in
		// records of 1208 bytes, each in a write of its own.
		TLSClientConfig: &tls.Config{DynamicRecordSizingDisabled: true},
		// Head and body of a request leave in one write if both fit. The default
		// is 4 KiB.
		WriteBufferSize: 8 << 10,

		// One host has the whole share. Idle connections are kept up to the
		// bound, so that a burst does not close and open them. The bound is far
		// above what 100 calls a second need, so that calls which hang, each in
		// a connection of its own, leave room for those that do not.
		MaxIdleConns:        maxConns,
		MaxIdleConnsPerHost: maxConns,
		MaxConnsPerHost:     maxConns,
		// A Start that is written on a connection which the server has just
		// closed has an unknown outcome, so idle connections are closed before
		// load balancers usually do it (60 s).
		IdleConnTimeout: 30 * time.Second,

		// Answers are a few hundred bytes.
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

const maxConns = 1024
