package callback_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
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

const secret = "callback-secret-0123456789abcdef"

func TestSign(t *testing.T) {
	assert.Equal(t, "5bd59fd62953a8059fb7eaba95720f66d19e4517", callback.Sign("secret", "1470820198", "123412"))
	assert.Equal(t, "9e8ab785670b417513098ea0569b4b840b34d52a", callback.Sign(secret, "1724743250", "7407715855877898783"))
	assert.Equal(t, "4644d11b9f1d739ebc773f6ac2dff71260989422", callback.Sign("0a1b2c3d4e5f60718293a4b5c6d7e8f9", "1724743250", "9"))
}

// at is when the callbacks of these tests are signed and received.
var at = time.Unix(1724743250, 0)

func clock() time.Time { return at }

// result is a signed audio result with the given nonce and time.
func result(nonce, timestamp string) map[string]any {
	return map[string]any{
		"Event": "censor_audio_v2_result", "AppId": 1, "Timestamp": json.Number(timestamp), "Nonce": nonce,
		"Signature": callback.Sign(secret, timestamp, nonce), "Code": 0, "TaskId": "T", "ResultTaskId": "T_s_1_2",
		"Detail": map[string]any{"RiskLevel": "REJECT"}, "AuxInfo": map[string]any{"RoomId": "r"},
	}
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func post(h http.Handler, contentType, body string) int {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

const isJSON = "application/json"

func newHandler(t *testing.T, handle func(context.Context, callback.Event) error, opts ...callback.Option) *callback.Handler {
	t.Helper()
	h, err := callback.NewHandler(secret, handle, append([]callback.Option{callback.WithClock(clock)}, opts...)...)
	require.NoError(t, err)
	return h
}

func TestForgeriesAreRefused(t *testing.T) {
	now := strconv.FormatInt(at.Unix(), 10)
	change := func(k string, v any) string {
		m := result("1", now)
		m[k] = v
		return encode(m)
	}
	signedAt := func(d time.Duration) string {
		return encode(result("1", strconv.FormatInt(at.Add(d).Unix(), 10)))
	}
	odd := func(timestamp, nonce string) string {
		m := result("1", now)
		m["Timestamp"], m["Nonce"], m["Signature"] = timestamp, nonce, callback.Sign(secret, timestamp, nonce)
		return encode(m)
	}
	for name, tt := range map[string]struct {
		body   string
		status int
	}{
		"genuine":                {encode(result("1", now)), 200},
		"wrong secret":           {change("Signature", callback.Sign("other", now, "1")), 403},
		"empty secret":           {change("Signature", callback.Sign("", now, "1")), 403},
		"signature upper case":   {change("Signature", strings.ToUpper(callback.Sign(secret, now, "1"))), 403},
		"signature empty":        {change("Signature", ""), 400},
		"signature cut":          {change("Signature", callback.Sign(secret, now, "1")[:39]), 400},
		"11 minutes old":         {signedAt(-11 * time.Minute), 403},
		"11 minutes ahead":       {signedAt(11 * time.Minute), 403},
		"9 minutes old":          {signedAt(-9 * time.Minute), 200},
		"another project":        {change("AppId", 2), 403},
		"AppId missing":          {strings.Replace(encode(result("1", now)), `"AppId":1,`, "", 1), 403},
		"nonce with line feed":   {odd(now, "1\n2"), 400},
		"nonce with blank":       {odd(now, "1 2"), 400},
		"nonce not ASCII":        {odd(now, "é"), 400},
		"nonce of 129":           {odd(now, strings.Repeat("1", 129)), 400},
		"nonce of 128":           {odd(now, strings.Repeat("1", 128)), 200},
		"nonce empty":            {odd(now, ""), 400},
		"timestamp with sign":    {odd("+"+now, "1"), 400},
		"timestamp with blank":   {odd(" "+now, "1"), 400},
		"timestamp leading zero": {odd("0"+now, "1"), 400},
		"timestamp overflow":     {odd("99999999999999999999", "1"), 400},
		"timestamp fraction":     {odd(now+".0", "1"), 400},
		"timestamp empty":        {odd("", "1"), 400},
		"nonce twice":            {strings.Replace(encode(result("1", now)), `{`, `{"Nonce":"2",`, 1), 400},
		"both spellings":         {strings.Replace(encode(result("1", now)), `{`, `{"signature":"x",`, 1), 400},
		"no event":               {change("Event", ""), 400},
		"no object":              {`[]`, 400},
		"cut":                    {encode(result("1", now))[:100], 400},
		"empty":                  {``, 400},
		"length extension":       {change("Nonce", "1\u0080\u0000x"), 400},
		"boundary shifted":       {strings.Replace(change("Nonce", "1"+now[:1]), `"Timestamp":`+now, `"Timestamp":`+now[1:], 1), 403},
	} {
		t.Run(name, func(t *testing.T) {
			var handled atomic.Int32
			h := newHandler(t, func(context.Context, callback.Event) error { handled.Add(1); return nil }, callback.WithAppID(1))
			assert.Equal(t, tt.status, post(h, isJSON, tt.body))
			assert.Equal(t, tt.status == 200, handled.Load() == 1)
		})
	}
}

// A nonce that begins like a timestamp can be cut into another nonce and another
// timestamp with the same signature. It is the same callback all the same.
func TestBoundaryShiftIsAReplay(t *testing.T) {
	var handled atomic.Int32
	h := newHandler(t, func(context.Context, callback.Event) error { handled.Add(1); return nil })
	now := strconv.FormatInt(at.Unix(), 10)
	nonce := strconv.FormatInt(at.Unix()-60, 10) + "5" // sorted before the timestamp
	first := result(nonce, now)
	require.Equal(t, 200, post(h, isJSON, encode(first)))
	joined := nonce + now
	shifted := result(joined[10:], joined[:10])
	require.Equal(t, first["Signature"], shifted["Signature"])
	assert.Equal(t, 403, post(h, isJSON, encode(shifted)))
	assert.EqualValues(t, 1, handled.Load())
}

func TestReplays(t *testing.T) {
	now := strconv.FormatInt(at.Unix(), 10)
	t.Run("same body after it was handled", func(t *testing.T) {
		var handled atomic.Int32
		h := newHandler(t, func(context.Context, callback.Event) error { handled.Add(1); return nil })
		for range 3 {
			assert.Equal(t, 200, post(h, isJSON, encode(result("1", now))))
		}
		other := result("1", now)
		other["TaskId"] = "forged"
		assert.Equal(t, 403, post(h, isJSON, encode(other)))
		assert.EqualValues(t, 1, handled.Load())
	})
	t.Run("50 at once", func(t *testing.T) {
		var handled atomic.Int32
		h := newHandler(t, func(context.Context, callback.Event) error {
			handled.Add(1)
			time.Sleep(time.Millisecond)
			return nil
		})
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { assert.Contains(t, []int{200, 503}, post(h, isJSON, encode(result("1", now)))) })
		}
		all.Wait()
		assert.EqualValues(t, 1, handled.Load())
	})
	t.Run("failures and panics", func(t *testing.T) {
		var handled atomic.Int32
		h := newHandler(t, func(context.Context, callback.Event) error {
			switch handled.Add(1) {
			case 1:
				return errors.New("database away")
			case 2:
				panic("bug")
			}
			return nil
		})
		body := encode(result("1", now))
		assert.Equal(t, 500, post(h, isJSON, body))
		assert.Equal(t, 500, post(h, isJSON, body))
		assert.Equal(t, 200, post(h, isJSON, body))
		assert.Equal(t, 200, post(h, isJSON, body))
		assert.EqualValues(t, 3, handled.Load())
	})
	t.Run("a new nonce for the same result", func(t *testing.T) {
		var handled atomic.Int32
		handle := func(context.Context, callback.Event) error { handled.Add(1); return nil }
		h := newHandler(t, handle, callback.WithDeduplication())
		for _, nonce := range []string{"1", "2", "2", "3"} {
			assert.Equal(t, 200, post(h, isJSON, encode(result(nonce, now))))
		}
		assert.EqualValues(t, 1, handled.Load())
		h = newHandler(t, handle)
		assert.Equal(t, 200, post(h, isJSON, encode(result("1", now))))
		assert.Equal(t, 200, post(h, isJSON, encode(result("2", now))))
		assert.EqualValues(t, 3, handled.Load(), "off by default")
	})
}

func TestRotation(t *testing.T) {
	now := strconv.FormatInt(at.Unix(), 10)
	h, err := callback.NewHandler("the new secret", func(context.Context, callback.Event) error { return nil },
		callback.WithClock(clock), callback.WithPreviousSecret(secret))
	require.NoError(t, err)
	assert.Equal(t, 200, post(h, isJSON, encode(result("1", now))))
}

func TestHTTP(t *testing.T) {
	handle := func(context.Context, callback.Event) error { return nil }
	h := newHandler(t, handle, callback.WithMaxBody(1000))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, 405, w.Code)
	assert.Equal(t, "POST", w.Header().Get("Allow"))

	read := 0
	r := httptest.NewRequest("POST", "/", readerFunc(func(p []byte) (int, error) {
		p = p[:min(len(p), 100)]
		read += len(p)
		return copy(p, bytes.Repeat([]byte(" "), len(p))), nil
	}))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	assert.Equal(t, 413, w.Code)
	assert.LessOrEqual(t, read, 1100)

	_, err := callback.NewHandler("", nil, nil, callback.WithAppID(0), callback.WithTolerance(0), callback.WithMaxBody(0),
		callback.WithQueue(0, 1), callback.WithNonceStore(nil), callback.WithClock(nil), callback.WithPreviousSecret(""))
	require.Error(t, err)
	assert.Equal(t, 10, len(strings.Split(err.Error(), "\n")))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

var _ io.Reader = readerFunc(nil)

func TestForms(t *testing.T) {
	now := strconv.FormatInt(at.Unix(), 10)
	form := url.Values{"event": {"room_create"}, "appid": {"1"}, "timestamp": {now}, "nonce": {"7"}, "signature": {callback.Sign(secret, now, "7")},
		"room_id": {"a%2Fb c"}, "room_session_id": {"18446744073709551615"}, "room_create_time": {"1724743250123"}, "id_name": {"u"}}
	for _, contentType := range []string{"application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8", "", "application/json"} {
		var got callback.Event
		h := newHandler(t, func(_ context.Context, e callback.Event) error { got = e; return nil })
		want := 200
		if contentType == "application/json" {
			want = 400
		}
		assert.Equal(t, want, post(h, contentType, form.Encode()), contentType)
		if want == 200 {
			room := got.(*callback.RoomCreated)
			assert.Equal(t, "a%2Fb c", room.RoomID, "unescaped once")
			assert.Equal(t, uint64(18446744073709551615), room.RoomSessionID)
			assert.True(t, room.CreateTime.Equal(time.UnixMilli(1724743250123)))
		}
	}
	h := newHandler(t, func(context.Context, callback.Event) error { return nil })
	assert.Equal(t, 200, post(h, "application/x-www-form-urlencoded", encode(result("1", now))), "JSON all the same")
	form.Add("nonce", "8")
	assert.Equal(t, 400, post(h, "application/x-www-form-urlencoded", form.Encode()))
}

func TestQueue(t *testing.T) {
	now := strconv.FormatInt(at.Unix(), 10)
	t.Run("full, then drained", func(t *testing.T) {
		gate := make(chan struct{})
		var handled atomic.Int32
		h := newHandler(t, func(context.Context, callback.Event) error { <-gate; handled.Add(1); return nil }, callback.WithQueue(1, 1))
		assert.Equal(t, 200, post(h, isJSON, encode(result("1", now))))
		require.Eventually(t, func() bool { return post(h, isJSON, encode(result("2", now))) == 200 }, time.Second, time.Millisecond)
		require.Eventually(t, func() bool { return post(h, isJSON, encode(result("3", now))) == 503 }, time.Second, time.Millisecond)
		close(gate)
		require.NoError(t, h.Shutdown(t.Context()))
		assert.EqualValues(t, 2, handled.Load())
		assert.Equal(t, 503, post(h, isJSON, encode(result("4", now))))
		require.NoError(t, h.Shutdown(t.Context()))
	})
	t.Run("what could not be drained is told", func(t *testing.T) {
		gate := make(chan struct{})
		defer close(gate)
		started := make(chan struct{}, 1)
		h := newHandler(t, func(context.Context, callback.Event) error { started <- struct{}{}; <-gate; return nil }, callback.WithQueue(5, 1))
		for i := range 4 {
			require.Equal(t, 200, post(h, isJSON, encode(result(strconv.Itoa(i), now))))
		}
		<-started
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var lost *callback.ShutdownError
		require.ErrorAs(t, h.Shutdown(ctx), &lost)
		assert.Len(t, lost.Unhandled, 3)
		assert.ErrorIs(t, lost, context.Canceled)
	})
}

func TestNothingSecretIsShown(t *testing.T) {
	var log bytes.Buffer
	now := strconv.FormatInt(at.Unix(), 10)
	h := newHandler(t, func(context.Context, callback.Event) error { panic(secret) },
		callback.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), callback.WithPreviousSecret("previous-"+secret))
	wrong := result("1", now)
	wrong["Signature"] = strings.Repeat("0", 40)
	assert.Equal(t, 403, post(h, isJSON, encode(wrong)))
	assert.Equal(t, 500, post(h, isJSON, encode(result("2", now))))
	all := log.String() + fmt.Sprintf("%v %+v %#v", h, h, h)
	assert.NotContains(t, all, secret)
	assert.NotContains(t, all, callback.Sign(secret, now, "1"))
	assert.NotContains(t, all, callback.Sign(secret, now, "2"))
	assert.Equal(t, 2, strings.Count(log.String(), "level=WARN"))
}

func TestVerifier(t *testing.T) {
	now := strconv.FormatInt(at.Unix(), 10)
	v, err := callback.NewVerifier(secret, callback.WithClock(clock))
	require.NoError(t, err)
	for range 2 { // a retry passes
		e, err := v.Parse(t.Context(), isJSON, []byte(encode(result("1", now))))
		require.NoError(t, err)
		assert.Equal(t, "s_1", e.(*callback.AudioResult).StreamHint())
	}
	other := result("1", now)
	other["Code"] = 1
	_, err = v.Parse(t.Context(), isJSON, []byte(encode(other)))
	assert.ErrorIs(t, err, callback.ErrReplayed)
}

func FuzzParseJSON(f *testing.F) {
	now := strconv.FormatInt(at.Unix(), 10)
	f.Add(encode(result("1", now)))
	f.Add(`{"event":"stream_close","timestamp":"` + now + `","nonce":"1","signature":"` + callback.Sign(secret, now, "1") + `","Detail":[{}],"type":"x"}`)
	for _, p := range payloads {
		f.Add(sign(p))
	}
	f.Fuzz(func(t *testing.T, body string) { parse(t, isJSON, body) })
}

func FuzzParseForm(f *testing.F) {
	for _, p := range payloads {
		var fields map[string]json.RawMessage
		require.NoError(f, json.Unmarshal([]byte(sign(p)), &fields))
		form := url.Values{}
		for name, value := range fields {
			var text string
			if json.Unmarshal(value, &text) != nil {
				text = string(value)
			}
			form.Set(name, text)
		}
		f.Add(form.Encode())
	}
	f.Fuzz(func(t *testing.T, body string) { parse(t, "application/x-www-form-urlencoded", body) })
}

// parse gives a body to a verifier: it is decoded, or refused for a known reason.
func parse(t *testing.T, contentType, body string) {
	v, err := callback.NewVerifier(secret, callback.WithClock(clock))
	require.NoError(t, err)
	e, err := v.Parse(context.Background(), contentType, []byte(body))
	if err != nil {
		for _, known := range []error{callback.ErrMalformed, callback.ErrSignature, callback.ErrStale} {
			if errors.Is(err, known) {
				return
			}
		}
		t.Fatalf("unexpected error: %v", err)
	}
	assert.True(t, json.Valid(e.Head().Raw))
	assert.Equal(t, at, e.Head().Timestamp)
}
