package zegocensor_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

const canaryToken = "canary-5b1f0c97d1"

// hostile are answers that repeat the signed request, or a token, wherever they
// can. The last of seen is the request to answer.
func hostile(seen []*http.Request) map[string]func() (*http.Response, error) {
	r := seen[len(seen)-1]
	q := r.URL.Query()
	all := r.URL.String() + " " + strings.ToUpper(q.Get("Signature")) + " " + q.Get("SignatureNonce") + " " + testSecret
	quoted, _ := json.Marshal(all)
	first := seen[0].URL.Query()
	earlier := first.Get("Signature") + first.Get("SignatureNonce")
	say := func(status int, body string, header ...string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return answer(status, body, header...), nil }
	}
	fail := func(err error) func() (*http.Response, error) {
		return func() (*http.Response, error) { return nil, err }
	}
	answers := map[string]func() (*http.Response, error){
		"refusal":          say(200, `{"Code":100000005,"Message":`+string(quoted)+`,"RequestId":`+string(quoted)+`}`),
		"rate":             say(200, `{"Code":206,"Message":`+string(quoted)+`}`),
		"expired":          say(200, `{"Code":100000004,"Message":`+string(quoted)+`}`, "Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)),
		"success message":  say(200, `{"Code":0,"Message":`+string(quoted)+`,"RequestId":`+string(quoted)+`}`),
		"earlier":          say(200, `{"Code":206,"Message":"`+earlier+`"}`),
		"token message":    say(200, `{"Code":0,"Message":"issued `+canaryToken+`","RequestId":"`+canaryToken+`","Data":{"IdentifyToken":"`+canaryToken+`","TaskId":"T"}}`),
		"token refused":    say(200, `{"Code":1,"Message":"issued `+canaryToken+`","Data":{"IdentifyToken":"`+canaryToken+`"}}`),
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
		"value":            fail(valueError{r.URL.String()}),
		"value, in text":   fail(fmt.Errorf("%s: %w", r.URL, valueError{r.URL.String()})),
		"earlier error":    fail(&net.DNSError{Err: "not sent, as " + earlier, IsTimeout: true}), // never left: tried again
		"nil and nil":      fail(nil),
	}
	answers["token alone"] = say(200, canaryToken)
	answers["token alone, 404"] = say(404, "a page")
	if q.Get("Action") == "GenerateIdentifyToken" {
		answers["token alone, 404"] = say(404, canaryToken)
	}
	for name, body := range wrapped(`{"Code":0,"Data":{"IdentifyToken":"` + canaryToken + `","TaskId":"T"}}`) {
		answers["token in "+name] = say(200, body)
		answers["token in "+name+", 404"] = say(404, body)
	}
	signature := q.Get("Signature")
	for name, echo := range map[string]string{
		"UTF-16": spaced(signature, "\x00"), "zero width": spaced(signature, "\u200b"), "lines": signature[:16] + "\r\n " + signature[16:], "half": signature[16:],
		"HTML": "&#x" + spaced(fmt.Sprintf("%x", signature), "")[:2] + ";" + signature[1:], "blanks": spaced(signature, " "), "nonce": spaced(q.Get("SignatureNonce"), "-"),
	} {
		text, _ := json.Marshal("canary-echo " + echo)
		answers["echo in "+name] = say(400, "canary-echo "+echo)
		answers["refusal with echo in "+name] = say(200, `{"Code":206,"Message":`+string(text)+`,"RequestId":`+string(text)+`}`)
		answers["error with echo in "+name] = fail(errors.New("canary-echo " + echo))
	}
	return answers
}

// wrapped are the forms that gateways and old browsers' habits give an answer.
func wrapped(answer string) map[string]string {
	return map[string]string{
		"a byte order mark": "\ufeff" + answer, "NUL": "\x00" + answer, "zero width": "\u200b" + answer, "guard": ")]}',\n" + answer, "callback": "cb(" + answer + ")",
		"words": "OK " + answer, "chunks": "4f\r\n" + answer + "\r\n0\r\n", "quotes": strconv.Quote(answer), "single quotes": strings.ReplaceAll(answer, `"`, "'") + "x",
		"a form": url.Values{"IdentifyToken": {canaryToken}}.Encode(), "XML": "<Data><IdentifyToken>" + canaryToken + "</IdentifyToken></Data>", "UTF-16": spaced(answer, "\x00") + "\x00",
		"an envelope": `x {"Code":0,"Data":"` + canaryToken + `"}`,
	}
}

// spaced puts a text between the characters of another.
func spaced(s, between string) string { return strings.Join(strings.Split(s, ""), between) }

// valueError has a field that a program may print.
type valueError struct{ URL string }

func (valueError) Error() string { return "it failed" }

func TestClient_secrecy(t *testing.T) {
	var names []string
	probe, _ := http.NewRequest("POST", "https://h/?Action=A&SignatureNonce=n&Signature="+strings.Repeat("s", 32), nil)
	for name := range hostile([]*http.Request{probe}) {
		names = append(names, name)
	}
	for _, name := range names {
		for action, do := range map[string]func(context.Context, *zegocensor.Client) error{"Start": start, "Stop": stop, "Token": token, "Do": doAny} {
			t.Run(name+"/"+action, func(t *testing.T) {
				var log bytes.Buffer
				shown := new(strings.Builder)
				w := &wire{}
				w.answer = func(int, *http.Request) (*http.Response, error) { return hostile(w.seen)[name]() }
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
				show(shown, c, opts)
				showTree(shown, err)
				shown.WriteString(log.String())
				assertNoSecret(t, shown.String(), w.seen)
			})
		}
	}
}

func doAny(ctx context.Context, c *zegocensor.Client) error {
	var data struct{ Number int }
	_, err := c.Do(ctx, zegocensor.Action{Name: "DescribeAny", Method: "GET"}, nil, nil, &data)
	return err
}

// show writes values in every way a program prints them, also as parts of others.
func show(w *strings.Builder, values ...any) {
	for _, v := range values {
		for _, v := range []any{v, struct{ v any }{v}, struct{ V any }{v}, []any{v}} {
			fmt.Fprintf(w, "%v %+v %#v %q %s %x %d\n", v, v, v, v, v, v, v)
			b, err := json.Marshal(v)
			fmt.Fprintln(w, string(b), err)
			slog.New(slog.NewTextHandler(w, nil)).Info("shown", "value", v)
			slog.New(slog.NewJSONHandler(w, nil)).Info("shown", "value", v)
		}
		func() {
			defer func() { fmt.Fprintln(w, recover()) }()
			panic(v)
		}()
	}
}

// showTree shows an error and all that it wraps.
func showTree(w *strings.Builder, err error) {
	if err == nil {
		return
	}
	show(w, err)
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			showTree(w, e)
		}
		return
	}
	showTree(w, errors.Unwrap(err))
}

func assertNoSecret(t *testing.T, shown string, requests []*http.Request) {
	t.Helper()
	lower := strings.ToLower(shown)
	assert.NotContains(t, lower, testSecret)
	assert.NotContains(t, lower, "canary-")
	assert.NotContains(t, lower, fmt.Sprintf("%x", "canary-"))
	assert.NotContains(t, lower, "signature=")
	// The beginning of a signed query; "action=" alone is how slog writes an attribute.
	assert.NotContains(t, lower, "?action=")
	assert.NotContains(t, lower, "&appid=")
	require.NotEmpty(t, requests)
	for _, r := range requests {
		for _, secret := range []string{r.URL.Query().Get("Signature"), r.URL.Query().Get("SignatureNonce"), strings.ToLower(r.URL.RawQuery)} {
			assert.NotContains(t, lower, secret)
			assert.NotContains(t, lower, fmt.Sprintf("%x", secret))
		}
	}
}

// TestClient_GenerateIdentifyToken_secrecy: a byte order mark costs no token, and
// what prints a response does not get at it.
func TestClient_GenerateIdentifyToken_secrecy(t *testing.T) {
	w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
		return answer(200, "\ufeff"+`{"Code":0,"RequestId":"R1","Data":{"IdentifyToken":"`+canaryToken+`","RemainTime":60}}`), nil
	}}
	resp, err := newClient(t, w).GenerateIdentifyToken(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, canaryToken, resp.IdentifyToken.Reveal())
	var shown strings.Builder
	show(&shown, resp, *resp, resp.IdentifyToken, &resp.IdentifyToken,
		struct {
			token zegocensor.GenerateIdentifyTokenResponse
		}{*resp},
		struct {
			token *zegocensor.GenerateIdentifyTokenResponse
		}{resp}, struct{ token zegocensor.Secret }{resp.IdentifyToken}, map[string]zegocensor.Secret{"token": resp.IdentifyToken})
	assert.NotContains(t, shown.String(), "canary")
	assert.NotContains(t, shown.String(), fmt.Sprintf("%x", "canary"))
	assert.Contains(t, shown.String(), "R1")
	assert.Contains(t, shown.String(), `"IdentifyToken":"(withheld)"`)
}

// TestTransportError_secrecy has peers on the network write texts of their own into
// errors.
func TestTransportError_secrecy(t *testing.T) {
	const tokenAnswer = `{"Code":0,"Data":{"IdentifyToken":"` + canaryToken + `"}}`
	head := "HTTP/1.1 200 OK\r\n"
	for name, test := range map[string]struct{ raw, want string }{
		"no status line":         {tokenAnswer + "\r\n\r\n", "malformed HTTP response (text withheld)"},
		"status code":            {"HTTP/1.1 " + canaryToken + "\r\n\r\n", "malformed HTTP status code (text withheld)"},
		"version":                {"HTTP/" + canaryToken + " 200 OK\r\n\r\n", "malformed HTTP version (text withheld)"},
		"header without colon":   {head + canaryToken + "\r\n\r\n", "malformed MIME header"},
		"token as header":        {head + tokenAnswer + "\r\n\r\n", "malformed MIME header"},
		"Content-Length":         {head + "Content-Length: " + canaryToken + "\r\n\r\n", "(text withheld)"},
		"two Content-Lengths":    {head + "Content-Length: 1\r\nContent-Length: " + canaryToken + "\r\n\r\n", "(text withheld)"},
		"Transfer-Encoding":      {head + "Transfer-Encoding: " + canaryToken + "\r\n\r\n", "unsupported transfer encoding: (text withheld)"},
		"two Transfer-Encodings": {head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: " + canaryToken + "\r\n\r\n", "(text withheld)"},
		"chunk":                  {head + "Transfer-Encoding: chunked\r\n\r\n" + canaryToken + "\r\n", "invalid byte in chunk length"},
		"trailer":                {head + "Trailer: X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + canaryToken + "\r\n\r\n", "(text withheld)"},
		"lines and ANSI":         {"HTTP/1.1 2\n" + canaryToken + "\x1b[2J\r\n\r\n", ""},
	} {
		for action, do := range map[string]func(context.Context, *zegocensor.Client) error{"Start": start, "Token": token} {
			t.Run(name+"/"+action, func(t *testing.T) {
				err := do(t.Context(), rawServer(t, test.raw))
				require.Error(t, err)
				assert.Contains(t, err.Error(), test.want)
				assertOneLine(t, err, errors.Unwrap(err))
				var shown strings.Builder
				showTree(&shown, err)
				assert.NotContains(t, shown.String(), "canary")
			})
		}
	}

	t.Run("names of a certificate", func(t *testing.T) {
		srv := httptest.NewUnstartedServer(http.NotFoundHandler())
		srv.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(t, "a\n2026/01/01 00:00:00 all is well\x1b[2J"+strings.Repeat("x", 300))}}
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.StartTLS()
		defer srv.Close()
		err := start(t.Context(), newClient(t, zegocensor.NewTransport(), zegocensor.WithBaseURL(srv.URL), zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1})))
		assertOneLine(t, err, errors.Unwrap(err))
		assert.ErrorContains(t, err, "certificate")
		var verification *tls.CertificateVerificationError
		assert.ErrorAs(t, err, &verification)
	})

	t.Run("a proxy's words", func(t *testing.T) {
		var proxy *httptest.Server
		for name, reason := range map[string]func(*http.Request) string{
			"ANSI":        func(*http.Request) string { return "\x1b[2J" + strings.Repeat("x", 30_000) },
			"credentials": func(r *http.Request) string { return "no: " + r.Header.Get("Proxy-Authorization") },
			"base64": func(r *http.Request) string {
				return "canary-proxy no: " + strings.TrimPrefix(r.Header.Get("Proxy-Authorization"), "Basic ")
			},
			"password": func(*http.Request) string { return "no: canary-password" },
		} {
			proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if assert.NoError(t, err) {
					fmt.Fprintf(conn, "HTTP/1.1 407 %s\r\nContent-Length: 0\r\n\r\n", reason(r))
					conn.Close()
				}
			}))
			transport := zegocensor.NewTransport()
			transport.Proxy = func(*http.Request) (*url.URL, error) {
				return url.Parse(strings.Replace(proxy.URL, "://", "://canary-user:canary-password@", 1))
			}
			err := start(t.Context(), newClient(t, transport, zegocensor.WithBaseURL("https://zego.example"), zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1})))
			assertOneLine(t, err, errors.Unwrap(err))
			var shown strings.Builder
			showTree(&shown, err)
			assert.NotContains(t, shown.String(), "canary", name)
			assert.NotContains(t, shown.String(), base64.StdEncoding.EncodeToString([]byte("canary-user")), name)
			proxy.Close()
		}
	})

	t.Run("a cause that a program made", func(t *testing.T) {
		for _, err := range []error{
			&zegocensor.TransportError{Action: "A", Host: "h", Err: errors.New("a\nb\x1b" + strings.Repeat("x", 30_000))},
			&zegocensor.ResponseError{Action: "A", Err: errors.New("a\nb\x1b" + strings.Repeat("x", 30_000))},
			&zegocensor.TransportError{}, &zegocensor.ResponseError{},
		} {
			assertOneLine(t, err)
		}
	})
}

// rawServer writes the same bytes to everybody who sends something.
func rawServer(t *testing.T, raw string) *zegocensor.Client {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.Copy(io.Discard, r.Body)
					_, _ = io.WriteString(conn, raw)
				}
			}()
		}
	}()
	return newClient(t, zegocensor.NewTransport(), zegocensor.WithBaseURL("http://"+l.Addr().String()), zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1}))
}

// certificate is self-signed, for one name.
func certificate(t *testing.T, name string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	// x509 does not make a list of names with this one.
	names, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 2, Bytes: []byte(name)}})
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: names}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// assertOneLine wants texts that are fit for a line of a log.
func assertOneLine(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		require.Error(t, err)
		assert.Less(t, len(err.Error()), 500)
		assert.Equal(t, -1, strings.IndexFunc(err.Error(), func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }), "%q", err.Error())
	}
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
