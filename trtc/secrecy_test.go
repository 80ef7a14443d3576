package trtc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/trtc"
)

// hostile are answers that repeat the signed request wherever they can. The last of
// seen is the request to answer.
func hostile(seen []*http.Request, body string) map[string]func() (*http.Response, error) {
	r := seen[len(seen)-1]
	var b strings.Builder
	_ = r.Header.Write(&b)
	all := b.String() + body + testSecretKey
	quoted, _ := json.Marshal(all)
	say := func(status int, body string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return answer(status, body), nil }
	}
	fail := func(err error) func() (*http.Response, error) {
		return func() (*http.Response, error) { return nil, err }
	}
	answers := map[string]func() (*http.Response, error){
		"refusal":       say(200, `{"Response":{"Error":{"Code":"AuthFailure","Message":`+string(quoted)+`},"RequestId":`+string(quoted)+`}}`),
		"code":          say(200, `{"Response":{"Error":{"Code":`+string(quoted)+`}}}`),
		"limit":         say(200, `{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":`+string(quoted)+`}}}`),
		"earlier":       say(200, `{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"`+signatureOf(seen[0])+`"}}}`),
		"earlier error": fail(&net.DNSError{Err: "not sent, as " + signatureOf(seen[0])}), // never left: tried again
		"internal":      say(200, `{"Response":{"Error":{"Code":"InternalError","Message":`+string(quoted)+`}}}`),
		"success":       say(200, `{"Response":{"RequestId":`+string(quoted)+`,"TaskId":"T","Status":"Idle"}}`),
		"success, page": say(200, `<h1>canary-success</h1>`),
		"cut":           say(200, `{"Response":{"Error":{"Message":`+string(quoted)),
		"html":          say(502, "<html>"+all+"</html>"),
		"text":          say(500, all),
		"the body back": say(400, body),
		"guarded":       say(400, ")]}',"+body),
		"url error":     fail(&url.Error{Op: "Post", URL: r.URL.String(), Err: errors.New(all)}),
		"error":         fail(fmt.Errorf("middleware: %s: %w", all, io.EOF)),
		"value":         fail(valueError{all}),
		"quote":         fail(fmt.Errorf("net/http: HTTP/1.x transport connection broken: malformed HTTP response %q", "canary-answer")),
	}
	signature := signatureOf(r)
	for name, echo := range map[string]string{
		"UTF-16": spaced(signature, "\x00"), "zero width": spaced(testSecretKey, "\u200b"), "lines": signature[:16] + "\r\n " + signature[16:], "half": signature[16:48], "blanks": spaced(testToken, " "),
	} {
		text, _ := json.Marshal("canary-echo " + echo)
		answers["echo in "+name] = say(400, "canary-echo "+echo)
		answers["refusal with echo in "+name] = say(200, `{"Response":{"Error":{"Code":`+string(text)+`,"Message":`+string(text)+`},"RequestId":`+string(text)+`}}`)
		answers["error with echo in "+name] = fail(errors.New("canary-echo " + echo))
	}
	return answers
}

func signatureOf(r *http.Request) string {
	_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	return signature
}

// spaced puts a text between the characters of another.
func spaced(s, between string) string { return strings.Join(strings.Split(s, ""), between) }

// valueError has a field that a program may print.
type valueError struct{ Header string }

func (valueError) Error() string { return "it failed" }

// TestClient_secrecy has a canary in every place that a secret can be in, and
// looks for them in whatever a program could print.
func TestClient_secrecy(t *testing.T) {
	probe, _ := http.NewRequest("POST", "https://h/", nil)
	probe.Header.Set("Authorization", "Signature="+strings.Repeat("s", 64))
	for name := range hostile([]*http.Request{probe}, "") {
		for call, do := range calls {
			t.Run(name+"/"+call, func(t *testing.T) {
				var shown bytes.Buffer
				w := &wire{}
				w.answer = func(n int, r *http.Request) (*http.Response, error) { return hostile(w.seen, w.bodies[n-1])[name]() }
				var reads atomic.Int64
				clock := func() time.Time { return time.Now().Add(time.Duration(reads.Add(1)) * time.Second) } // each attempt has a signature of its own
				c := newClient(t, w, trtc.WithClock(clock), trtc.WithLimiter(nil), trtc.WithLogger(slog.New(slog.NewJSONHandler(&shown, &slog.HandlerOptions{Level: slog.LevelDebug}))),
					trtc.WithInterceptor(func(ctx context.Context, call *zegocensor.Call, next func(context.Context) error) error {
						err := next(ctx)
						show(&shown, call, *call)
						return err
					}))
				err := do(t.Context(), c)
				show(&shown, c, trtc.NewProvider(c, *request()))
				var walk func(error)
				walk = func(e error) {
					show(&shown, e)
					if many, ok := e.(interface{ Unwrap() []error }); ok {
						for _, e := range many.Unwrap() {
							walk(e)
						}
					} else if e = errors.Unwrap(e); e != nil {
						walk(e)
					}
				}
				if err != nil {
					walk(err)
				}
				require.NotEmpty(t, w.seen)
				assertNoSecret(t, shown.String(), w)
			})
		}
	}
}

// TestRequestsArePrintedWithoutTheirSecrets by all verbs, log/slog and JSON.
func TestRequestsArePrintedWithoutTheirSecrets(t *testing.T) {
	req := request()
	req.UserSig = zegocensor.NewSecret("canary-user-sig-0123456789")
	var shown bytes.Buffer
	show(&shown, req, *req, req.ModerationParams, req.ModerationParams.ModerationSupplierParam, req.CloudModerationStorage, req.UserSig)
	fmt.Fprintf(&shown, "%x %X %d %t %s", req.UserSig, req.UserSig, req.UserSig, req.UserSig, req.UserSig)
	show(&shown, struct {
		template trtc.CreateCloudModerationRequest
	}{*req}, struct {
		template *trtc.CreateCloudModerationRequest
	}{req}, []any{req, *req})
	assert.NotContains(t, shown.String(), "canary")
	assert.NotContains(t, strings.ToLower(shown.String()), fmt.Sprintf("%x", "canary"))
	assert.Contains(t, shown.String(), "(withheld)")
	assert.Equal(t, "", zegocensor.NewSecret("").String())
}

// TestEchoesInOtherFormsAreNotShown: a page that shows the body, or a part of it.
func TestEchoesInOtherFormsAreNotShown(t *testing.T) {
	const key = `canary&secret<key>/plus+"quoted"==0123456789`
	req := request()
	req.CloudModerationStorage.SecretKey = zegocensor.NewSecret(key)
	quoted, err := json.Marshal(key)
	require.NoError(t, err)
	for _, echo := range []string{key, string(quoted), url.QueryEscape(key), url.PathEscape(key), html.EscapeString(key), key[:25], key[20:]} {
		for name, body := range map[string]string{"page": "the key " + echo, "refusal": `{"Response":{"Error":{"Code":"X","Message":` + mustJSON(t, "the key "+echo) + `}}}`} {
			w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return answer(400, body), nil }}
			_, err := newClient(t, w).CreateCloudModeration(t.Context(), req)
			assert.NotContains(t, err.Error(), "the key", "%s: %s", name, echo)
		}
	}
	w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
		return answer(400, "no such sig canary-sig-0123456789, Recording.AccessKey canary-key-0123456789"), nil
	}}
	_, err = newClient(t, w).Do(t.Context(), trtc.Action{Name: "X"}, map[string]any{"UserSig": "canary-sig-0123456789", "Storage": []any{map[string]any{"AccessKey": "canary-key-0123456789"}}}, nil)
	assert.NotContains(t, err.Error(), "canary")
	_, err = newClient(t, w).Do(t.Context(), trtc.Action{Name: "X"}, map[string]any{"UserSig": zegocensor.NewSecret("x")}, nil)
	assert.ErrorContains(t, err, "must not contain a Secret")
}

func mustJSON(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	require.NoError(t, err)
	return string(b)
}

// show writes values in every way a program prints them, also as parts of others.
func show(w io.Writer, values ...any) {
	for _, v := range values {
		for _, v := range []any{v, struct{ v any }{v}, struct{ V any }{v}, []any{v}} {
			fmt.Fprintf(w, "%v %+v %#v %q %s %x %d\n", v, v, v, v, v, v, v)
			b, err := json.Marshal(v)
			fmt.Fprintln(w, string(b), err)
			slog.New(slog.NewTextHandler(w, nil)).Info("shown", "value", v)
			slog.New(slog.NewJSONHandler(w, nil)).Info("shown", "value", v)
		}
	}
}

func assertNoSecret(t *testing.T, shown string, w *wire) {
	t.Helper()
	shown = strings.ToLower(shown)
	assert.NotContains(t, shown, "canary-", "a key")
	assert.NotContains(t, shown, fmt.Sprintf("%x", "canary-"), "a key")
	for i, r := range w.seen {
		signature := signatureOf(r)
		require.Len(t, signature, 64)
		assert.NotContains(t, shown, signature)
		assert.NotContains(t, shown, fmt.Sprintf("%x", signature))
		_, userSig, ok := strings.Cut(w.bodies[i], `"UserSig":"`)
		if ok {
			userSig, _, _ = strings.Cut(userSig, `"`)
			assert.NotContains(t, shown, strings.ToLower(userSig))
		}
	}
}
