package zegocensor_test

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
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// These tests go over real sockets to a fake ZEGO.

var quick = zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 3, MinBackoff: 1, MaxBackoff: 1})

func newZEGO(t testing.TB, opts ...zegotest.Option) *zegotest.Server {
	s := zegotest.NewServer(opts...)
	t.Cleanup(s.Close)
	return s
}

// kick is a GET that must not be sent twice.
func kick(ctx context.Context, c *zegocensor.Client) error {
	_, err := c.Do(ctx, zegocensor.Action{Name: "KickoutUser", Method: "GET"}, url.Values{"RoomId": {"r"}, "UserId[]": {"u"}}, nil, nil)
	return err
}

func TestLifecycle(t *testing.T) {
	zego := newZEGO(t)
	c := zego.Client(zegocensor.WithEnvironment(zegocensor.EnvironmentTest))
	ctx := t.Context()
	audio, err := c.StartCensorAudioV2(ctx, audioRequest())
	require.NoError(t, err)
	video, err := c.StartCensorVideoV2(ctx, videoRequest())
	require.NoError(t, err)
	assert.Len(t, zego.Running(), 2)
	token, err := c.GenerateIdentifyToken(ctx, &zegocensor.GenerateIdentifyTokenRequest{EffectiveTime: time.Minute})
	require.NoError(t, err)
	assert.Equal(t, time.Minute, token.RemainTime)
	assert.NoError(t, zego.RedeemToken(token.IdentifyToken.Reveal()))
	_, err = c.StopCensorAudioV2(ctx, &zegocensor.StopCensorAudioV2Request{TaskID: audio.TaskID})
	require.NoError(t, err)
	_, err = c.StopCensorVideoV2(ctx, &zegocensor.StopCensorVideoV2Request{TaskID: video.TaskID})
	require.NoError(t, err)
	assert.Empty(t, zego.Running())
	for _, r := range zego.Requests() {
		assert.True(t, r.IsTest)
	}
}

func TestWrongProject(t *testing.T) {
	zego := newZEGO(t)
	for _, tt := range []struct {
		appID  uint32
		secret string
	}{{zego.AppID(), "wrong"}, {5, zego.ServerSecret()}} {
		c, err := zegocensor.NewClient(tt.appID, tt.secret, zegocensor.WithBaseURL(zego.URL()))
		require.NoError(t, err)
		assert.ErrorIs(t, start(t.Context(), c), zegocensor.ErrUnauthenticated)
	}
}

// A connection that breaks under a call: kept alive by an earlier call, as
// net/http repeats requests only on such, or new.
func TestBrokenConnection(t *testing.T) {
	for _, cut := range []zegotest.Cut{zegotest.CutBeforeRead, zegotest.CutAfterRead, zegotest.CutBody} {
		for _, warm := range []bool{false, true} {
			for name, tt := range map[string]struct {
				do     func(context.Context, *zegocensor.Client) error
				action string
				once   bool
			}{
				"Start": {start, "StartCensorAudioV2", true},
				"Kick":  {kick, "KickoutUser", true},
				"Stop":  {stop, "StopCensorAudioV2", false},
				"Token": {token, "GenerateIdentifyToken", false},
			} {
				t.Run(fmt.Sprintf("%s, cut %d, warm %v", name, cut, warm), func(t *testing.T) {
					zego := newZEGO(t)
					c := zego.Client(quick)
					if warm {
						require.NoError(t, tt.do(t.Context(), c))
						time.Sleep(time.Millisecond) // net/http takes the connection back
						zego.Reset()
					}
					zego.Inject(zegotest.Fault{Action: tt.action, Times: 1, Cut: cut})
					err := tt.do(t.Context(), c)
					seen := zego.Requests()
					if tt.once {
						require.Error(t, err)
						assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
						assert.Len(t, seen, 1)
						return
					}
					require.NoError(t, err)
					require.Len(t, seen, 2)
				})
			}
		}
	}
}

func TestNeverLeftIsTriedAgain(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		listener.Close()
		var tries atomic.Int32
		transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			tries.Add(1)
			return new(net.Dialer).DialContext(ctx, network, addr)
		}}
		c := newClient(t, transport, zegocensor.WithBaseURL("http://"+listener.Addr().String()), quick)
		err = start(t.Context(), c)
		var unreachable *zegocensor.TransportError
		require.ErrorAs(t, err, &unreachable)
		assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
		assert.EqualValues(t, 3, tries.Load())
	})
	t.Run("dialling takes too long", func(t *testing.T) {
		var tries atomic.Int32
		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			tries.Add(1)
			// net/http lets a dial go on when its request has ended.
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		c := newClient(t, transport, zegocensor.WithAttemptTimeout(20*time.Millisecond), quick)
		err := start(t.Context(), c)
		assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
		assert.EqualValues(t, 3, tries.Load())
	})
	t.Run("TLS", func(t *testing.T) {
		var hits atomic.Int32
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
		server.StartTLS()
		defer server.Close()
		c, err := zegocensor.NewClient(testAppID, testSecret, zegocensor.WithBaseURL(server.URL), quick)
		require.NoError(t, err)
		err = start(t.Context(), c)
		var unreachable *zegocensor.TransportError
		require.ErrorAs(t, err, &unreachable)
		assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
		assert.Zero(t, hits.Load())
	})
}

func TestHangingServer(t *testing.T) {
	zego := newZEGO(t)
	zego.Inject(zegotest.Fault{Hang: true})
	c := zego.Client(quick, zegocensor.WithAttemptTimeout(200*time.Millisecond))
	err := start(t.Context(), c)
	assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
	assert.Len(t, zego.Requests(), 1)
	zego.Reset()
	zego.Inject(zegotest.Fault{Hang: true})
	err = stop(t.Context(), c)
	assert.NotErrorIs(t, err, context.DeadlineExceeded)
	assert.Len(t, zego.Requests(), 3)
}

func TestContextEndsOnTheWire(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	for name, fault := range map[string]zegotest.Fault{
		"sending":  {Hang: true},
		"sleeping": {HTTPStatus: 429, RetryAfter: "60"},
	} {
		t.Run(name, func(t *testing.T) {
			zego := zegotest.NewServer()
			defer zego.Close()
			zego.Inject(fault)
			c := zego.Client(zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxBackoff: time.Minute}))
			defer c.CloseIdleConnections()
			assertPrompt(t, func(ctx context.Context) { assert.ErrorIs(t, start(ctx, c), context.Canceled) })
		})
	}
	t.Run("reading", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = w.Write([]byte(`{"Code":0,`))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}))
		defer server.Close()
		c := newClient(t, &http.Transport{DisableKeepAlives: true}, zegocensor.WithBaseURL(server.URL))
		assertPrompt(t, func(ctx context.Context) {
			err := start(ctx, c)
			assert.ErrorIs(t, err, context.Canceled)
			assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
		})
	})
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+1 }, 5*time.Second, 10*time.Millisecond)
}

// assertPrompt wants call to return within 20 ms of the end of its context. A
// busy machine gets three chances.
func assertPrompt(t *testing.T, call func(context.Context)) {
	t.Helper()
	best := time.Hour
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		var ended atomic.Int64
		time.AfterFunc(50*time.Millisecond, func() { ended.Store(time.Now().UnixNano()); cancel() })
		call(ctx)
		best = min(best, time.Since(time.Unix(0, ended.Load())))
	}
	assert.Less(t, best, 20*time.Millisecond)
}

func TestClockHealingOnTheWire(t *testing.T) {
	for _, skew := range []time.Duration{25 * time.Minute, -25 * time.Minute} {
		zego := newZEGO(t)
		zego.Inject(zegotest.Fault{ClockSkew: skew})
		c := zego.Client()
		require.NoError(t, start(t.Context(), c))
		assert.Len(t, zego.Requests(), 2)
		require.NoError(t, stop(t.Context(), c))
		require.NoError(t, start(t.Context(), c))
		assert.Len(t, zego.Requests(), 4)
		nonces := map[string]bool{}
		for _, r := range zego.Requests() {
			nonces[r.Nonce] = true
		}
		assert.Len(t, nonces, 4)
	}
	for _, date := range []string{"-", "yesterday", "Mon, 01 Jan 2001 00:00:00 GMT"} {
		zego := newZEGO(t)
		zego.Inject(zegotest.Fault{ClockSkew: 25 * time.Minute, Date: date})
		assert.ErrorIs(t, start(t.Context(), zego.Client()), zegocensor.ErrSignatureExpired)
		assert.LessOrEqual(t, len(zego.Requests()), 2)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	var hits atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		zego := newZEGO(t)
		zego.Inject(zegotest.Fault{HTTPStatus: status, Header: http.Header{"Location": {other.URL}}})
		for _, do := range []func(context.Context, *zegocensor.Client) error{start, stop, token} {
			err := do(t.Context(), zego.Client())
			var unusable *zegocensor.ResponseError
			require.ErrorAs(t, err, &unusable)
			assert.Equal(t, status, unusable.HTTPStatus)
			assert.NotContains(t, err.Error(), other.URL)
		}
	}
	assert.Zero(t, hits.Load())
}

// Every failure that the fake can produce, and what a program may print of it.
func TestNothingSecretIsShownOnTheWire(t *testing.T) {
	var faults []zegotest.Fault
	for _, code := range []zegocensor.Code{1, 2, 3, 8, 9, 104, 105, 206, 207, 5024, 50001, 50003, 50006, 50007, 50009, 50117, 4711,
		100000000, 100000001, 100000002, 100000003, 100000004, 100000005, 100000006, 100000007, 100000008, 100000009, 100000010, 100000011,
		100000013, 100000014, 100000015, 100000016, 100000017} {
		faults = append(faults, zegotest.Fault{Code: code})
	}
	for _, status := range []int{302, 400, 401, 403, 404, 429, 500, 502, 503, 504} {
		faults = append(faults, zegotest.Fault{HTTPStatus: status})
	}
	faults = append(faults,
		zegotest.Fault{Cut: zegotest.CutBeforeRead}, zegotest.Fault{Cut: zegotest.CutAfterRead}, zegotest.Fault{Cut: zegotest.CutBody},
		zegotest.Fault{Hang: true}, zegotest.Fault{ClockSkew: time.Hour, Date: "-"}, zegotest.Fault{Body: `{"Code":0,"Data":{"IdentifyToken":"` + canaryToken})
	for i, fault := range faults {
		t.Run(fmt.Sprintf("%d %+d %d", i, fault.Code, fault.HTTPStatus), func(t *testing.T) {
			t.Parallel()
			zego := newZEGO(t)
			zego.Inject(fault)
			var log bytes.Buffer
			c := zego.Client(quick, zegocensor.WithAttemptTimeout(100*time.Millisecond),
				zegocensor.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			shown := new(strings.Builder)
			for _, do := range []func(context.Context, *zegocensor.Client) error{start, stop, token} {
				err := do(t.Context(), c)
				for e := err; e != nil; e = errors.Unwrap(e) {
					show(shown, e)
				}
			}
			show(shown, c)
			all := strings.ToLower(shown.String() + log.String())
			assert.NotContains(t, all, zego.ServerSecret())
			assert.NotContains(t, all, canaryToken)
			assert.NotContains(t, all, "appid=")
			require.NotEmpty(t, zego.Requests())
			for _, r := range zego.Requests() {
				assert.NotContains(t, all, r.Signature)
				assert.NotContains(t, all, r.Nonce)
			}
		})
	}
}

func TestManyCallsShareFewConnections(t *testing.T) {
	zego := newZEGO(t, zegotest.WithRateLimit(0))
	c := zego.Client(zegocensor.WithLimiter(nil))
	const callers, calls = 1000, 20
	var all sync.WaitGroup
	var failed atomic.Int32
	for range callers {
		all.Go(func() {
			for range calls {
				if err := stop(t.Context(), c); err != nil {
					failed.Add(1)
					t.Log(err)
				}
			}
		})
	}
	all.Wait()
	assert.Zero(t, failed.Load())
	assert.Len(t, zego.Requests(), callers*calls)
	assert.LessOrEqual(t, zego.Connections(), callers*12/10)
	t.Logf("%d connections for %d calls", zego.Connections(), callers*calls)
}
