package callback_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/callback"
)

// TestHandler_ServeHTTP_skew has a callback accepted by one receiver, and its signature
// sent with another body to another receiver until long after, while the clocks of the
// two and that of the store differ from ZEGO's.
func TestHandler_ServeHTTP_skew(t *testing.T) {
	const tolerance = 10 * time.Minute
	skews := []time.Duration{-tolerance, -tolerance + time.Second, -30 * time.Second, -2 * time.Second, 0, 2 * time.Second, 30 * time.Second, tolerance - time.Second, tolerance}
	handle := func(context.Context, callback.Event) error { return nil }
	signed := strconv.FormatInt(at.Unix(), 10) // by ZEGO, whose clock is right
	genuine := encode(result("1", signed))
	forged := result("1", signed)
	forged["Detail"] = map[string]any{"RiskLevel": "PASS"}
	forgery := encode(forged)

	// attack delivers the genuine callback to a as early and as late as a accepts it,
	// and then the forgery to b for as long as any clock might let it in. jump is
	// what each clock is set forward by after the genuine delivery.
	attack := func(t *testing.T, a, b, store time.Duration, jump func(store *time.Duration)) {
		t.Helper()
		for _, delay := range []time.Duration{0, time.Second, tolerance - a} {
			now := at
			storeSkew := store
			nonces := callback.NewMemoryNonceStore(func() time.Time { return now.Add(storeSkew) })
			receiver := func(skew time.Duration) *callback.Handler {
				return newHandler(t, handle, callback.WithTolerance(tolerance), callback.WithNonceStore(nonces), callback.WithClock(func() time.Time { return now.Add(skew) }))
			}
			first, second := receiver(a), receiver(b)
			now = at.Add(max(delay, 0))
			if post(first, isJSON, genuine) != 200 {
				require.Greater(t, (now.Sub(at) + a).Abs(), tolerance, "refused though it is fresh")
				continue
			}
			jump(&storeSkew)
			for _, after := range []time.Duration{0, time.Second, 2 * time.Second, tolerance - time.Second, tolerance, tolerance + time.Second, tolerance - b - time.Second, tolerance - b, tolerance - b + time.Second, 2*tolerance - time.Second, 2 * tolerance, 2*tolerance + time.Second} {
				if now = at.Add(after); after < delay {
					continue
				}
				assert.Equal(t, 403, post(second, isJSON, forgery), "a %v, b %v, store %v, delivered after %v, forged after %v", a, b, store, delay, after)
			}
		}
	}
	t.Run("between replicas", func(t *testing.T) {
		for _, a := range skews {
			for _, b := range skews {
				for _, store := range []time.Duration{-time.Hour, -tolerance, 0, tolerance, time.Hour} {
					attack(t, a, b, store, func(*time.Duration) {})
				}
			}
		}
	})
	t.Run("the store's clock is set", func(t *testing.T) {
		for _, a := range skews {
			for _, b := range skews {
				for _, set := range []time.Duration{-time.Hour, -tolerance, -time.Second, time.Second, 58 * time.Second} {
					attack(t, a, b, 0, func(store *time.Duration) { *store += set })
				}
				// The receivers are as right as most machines are.
				if a.Abs() <= 30*time.Second && b.Abs() <= 30*time.Second {
					attack(t, a, b, 0, func(store *time.Duration) { *store += tolerance })
				}
			}
		}
	})
	t.Run("the clock of one process is set", func(t *testing.T) {
		for _, before := range skews {
			for _, after := range append(skews, -time.Hour, time.Hour) { // its store has the same clock
				now, skew := at, before
				h := newHandler(t, handle, callback.WithTolerance(tolerance), callback.WithClock(func() time.Time { return now.Add(skew) }))
				require.Equal(t, 200, post(h, isJSON, genuine))
				for ; now.Before(at.Add(2 * time.Hour)); now = now.Add(30 * time.Second) {
					skew = after
					require.Equal(t, 403, post(h, isJSON, forgery), "set from %v to %v, forged after %v", before, after, now.Sub(at))
				}
			}
		}
	})
	t.Run("Parse", func(t *testing.T) {
		for _, b := range skews {
			now := at
			nonces := callback.NewMemoryNonceStore(func() time.Time { return now })
			parse := func(skew time.Duration, body string) error {
				v, err := callback.NewVerifier(secret, callback.WithNonceStore(nonces), callback.WithClock(func() time.Time { return now.Add(skew) }))
				require.NoError(t, err)
				_, err = v.Parse(t.Context(), isJSON, []byte(body))
				return err
			}
			require.NoError(t, parse(tolerance, genuine))
			now = at.Add(tolerance - b)
			assert.ErrorIs(t, parse(b, forgery), callback.ErrReplayed, fmt.Sprint(b))
			now = now.Add(time.Second)
			assert.ErrorIs(t, parse(b, forgery), callback.ErrStale)
		}
	})
}
