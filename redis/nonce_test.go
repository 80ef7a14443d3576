package zegoredis

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/callback"
)

func TestNonceStore_Reserve(t *testing.T) {
	server := start(t, false)
	inRedis, err := NewNonceStore(server.client())
	require.NoError(t, err)
	twice := server.client()
	twice.AddHook(repeat{})
	sentTwice, err := NewNonceStore(twice, WithNoncePrefix("twice"))
	require.NoError(t, err)
	for name, s := range map[string]callback.NonceStore{"memory": callback.NewMemoryNonceStore(nil), "redis": inRedis, "sent twice": sentTwice} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := func(key, fingerprint, owner string) callback.Reservation {
				return callback.Reservation{Key: key, Fingerprint: fingerprint, Owner: owner, Hold: time.Minute, TTL: time.Minute}
			}
			reserve := func(r callback.Reservation) callback.NonceState {
				t.Helper()
				state, err := s.Reserve(t.Context(), r)
				require.NoError(t, err)
				return state
			}
			assert.Equal(t, callback.NonceReserved, reserve(of("a", "1", "x")))
			assert.Equal(t, callback.NonceReserved, reserve(of("a", "1", "x")), "the first answer may have been lost")
			assert.Equal(t, callback.NonceInProgress, reserve(of("a", "1", "y")))
			assert.Equal(t, callback.NonceConflict, reserve(of("a", "2", "x")))
			require.NoError(t, s.Commit(t.Context(), of("a", "1", "y")))
			require.NoError(t, s.Release(t.Context(), of("a", "1", "y")))
			assert.Equal(t, callback.NonceInProgress, reserve(of("a", "1", "z")), "another's Commit and Release do nothing")
			require.NoError(t, s.Commit(t.Context(), of("a", "1", "x")))
			assert.Equal(t, callback.NonceDone, reserve(of("a", "1", "z")))
			assert.Equal(t, callback.NonceConflict, reserve(of("a", "2", "z")))
			require.NoError(t, s.Release(t.Context(), of("a", "1", "x")))
			assert.Equal(t, callback.NonceDone, reserve(of("a", "1", "z")), "what is done stays done")

			assert.Equal(t, callback.NonceReserved, reserve(of("b", "1", "x")))
			require.NoError(t, s.Release(t.Context(), of("b", "1", "x")))
			assert.Equal(t, callback.NonceConflict, reserve(of("b", "2", "y")), "what was released is remembered")
			brief := of("b", "1", "y")
			brief.Hold = time.Second
			assert.Equal(t, callback.NonceReserved, reserve(brief))
			require.Eventually(t, func() bool { return reserve(of("b", "1", "z")) == callback.NonceReserved }, 5*time.Second, 50*time.Millisecond, "lapses")
			assert.Equal(t, callback.NonceConflict, reserve(of("b", "2", "x")), "and is remembered")
			require.NoError(t, s.Release(t.Context(), brief))
			require.NoError(t, s.Commit(t.Context(), brief))
			assert.Equal(t, callback.NonceInProgress, reserve(of("b", "1", "x")), "a late Release or Commit leaves the next owner's reservation alone")

			done := of("c", "1", "x")
			done.TTL = time.Second
			require.NoError(t, s.Commit(t.Context(), done))
			require.Eventually(t, func() bool { return reserve(of("c", "2", "x")) == callback.NonceReserved }, 5*time.Second, 50*time.Millisecond, "expires")
		})
	}
}

// TestNonceStore_TTL has replicas whose clocks are as far apart as the tolerance allows
// accept a callback, and refuse its signature with another body. Redis remembers each
// for the same time, whatever the clocks say.
func TestNonceStore_TTL(t *testing.T) {
	const tolerance = 30 * time.Second
	client := start(t, false).client()
	store, err := NewNonceStore(client)
	require.NoError(t, err)
	now := time.Now()
	receiver := func(skew time.Duration) *callback.Handler {
		h, err := callback.NewHandler("secret", func(context.Context, callback.Event) error { return nil }, callback.WithNonceStore(store),
			callback.WithTolerance(tolerance), callback.WithClock(func() time.Time { return now.Add(skew) }))
		require.NoError(t, err)
		return h
	}
	send := func(h http.Handler, nonce, room string) int {
		signed := strconv.FormatInt(now.Unix(), 10)
		body := fmt.Sprintf(`{"event":"room_close","room_id":%q,"timestamp":%s,"nonce":%q,"signature":%q}`, room, signed, nonce, callback.Sign("secret", signed, nonce))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(body)))
		return w.Code
	}
	skews := []time.Duration{-tolerance + time.Second, -5 * time.Second, 0, 5 * time.Second, tolerance - time.Second}
	for i, a := range skews {
		for j, b := range skews {
			nonce := strconv.Itoa(10*i + j)
			require.Equal(t, 200, send(receiver(a), nonce, "r"))
			require.Equal(t, 403, send(receiver(b), nonce, "forged"))
		}
	}
	keys, err := client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	assert.Len(t, keys, len(skews)*len(skews))
	for _, key := range keys {
		left, err := client.PTTL(t.Context(), key).Result()
		require.NoError(t, err)
		assert.InDelta(t, (2*tolerance + time.Minute).Seconds(), left.Seconds(), 10)
	}
}

func init() {
	workers["nonce"] = func() {
		store, err := NewNonceStore(dial(os.Getenv("REDIS"), false))
		if err != nil {
			panic(err)
		}
		var handled atomic.Int64
		h, err := callback.NewHandler("secret", func(context.Context, callback.Event) error {
			handled.Add(1)
			return nil
		}, callback.WithNonceStore(store))
		if err != nil {
			panic(err)
		}
		s := httptest.NewServer(h)
		say(s.URL)
		_, _ = os.Stdin.Read(make([]byte, 1))
		say(handled.Load())
	}
}

// TestNoncesAreShared delivers each callback to three of eight processes at once,
// and again where it is refused.
func TestNoncesAreShared(t *testing.T) {
	const callbacks = 500
	server := start(t, false)
	var processes []*worker
	var urls []string
	for range 8 {
		w := spawn(t, "nonce", map[string]string{"REDIS": server.addr})
		var url string
		require.NoError(t, w.out.Decode(&url))
		processes, urls = append(processes, w), append(urls, url)
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	limit := make(chan struct{}, 32)
	var all sync.WaitGroup
	for i := range callbacks {
		nonce := strconv.Itoa(i)
		body := fmt.Sprintf(`{"event":"room_close","timestamp":%s,"nonce":"%s","signature":"%s"}`, now, nonce, callback.Sign("secret", now, nonce))
		for j := range 3 {
			all.Go(func() {
				limit <- struct{}{}
				defer func() { <-limit }()
				for {
					w, err := http.Post(urls[(i+j*3)%8], "application/json", bytes.NewReader([]byte(body)))
					if !assert.NoError(t, err) {
						return
					}
					w.Body.Close()
					if w.StatusCode == 200 {
						return
					}
					assert.Equal(t, 503, w.StatusCode)
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
	}
	all.Wait()
	total := 0
	for _, w := range processes {
		_, err := w.stdin.Write([]byte("x"))
		require.NoError(t, err)
		var n int
		require.NoError(t, w.out.Decode(&n))
		total += n
	}
	assert.Equal(t, callbacks, total, "each exactly once")

	// What is in Redis cannot be used to forge another.
	c := server.client()
	keys, err := c.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	assert.Len(t, keys, callbacks)
	for i := range callbacks {
		require.NotContains(t, strings.Join(keys[:1], ""), callback.Sign("secret", now, strconv.Itoa(i)))
	}
}
