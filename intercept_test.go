package zegocensor_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

func TestInterceptors(t *testing.T) {
	type next = func(context.Context) error
	fast := zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MinBackoff: 1, MaxBackoff: 1})

	t.Run("order, context and what they see", func(t *testing.T) {
		type key struct{}
		var order []string
		var seen zegocensor.Call
		w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
			order = append(order, r.Context().Value(key{}).(string))
			if n == 1 {
				return page(429)()
			}
			return refusal(104)()
		}}
		c := newClient(t, w, fast, zegocensor.WithInterceptor(
			func(ctx context.Context, call *zegocensor.Call, next next) error {
				order = append(order, "outer")
				err := next(context.WithValue(ctx, key{}, "sent"))
				seen = *call
				return err
			},
			func(ctx context.Context, call *zegocensor.Call, next next) error {
				order = append(order, "inner")
				assert.Equal(t, zegocensor.Call{Action: "StartCensorAudioV2", Host: "rtc-api.zego.im"}, *call)
				return next(ctx)
			}))
		require.ErrorIs(t, start(t.Context(), c), zegocensor.ErrRoomNotFound)
		assert.Equal(t, []string{"outer", "inner", "sent", "sent"}, order)
		assert.Equal(t, zegocensor.Call{Action: "StartCensorAudioV2", Host: "rtc-api.zego.im", RequestID: "R1", Attempts: 2, HTTPStatus: 200, Code: 104}, seen)
	})

	for name, tt := range map[string]struct {
		intercept zegocensor.Interceptor
		code      int
		sent      int
		wantErr   bool
	}{
		"next twice":        {func(ctx context.Context, _ *zegocensor.Call, next next) error { _ = next(ctx); return next(ctx) }, 0, 1, true},
		"next never":        {func(context.Context, *zegocensor.Call, next) error { return nil }, 0, 0, true},
		"refuses":           {func(context.Context, *zegocensor.Call, next) error { return errors.New("policy") }, 0, 0, true},
		"swallows an error": {func(ctx context.Context, _ *zegocensor.Call, next next) error { _ = next(ctx); return nil }, 104, 1, true},
		"passes":            {func(ctx context.Context, _ *zegocensor.Call, next next) error { return next(ctx) }, 0, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
				if tt.code != 0 {
					return refusal(tt.code)()
				}
				return answer(200, okBody), nil
			}}
			err := start(t.Context(), newClient(t, w, zegocensor.WithInterceptor(tt.intercept)))
			assert.Equal(t, tt.wantErr, err != nil, "%v", err)
			assert.Equal(t, tt.sent, w.count())
		})
	}
}

func TestInterceptor_next(t *testing.T) {
	type next = func(context.Context) error
	release := func(block chan struct{}) *wire {
		return &wire{answer: func(int, *http.Request) (*http.Response, error) {
			<-block
			return answer(200, okBody), nil
		}}
	}
	own := errors.New("the interceptor's own")
	for name, result := range map[string]error{"nil": nil, "its own error": own} {
		t.Run("returns "+name+" while next runs", func(t *testing.T) {
			for _, call := range []struct {
				do      func(context.Context, *zegocensor.Client) error
				unknown bool
			}{{start, true}, {kick, true}, {stop, false}} {
				block, called, ended := make(chan struct{}), make(chan struct{}), make(chan error)
				w := release(block)
				intercept := func(ctx context.Context, _ *zegocensor.Call, next next) error {
					go func() { ended <- next(ctx) }()
					<-called
					return result
				}
				answered := w.answer
				w.answer = func(n int, r *http.Request) (*http.Response, error) { close(called); return answered(n, r) }
				err := call.do(t.Context(), newClient(t, w, zegocensor.WithInterceptor(intercept)))
				require.Error(t, err)
				assert.Equal(t, call.unknown, errors.Is(err, zegocensor.ErrOutcomeUnknown), "%v", err)
				assert.NotContains(t, err.Error(), "not sent")
				if result != nil {
					assert.ErrorIs(t, err, result)
				}
				close(block)
				<-ended
				assert.Equal(t, 1, w.count())
			}
		})
		t.Run("recovers from a panic of the transport and returns "+name, func(t *testing.T) {
			w := &wire{answer: func(int, *http.Request) (*http.Response, error) { panic("the transport's") }}
			err := start(t.Context(), newClient(t, w, zegocensor.WithInterceptor(func(ctx context.Context, _ *zegocensor.Call, next next) (err error) {
				defer func() { _ = recover(); err = result }()
				return next(ctx)
			})))
			assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
			assert.NotContains(t, err.Error(), "not sent")
			assert.Equal(t, 1, w.count())
		})
	}
	t.Run("its own error does not hide that the call may have been carried out", func(t *testing.T) {
		for name, tt := range map[string]struct {
			answer  func(int, *http.Request) (*http.Response, error)
			unknown bool
		}{
			"carried out": {nil, true},
			"broken":      {func(int, *http.Request) (*http.Response, error) { return broken(errors.New("reset"))() }, true},
			"refused":     {func(int, *http.Request) (*http.Response, error) { return refusal(104)() }, false},
		} {
			c := newClient(t, &wire{answer: tt.answer}, quick, zegocensor.WithInterceptor(func(ctx context.Context, _ *zegocensor.Call, next next) error {
				_ = next(ctx)
				return own
			}))
			err := start(t.Context(), c)
			assert.ErrorIs(t, err, own, name)
			assert.Equal(t, tt.unknown, errors.Is(err, zegocensor.ErrOutcomeUnknown), name)
			err = stop(t.Context(), c)
			assert.Equal(t, own, err, name)
		}
	})
	t.Run("sends once from two goroutines", func(t *testing.T) {
		var refused atomic.Int32
		w := &wire{}
		c := newClient(t, w, zegocensor.WithInterceptor(func(ctx context.Context, call *zegocensor.Call, next next) error {
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() {
					if next(ctx) != nil {
						refused.Add(1)
					}
				})
			}
			both.Wait()
			assert.Equal(t, 1, call.Attempts)
			return nil
		}))
		for n := range 500 {
			require.NoError(t, start(t.Context(), c))
			require.Equal(t, n+1, w.count())
		}
		assert.EqualValues(t, 500, refused.Load())
	})
	t.Run("sends nothing when the call is over", func(t *testing.T) {
		w := &wire{}
		over, refused := make(chan struct{}), make(chan error)
		err := start(t.Context(), newClient(t, w, zegocensor.WithInterceptor(func(ctx context.Context, _ *zegocensor.Call, next next) error {
			go func() { <-over; refused <- next(context.WithoutCancel(ctx)) }()
			return nil
		})))
		assert.ErrorContains(t, err, "not sent")
		assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
		close(over)
		assert.Error(t, <-refused)
		assert.Zero(t, w.count())
	})
	// For the race detector: what is read when a timer was faster than next.
	t.Run("can be left behind", func(t *testing.T) {
		var log syncBuffer
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
			time.Sleep(200 * time.Microsecond)
			return answer(200, okBody), nil
		}}
		var calls sync.WaitGroup
		c := newClient(t, w,
			zegocensor.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
			zegocensor.WithInterceptor(func(ctx context.Context, call *zegocensor.Call, next next) error {
				err := next(ctx)
				_ = *call
				return err
			}, func(ctx context.Context, _ *zegocensor.Call, next next) error {
				done := make(chan error, 1)
				calls.Go(func() { done <- next(ctx) })
				select {
				case err := <-done:
					return err
				case <-time.After(200 * time.Microsecond):
					return errors.New("too slow")
				}
			}))
		maySend := 0
		for range 300 {
			data := map[string]any{}
			_, err := c.Do(t.Context(), zegocensor.Action{Name: "KickoutUser", Method: "GET"}, nil, nil, &data)
			if err == nil || errors.Is(err, zegocensor.ErrOutcomeUnknown) {
				maySend++ // else the timer was faster than the goroutine that calls next
			}
			data["mine"] = true
		}
		calls.Wait()
		assert.LessOrEqual(t, w.count(), maySend)
	})
	t.Run("sends nothing any more when it was left behind before it sent", func(t *testing.T) {
		w := &wire{}
		waits, free, ended := make(chan struct{}), make(chan struct{}), make(chan error)
		c := newClient(t, w,
			zegocensor.WithLimiter(limiterFunc(func(context.Context, zegocensor.LimitRequest) error {
				close(waits)
				<-free
				return nil
			})),
			zegocensor.WithInterceptor(func(ctx context.Context, _ *zegocensor.Call, next next) error {
				go func() { ended <- next(ctx) }()
				<-waits
				return own
			}))
		assert.ErrorIs(t, start(t.Context(), c), own)
		close(free)
		assert.ErrorContains(t, <-ended, "not sent")
		assert.Zero(t, w.count())
	})
	t.Run("retries nothing when it was left behind", func(t *testing.T) {
		arrived, answered, ended := make(chan struct{}), make(chan struct{}), make(chan error)
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
			close(arrived)
			<-answered
			return page(429)()
		}}
		c := newClient(t, w, quick, zegocensor.WithInterceptor(func(ctx context.Context, _ *zegocensor.Call, next next) error {
			go func() { ended <- next(ctx) }()
			<-arrived
			return own
		}))
		assert.ErrorIs(t, start(t.Context(), c), zegocensor.ErrOutcomeUnknown)
		close(answered)
		assert.Error(t, <-ended)
		assert.Equal(t, 1, w.count())
	})
}

type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func TestLogger(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w := &wire{answer: func(n int, _ *http.Request) (*http.Response, error) {
		switch n {
		case 1:
			return page(429)()
		case 3:
			return refusal(104)()
		}
		return answer(200, okBody), nil
	}}
	c := newClient(t, w, zegocensor.WithLogger(logger), zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MinBackoff: 1, MaxBackoff: 1}))
	require.NoError(t, start(t.Context(), c))
	require.Error(t, start(t.Context(), c))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 3)
	assert.Contains(t, lines[0], "level=INFO")
	assert.Contains(t, lines[1], "level=DEBUG")
	assert.Contains(t, lines[1], "action=StartCensorAudioV2 host=rtc-api.zego.im attempts=2 http_status=200 code=0 request_id=R1")
	assert.Contains(t, lines[2], "level=WARN")
	assert.Contains(t, lines[2], "code=104")
	assert.NotContains(t, log.String(), "room_1")
}
