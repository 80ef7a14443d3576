package transport

import (
	"bufio"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var discard = log.New(io.Discard, "", 0)

// dialling is how many connections are being made.
func dialling() int {
	buf := make([]byte, 8<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "net/http.(*Transport).dialConn(")
}

// silent accepts connections and says nothing.
func silent(t *testing.T) (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
		}
	}()
	return listener.Addr().String()
}

func TestDial_endsSoonAfterItsCall(t *testing.T) {
	var calls sync.WaitGroup
	for name, make := range map[string]func(addr string) (std *http.Transport, rawURL string){
		"TLS":     func(addr string) (*http.Transport, string) { return New(), "https://" + addr },
		"CONNECT": func(addr string) (*http.Transport, string) { return through("http://" + addr), "https://h.invalid" },
		"SOCKS":   func(addr string) (*http.Transport, string) { return through("socks5://" + addr), "https://h.invalid" },
	} {
		std, rawURL := make(silent(t))
		for range 20 {
			calls.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				left, err := post(ctx, std, rawURL, "body")
				assert.ErrorIs(t, err, context.DeadlineExceeded, name)
				assert.False(t, left, name)
			})
		}
	}
	calls.Wait()
	ended := time.Now()
	assert.Positive(t, dialling())
	assert.Eventually(t, func() bool { return dialling() == 0 }, linger+time.Second, 20*time.Millisecond)
	t.Logf("the last dial ended %v after its call", time.Since(ended))
}

func through(proxy string) *http.Transport {
	std := New()
	std.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
	return std
}

func TestDial_isGivenUp(t *testing.T) {
	t.Parallel()
	std := through("http://" + silent(t))
	began := time.Now()
	left, err := post(t.Context(), std, "https://h.invalid", "body")
	assert.False(t, left)
	assert.ErrorContains(t, err, "timeout")
	assert.InDelta(t, establishTimeout.Seconds(), time.Since(began).Seconds(), 1)
}

// A connection that was made is not cut when the time to make one is over.
func TestDial_keepsWhatItMade(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	var connections atomic.Int32
	proxy := tunnel(t, &connections)
	std := through("http://" + proxy)
	std.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for _, wait := range []time.Duration{linger + time.Second, establishTimeout - linger, 0} {
		_, err := post(t.Context(), std, server.URL, "body")
		require.NoError(t, err)
		time.Sleep(wait)
	}
	assert.EqualValues(t, 1, connections.Load())
}

// tunnel is a proxy that knows CONNECT.
func tunnel(t *testing.T, connections *atomic.Int32) (addr string) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connections.Add(1)
		target, err := net.Dial("tcp", r.Host)
		if !assert.NoError(t, err) {
			return
		}
		defer target.Close()
		w.WriteHeader(http.StatusOK)
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		_ = buffered.Flush()
		go func() { _, _ = io.Copy(target, io.MultiReader(bufio.NewReader(buffered), conn)); target.Close() }()
		_, _ = io.Copy(conn, target)
	}))
	t.Cleanup(proxy.Close)
	return proxy.Listener.Addr().String()
}

// Calls that hang do not keep others waiting, and a proxy that works again is
// used by the next call.
func TestNew_hungProxy(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	var connections atomic.Int32
	hung, well := silent(t), tunnel(t, &connections)
	var works atomic.Bool
	std := New()
	std.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	std.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: hung})
	std.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if works.Load() {
			addr = well
		}
		return dial(ctx, network, addr)
	}
	var calls sync.WaitGroup
	for range 200 {
		calls.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			left, err := post(ctx, std, server.URL, "body")
			assert.Error(t, err)
			assert.False(t, left)
		})
	}
	calls.Wait()
	works.Store(true)
	began := time.Now()
	_, err := post(t.Context(), std, server.URL, "body")
	require.NoError(t, err)
	assert.Less(t, time.Since(began), time.Second)
}
