package transport

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// post sends a request with a body as a client does.
func post(ctx context.Context, rt http.RoundTripper, rawURL, body string) (left bool, err error) {
	return send(ctx, rt, http.MethodPost, rawURL, []byte(body))
}

// get sends a request without a body that must not be repeated.
func get(ctx context.Context, rt http.RoundTripper, rawURL string) (left bool, err error) {
	return send(ctx, rt, http.MethodGet, rawURL, nil)
}

func send(ctx context.Context, rt http.RoundTripper, method, rawURL string, body []byte) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	u, err := url.Parse(rawURL)
	if err != nil {
		return false, err
	}
	resp, left, err := Send(ctx, rt, &http.Request{Method: method, URL: u, Host: u.Host, Header: http.Header{}}, body, false)
	if err != nil {
		return left, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return left, err
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

var errDial = &net.OpError{Op: "dial", Err: errors.New("refused")}

func TestSend_foreignRoundTripper(t *testing.T) {
	for name, tt := range map[string]struct {
		rt       func(*http.Request) (*http.Response, error)
		postLeft bool
	}{
		"did not touch the body": {rt: func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }},
		"closed the body unread": {rt: func(r *http.Request) (*http.Response, error) { r.Body.Close(); return nil, io.EOF }},
		"read a byte": {rt: func(r *http.Request) (*http.Response, error) {
			_, _ = r.Body.Read(make([]byte, 1))
			return nil, errDial
		}, postLeft: true},
		"read nothing, but asked": {rt: func(r *http.Request) (*http.Response, error) { _, _ = r.Body.Read(nil); return nil, errDial }, postLeft: true},
		"wrote the body":          {rt: func(r *http.Request) (*http.Response, error) { _, _ = io.Copy(io.Discard, r.Body); return nil, errDial }, postLeft: true},
		"read and closed the body": {rt: func(r *http.Request) (*http.Response, error) {
			_, _ = io.ReadAll(r.Body)
			r.Body.Close()
			return nil, errDial
		}, postLeft: true},
		"returned neither":                  {rt: func(r *http.Request) (*http.Response, error) { _, _ = io.ReadAll(r.Body); return nil, nil }, postLeft: true},
		"returned an answer without a body": {rt: func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil }, postLeft: true},
		"returned an answer and an error":   {rt: func(*http.Request) (*http.Response, error) { return &http.Response{Body: http.NoBody}, io.EOF }, postLeft: true},
		"HTTP/2's words of a refusal": {rt: func(r *http.Request) (*http.Response, error) {
			_, _ = io.ReadAll(r.Body)
			return nil, errors.New(refusedText)
		}, postLeft: true},
		"sent on another path before": {rt: func(r *http.Request) (*http.Response, error) {
			_, _ = io.ReadAll(r.Body)
			r.Body = http.NoBody
			return (&http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errDial }}).RoundTrip(r)
		}, postLeft: true},
	} {
		t.Run(name, func(t *testing.T) {
			left, err := post(t.Context(), roundTripFunc(tt.rt), "http://h/", "body")
			assert.Error(t, err)
			assert.Equal(t, tt.postLeft, left)
			left, err = get(t.Context(), roundTripFunc(tt.rt), "http://h/")
			assert.Error(t, err)
			assert.True(t, left, "of a GET nothing is proved")
		})
	}

	t.Run("cannot read the body when the attempt is over", func(t *testing.T) {
		var kept io.ReadCloser
		left, err := post(t.Context(), roundTripFunc(func(r *http.Request) (*http.Response, error) {
			kept = r.Body
			return nil, errDial
		}), "http://h/", "body")
		assert.Error(t, err)
		assert.False(t, left)
		b, err := io.ReadAll(kept)
		assert.Error(t, err)
		assert.Empty(t, b)
		n, err := io.Copy(io.Discard, kept)
		assert.Error(t, err)
		assert.Zero(t, n)
	})
	t.Run("reads the body while Send judges", func(t *testing.T) {
		for range 1000 {
			var read atomic.Int64
			var reading sync.WaitGroup
			left, _ := post(t.Context(), roundTripFunc(func(r *http.Request) (*http.Response, error) {
				reading.Go(func() { b, _ := io.ReadAll(r.Body); read.Add(int64(len(b))) })
				return nil, errDial
			}), "http://h/", "body")
			reading.Wait()
			if !left {
				assert.Zero(t, read.Load())
			}
		}
	})
}

func TestSend_neverLeft(t *testing.T) {
	both := func(t *testing.T, rt http.RoundTripper, rawURL string, wantLeft bool) {
		left, err := post(t.Context(), rt, rawURL, "body")
		assert.Error(t, err)
		assert.Equal(t, wantLeft, left, "POST: %v", err)
		left, err = get(t.Context(), rt, rawURL)
		assert.Error(t, err)
		assert.Equal(t, wantLeft, left, "GET: %v", err)
	}
	t.Run("dial", func(t *testing.T) {
		both(t, &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, io.ErrUnexpectedEOF }}, "https://h/", false)
	})
	t.Run("TLS", func(t *testing.T) {
		server := httptest.NewUnstartedServer(nil)
		server.Config.ErrorLog = discard
		server.StartTLS()
		defer server.Close()
		both(t, New(), server.URL, false)
	})
	t.Run("Proxy fails", func(t *testing.T) {
		both(t, &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, io.ErrUnexpectedEOF }}, "http://h/", false)
	})
	t.Run("http.DefaultTransport", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		listener.Close()
		both(t, nil, "http://"+listener.Addr().String(), false)
	})
	t.Run("broke after sending", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		defer server.Close()
		both(t, New(), server.URL, true)
	})
	t.Run("a registered protocol that sends and fails", func(t *testing.T) {
		std := &http.Transport{TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}} // no HTTP/2, which registers too
		std.RegisterProtocol("https", roundTripFunc(func(r *http.Request) (*http.Response, error) {
			_, _ = io.ReadAll(r.Body)
			return nil, errDial
		}))
		both(t, std, "https://h/", true)
	})
}

// frames is an HTTP/2 server that answers the headers of each request with one
// frame. It returns its address and how many requests have come.
func frames(t *testing.T, answer func(stream uint32) (kind byte, on uint32, payload []byte)) (rawURL string, config *tls.Config, requests *atomic.Int32) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	certificates := server.TLS.Certificates
	config = server.Client().Transport.(*http.Transport).TLSClientConfig
	server.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certificates, NextProtos: []string{"h2"}})
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	requests = new(atomic.Int32)
	serve := func(conn net.Conn) {
		defer conn.Close()
		write := func(kind, flags byte, stream uint32, payload []byte) {
			head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
			_, _ = conn.Write(append(binary.BigEndian.AppendUint32(append(head, flags), stream), payload...))
		}
		r := bufio.NewReader(conn)
		if _, err := r.Discard(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")); err != nil {
			return
		}
		write(4, 0, 0, nil) // SETTINGS
		for {
			var head [9]byte
			if _, err := io.ReadFull(r, head[:]); err != nil {
				return
			}
			if _, err := r.Discard(int(head[0])<<16 | int(head[1])<<8 | int(head[2])); err != nil {
				return
			}
			if head[3] == 1 { // HEADERS
				requests.Add(1)
				kind, on, payload := answer(binary.BigEndian.Uint32(head[5:]))
				write(kind, 0, on, payload)
			}
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return "https://" + listener.Addr().String(), config, requests
}

// TestSend_HTTP2 fails if net/http changes the words that it refuses to retry with.
func TestSend_HTTP2(t *testing.T) {
	reset := func(code uint32) func(uint32) (byte, uint32, []byte) {
		return func(stream uint32) (byte, uint32, []byte) {
			return 3, stream, binary.BigEndian.AppendUint32(nil, code)
		}
	}
	goAway := func(last, code uint32) func(uint32) (byte, uint32, []byte) {
		return func(uint32) (byte, uint32, []byte) {
			return 7, 0, append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), code), refusedText...)
		}
	}
	for name, tt := range map[string]struct {
		answer func(uint32) (byte, uint32, []byte)
		left   bool
	}{
		"REFUSED_STREAM":            {reset(7), false},
		"GOAWAY, not processed":     {goAway(0, 0), false},
		"PROTOCOL_ERROR":            {reset(1), true},
		"INTERNAL_ERROR":            {reset(2), true},
		"CANCEL":                    {reset(8), true},
		"ENHANCE_YOUR_CALM":         {reset(11), true},
		"GOAWAY, ENHANCE_YOUR_CALM": {goAway(0, 11), true}, // net/http does not say that it is certain
		"GOAWAY cut short":          {func(uint32) (byte, uint32, []byte) { return 7, 0, make([]byte, 7) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			rawURL, config, requests := frames(t, tt.answer)
			for _, method := range []string{http.MethodPost, http.MethodGet} {
				std := New()
				std.TLSClientConfig = config
				requests.Store(0)
				var body []byte
				if method == http.MethodPost {
					body = []byte("body")
				}
				left, err := send(t.Context(), std, method, rawURL, body)
				require.Error(t, err)
				assert.Equal(t, tt.left, left, "%s: %v", method, err)
				assert.EqualValues(t, 1, requests.Load(), method)
			}
		})
	}
}

const refusedText = "http2: Transport: cannot retry err [stream error: stream ID 1; REFUSED_STREAM; received from peer] after Request.Body was written; define Request.GetBody to avoid this error"

func TestRefused(t *testing.T) {
	for text, want := range map[string]bool{
		refusedText: true,
		"http2: Transport: cannot retry err [stream error: stream ID 4294967295; REFUSED_STREAM] after":          true,
		"http2: Transport: cannot retry err [http2: Transport received Server's graceful shutdown GOAWAY] after": true,
		"":                     false,
		" " + refusedText:      false,
		"read: " + refusedText: false,
		`malformed HTTP response "` + refusedText:                                                                               false,
		"http2: Transport: cannot retry err [":                                                                                  false,
		"http2: Transport: cannot retry err [stream error: stream ID ; REFUSED_STREAM]":                                         false,
		"http2: Transport: cannot retry err [stream error: stream ID x; REFUSED_STREAM]":                                        false,
		"http2: Transport: cannot retry err [stream error: stream ID 1; REFUSED_STREAMS]":                                       false,
		"http2: Transport: cannot retry err [stream error: stream ID 1; PROTOCOL_ERROR; REFUSED_STREAM]":                        false,
		"http2: Transport: cannot retry err [stream error: stream ID 1; PROTOCOL_ERROR; received from peer] after Request.Body": false,
		"http2: Transport: cannot retry err [http2: client conn not usable] after Request.Body was written":                     false,
		"http2: Transport: cannot retry err [x http2: Transport received Server's graceful shutdown GOAWAY]":                    false,
		"http2: server sent GOAWAY and closed the connection; LastStreamID=0, ErrCode=NO_ERROR, debug=\"" + refusedText + "\"":  false,
	} {
		assert.Equal(t, want, refused(text), text)
	}
}

// TestSend_dyingConnections sends to a server that closes each connection a moment
// after its answer, often just when the next request is written on it, or in place
// of the answer to a later request.
func TestSend_dyingConnections(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	var arrived sync.Map // request ID → *atomic.Int32
	go func() {
		for i := 0; ; i++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for served := 1; ; served++ {
					_ = conn.SetReadDeadline(time.Now().Add(time.Duration(100+i%400) * time.Microsecond))
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					n, _ := arrived.LoadOrStore(req.URL.Query().Get("id"), new(atomic.Int32))
					n.(*atomic.Int32).Add(1)
					_, _ = io.Copy(io.Discard, req.Body)
					if served == 4 {
						return
					}
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			}()
		}
	}()
	const senders, each = 8, 500
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		t.Run(method, func(t *testing.T) {
			arrived.Clear()
			std := New()
			defer std.CloseIdleConnections()
			var all sync.WaitGroup
			var failed, never atomic.Int32
			for s := range senders {
				all.Go(func() {
					for i := range each {
						id := fmt.Sprint(s*each + i)
						var body []byte
						if method == http.MethodPost {
							body = bytes.Repeat([]byte("x"), 600)
						}
						left, err := send(t.Context(), std, method, "http://"+listener.Addr().String()+"/?id="+id, body)
						if err != nil {
							failed.Add(1)
							if _, came := arrived.Load(id); !left {
								never.Add(1)
								assert.False(t, came)
							}
						}
						if i%2 == 0 {
							time.Sleep(time.Duration(i%5) * 100 * time.Microsecond)
						}
					}
				})
			}
			all.Wait()
			time.Sleep(10 * time.Millisecond)
			requests, twice := 0, 0
			arrived.Range(func(_, n any) bool {
				requests++
				if n.(*atomic.Int32).Load() > 1 {
					twice++
				}
				return true
			})
			assert.Zero(t, twice, "sent twice")
			assert.NotZero(t, failed.Load(), "no connection died under a request: the test shows nothing")
			t.Logf("%d sent, %d arrived, %d failed, %d of them never left, %d arrived twice", senders*each, requests, failed.Load(), never.Load(), twice)
		})
	}
}

// TestNew_writes counts the writes on a new socket: each is a packet.
func TestNew_writes(t *testing.T) {
	for _, secure := range []bool{false, true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
		if secure {
			server.StartTLS()
		} else {
			server.Start()
		}
		defer server.Close()
		for _, size := range []int{2, 200, 1200, 2000, 4 << 10} {
			t.Run(fmt.Sprintf("TLS %v, %d bytes", secure, size), func(t *testing.T) {
				std := New()
				defer std.CloseIdleConnections()
				if secure {
					std.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
				}
				var writes atomic.Int32
				std.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
					conn, err := dial(ctx, network, addr)
					return &countingConn{conn, &writes}, err
				}
				_, err := post(t.Context(), std, server.URL, "{}") // makes the connection
				require.NoError(t, err)
				writes.Store(0)
				for range 100 {
					left, err := post(t.Context(), std, server.URL+"/?"+strings.Repeat("q", 300), strings.Repeat("x", size))
					require.NoError(t, err)
					assert.True(t, left)
				}
				assert.EqualValues(t, 100, writes.Load())
			})
		}
	}
}

type countingConn struct {
	net.Conn
	writes *atomic.Int32
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}
