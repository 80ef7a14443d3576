package zegotest_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

func TestAPanicOfTheTestDoesNotFreezeTheServer(t *testing.T) {
	s := newServer(t)
	status, _ := control(t, s, "POST", "deliveries", `{"Copies":9223372036854775807}`)
	assert.Equal(t, 400, status)
	s.InjectDelivery(zegotest.Delivery{Match: func(e callback.Event) bool { return e.(*callback.RoomClosed).CloseReason == 2 }})
	assert.Panics(t, func() { s.OpenRoom("r", "u") })
	assert.Len(t, s.Rooms(), 1)
	assert.Panics(t, func() { s.CloseRoom("never", 0) })
	s.CloseRoom("r", 0)
}

// TestAdvanceDoesOneThingAfterTheOther has callbacks fall due together and fail.
func TestAdvanceDoesOneThingAfterTheOther(t *testing.T) {
	s := newServer(t, zegotest.WithClock(still))
	var now, most, calls atomic.Int32
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		time.Sleep(time.Millisecond)
		if calls.Add(1) <= 10 {
			w.WriteHeader(500)
		}
	}))
	defer backend.Close()
	s.SetCallbackURL(backend.URL)
	s.InjectDelivery(zegotest.Delivery{Delay: time.Hour})
	for i := range 10 {
		s.OpenRoom(strconv.Itoa(i), "u")
	}
	s.Advance(2 * time.Hour)
	assert.EqualValues(t, 20, calls.Load())
	assert.EqualValues(t, 1, most.Load())
}

// TestRatesGoOnWhileTheClockIsTurned has a backend that keeps to the rate while
// no time passes.
func TestRatesGoOnWhileTheClockIsTurned(t *testing.T) {
	s := newServer(t, zegotest.WithRateLimit(10))
	client := s.Client(zegocensor.WithLimiter(pace(110*time.Millisecond)), zegocensor.WithClock(s.Now), zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1}))
	backend := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		_, err := client.GenerateIdentifyToken(context.Background(), nil)
		assert.NoError(t, err)
	}))
	defer backend.Close()
	s.SetCallbackURL(backend.URL)
	s.InjectDelivery(zegotest.Delivery{Delay: time.Hour})
	for i := range 15 {
		s.OpenRoom(strconv.Itoa(i), "u")
	}
	s.Advance(2 * time.Hour)
	assert.Len(t, s.Requests(), 15)
}

// pace is a limiter of one call in each span of time.
type pace time.Duration

func (p pace) Wait(context.Context, zegocensor.LimitRequest) error {
	time.Sleep(time.Duration(p))
	return nil
}

func TestSkewDoesNotSpoilTheRate(t *testing.T) {
	s := newServer(t, zegotest.WithRateLimit(1), zegotest.WithClock(still))
	s.Inject(zegotest.Fault{ClockSkew: 5 * time.Minute, Times: 1})
	q := signed(s, "GenerateIdentifyToken")
	ts := still().Unix()
	q.Set("Timestamp", strconv.FormatInt(ts, 10))
	q.Set("Signature", zegocensor.Sign(s.AppID(), s.ServerSecret(), q.Get("SignatureNonce"), ts))
	assert.Zero(t, call(t, s, "GET", q, "").Code)
	assert.EqualValues(t, 206, call(t, s, "GET", q, "").Code)
	s.Advance(time.Second)
	assert.Zero(t, call(t, s, "GET", q, "").Code)
}

func TestADeliveredCallbackStaysDelivered(t *testing.T) {
	for range 20 {
		s := newServer(t)
		receive(t, s)
		c := s.OpenRoom("r", "u")
		require.NoError(t, c.Wait(t.Context()))
		s.Close()
		assert.NoError(t, c.Wait(t.Context()))
	}
}

// TestEventsAreCopied changes what was given to Emit.
func TestEventsAreCopied(t *testing.T) {
	s := newServer(t)
	r := receive(t, s)
	task := startAudio(t, s, nil)
	risks := []callback.RiskInfo{{}}
	for i := range 20 {
		risks[0].RiskLabel1 = strconv.Itoa(i)
		s.EmitAudioResult(task, callback.AudioResult{Detail: callback.AudioDetail{RiskInfoList: risks}})
	}
	s.Advance(0)
	seen := make(map[string]bool)
	for _, e := range r.handled() {
		seen[e.(*callback.AudioResult).Detail.RiskInfoList[0].RiskLabel1] = true
	}
	assert.Len(t, seen, 20)
}

func TestFaultsQueueUp(t *testing.T) {
	s := newServer(t)
	client := s.Client(zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1}))
	s.Inject(zegotest.Fault{Code: 206, Times: 1})
	s.Inject(zegotest.Fault{Code: 104, Times: 1})
	_, err := client.GenerateIdentifyToken(t.Context(), nil)
	assert.ErrorIs(t, err, zegocensor.ErrRateLimited)
	_, err = client.GenerateIdentifyToken(t.Context(), nil)
	assert.ErrorIs(t, err, zegocensor.ErrRoomNotFound)
	_, err = client.GenerateIdentifyToken(t.Context(), nil)
	assert.NoError(t, err)
}

func TestACutCanBeLate(t *testing.T) {
	s := newServer(t)
	s.Inject(zegotest.Fault{Cut: zegotest.CutBeforeRead, Latency: 100 * time.Millisecond})
	began := time.Now()
	_, err := http.Get(s.URL())
	assert.Error(t, err)
	assert.GreaterOrEqual(t, time.Since(began), 100*time.Millisecond)
}

func TestABrokenBodyIsNotCarriedOut(t *testing.T) {
	s := newServer(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	answer, _ := io.ReadAll(conn)
	assert.Contains(t, string(answer), `"Code":100000012`)
}

func TestTheClockDoesNotGoBack(t *testing.T) {
	s := newServer(t)
	assert.Panics(t, func() { s.Advance(1<<63 - 1) })
	status, _ := control(t, s, "POST", "clock", `{"Advance":"2562047h"}`)
	assert.Equal(t, 400, status)
}

func TestListenOnEveryAddress(t *testing.T) {
	s, err := zegotest.Listen(":0")
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Client().GenerateIdentifyToken(t.Context(), nil)
	assert.NoError(t, err)
}

// TestStateOfDeepBodies has requests whose JSON nests deeply, which indenting
// would blow up.
func TestStateOfDeepBodies(t *testing.T) {
	s := newServer(t)
	deep := strings.Replace(audio, `{`, `{"X":`+strings.Repeat("[", 4900)+strings.Repeat("]", 4900)+`,`, 1)
	for range 5 {
		require.Zero(t, call(t, s, "POST", signed(s, "StartCensorAudioV2"), deep).Code)
	}
	w, err := http.Get(s.URL() + "/_/api/state")
	require.NoError(t, err)
	defer w.Body.Close()
	n, err := io.Copy(io.Discard, w.Body)
	require.NoError(t, err)
	assert.Less(t, n, int64(200_000))
}

// TestAnIdlePageCostsNothing opens a page on a server that has had large bodies.
func TestAnIdlePageCostsNothing(t *testing.T) {
	s := newServer(t)
	for range 20 {
		w, err := http.Post(s.URL(), "application/json", bytes.NewReader(make([]byte, 1<<20)))
		require.NoError(t, err)
		w.Body.Close()
	}
	w, err := http.Get(s.URL() + "/_/api/events")
	require.NoError(t, err)
	defer w.Body.Close()
	_, err = w.Body.Read(make([]byte, 1))
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	time.Sleep(500 * time.Millisecond)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(5<<20))
}

func TestCallbackURLsAreChecked(t *testing.T) {
	s := newServer(t)
	for _, wrong := range []string{"x", "httpx://h", "http://", "ftp://h"} {
		status, _ := control(t, s, "PUT", "callback-url", `{"Url":`+strconv.Quote(wrong)+`}`)
		assert.Equal(t, 400, status, wrong)
	}
	status, _ := control(t, s, "POST", "faults", `{"Code":1}}}} garbage`)
	assert.Equal(t, 400, status)
}
