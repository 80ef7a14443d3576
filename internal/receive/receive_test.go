package receive

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newReceiver receives callbacks whose body is their key.
func newReceiver(t *testing.T, store NonceStore, handle func(context.Context, string) error) *Receiver[string] {
	c, err := Configure("test", "secret", "secret", []func(*Config) error{func(c *Config) error { c.Nonces = store; return nil }})
	require.NoError(t, err)
	return New(Vendor[string]{
		Name: "test",
		Verify: func(_ http.Header, body []byte) (Verified[string], error) {
			return Verified[string]{Reservation: Reservation{Key: "nonce", Fingerprint: string(body)}, Decode: func() (string, string) { return string(body), "" }}, nil
		},
		Event: func(e string) string { return e }, Malformed: errors.New("malformed"), Replayed: errors.New("replayed"),
	}, &c, handle)
}

func deliver(h http.Handler) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/", http.NoBody))
	return w.Code
}

func TestReceiver_lateRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := newReceiver(t, NewMemory(nil), func(context.Context, string) error {
			if calls.Add(1) == 1 {
				time.Sleep(32 * time.Second)
				return errors.New("too late")
			}
			time.Sleep(20 * time.Second)
			return nil
		})
		first := make(chan int)
		second := make(chan int)
		go func() { first <- deliver(r) }()
		time.Sleep(29 * time.Second)
		assert.Equal(t, 503, deliver(r), "the first is being handled")
		time.Sleep(2500 * time.Millisecond)
		go func() { second <- deliver(r) }() // the first's reservation has lapsed
		assert.Equal(t, 500, <-first)
		time.Sleep(time.Second)
		assert.Equal(t, 503, deliver(r), "the first, which failed late, did not release the second's reservation")
		assert.Equal(t, 200, <-second)
		assert.Equal(t, 200, deliver(r), "and it is committed")
		assert.EqualValues(t, 2, calls.Load())
	})
}

// away is a store whose Commit fails until a time.
type away struct {
	NonceStore
	until   time.Time
	commits int
}

func (s *away) Commit(ctx context.Context, r Reservation) error {
	s.commits++
	if time.Now().Before(s.until) {
		return errors.New("away")
	}
	return s.NonceStore.Commit(ctx, r)
}

func TestReceiver_commit(t *testing.T) {
	for name, tt := range map[string]struct {
		away    time.Duration
		handled int32
	}{
		"the store comes back":         {3 * time.Second, 1},
		"the store stays away":         {time.Minute, 2},
		"the store is there all along": {0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				store := &away{NonceStore: NewMemory(nil), until: time.Now().Add(tt.away)}
				r := newReceiver(t, store, func(context.Context, string) error { calls.Add(1); return nil })
				began := time.Now()
				assert.Equal(t, 200, deliver(r))
				assert.Less(t, time.Since(began), 5*time.Second, "Tencent waits no longer for an answer")
				assert.LessOrEqual(t, store.commits, 15, "with backoff")
				time.Sleep(34 * time.Second)
				assert.Equal(t, 200, deliver(r))
				assert.Equal(t, tt.handled, calls.Load())
			})
		})
	}
}
