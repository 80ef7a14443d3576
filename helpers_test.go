package zegocensor_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

const (
	testAppID  = 1234567890
	testSecret = "0123456789abcdef0123456789abcdef"
)

// okBody answers every action of the package.
const okBody = `{"Code":0,"Message":"success","RequestId":"R1","Data":{"TaskId":"T1","IdentifyToken":"tok","RemainTime":60}}`

// wire is a RoundTripper that records requests as a server would see them.
type wire struct {
	unread func(n int) bool // which requests fail before their bodies are read; nil = none

	mu     sync.Mutex
	seen   []*http.Request
	bodies []string
	answer func(n int, r *http.Request) (*http.Response, error) // n counts from 1
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		if w.unread == nil || !w.unread(w.count()+1) {
			body, _ = io.ReadAll(r.Body)
		}
		r.Body.Close()
	}
	w.mu.Lock()
	w.seen = append(w.seen, r)
	w.bodies = append(w.bodies, string(body))
	n := len(w.seen)
	w.mu.Unlock()
	if w.answer == nil {
		return answer(200, okBody), nil
	}
	return w.answer(n, r)
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}

// countingConn counts the writes on a connection.
type countingConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// countWrites makes transport count what it writes on its sockets.
func countWrites(transport *http.Transport) (*http.Transport, *atomic.Int64) {
	writes := new(atomic.Int64)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return countingConn{conn, writes}, nil
	}
	return transport, writes
}

// answer makes a response; header holds pairs.
func answer(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

func newClient(t testing.TB, rt http.RoundTripper, opts ...zegocensor.Option) *zegocensor.Client {
	t.Helper()
	opts = append([]zegocensor.Option{
		zegocensor.WithHTTPClient(&http.Client{Transport: rt}),
		zegocensor.WithLimiter(nil),
	}, opts...)
	c, err := zegocensor.NewClient(testAppID, testSecret, opts...)
	require.NoError(t, err)
	return c
}

func audioRequest() *zegocensor.StartCensorAudioV2Request {
	return &zegocensor.StartCensorAudioV2Request{
		RoomID:        "room_1",
		EventID:       zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish,
		RiskTypeList:  []zegocensor.RiskType{zegocensor.RiskPornography, zegocensor.RiskAbuse},
	}
}

func videoRequest() *zegocensor.StartCensorVideoV2Request {
	return &zegocensor.StartCensorVideoV2Request{
		RoomID:     "room_1",
		EventID:    zegocensor.EventLiveStreaming,
		VideoParam: zegocensor.VideoParam{RiskTypeList: []zegocensor.RiskType{zegocensor.RiskPornography}},
	}
}

// assertSigned recomputes the signature of a query.
func assertSigned(t testing.TB, q url.Values) {
	t.Helper()
	ts, err := strconv.ParseInt(q.Get("Timestamp"), 10, 64)
	assert.NoError(t, err)
	assert.Equal(t, zegocensor.Sign(testAppID, testSecret, q.Get("SignatureNonce"), ts), q.Get("Signature"))
}
