package callback

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func verifier(t testing.TB) *Verifier {
	v, err := NewVerifier("callback-secret-0123456789abcdef", WithPreviousSecret("previous-secret-0123456789abcdef"))
	require.NoError(t, err)
	return v
}

func TestVerificationAllocatesNothing(t *testing.T) {
	v := verifier(t)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if !v.signed("1724743250", "7407715855877898783", "9e8ab785670b417513098ea0569b4b840b34d52a") {
			t.Fatal("refused")
		}
	}))
}

// BenchmarkVerify is the signature alone, without what reads it out of a body.
func BenchmarkVerify(b *testing.B) {
	v := verifier(b)
	b.ReportAllocs()
	for b.Loop() {
		if !v.signed("1724743250", "7407715855877898783", "9e8ab785670b417513098ea0569b4b840b34d52a") {
			b.Fatal("refused")
		}
	}
}

// failingStore answers as it is told.
type failingStore struct {
	state NonceState
	err   error
}

func (s failingStore) Reserve(context.Context, Reservation) (NonceState, error) {
	return s.state, s.err
}
func (s failingStore) Commit(context.Context, Reservation) error  { return nil }
func (s failingStore) Release(context.Context, Reservation) error { return s.err }

// TestNoPathShowsASecret sends a callback down every path there is, and looks
// for the secret and for right signatures in what the sender and the log get.
func TestNoPathShowsASecret(t *testing.T) {
	const canary, previous = "canary-secret-0123456789abcdef", "canary-previous-0123456789abcdef"
	now := time.Unix(1724743250, 0)
	type sent struct{ timestamp, nonce, signature, rest string }
	signed := func(timestamp string) sent {
		return sent{timestamp, "7", Sign(canary, timestamp, "7"), ""}
	}
	good := signed("1724743250")
	for name, test := range map[string]struct {
		body   string
		sent   sent
		store  NonceStore
		handle func(context.Context, Event) error
		opts   []Option
		method string
		want   int
	}{
		"handled":            {sent: good, want: 200},
		"previous secret":    {sent: sent{"1724743250", "7", Sign(previous, "1724743250", "7"), ""}, want: 200},
		"handled before":     {sent: good, store: failingStore{state: NonceDone}, want: 200},
		"wrong signature":    {sent: sent{"1724743250", "7", strings.Repeat("0", 40), ""}, want: 403},
		"stale":              {sent: signed("1724740000"), want: 403},
		"other project":      {sent: good, opts: []Option{WithAppID(9)}, want: 403},
		"other body":         {sent: good, store: failingStore{state: NonceConflict}, want: 403},
		"in work":            {sent: good, store: failingStore{state: NonceInProgress}, want: 503},
		"store failed":       {sent: good, store: failingStore{err: errors.New("store down")}, want: 503},
		"handle failed":      {sent: good, handle: func(context.Context, Event) error { return errors.New("no") }, want: 500},
		"handle panicked":    {sent: good, handle: func(_ context.Context, e Event) error { panic(e) }, want: 500},
		"not JSON":           {body: "{", want: 400},
		"signature missing":  {body: "{}", want: 400},
		"nonce malformed":    {sent: sent{"1724743250", "7 ", good.signature, ""}, want: 400},
		"timestamp in parts": {sent: sent{"1724743250.0", "7", good.signature, ""}, want: 400},
		"AppId malformed":    {sent: sent{"1724743250", "7", good.signature, `,"AppId":-1`}, want: 400},
		"too large":          {body: strings.Repeat(" ", 2<<20), want: 413},
		"not POST":           {sent: good, method: "GET", want: 405},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			opts := append([]Option{WithPreviousSecret(previous), WithClock(func() time.Time { return now }),
				WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))}, test.opts...)
			if test.store != nil {
				opts = append(opts, WithNonceStore(test.store))
			}
			if test.handle == nil {
				test.handle = func(context.Context, Event) error { return nil }
			}
			if test.body == "" {
				test.body = fmt.Sprintf(`{"Event":"e","Timestamp":%s,"Nonce":%q,"Signature":%q%s}`, strconv.Quote(test.sent.timestamp), test.sent.nonce, test.sent.signature, test.sent.rest)
			}
			if test.method == "" {
				test.method = "POST"
			}
			h, err := NewHandler(canary, test.handle, opts...)
			require.NoError(t, err)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(test.method, "/", strings.NewReader(test.body)))
			assert.Equal(t, test.want, w.Code, log.String())

			v, err := NewVerifier(canary, opts...)
			require.NoError(t, err)
			_, parseErr := v.Parse(t.Context(), "", []byte(test.body))
			shown := log.String() + w.Body.String() + fmt.Sprintf("%v %+v %#v %+v %#v %v", w.Header(), h, h, v, v, parseErr)
			for _, secret := range []string{canary, previous} {
				assert.NotContains(t, shown, secret)
				for _, timestamp := range []string{"1724743250", "1724740000"} {
					assert.NotContains(t, shown, Sign(secret, timestamp, "7"))
				}
			}
		})
	}
}
