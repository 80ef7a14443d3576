package trtc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/trtc"
	"github.com/zegocensor/zegocensor-go/trtc/trtctest"
)

// TestTheContextEndsEveryPhase of a call, at once, and leaves nothing running.
func TestTheContextEndsEveryPhase(t *testing.T) {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	silent := silentServer(t)
	// phases are clients whose calls do not come to an end.
	phases := map[string]func(t *testing.T) *trtc.Client{
		"the limiter": func(*testing.T) *trtc.Client { return tencent.Client(trtc.WithLimiter(blocked{})) },
		"dialling": func(*testing.T) *trtc.Client {
			return tencent.Client(trtc.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}}}))
		},
		"the TLS handshake": func(t *testing.T) *trtc.Client {
			c, err := trtc.NewClient(1, common.NewCredential("id", "key"), trtc.WithBaseURL("https://"+silent), trtc.WithSDKSecretKey("key"))
			require.NoError(t, err)
			return c
		},
		"the answer": func(*testing.T) *trtc.Client {
			tencent.Inject(trtctest.Fault{Hang: true})
			return tencent.Client()
		},
		"the body": func(t *testing.T) *trtc.Client {
			w := &wire{answer: func(_ int, r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: endless{r.Context()}}, nil
			}}
			return newClient(t, w)
		},
		"the wait for another try": func(t *testing.T) *trtc.Client {
			w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
				return answer(429, "", "Retry-After", "60"), nil
			}}
			return newClient(t, w, trtc.WithRetryPolicy(zegocensor.RetryPolicy{MaxBackoff: time.Hour}))
		},
	}
	for name, client := range phases {
		for call, do := range calls {
			t.Run(name+"/"+call, func(t *testing.T) {
				best := time.Hour // of some tries, as the machine has other work too
				for try := 0; try < 5 && best >= 20*time.Millisecond; try++ {
					tencent.Reset()
					c := client(t)
					ctx, cancel := context.WithCancel(t.Context())
					ended := make(chan time.Time, 1)
					time.AfterFunc(30*time.Millisecond, func() {
						ended <- time.Now()
						cancel()
					})
					err := do(ctx, c)
					best = min(best, time.Since(<-ended))
					assert.ErrorIs(t, err, context.Canceled)
					c.CloseIdleConnections()
				}
				assert.Less(t, best, 20*time.Millisecond)
			})
		}
	}
	tencent.Close()
	require.Eventually(t, func() bool { return !running("trtc.(*try)") }, time.Second, 10*time.Millisecond)
}

// TestAWaitThatCannotEndInTime fails at once.
func TestAWaitThatCannotEndInTime(t *testing.T) {
	w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return answer(429, "", "Retry-After", "60"), nil }}
	c := newClient(t, w, trtc.WithRetryPolicy(zegocensor.RetryPolicy{MaxBackoff: time.Hour}))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	began := time.Now()
	err := calls["Create"](ctx, c)
	assert.Less(t, time.Since(began), time.Second)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorIs(t, err, zegocensor.ErrRateLimited)
}

func TestAnEndedContextSendsNothing(t *testing.T) {
	cause := errors.New("we are closing")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	w := &wire{}
	err := calls["Create"](ctx, newClient(t, w))
	assert.ErrorIs(t, err, cause)
	assert.ErrorIs(t, err, context.Canceled)
	assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
	assert.Empty(t, w.seen)
}

func running(name string) bool {
	buf := make([]byte, 1<<20)
	return strings.Contains(string(buf[:runtime.Stack(buf, true)]), name)
}

type blocked struct{}

func (blocked) Wait(ctx context.Context, _ zegocensor.LimitRequest) error {
	<-ctx.Done()
	return ctx.Err()
}

// endless is a body that does not come.
type endless struct{ ctx context.Context }

func (e endless) Read([]byte) (int, error) {
	<-e.ctx.Done()
	return 0, e.ctx.Err()
}

func (endless) Close() error { return nil }

var _ io.ReadCloser = endless{}

// silentServer accepts connections and says nothing.
func silentServer(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	return l.Addr().String()
}
