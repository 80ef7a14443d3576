package zegoredis

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

func init() {
	workers["limiter"] = func() {
		l, err := NewLimiter(dial(os.Getenv("REDIS"), false), uint32(env("APP_ID")))
		if err != nil {
			panic(err)
		}
		client, err := zegocensor.NewClient(uint32(env("APP_ID")), os.Getenv("SECRET"), zegocensor.WithBaseURL(os.Getenv("ZEGO")), zegocensor.WithLimiter(l),
			zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1}))
		if err != nil {
			panic(err)
		}
		_, _ = os.Stdin.Read(make([]byte, 1)) // until all are ready
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(env("SECONDS"))*time.Second)
		defer cancel()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for ctx.Err() == nil {
					_, _ = client.GenerateIdentifyToken(ctx, nil)
				}
			})
		}
		all.Wait()
		say(struct{}{})
	}
}

// TestLimiterIsShared has 8 processes call as fast as they are let.
func TestLimiterIsShared(t *testing.T) {
	duration := seconds(4, 10)
	redis := start(t, false)
	zego := zegotest.NewServer(zegotest.WithRateLimit(0))
	defer zego.Close()
	var processes []*worker
	for range 8 {
		processes = append(processes, spawn(t, "limiter", map[string]string{"REDIS": redis.addr, "ZEGO": zego.URL(), "SECRET": zego.ServerSecret(),
			"APP_ID": strconv.Itoa(int(zego.AppID())), "SECONDS": strconv.Itoa(int(duration / time.Second))}))
	}
	time.Sleep(500 * time.Millisecond)
	for _, w := range processes {
		_, err := io.WriteString(w.stdin, "x")
		require.NoError(t, err)
	}
	for _, w := range processes {
		require.NoError(t, w.out.Decode(&struct{}{}))
	}
	var times []time.Time
	for _, r := range zego.Requests() {
		times = append(times, r.Received)
	}
	slices.SortFunc(times, time.Time.Compare)
	most := 0
	for i, from := 0, 0; i < len(times); i++ {
		for times[i].Sub(times[from]) >= time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	t.Logf("%d calls in %v by 8 processes, at most %d in any second", len(times), duration, most)
	assert.LessOrEqual(t, most, 100)
	assert.GreaterOrEqual(t, len(times), int(95*duration/time.Second))
}

// TestLimiterWhileRedisIsAway stops Redis for a while.
func TestLimiterWhileRedisIsAway(t *testing.T) {
	redis := start(t, false)
	away := seconds(1, 3)
	newLimiter := func(opts ...LimiterOption) *Limiter {
		l, err := NewLimiter(redis.client(), 1, append(opts, WithLimiterPrefix("test:"+token()))...)
		require.NoError(t, err)
		require.NoError(t, l.Wait(t.Context(), zegocensor.LimitRequest{Action: "a"}))
		return l
	}
	waiting, sharing, failing := newLimiter(), newLimiter(WithLocalShare(4)), newLimiter(WithFailFast())
	redis.pause()
	time.AfterFunc(away, redis.resume)
	began := time.Now()
	var all sync.WaitGroup
	all.Go(func() {
		assert.NoError(t, waiting.Wait(t.Context(), zegocensor.LimitRequest{Action: "a"}))
		assert.GreaterOrEqual(t, time.Since(began), away-100*time.Millisecond, "waits for Redis")
	})
	all.Go(func() {
		ctx, cancel := context.WithTimeout(t.Context(), away/2)
		defer cancel()
		assert.ErrorIs(t, waiting.Wait(ctx, zegocensor.LimitRequest{Action: "a"}), context.DeadlineExceeded)
		assert.Less(t, time.Since(began), away, "ends with its context")
	})
	all.Go(func() {
		assert.ErrorIs(t, failing.Wait(t.Context(), zegocensor.LimitRequest{Action: "a"}), ErrAway)
	})
	all.Wait()

	// A share of the rate, and after that the whole of it.
	redis.down()
	require.NoError(t, sharing.Wait(t.Context(), zegocensor.LimitRequest{Action: "a"})) // which finds out
	began = time.Now()
	n := 0
	for time.Since(began) < away {
		require.NoError(t, sharing.Wait(t.Context(), zegocensor.LimitRequest{Action: "a"}))
		n++
	}
	most := int(25*away/time.Second) + 2
	assert.LessOrEqual(t, n, most)
	assert.GreaterOrEqual(t, n, most/2)
	redis.up()
	assert.NoError(t, sharing.Wait(t.Context(), zegocensor.LimitRequest{Action: "a"}))
	assert.NoError(t, failing.Wait(t.Context(), zegocensor.LimitRequest{Action: "a"}))
}

func TestLimiterPlaces(t *testing.T) {
	l, err := NewLimiter(start(t, false).client(), 1, WithRate(func(string) zegocensor.Limit { return zegocensor.Limit{PerSecond: 10} }))
	require.NoError(t, err)
	require.NoError(t, l.Wait(t.Context(), zegocensor.LimitRequest{Action: "a"}))
	require.NoError(t, l.Wait(t.Context(), zegocensor.LimitRequest{Action: "b"}), "each action has its own")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err = l.Wait(ctx, zegocensor.LimitRequest{Action: "a"})
	assert.ErrorIs(t, err, ErrBusy)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Less(t, time.Since(began), 40*time.Millisecond, "at once")
	began = time.Now()
	for range 5 {
		require.NoError(t, l.Wait(t.Context(), zegocensor.LimitRequest{Action: "a"}), "the place was not taken")
	}
	assert.InDelta(t, 0.51, time.Since(began).Seconds(), 0.2)
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	assert.True(t, errors.Is(l.Wait(ctx, zegocensor.LimitRequest{Action: "a"}), context.Canceled))
}
