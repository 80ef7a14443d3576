package zegocensor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

const canaryToken = "canary-token-5b1f0c"

// hostile are answers that repeat the signed request wherever they can.
func hostile(r *http.Request) map[string]func() (*http.Response, error) {
	q := r.URL.Query()
	all := r.URL.String() + " " + strings.ToUpper(q.Get("Signature")) + " " + q.Get("SignatureNonce") + " " + testSecret
	quoted, _ := json.Marshal(all)
	say := func(status int, body string, header ...string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return answer(status, body, header...), nil }
	}
	fail := func(err error) func() (*http.Response, error) {
		return func() (*http.Response, error) { return nil, err }
	}
	return map[string]func() (*http.Response, error){
		"refusal":          say(200, `{"Code":100000005,"Message":`+string(quoted)+`,"RequestId":`+string(quoted)+`}`),
		"rate":             say(200, `{"Code":206,"Message":`+string(quoted)+`}`),
		"expired":          say(200, `{"Code":100000004,"Message":`+string(quoted)+`}`, "Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)),
		"success message":  say(200, `{"Code":0,"Message":`+string(quoted)+`,"RequestId":`+string(quoted)+`}`),
		"token cut":        say(200, `{"Code":0,"Data":{"IdentifyToken":"`+canaryToken),
		"token misplaced":  say(200, `{"Code":0,"Data":"`+canaryToken+`"}`),
		"token, no code":   say(200, `{"Data":{"IdentifyToken":"`+canaryToken+`"}}`),
		"html":             say(502, `<html>The requested URL `+r.URL.RequestURI()+` failed</html>`),
		"html, escaped":    say(404, `<html>?Action=X&amp;AppId=1&amp;signaturenonce=aa</html>`),
		"text":             say(500, all),
		"redirect":         say(307, "", "Location", "https://evil.example/"+r.URL.RequestURI()),
		"url error":        fail(&url.Error{Op: "Post", URL: r.URL.String(), Err: errors.New("reset")}),
		"nested url error": fail(fmt.Errorf("middleware: %w", &url.Error{Op: "Post", URL: r.URL.String(), Err: io.EOF})),
		"text of the URL":  fail(fmt.Errorf("POST %s giving up after 5 attempts", r.URL)),
		"nil and nil":      fail(nil),
	}
}

func TestNothingSecretIsShown(t *testing.T) {
	var names []string
	probe, _ := http.NewRequest("POST", "https://h/?Action=A&SignatureNonce=n&Signature=s", nil)
	for name := range hostile(probe) {
		names = append(names, name)
	}
	for _, name := range names {
		for action, do := range map[string]func(context.Context, *zegocensor.Client) error{"Start": start, "Stop": stop, "Token": token} {
			t.Run(name+"/"+action, func(t *testing.T) {
				var log bytes.Buffer
				shown := new(strings.Builder)
				w := &wire{}
				w.answer = func(_ int, r *http.Request) (*http.Response, error) { return hostile(r)[name]() }
				opts := []zegocensor.Option{
					zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 2, MinBackoff: 1, MaxBackoff: 1}),
					zegocensor.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
					zegocensor.WithInterceptor(func(ctx context.Context, call *zegocensor.Call, next func(context.Context) error) error {
						err := next(ctx)
						show(shown, call, *call)
						return err
					}),
				}
				c := newClient(t, w, opts...)
				err := do(context.Background(), c)
				if action == "Start" {
					assert.Error(t, err)
				}
				show(shown, c, opts, err)
				for e := err; e != nil; e = errors.Unwrap(e) {
					show(shown, e)
				}
				shown.WriteString(log.String())
				assertNoSecret(t, shown.String(), w.seen)
			})
		}
	}
}

// show writes values in every way a program prints them.
func show(w *strings.Builder, values ...any) {
	text := slog.New(slog.NewTextHandler(w, nil))
	for _, v := range values {
		fmt.Fprintf(w, "%v %+v %#v %q %s\n", v, v, v, v, v)
		b, err := json.Marshal(v)
		fmt.Fprintln(w, string(b), err)
		text.Info("shown", "value", v)
		func() {
			defer func() { fmt.Fprintln(w, recover()) }()
			panic(v)
		}()
	}
}

func assertNoSecret(t *testing.T, shown string, requests []*http.Request) {
	t.Helper()
	lower := strings.ToLower(shown)
	assert.NotContains(t, lower, testSecret)
	assert.NotContains(t, lower, canaryToken)
	assert.NotContains(t, lower, "signature=")
	assert.NotContains(t, lower, "action=start")
	require.NotEmpty(t, requests)
	for _, r := range requests {
		assert.NotContains(t, lower, r.URL.Query().Get("Signature"))
		assert.NotContains(t, lower, r.URL.Query().Get("SignatureNonce"))
		assert.NotContains(t, lower, strings.ToLower(r.URL.RawQuery))
	}
}

func TestTokenIsNotPrinted(t *testing.T) {
	w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
		return answer(200, `{"Code":0,"RequestId":"R1","Data":{"IdentifyToken":"`+canaryToken+`","RemainTime":60}}`), nil
	}}
	resp, err := newClient(t, w).GenerateIdentifyToken(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, canaryToken, resp.IdentifyToken)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "resp", resp)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "resp", *resp)
	out := fmt.Sprintf("%v %+v %#v %q %s %d", resp, resp, *resp, resp, *resp, resp) + log.String()
	assert.NotContains(t, out, canaryToken)
	assert.Contains(t, out, "R1")
}

func TestHealthyMessagesAreKept(t *testing.T) {
	w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
		return answer(404, "<html>\r\n<h1>no  such\tpage</h1>"), nil
	}}
	var unusable *zegocensor.ResponseError
	require.ErrorAs(t, start(t.Context(), newClient(t, w)), &unusable)
	assert.Equal(t, 404, unusable.HTTPStatus)
	assert.Equal(t, "<html> <h1>no such page</h1>", unusable.Excerpt)

	w.answer = func(int, *http.Request) (*http.Response, error) {
		return answer(200, `{"Code":2,"Message":"bad room\nname","RequestId":"R2"}`), nil
	}
	var refused *zegocensor.Error
	require.ErrorAs(t, start(t.Context(), newClient(t, w)), &refused)
	assert.Equal(t, "bad room name", refused.Message)
	assert.Equal(t, "R2", refused.RequestID)
}
