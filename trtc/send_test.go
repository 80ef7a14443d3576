package trtc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/trtc"
)

// These tests are about what leaves the machine, and how often. What the clients
// share is tested more closely in the other module.

const createdBody = `{"Response":{"RequestId":"R","TaskId":"T","Status":"Idle"}}`

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestClient_writes(t *testing.T) {
	for _, secure := range []bool{false, true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, createdBody)
		}))
		transport := zegocensor.NewTransport()
		if secure {
			server.StartTLS()
			transport.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		} else {
			server.Start()
		}
		defer server.Close()
		defer transport.CloseIdleConnections()
		var writes atomic.Int32
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			return countingConn{conn, &writes}, err
		}
		c := newClient(t, transport, trtc.WithBaseURL(server.URL), trtc.WithLimiter(nil))
		for _, call := range []string{"Create", "Delete"} {
			t.Run(fmt.Sprintf("100 for 100 %s, TLS %v", call, secure), func(t *testing.T) {
				require.NoError(t, calls[call](t.Context(), c)) // makes the connection
				writes.Store(0)
				for range 100 {
					require.NoError(t, calls[call](t.Context(), c))
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

func (c countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

func TestClient_neverLeft(t *testing.T) {
	t.Run("a fallback that cannot dial does not hide that the first path has sent", func(t *testing.T) {
		var sent atomic.Int32
		fallback := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
		}}
		err := calls["Create"](t.Context(), newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			sent.Add(1)
			again := r.Clone(r.Context())
			again.Body = io.NopCloser(bytes.NewReader(body))
			return fallback.RoundTrip(again)
		})))
		assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
		assert.EqualValues(t, 1, sent.Load())
	})
	t.Run("a Proxy function fails", func(t *testing.T) {
		var asked atomic.Int32
		transport := zegocensor.NewTransport()
		transport.Proxy = func(*http.Request) (*url.URL, error) { asked.Add(1); return nil, errors.New("no such proxy") }
		err := calls["Create"](t.Context(), newClient(t, transport))
		assert.ErrorContains(t, err, "no such proxy")
		assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
		assert.EqualValues(t, 3, asked.Load())
	})
}

// An answer counts if all of it came, whatever broke after it.
func TestClient_brokenAfterTheAnswer(t *testing.T) {
	for body, want := range map[string]error{
		createdBody: nil,
		`{"Response":{"Error":{"Code":"ResourceNotFound","Message":"no"},"RequestId":"R"}}`: trtc.ErrTaskNotFound,
		`{"Response":{"RequestId":"R","TaskId":"T"`:                                         zegocensor.ErrOutcomeUnknown,
	} {
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
			r := answer(200, "")
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), brokenReader{}))
			return r, nil
		}}
		err := calls["Create"](t.Context(), newClient(t, w))
		if want == nil {
			assert.NoError(t, err)
		} else {
			assert.ErrorIs(t, err, want, body)
		}
		assert.Len(t, w.seen, 1)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestClient_answerSize(t *testing.T) {
	for size, ok := range map[int]bool{1 << 20: true, 1<<20 + 1: false} {
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
			return answer(200, createdBody+strings.Repeat(" ", size-len(createdBody))), nil
		}}
		err := calls["Create"](t.Context(), newClient(t, w))
		if ok {
			assert.NoError(t, err)
			continue
		}
		assert.ErrorContains(t, err, "larger than 1 MiB")
		assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
	}
}

// TestClient_interceptors is for the race detector too: what is read when a timer
// was faster than next.
func TestClient_interceptors(t *testing.T) {
	type next = func(context.Context) error
	t.Run("can leave next behind", func(t *testing.T) {
		var left sync.WaitGroup
		var arrived atomic.Int32
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, r.Body)
			arrived.Add(1)
			time.Sleep(200 * time.Microsecond)
			return answer(200, createdBody), nil
		})
		c := newClient(t, transport, trtc.WithLimiter(nil),
			trtc.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
			trtc.WithInterceptor(func(ctx context.Context, call *zegocensor.Call, next next) error {
				err := next(ctx)
				_ = *call
				return err
			}, func(ctx context.Context, _ *zegocensor.Call, next next) error {
				done := make(chan error, 1)
				left.Go(func() { done <- next(ctx) })
				select {
				case err := <-done:
					return err
				case <-time.After(200 * time.Microsecond):
					return nil
				}
			}))
		sent := 0
		for range 300 {
			data := map[string]any{}
			_, err := c.Do(t.Context(), trtc.Action{Name: "DismissRoom"}, nil, &data)
			if err == nil || errors.Is(err, zegocensor.ErrOutcomeUnknown) {
				sent++ // else the timer was faster than the goroutine that calls next
			}
			data["mine"] = true
		}
		left.Wait()
		assert.LessOrEqual(t, int(arrived.Load()), sent)
	})
	t.Run("can leave next behind before it sends, and then it sends nothing", func(t *testing.T) {
		w := &wire{}
		own := errors.New("the interceptor's own")
		l := &gatedLimiter{waits: make(chan struct{}), free: make(chan struct{})}
		ended := make(chan error)
		err := calls["Create"](t.Context(), newClient(t, w, trtc.WithLimiter(l), trtc.WithInterceptor(func(ctx context.Context, _ *zegocensor.Call, next next) error {
			go func() { ended <- next(ctx) }()
			<-l.waits
			return own
		})))
		assert.ErrorIs(t, err, own)
		close(l.free)
		assert.ErrorContains(t, <-ended, "not sent")
		assert.Empty(t, w.seen)
	})
	t.Run("can recover", func(t *testing.T) {
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) { panic("the transport's") }}
		err := calls["Create"](t.Context(), newClient(t, w, trtc.WithInterceptor(func(ctx context.Context, _ *zegocensor.Call, next next) error {
			defer func() { _ = recover() }()
			return next(ctx)
		})))
		assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
		assert.NotContains(t, err.Error(), "not sent")
		assert.Len(t, w.seen, 1)
	})
}

// gatedLimiter lets calls wait until free is closed.
type gatedLimiter struct{ waits, free chan struct{} }

func (l *gatedLimiter) Wait(context.Context, zegocensor.LimitRequest) error {
	close(l.waits)
	<-l.free
	return nil
}
