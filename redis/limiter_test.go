package zegoredis

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
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
	lag := observeLag()
	for _, w := range processes {
		_, err := io.WriteString(w.stdin, "x")
		require.NoError(t, err)
	}
	for _, w := range processes {
		require.NoError(t, w.out.Decode(&struct{}{}))
	}
	second := time.Second
	if l := lag(); l > 8*time.Millisecond { // more than what the limiter leaves room for
		second = max(second-2*l, second/10)
	}
	var times []time.Time
	for _, r := range zego.Requests() {
		times = append(times, r.Received)
	}
	slices.SortFunc(times, time.Time.Compare)
	most := 0
	for i, from := 0, 0; i < len(times); i++ {
		for times[i].Sub(times[from]) >= second {
			from++
		}
		most = max(most, i-from+1)
	}
	t.Logf("%d calls in %v by 8 processes, at most %d in any %v", len(times), duration, most, second)
	assert.LessOrEqual(t, most, 100)
	assert.GreaterOrEqual(t, len(times), int(95*duration/time.Second))
}

// observeLag returns a function that returns for how long this process did not run at a
// stretch since: what arrives meanwhile arrives together. A busy machine does that.
func observeLag() func() time.Duration {
	stop, longest := make(chan struct{}), make(chan time.Duration)
	go func() {
		var lag time.Duration
		for last := time.Now(); ; {
			select {
			case <-stop:
				longest <- lag
				return
			case <-time.After(time.Millisecond):
			}
			now := time.Now()
			lag, last = max(lag, now.Sub(last)-time.Millisecond), now
		}
	}()
	return func() time.Duration {
		close(stop)
		return <-longest
	}
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

// TestLimiter_Wait_storm has many calls that give up and try again.
func TestLimiter_Wait_storm(t *testing.T) {
	duration := seconds(3, 15)
	l, err := NewLimiter(start(t, false).client(), 1, WithRate(func(string) zegocensor.Limit { return zegocensor.Limit{PerSecond: 100} }))
	require.NoError(t, err)
	request := zegocensor.LimitRequest{Action: "a"}
	var mu sync.Mutex
	var times []time.Time
	var all sync.WaitGroup
	end := time.Now().Add(duration)
	for range 300 {
		all.Go(func() {
			for time.Now().Before(end) {
				ctx, leave := context.WithCancel(t.Context())
				timer := time.AfterFunc(min(time.Until(end), rand.N(2*time.Second)), leave)
				if l.Wait(ctx, request) == nil {
					mu.Lock()
					times = append(times, time.Now())
					mu.Unlock()
				}
				timer.Stop()
				leave()
			}
		})
	}
	all.Wait()
	// 98 a second on a machine with time to spare. Places that were lost with their calls
	// would leave fewer than 30.
	t.Logf("%d calls in %v", len(times), duration)
	assert.LessOrEqual(t, len(times), int(100*duration/time.Second)+1)
	assert.GreaterOrEqual(t, len(times), int(60*duration/time.Second))

	began := time.Now()
	require.NoError(t, l.Wait(t.Context(), request))
	assert.Less(t, time.Since(began), 100*time.Millisecond, "no call waits any more")
}

// TestLimiter_Wait_latency has a Redis that is 40 ms away, of the 51 ms between two
// calls.
func TestLimiter_Wait_latency(t *testing.T) {
	client := dial(delayed(t, start(t, false).addr, 20*time.Millisecond), false)
	defer client.Close()
	l, err := NewLimiter(client, 1, WithRate(func(string) zegocensor.Limit { return zegocensor.Limit{PerSecond: 20} }))
	require.NoError(t, err)
	request := zegocensor.LimitRequest{Action: "a"}
	require.NoError(t, l.Wait(t.Context(), request)) // which also connects
	began := time.Now()
	for range 10 {
		require.NoError(t, l.Wait(t.Context(), request))
	}
	took := time.Since(began)
	assert.Less(t, took, 750*time.Millisecond, "a round trip is no part of the interval")
	assert.GreaterOrEqual(t, took, 450*time.Millisecond)
}

// delayed returns an address from which all bytes reach another, and come back, later.
func delayed(t *testing.T, addr string, delay time.Duration) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	type piece struct {
		due  time.Time
		text []byte
	}
	pipe := func(dst, src net.Conn) {
		pieces := make(chan piece, 100)
		go func() {
			defer dst.Close()
			for p := range pieces {
				time.Sleep(time.Until(p.due))
				_, _ = dst.Write(p.text)
			}
		}()
		defer close(pieces)
		for {
			b := make([]byte, 4<<10)
			n, err := src.Read(b)
			if err != nil {
				return
			}
			pieces <- piece{time.Now().Add(delay), b[:n]}
		}
	}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", addr)
			if err != nil {
				_ = near.Close()
				continue
			}
			go pipe(near, far)
			go pipe(far, near)
		}
	}()
	return listener.Addr().String()
}

func TestLimiter_Wait_line(t *testing.T) {
	ten := WithRate(func(string) zegocensor.Limit { return zegocensor.Limit{PerSecond: 10, PerRoom: 300 * time.Millisecond} })
	redis := start(t, false)
	newLimiter := func(opts ...LimiterOption) *Limiter {
		l, err := NewLimiter(redis.client(), 1, append(opts, ten, WithLimiterPrefix("test:"+token()))...)
		require.NoError(t, err)
		return l
	}
	request := zegocensor.LimitRequest{Action: "a"}

	t.Run("a place that is given up goes to the next call", func(t *testing.T) {
		mine, other := newLimiter(), newLimiter()
		other.prefix = mine.prefix
		require.NoError(t, mine.Wait(t.Context(), request))
		began := time.Now()
		for range 20 { // each is first in line, and has a place
			ctx, leave := context.WithTimeout(t.Context(), time.Minute)
			time.AfterFunc(2*time.Millisecond, leave)
			assert.Error(t, mine.Wait(ctx, request))
		}
		require.NoError(t, mine.Wait(t.Context(), request))
		require.NoError(t, other.Wait(t.Context(), request))
		assert.Less(t, time.Since(began), 450*time.Millisecond, "not two seconds")
		assert.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond)
	})

	t.Run("a call that cannot outlive the line fails immediately", func(t *testing.T) {
		l := newLimiter()
		leaving, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { _ = l.Wait(leaving, request) })
		}
		time.Sleep(50 * time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		err := l.Wait(ctx, request)
		assert.ErrorIs(t, err, ErrBusy)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Less(t, time.Since(began), 500*time.Millisecond)
		leave()
		all.Wait()
	})

	t.Run("calls for a room of this process are spaced", func(t *testing.T) {
		l := newLimiter()
		began := time.Now()
		require.NoError(t, l.Wait(t.Context(), zegocensor.LimitRequest{Action: "a", RoomID: "r"}))
		var all sync.WaitGroup
		all.Go(func() {
			assert.NoError(t, l.Wait(t.Context(), zegocensor.LimitRequest{Action: "a", RoomID: "r"}))
			assert.GreaterOrEqual(t, time.Since(began), 300*time.Millisecond)
		})
		require.NoError(t, l.Wait(t.Context(), zegocensor.LimitRequest{Action: "a", RoomID: "other"}))
		assert.Less(t, time.Since(began), 290*time.Millisecond, "another room does not wait")
		all.Wait()
	})

	t.Run("one call finds out that Redis is away, and all that wait fail", func(t *testing.T) {
		l := newLimiter(WithFailFast())
		require.NoError(t, l.Wait(t.Context(), request))
		redis.pause()
		defer redis.resume()
		began := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { assert.ErrorIs(t, l.Wait(t.Context(), request), ErrAway) })
		}
		all.Wait()
		assert.Less(t, time.Since(began), 5*time.Second, "not one after the other")
	})
}
