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

func TestNonceStoresAreAlike(t *testing.T) {
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
			reserve := func(key, fingerprint string, hold, ttl time.Duration) callback.State {
				t.Helper()
				state, err := s.Reserve(t.Context(), key, fingerprint, hold, ttl)
				require.NoError(t, err)
				return state
			}
			assert.Equal(t, callback.Reserved, reserve("a", "1", time.Minute, time.Minute))
			assert.Equal(t, callback.InWork, reserve("a", "1", time.Minute, time.Minute))
			assert.Equal(t, callback.Conflict, reserve("a", "2", time.Minute, time.Minute))
			require.NoError(t, s.Commit(t.Context(), "a", "1", time.Minute))
			assert.Equal(t, callback.Done, reserve("a", "1", time.Minute, time.Minute))
			assert.Equal(t, callback.Conflict, reserve("a", "2", time.Minute, time.Minute))

			assert.Equal(t, callback.Reserved, reserve("b", "1", time.Minute, time.Minute))
			require.NoError(t, s.Release(t.Context(), "b"))
			assert.Equal(t, callback.Conflict, reserve("b", "2", time.Minute, time.Minute), "what was released is remembered")
			assert.Equal(t, callback.Reserved, reserve("b", "1", time.Second, time.Minute))
			require.Eventually(t, func() bool { return reserve("b", "1", time.Second, time.Minute) == callback.Reserved }, 5*time.Second, 50*time.Millisecond, "lapses")
			assert.Equal(t, callback.Conflict, reserve("b", "2", time.Second, time.Minute), "and is remembered")
			require.NoError(t, s.Release(t.Context(), "a"))
			assert.Equal(t, callback.Done, reserve("a", "1", time.Minute, time.Minute), "what is done stays done")

			require.NoError(t, s.Commit(t.Context(), "c", "1", time.Second))
			require.Eventually(t, func() bool { return reserve("c", "2", time.Second, time.Second) == callback.Reserved }, 5*time.Second, 50*time.Millisecond, "expires")
		})
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
		body := fmt.Sprintf(`{"event":"room_create","timestamp":%s,"nonce":"%s","signature":"%s"}`, now, nonce, callback.Sign("secret", now, nonce))
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
