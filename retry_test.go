package zegocensor_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

func start(ctx context.Context, c *zegocensor.Client) error {
	_, err := c.StartCensorAudioV2(ctx, audioRequest())
	return err
}

func stop(ctx context.Context, c *zegocensor.Client) error {
	_, err := c.StopCensorAudioV2(ctx, &zegocensor.StopCensorAudioV2Request{TaskID: "T1"})
	return err
}

func token(ctx context.Context, c *zegocensor.Client) error {
	_, err := c.GenerateIdentifyToken(ctx, nil)
	return err
}

func refusal(code int, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		return answer(200, fmt.Sprintf(`{"Code":%d,"Message":"no","RequestId":"R1","Data":{}}`, code), header...), nil
	}
}

func page(status int, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return answer(status, "<html>proxy</html>", header...), nil }
}

func broken(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

// TestRetryTable has a row for each cell of the table in the package
// documentation: the first answer fails, any later one succeeds.
func TestRetryTable(t *testing.T) {
	const again = true
	serverTime := func() string { return time.Now().Add(25 * time.Minute).UTC().Format(http.TimeFormat) }
	cut := func() (*http.Response, error) {
		r := answer(200, "")
		r.Body = io.NopCloser(io.MultiReader(&failingReader{[]byte(`{"Code":0,`)}))
		return r, nil
	}
	tests := map[string]struct {
		fail                  func() (*http.Response, error)
		startAgain, stopAgain bool
		unread                bool  // the transport failed before it read the body
		unknown               bool  // a Start that is not sent again
		is                    error // what the error matches where it is not sent again
		maxWait, minWait      time.Duration
	}{
		"DNS":                         {fail: broken(&net.DNSError{Err: "no such host"}), unread: true, startAgain: again, stopAgain: again},
		"DNS after reading the body":  {fail: broken(&net.DNSError{Err: "no such host"}), stopAgain: again, unknown: true},
		"dial":                        {fail: broken(&net.OpError{Op: "dial", Err: errors.New("refused")}), unread: true, startAgain: again, stopAgain: again},
		"dial after reading the body": {fail: broken(&net.OpError{Op: "dial", Err: errors.New("refused")}), stopAgain: again, unknown: true},
		"TLS":                         {fail: broken(x509.UnknownAuthorityError{}), unread: true, startAgain: again, stopAgain: again},
		"TLS after reading the body":  {fail: broken(x509.UnknownAuthorityError{}), stopAgain: again, unknown: true},
		"any error before sending":    {fail: broken(io.ErrUnexpectedEOF), unread: true, startAgain: again, stopAgain: again},
		"broke after sending":         {fail: broken(&net.OpError{Op: "read", Err: errors.New("reset")}), stopAgain: again, unknown: true},
		"EOF":                         {fail: broken(io.ErrUnexpectedEOF), stopAgain: again, unknown: true, is: io.ErrUnexpectedEOF},
		"body cut":                    {fail: cut, stopAgain: again, unknown: true, is: io.ErrUnexpectedEOF},
		"429":                         {fail: page(429), startAgain: again, stopAgain: again},
		"429 with an envelope":        {fail: func() (*http.Response, error) { return answer(429, `{"Code":1}`), nil }, startAgain: again, stopAgain: again},
		"429, Retry-After":            {fail: page(429, "Retry-After", "2"), startAgain: again, stopAgain: again, minWait: 2 * time.Second, maxWait: 2 * time.Second},
		"429, Retry-After a day":      {fail: page(429, "Retry-After", "86400"), startAgain: again, stopAgain: again, minWait: 3 * time.Second, maxWait: 3 * time.Second},
		"206":                         {fail: refusal(206), startAgain: again, stopAgain: again},
		"207":                         {fail: refusal(207), startAgain: again, stopAgain: again},
		"206, Retry-After date": {fail: func() (*http.Response, error) {
			return refusal(206, "Retry-After", time.Now().Add(2*time.Second).UTC().Format(http.TimeFormat))()
		}, startAgain: again, stopAgain: again, minWait: time.Second, maxWait: 2 * time.Second},
		"502":                     {fail: page(502), stopAgain: again, unknown: true, is: zegocensor.ErrUnavailable},
		"503":                     {fail: page(503), stopAgain: again, unknown: true, is: zegocensor.ErrUnavailable},
		"504":                     {fail: page(504), stopAgain: again, unknown: true, is: zegocensor.ErrUnavailable},
		"502 with an envelope":    {fail: func() (*http.Response, error) { return answer(502, `{"Code":50001}`), nil }, is: zegocensor.ErrRoomNotFound},
		"gateway internal":        {fail: refusal(100000015), stopAgain: again, unknown: true, is: zegocensor.ErrUnavailable},
		"expired, Date":           {fail: func() (*http.Response, error) { return refusal(100000004, "Date", serverTime())() }, startAgain: again, stopAgain: again, maxWait: time.Nanosecond},
		"expired, no Date":        {fail: refusal(100000004), is: zegocensor.ErrSignatureExpired},
		"expired, nonsense Date":  {fail: refusal(100000004, "Date", "yesterday"), is: zegocensor.ErrSignatureExpired},
		"signature wrong":         {fail: refusal(100000005), is: zegocensor.ErrUnauthenticated},
		"room not found":          {fail: refusal(104), is: zegocensor.ErrRoomNotFound},
		"backend failed":          {fail: refusal(50006), is: zegocensor.ErrUnavailable},
		"body unreadable":         {fail: refusal(100000012)},
		"another family's rate":   {fail: refusal(30002)},
		"undocumented code":       {fail: refusal(4711)},
		"500":                     {fail: page(500), unknown: true, is: zegocensor.ErrUnavailable},
		"403":                     {fail: page(403)},
		"404":                     {fail: page(404)},
		"redirect":                {fail: page(307, "Location", "https://other.example/")},
		"200 without an envelope": {fail: page(200), unknown: true},
	}
	for name, tt := range tests {
		for _, call := range []struct {
			name  string
			do    func(context.Context, *zegocensor.Client) error
			again bool
			start bool
		}{{"Start", start, tt.startAgain, true}, {"Stop", stop, tt.stopAgain, false}, {"Token", token, tt.stopAgain, false}} {
			t.Run(name+"/"+call.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := &wire{unread: func(n int) bool { return tt.unread && n == 1 }, answer: func(n int, _ *http.Request) (*http.Response, error) {
						if n == 1 {
							return tt.fail()
						}
						return answer(200, okBody), nil
					}}
					c := newClient(t, w, zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MinBackoff: time.Second, MaxBackoff: 3 * time.Second}))
					began := time.Now()
					err := call.do(context.Background(), c)
					waited := time.Since(began)

					if call.again {
						require.NoError(t, err)
						require.Equal(t, 2, w.count())
						a, b := w.seen[0].URL.Query(), w.seen[1].URL.Query()
						assertSigned(t, a)
						assertSigned(t, b)
						assert.NotEqual(t, a.Get("SignatureNonce"), b.Get("SignatureNonce"))
						assert.NotEqual(t, a.Get("Signature"), b.Get("Signature"))
						if !tt.unread {
							assert.Equal(t, w.bodies[0], w.bodies[1])
						}
						if tt.maxWait == 0 {
							tt.maxWait = time.Second
						}
						assert.LessOrEqual(t, waited, tt.maxWait)
						assert.GreaterOrEqual(t, waited, tt.minWait)
						return
					}
					require.Error(t, err)
					assert.Equal(t, 1, w.count())
					assert.Zero(t, waited)
					assert.Equal(t, call.start && tt.unknown, errors.Is(err, zegocensor.ErrOutcomeUnknown), "%v", err)
					if tt.is != nil {
						assert.ErrorIs(t, err, tt.is)
					}
					assert.Contains(t, err.Error(), w.seen[0].URL.Query().Get("Action"))
				})
			})
		}
	}
}

// TestRetryTable_families has the codes that depend on the family of the action.
func TestRetryTable_families(t *testing.T) {
	for name, tt := range map[string]struct {
		action string
		code   int
		again  bool
		is     error
	}{
		"media, 1010":               {"ForbidRTCStream", 1010, true, nil},
		"media, 5007":               {"ResumeRTCStreams", 5007, true, nil},
		"media, 30002":              {"ForbidRTCStream", 30002, true, nil},
		"media, Timestamp":          {"ForbidRTCStream", 3002, true, nil},
		"media, 206 means nothing":  {"ForbidRTCStream", 206, false, nil},
		"media, 3":                  {"ForbidCDNLiveStream", 3, false, zegocensor.ErrUnauthenticated},
		"room, 206":                 {"KickoutUser", 206, true, nil},
		"room, 3":                   {"KickoutUser", 3, false, zegocensor.ErrInvalidRequest},
		"room, 5018":                {"CloseRoom", 5018, false, zegocensor.ErrRoomNotFound},
		"no family, 206":            {"StartMix", 206, false, nil},
		"no family, 30002":          {"StartMix", 30002, false, nil},
		"no family, gateway":        {"StartMix", 100000004, true, nil},
		"media, closed is an error": {"DescribeRTCStreamState", 41006, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(n int, _ *http.Request) (*http.Response, error) {
					if n == 1 {
						return refusal(tt.code, "Date", time.Now().Add(25*time.Minute).UTC().Format(http.TimeFormat))()
					}
					return answer(200, okBody), nil
				}}
				_, err := newClient(t, w).Do(t.Context(), zegocensor.Action{Name: tt.action, Method: "GET"}, nil, nil, nil)
				if tt.again {
					assert.NoError(t, err)
					assert.Equal(t, 2, w.count())
					return
				}
				var refused *zegocensor.Error
				require.ErrorAs(t, err, &refused)
				assert.EqualValues(t, tt.code, refused.Code)
				assert.Equal(t, 1, w.count())
				assert.NotErrorIs(t, err, zegocensor.ErrRateLimited)
				assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
				if tt.is != nil {
					assert.ErrorIs(t, err, tt.is)
				}
			})
		})
	}
}

// failingReader gives its bytes, then breaks.
type failingReader struct{ b []byte }

func (r *failingReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, r.b)
	r.b = r.b[n:]
	return n, nil
}

func TestBackoffBoundsAndLastError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
			at = append(at, time.Now())
			return answer(200, `{"Code":206,"RequestId":"R7"}`), nil
		}}
		c := newClient(t, w, zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 6, MinBackoff: 100 * time.Millisecond, MaxBackoff: 300 * time.Millisecond}))
		err := start(t.Context(), c)
		require.ErrorIs(t, err, zegocensor.ErrRateLimited)
		require.Len(t, at, 6)
		for i, most := range []time.Duration{100, 200, 300, 300, 300} {
			assert.LessOrEqual(t, at[i+1].Sub(at[i]), most*time.Millisecond)
		}
	})
}

func TestAttemptTimeoutIsNotTheContextsEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		do       func(context.Context, *zegocensor.Client) error
		attempts int
		unknown  bool
	}{"Start": {start, 1, true}, "Stop": {stop, 3, false}, "Token": {token, 3, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(_ int, r *http.Request) (*http.Response, error) {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}}
				c := newClient(t, w, zegocensor.WithAttemptTimeout(50*time.Millisecond), zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 3, MinBackoff: 1, MaxBackoff: 1}))
				began := time.Now()
				err := tt.do(t.Context(), c)
				assert.InDelta(t, time.Duration(tt.attempts)*50*time.Millisecond, time.Since(began), float64(time.Millisecond))
				assert.Equal(t, tt.attempts, w.count())
				assert.Equal(t, tt.unknown, errors.Is(err, zegocensor.ErrOutcomeUnknown))
				assert.NotErrorIs(t, err, context.DeadlineExceeded)
				var transport *zegocensor.TransportError
				require.ErrorAs(t, err, &transport)
				assert.True(t, transport.Timeout())
			})
		})
	}
}

func TestContextEndsEveryPhase(t *testing.T) {
	hang := func(_ int, r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	hangInBody := func(_ int, r *http.Request) (*http.Response, error) {
		resp := answer(200, "")
		resp.Body = io.NopCloser(readerFunc(func([]byte) (int, error) {
			<-r.Context().Done()
			return 0, r.Context().Err()
		}))
		return resp, nil
	}
	refuse := func(int, *http.Request) (*http.Response, error) { return refusal(206, "Retry-After", "60")() }
	limiter := limiterFunc(func(ctx context.Context, _ zegocensor.LimitRequest) error { <-ctx.Done(); return ctx.Err() })
	patient := zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxBackoff: time.Minute})

	for name, tt := range map[string]struct {
		answer func(int, *http.Request) (*http.Response, error)
		opts   []zegocensor.Option
		sent   bool
		early  bool // a deadline that the wait would outlive ends the call at once
	}{
		"waiting for the limiter": {answer: hang, opts: []zegocensor.Option{zegocensor.WithLimiter(limiter)}},
		"sleeping":                {answer: refuse, opts: []zegocensor.Option{patient}, early: true},
		"sending":                 {answer: hang, sent: true},
		"reading":                 {answer: hangInBody, sent: true},
	} {
		for _, how := range []string{"cancel", "deadline", "cause"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := newClient(t, &wire{answer: tt.answer}, tt.opts...)
					ctx, want, took := t.Context(), context.Canceled, time.Second
					why := errors.New("shutting down")
					switch how {
					case "cancel":
						var cancel context.CancelFunc
						ctx, cancel = context.WithCancel(ctx)
						time.AfterFunc(time.Second, cancel)
					case "cause":
						var cancel context.CancelCauseFunc
						ctx, cancel = context.WithCancelCause(ctx)
						time.AfterFunc(time.Second, func() { cancel(why) })
					case "deadline":
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, time.Second)
						defer cancel()
						want = context.DeadlineExceeded
						if tt.early {
							took = 0
						}
					}
					began := time.Now()
					err := start(ctx, c)
					assert.Equal(t, took, time.Since(began))
					assert.ErrorIs(t, err, want)
					assert.Equal(t, tt.sent, errors.Is(err, zegocensor.ErrOutcomeUnknown))
					if tt.early {
						assert.ErrorIs(t, err, zegocensor.ErrRateLimited, "why it had to wait is told too")
					}
					if how == "cause" {
						assert.ErrorIs(t, err, why)
					}
				})
			})
		}
	}

	t.Run("before anything", func(t *testing.T) {
		w := &wire{}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := start(ctx, newClient(t, w))
		assert.ErrorIs(t, err, context.Canceled)
		assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
		assert.Zero(t, w.count())
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type limiterFunc func(context.Context, zegocensor.LimitRequest) error

func (f limiterFunc) Wait(ctx context.Context, r zegocensor.LimitRequest) error { return f(ctx, r) }

func TestClockHealing(t *testing.T) {
	gateway := func(skew time.Duration, date func() string) *wire {
		return &wire{answer: func(_ int, r *http.Request) (*http.Response, error) {
			now := time.Now().Add(skew)
			var ts int64
			_, _ = fmt.Sscan(r.URL.Query().Get("Timestamp"), &ts)
			if now.Sub(time.Unix(ts, 0)).Abs() > 10*time.Minute {
				return refusal(100000004, "Date", date())()
			}
			return answer(200, okBody), nil
		}}
	}
	for _, skew := range []time.Duration{25 * time.Minute, -25 * time.Minute, 400 * 24 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := gateway(skew, func() string { return time.Now().Add(skew).UTC().Format(http.TimeFormat) })
				c := newClient(t, w)
				require.NoError(t, start(t.Context(), c))
				assert.Equal(t, 2, w.count(), "one healing")
				for range 3 {
					time.Sleep(time.Hour)
					require.NoError(t, start(t.Context(), c))
				}
				assert.Equal(t, 5, w.count(), "later calls need none")
			})
		})
	}
	t.Run("stale", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			local := 25 * time.Minute // how wrong the local clock is
			w := gateway(0, func() string { return time.Now().UTC().Format(http.TimeFormat) })
			c := newClient(t, w, zegocensor.WithClock(func() time.Time { return time.Now().Add(local) }))
			require.NoError(t, start(t.Context(), c))
			local = 0 // somebody set it right
			require.NoError(t, start(t.Context(), c))
			assert.Equal(t, 4, w.count(), "the old offset is replaced")
			require.NoError(t, start(t.Context(), c))
			assert.Equal(t, 5, w.count())
		})
	})
	t.Run("a wrong Date does not stick", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			skew := 25 * time.Minute
			w := &wire{}
			w.answer = gateway(skew, func() string { return time.Now().Add(-3 * time.Hour).UTC().Format(http.TimeFormat) }).answer
			c := newClient(t, w)
			require.ErrorIs(t, start(t.Context(), c), zegocensor.ErrSignatureExpired)
			assert.Equal(t, 2, w.count(), "once again, no loop")
			skewed := w.seen[1].URL.Query().Get("Timestamp")
			require.ErrorIs(t, start(t.Context(), c), zegocensor.ErrSignatureExpired)
			assert.NotEqual(t, skewed, w.seen[2].URL.Query().Get("Timestamp"))
			assert.Equal(t, fmt.Sprint(time.Now().Unix()), w.seen[2].URL.Query().Get("Timestamp"))
		})
	})
	t.Run("never again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := gateway(25*time.Minute, func() string { return time.Now().Add(25 * time.Minute).UTC().Format(http.TimeFormat) })
			c := newClient(t, w, zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1}))
			require.ErrorIs(t, start(t.Context(), c), zegocensor.ErrSignatureExpired)
			require.NoError(t, start(t.Context(), c), "the next call knows better")
			assert.Equal(t, 2, w.count())
		})
	})
	for name, date := range map[string]string{"none": "", "nonsense": "yesterday", "our own": time.Now().UTC().Format(http.TimeFormat)} {
		t.Run("Date "+name, func(t *testing.T) {
			w := gateway(25*time.Minute, func() string { return date })
			require.ErrorIs(t, start(t.Context(), newClient(t, w)), zegocensor.ErrSignatureExpired)
			assert.Equal(t, 1, w.count())
		})
	}
}

// A correction that does not help is taken back, whoever made another meanwhile.
func TestClient_uselessCorrections(t *testing.T) {
	for _, tt := range []struct {
		order    []int
		original time.Duration // what was measured before, and has worked
	}{{[]int{0, 1}, 0}, {[]int{1, 0}, 0}, {[]int{0, 1}, 25 * time.Minute}, {[]int{1, 0}, 25 * time.Minute}} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var timestamps []string
				var turns [2][2]chan struct{} // the answers of each call
				for i := range turns {
					turns[i] = [2]chan struct{}{make(chan struct{}), make(chan struct{})}
				}
				lies := false
				healed := tt.original == 0
				var mu sync.Mutex
				attempts := map[int]int{}
				rt := roundTripper(func(r *http.Request) (*http.Response, error) {
					_, _ = io.Copy(io.Discard, r.Body)
					i, ok := r.Context().Value(callKey{}).(int)
					if !healed {
						healed = true
						return refusal(100000004, "Date", time.Now().Add(tt.original).UTC().Format(http.TimeFormat))()
					}
					if !lies || !ok {
						timestamps = append(timestamps, r.URL.Query().Get("Timestamp"))
						return answer(200, okBody), nil
					}
					mu.Lock()
					n := attempts[i]
					attempts[i]++
					mu.Unlock()
					<-turns[i][n]
					return refusal(100000004, "Date", time.Now().Add(time.Duration(i+1)*time.Hour).UTC().Format(http.TimeFormat))()
				})
				c := newClient(t, rt)
				require.NoError(t, start(t.Context(), c))
				lies = true
				var calls sync.WaitGroup
				for i := range 2 {
					calls.Go(func() {
						assert.ErrorIs(t, start(context.WithValue(t.Context(), callKey{}, i), c), zegocensor.ErrSignatureExpired)
					})
				}
				for i := range 2 {
					synctest.Wait()
					close(turns[i][0]) // both set the clock, 0 first
				}
				for _, i := range tt.order {
					synctest.Wait()
					close(turns[i][1]) // and learn that it did not help
				}
				calls.Wait()
				lies = false
				require.NoError(t, start(t.Context(), c))
				want := fmt.Sprint(time.Now().Add(tt.original).Unix())
				assert.Equal(t, []string{want, want}, timestamps)
			})
		})
	}
}

type callKey struct{}

// An action on media streams has its own code for a wrong timestamp, which is no
// proof that the correction has worked.
func TestClient_uselessCorrections_media(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(n int, _ *http.Request) (*http.Response, error) {
			if n <= 2 {
				return refusal(3002, "Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))()
			}
			return answer(200, okBody), nil
		}}
		c := newClient(t, w)
		_, err := c.Do(t.Context(), zegocensor.Action{Name: "ForbidRTCStream", Method: "GET"}, nil, nil, nil)
		require.ErrorIs(t, err, zegocensor.ErrSignatureExpired)
		require.NoError(t, start(t.Context(), c))
		require.Equal(t, 3, w.count())
		assert.Equal(t, fmt.Sprint(time.Now().Unix()), w.seen[2].URL.Query().Get("Timestamp"))
	})
}

// A correction that was measured by an old Date, such as a cache's, is set right by
// the next answer with a Date of its own.
func TestClient_checksItsCorrection(t *testing.T) {
	for name, tt := range map[string]struct {
		cached, real time.Duration // of the vendor's clock before the local one
	}{
		"the local clock is right":           {-9 * time.Minute, 0},
		"the local clock is 5 minutes wrong": {-9 * time.Minute, 5 * time.Minute},
		"by a minute":                        {time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{}
				w.answer = func(n int, _ *http.Request) (*http.Response, error) {
					if n == 1 {
						return refusal(100000004, "Date", time.Now().Add(tt.cached).UTC().Format(http.TimeFormat))()
					}
					return answer(200, okBody, "Date", time.Now().Add(tt.real).UTC().Format(http.TimeFormat)), nil
				}
				c := newClient(t, w)
				time.Sleep(900 * time.Millisecond) // a Date has whole seconds
				for range 5 {
					require.NoError(t, start(t.Context(), c))
					if tt.real == 0 && w.count() > 2 {
						assert.Equal(t, fmt.Sprint(time.Now().Unix()), w.seen[w.count()-1].URL.Query().Get("Timestamp"), "as if nothing had happened")
					}
					time.Sleep(100 * time.Millisecond)
				}
				for _, r := range w.seen[2:] {
					var timestamp int64
					_, err := fmt.Sscan(r.URL.Query().Get("Timestamp"), &timestamp)
					require.NoError(t, err)
					assert.InDelta(t, time.Now().Add(tt.real).Unix(), timestamp, 2)
				}
			})
		})
	}
	t.Run("a right one stays, also without a Date", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			date := func() []string {
				return []string{"Date", time.Now().Add(25 * time.Minute).UTC().Format(http.TimeFormat)}
			}
			w := &wire{}
			w.answer = func(n int, _ *http.Request) (*http.Response, error) {
				switch {
				case n == 1:
					return refusal(100000004, date()...)()
				case n%2 == 0:
					return answer(200, okBody), nil
				}
				return answer(200, okBody, date()...), nil
			}
			c := newClient(t, w)
			for range 5 {
				require.NoError(t, start(t.Context(), c))
			}
			assert.Equal(t, fmt.Sprint(time.Now().Add(25*time.Minute).Unix()), w.seen[5].URL.Query().Get("Timestamp"))
		})
	})
}

func TestRetryPolicy_edges(t *testing.T) {
	const longest = time.Duration(math.MaxInt64)
	for _, p := range []zegocensor.RetryPolicy{
		{MinBackoff: longest, MaxBackoff: longest},
		{MinBackoff: 1, MaxBackoff: longest, MaxAttempts: math.MaxInt},
		{MinBackoff: longest/2 + 1, MaxBackoff: longest},
		{MinBackoff: longest / 3, MaxBackoff: longest},
		{MinBackoff: longest},
		{MaxBackoff: 1},
	} {
		t.Run(fmt.Sprintf("%+v", p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return page(429)() }}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				err := start(ctx, newClient(t, w, zegocensor.WithRetryPolicy(p)))
				assert.ErrorIs(t, err, zegocensor.ErrRateLimited)
			})
		})
	}
	t.Run("the bound doubles up to MaxBackoff", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var at []time.Time
			w := &wire{answer: func(int, *http.Request) (*http.Response, error) { at = append(at, time.Now()); return page(429)() }}
			_ = start(t.Context(), newClient(t, w, zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 70, MinBackoff: 1, MaxBackoff: 1 << 40})))
			require.Len(t, at, 70)
			for i := range 69 {
				assert.LessOrEqual(t, at[i+1].Sub(at[i]), time.Duration(1)<<min(i, 40))
			}
		})
	})
}
