package zegocensor_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

func TestLimitRequest(t *testing.T) {
	do := func(method string, query, body any) func(context.Context, *zegocensor.Client) error {
		return func(ctx context.Context, c *zegocensor.Client) error {
			_, err := c.Do(ctx, zegocensor.Action{Name: "Any", Method: method}, query, body, nil)
			return err
		}
	}
	type byRoom struct {
		RoomID string `url:"RoomId"`
	}
	for name, tt := range map[string]struct {
		call func(context.Context, *zegocensor.Client) error
		want zegocensor.LimitRequest
	}{
		"audio": {func(ctx context.Context, c *zegocensor.Client) error {
			_, err := c.StartCensorAudioV2(ctx, audioRequest())
			return err
		}, zegocensor.LimitRequest{Action: "StartCensorAudioV2", RoomID: "room_1"}},
		"video": {func(ctx context.Context, c *zegocensor.Client) error {
			_, err := c.StartCensorVideoV2(ctx, videoRequest())
			return err
		}, zegocensor.LimitRequest{Action: "StartCensorVideoV2", RoomID: "room_1"}},
		"a Stop has no room":            {stop, zegocensor.LimitRequest{Action: "StopCensorAudioV2"}},
		"a token has no room":           {token, zegocensor.LimitRequest{Action: "GenerateIdentifyToken"}},
		"GET, values":                   {do("GET", url.Values{"RoomId": {"r 1"}}, nil), zegocensor.LimitRequest{Action: "Any", RoomID: "r 1"}},
		"GET, struct":                   {do("GET", byRoom{"r"}, nil), zegocensor.LimitRequest{Action: "Any", RoomID: "r"}},
		"GET, several rooms":            {do("GET", url.Values{"RoomId[]": {"a", "b"}}, nil), zegocensor.LimitRequest{Action: "Any"}},
		"GET, nothing":                  {do("GET", nil, nil), zegocensor.LimitRequest{Action: "Any"}},
		"POST, body":                    {do("POST", nil, map[string]any{"A": map[string]string{"RoomId": "x"}, "RoomId": "é\n"}), zegocensor.LimitRequest{Action: "Any", RoomID: "é\n"}},
		"POST, number":                  {do("POST", nil, json.RawMessage(`{"RoomId":7}`)), zegocensor.LimitRequest{Action: "Any", RoomID: "7"}},
		"POST, no text":                 {do("POST", nil, json.RawMessage(`{"RoomId":[]}`)), zegocensor.LimitRequest{Action: "Any"}},
		"POST, nothing":                 {do("POST", nil, nil), zegocensor.LimitRequest{Action: "Any"}},
		"POST, the query comes first":   {do("POST", url.Values{"RoomId": {"q"}}, map[string]string{"RoomId": "b"}), zegocensor.LimitRequest{Action: "Any", RoomID: "q"}},
		"POST, the query has no RoomId": {do("POST", url.Values{"A": {"q"}}, map[string]string{"RoomId": "b"}), zegocensor.LimitRequest{Action: "Any", RoomID: "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []zegocensor.LimitRequest
			own := limiterFunc(func(_ context.Context, r zegocensor.LimitRequest) error { got = append(got, r); return nil })
			require.NoError(t, tt.call(t.Context(), newClient(t, &wire{}, zegocensor.WithLimiter(own))))
			assert.Equal(t, []zegocensor.LimitRequest{tt.want}, got)
		})
	}
}

func TestNewLimiter(t *testing.T) {
	t.Run("a client has it by default", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, err := zegocensor.NewClient(testAppID, testSecret, zegocensor.WithHTTPClient(&http.Client{Transport: &wire{}}))
			require.NoError(t, err)
			began := time.Now()
			for range 201 {
				require.NoError(t, stop(t.Context(), c))
			}
			assertRate(t, 200, 100, time.Since(began))
			began = time.Now()
			require.NoError(t, token(t.Context(), c))
			assert.Zero(t, time.Since(began), "each action has its own rate")

			rule := zegocensor.Action{Name: "SetForbidStreamRule", Method: "GET"}
			for range 11 {
				_, err := c.Do(t.Context(), rule, nil, nil, nil)
				require.NoError(t, err)
			}
			assertRate(t, 10, 10, time.Since(began))

			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			began = time.Now()
			_, err = c.Do(ctx, rule, nil, nil, nil)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Zero(t, time.Since(began), "a wait that ctx cannot outlive fails immediately")
		})
	})

	t.Run("a room has its own limit, and delays no other room", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, err := zegocensor.NewClient(testAppID, testSecret, zegocensor.WithHTTPClient(&http.Client{Transport: &wire{}}))
			require.NoError(t, err)
			began := time.Now()
			list := func(room string) {
				_, err := c.Do(t.Context(), zegocensor.Action{Name: "DescribeSimpleStreamList", Method: "GET"}, url.Values{"RoomId": {room}}, nil, nil)
				assert.NoError(t, err)
			}
			list("a")
			var all sync.WaitGroup
			all.Go(func() {
				list("a")
				assert.GreaterOrEqual(t, time.Since(began), 10*time.Second)
				assert.Less(t, time.Since(began), 10300*time.Millisecond)
			})
			synctest.Wait()
			list("b")
			assert.Less(t, time.Since(began), 50*time.Millisecond)
			all.Wait()
		})
	})
}

// assertRate checks the time that so many calls took after the first one: not faster
// than the rate, and not more than 3 % slower.
func assertRate(t *testing.T, calls, perSecond int, took time.Duration) {
	t.Helper()
	fastest := time.Duration(calls) * time.Second / time.Duration(perSecond)
	assert.GreaterOrEqual(t, took, fastest)
	assert.LessOrEqual(t, took, fastest*103/100)
}

const limiterWorker = "ZEGOCENSOR_LIMITER_WORKER"

// TestNewLimiter_arrival counts calls where they arrive. Another process makes them, and
// is stopped for a while; it is this test, with the address in its environment.
func TestNewLimiter_arrival(t *testing.T) {
	if address := os.Getenv(limiterWorker); address != "" {
		c, err := zegocensor.NewClient(testAppID, testSecret, zegocensor.WithBaseURL(address))
		require.NoError(t, err)
		for range 40 {
			go func() {
				for {
					_ = token(context.Background(), c)
				}
			}()
		}
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent has enough
		return
	}
	for name, stopped := range map[string]time.Duration{"without a stop": 0, "stopped for 0.8 s": 800 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var arrivals []time.Time
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				now := time.Now()
				mu.Lock()
				arrivals = append(arrivals, now)
				mu.Unlock()
				_, _ = io.WriteString(w, okBody)
			}))
			defer server.Close()
			worker := exec.Command(os.Args[0], "-test.run=^TestNewLimiter_arrival$")
			worker.Env = append(os.Environ(), limiterWorker+"="+server.URL)
			worker.Stderr = os.Stderr
			stdin, err := worker.StdinPipe()
			require.NoError(t, err)
			require.NoError(t, worker.Start())
			lag := observeLag()
			time.Sleep(1500 * time.Millisecond)
			if stopped > 0 {
				pauseProcess(t, worker.Process, stopped)
			}
			time.Sleep(1500 * time.Millisecond)
			second := time.Second
			if l := lag(); l > 8*time.Millisecond { // more than what the limiter leaves room for
				second = max(second-2*l, second/10)
			}
			require.NoError(t, stdin.Close())
			require.NoError(t, worker.Wait())

			mu.Lock()
			defer mu.Unlock()
			slices.SortFunc(arrivals, time.Time.Compare)
			most, first := 0, 0
			for last, at := range arrivals {
				for at.Sub(arrivals[first]) >= second {
					first++
				}
				most = max(most, last-first+1)
			}
			assert.LessOrEqual(t, most, 100, "calls in %v", second)
			assert.NotEmpty(t, arrivals)
			t.Log(len(arrivals), "calls, at most", most, "in", second)
		})
	}
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
