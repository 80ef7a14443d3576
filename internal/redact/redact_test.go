package redact_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/internal/redact"
)

func set(texts ...string) *redact.Secrets {
	s := redact.New("signature=")
	s.Add(texts...)
	return &s
}

// spaced puts a text between the characters of another.
func spaced(s, between string) string { return strings.Join(strings.Split(s, ""), between) }

func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

func utf16le(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestSecrets_In(t *testing.T) {
	const (
		hex  = "5f4dcc3b5aa765d61d8327deb882cf99"
		text = `canary&secret<key>/plus+"quoted"==x`
	)
	forms := map[string]func(string) string{
		"plain":            func(s string) string { return s },
		"upper case":       strings.ToUpper,
		"first half":       func(s string) string { return s[:len(s)/2+1] },
		"last half":        func(s string) string { return s[len(s)/2-1:] },
		"middle":           func(s string) string { return s[len(s)/5 : len(s)-len(s)/5] },
		"UTF-16":           utf16le,
		"UTF-16 with mark": func(s string) string { return "\xff\xfe" + utf16le(s) },
		"zero width":       func(s string) string { return spaced(s, "\u200b") },
		"soft hyphens":     func(s string) string { return spaced(s, "\u00ad") },
		"blanks":           func(s string) string { return spaced(s, "  ") },
		"lines":            func(s string) string { return s[:9] + "\r\n " + s[9:17] + "\r\n " + s[17:] },
		"quoted-printable": func(s string) string { return s[:9] + "=\n" + s[9:] },
		"colons":           func(s string) string { return spaced(s, ":") },
		"URL":              url.QueryEscape,
		"path":             url.PathEscape,
		"URL, all":         percent,
		"URL, twice":       func(s string) string { return url.QueryEscape(percent(s)) },
		"JSON":             quoted,
		"JSON, all":        func(s string) string { return `\u00` + spaced(fmt.Sprintf("%x", s), "")[:2] + s[1:] },
		"HTML":             html.EscapeString,
		"HTML in JSON":     func(s string) string { return quoted(html.EscapeString(s)) },
		"JSON in HTML":     func(s string) string { return html.EscapeString(quoted(s)) },
		"HTML, decimal": func(s string) string {
			var b strings.Builder
			for _, c := range s {
				fmt.Fprintf(&b, "&#%d;", c)
			}
			return b.String()
		},
		"HTML, hex": func(s string) string {
			var b strings.Builder
			for _, c := range s {
				fmt.Fprintf(&b, "&#x%X", c)
			}
			return b.String()
		},
		"full width": func(s string) string {
			return strings.Map(func(r rune) rune { return r - '!' + '！' }, s)
		},
		"far behind": func(s string) string { return strings.Repeat("x ", 100_000) + s },
		"on the edge": func(s string) string {
			return strings.Repeat(" ", 32<<10-len(s)/2) + s + strings.Repeat(" ", 5000)
		},
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			for _, secret := range []string{hex, text} {
				assert.True(t, set("other-secret", secret).In("a page: "+form(secret)+"."), secret)
				assert.False(t, set("other-secret").In("a page: "+form(secret)+"."), secret)
			}
		})
	}
	t.Run("secrets of punctuation and of other scripts", func(t *testing.T) {
		for _, secret := range []string{"!#$%&()*+,-./", "пароль-пароль"} {
			assert.True(t, set(secret).In("a page: "+secret), secret)
		}
	})
	t.Run("words", func(t *testing.T) {
		for _, s := range []string{"Signature=x", "signature%3Dx", "SIGNATURE&#61;x", "Sig\x00nature=", "ſignature=", `signature\u003dx`} {
			assert.True(t, set().In(s), s)
		}
		assert.True(t, set().In("&quot;Data&quot;", `"data"`))
	})
	t.Run("Basic authentication", func(t *testing.T) {
		for _, pair := range []string{"user:password", "u:p", "user:long password"} {
			assert.True(t, set().In("407 no: BASIC "+base64.StdEncoding.EncodeToString([]byte(pair))), pair)
		}
		assert.False(t, set().In("Basic authentication is required, basic realm"))
	})
	t.Run("healthy texts", func(t *testing.T) {
		s := set(hex, "0123456789abcdef", "zegotest-server-secret-0123456789", "short")
		for _, text := range []string{
			"", "success", "signature expired", "zegotest-request-1", "short", "the server secret of 0123456",
			"dial tcp 127.0.0.1:80: connect: connection refused", "5f4dcc3b5aa765d", "100% of &c; \\ end %", "&#;&#x;&", `\u00`,
		} {
			assert.False(t, s.In(text), text)
		}
	})
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "",
		"plain":                               "plain",
		" a \r\n\t b ":                        "a b",
		"\x1b[2Ja\x00b\u202ec\u200bd\u2028e":  "[2Ja b c d e",
		"\xff\xfebad":                         "?bad",
		"žluťoučký":                           "žluťoučký",
		strings.Repeat("x", 31):               strings.Repeat("x", 30) + "…",
		strings.Repeat("x", 29) + "ž":         strings.Repeat("x", 29) + "…",
		strings.Repeat(" ", 5000) + "a":       "…",
		"a" + strings.Repeat("\n", 1<<20):     "a…",
		"a" + strings.Repeat("\xff", 1<<20):   "a…",
		strings.Repeat("\u202e", 1<<20) + "a": "…",
	} {
		assert.Equal(t, want, redact.Printable(in, 30), "%.40q", in)
	}
}

func TestSecrets_Excerpt(t *testing.T) {
	s := set("canary-secret-0123456789")
	assert.Equal(t, "<h1>Bad Gateway</h1>", s.Excerpt(502, "<h1>Bad\r\nGateway</h1>"))
	assert.Len(t, s.Excerpt(502, strings.Repeat("x", 1000)), 120+len("…"))
	for name, body := range map[string]string{
		"JSON": `{"Code":0`, "list": ` [1]`, "text": `"x"`, "BOM": redact.BOM + `{}`, "NUL": "\x00\x00{}", "zero width": "\u200b{}", "invalid": "\xff\xfe{\x00",
		"prefix": `)]}',` + "\n" + `{"IdentifyToken":"x"}`, "callback": `cb({"Code":0,"Data":{}})`, "UTF-16": utf16le(`x {"Data":1}`),
		"form": "IdentifyToken=x", "XML": "<IdentifyToken>x</IdentifyToken>", "chunk": "4f\r\n{'Data':{}}", "escaped": "%7B%22Data%22", "secret": "no canary-secret-0123456789",
	} {
		assert.Empty(t, s.Excerpt(502, body), name)
	}
	for _, status := range []int{200, 204, 299} {
		assert.Empty(t, s.Excerpt(status, "anything"), status)
	}
}

// valueError has a clean text, and a secret in a field.
type valueError struct{ URL string }

func (valueError) Error() string { return "it failed" }

// hidingError has a clean text, and wraps one that is not.
type hidingError struct{ err error }

func (hidingError) Error() string   { return "it failed" }
func (e hidingError) Unwrap() error { return e.err }

func TestSecrets_Cause(t *testing.T) {
	const secret = "canary-secret-0123456789"
	s := set(secret)
	reset := &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
	signed := func(err error) error { return &url.Error{Op: "Post", URL: "https://h/?s=" + secret, Err: err} }
	for name, test := range map[string]struct {
		err  error
		want string // its text
		is   error  // that it must still match
		as   bool   // an OpError can be had of it
	}{
		"clean":            {reset, "read tcp: connection reset by peer", nil, true},
		"EOF":              {io.EOF, "EOF", io.EOF, false},
		"URL":              {signed(reset), "read tcp: connection reset by peer", nil, true},
		"nested URL":       {fmt.Errorf("middleware: %w", signed(io.EOF)), "EOF", io.EOF, false},
		"text":             {fmt.Errorf("POST %s failed: %w", secret, io.EOF), "a *fmt.wrapError (text withheld: it repeats the signed request)", io.EOF, false},
		"text around":      {fmt.Errorf("POST %s failed: %w", secret, reset), "a *fmt.wrapError (text withheld: it repeats the signed request)", nil, true},
		"joined":           {errors.Join(errors.New(secret), reset, io.EOF), "a *errors.joinError (text withheld: it repeats the signed request)", io.EOF, true},
		"field":            {valueError{secret}, "it failed", nil, false},
		"hidden":           {hidingError{errors.New(secret)}, "it failed", nil, false},
		"lines":            {errors.New("a\n2026/01/01 all is well\x1b[2J"), "a 2026/01/01 all is well [2J", nil, false},
		"long":             {errors.New(strings.Repeat("x", 30_000)), strings.Repeat("x", 256) + "…", nil, false},
		"status line":      {fmt.Errorf("net/http: HTTP/1.x transport connection broken: %w", errors.New(`malformed HTTP response "canary-token"`)), "net/http: HTTP/1.x transport connection broken: malformed HTTP response (text withheld)", nil, false},
		"header":           {textproto.ProtocolError(`malformed MIME header line: "canary \" token"`), "malformed MIME header line: (text withheld)", nil, false},
		"two quotes":       {fmt.Errorf("got %q", []string{"canary-token", "3"}), "got [(text withheld)]", nil, false},
		"open quote":       {errors.New(`got "canary-token`), "got (text withheld)", nil, false},
		"token":            {errors.New(`IdentifyToken: canary-token`), "a *errors.errorString (text withheld: it repeats the signed request)", nil, false},
		"proxy's password": {&url.Error{Op: "parse", URL: "http://u:canary%zz@h", Err: url.EscapeError("%zz")}, "invalid URL escape (text withheld)", nil, false},
		"certificate": {&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a\n\x1b[2J\"b\""}}, Host: "h"}},
			`tls: failed to verify certificate: x509: certificate is valid for a [2J"b", not h`, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.Cause(test.err)
			assert.Equal(t, test.want, err.Error())
			assert.ErrorIs(t, err, test.err)
			if test.is != nil {
				assert.ErrorIs(t, err, test.is)
			}
			var op *net.OpError
			assert.Equal(t, test.as, errors.As(err, &op))
			var shown strings.Builder
			show(&shown, err, struct{ err any }{err}, &struct{ Err error }{err})
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
			walk(err)
			assert.NotContains(t, shown.String(), "canary")
		})
	}
	t.Run("types of others", func(t *testing.T) {
		path := &fs.PathError{Op: "open", Path: `"quoted"`, Err: fs.ErrNotExist}
		var got *fs.PathError
		require.ErrorAs(t, s.Cause(path), &got)
		assert.Same(t, path, got)
		var certificate x509.HostnameError
		assert.ErrorAs(t, s.Cause(&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: new(x509.Certificate)}}), &certificate)
	})
	t.Run("time-outs", func(t *testing.T) {
		var timeout interface{ Timeout() bool }
		require.ErrorAs(t, s.Cause(fmt.Errorf("%s: %w", secret, context.DeadlineExceeded)), &timeout)
		assert.True(t, timeout.Timeout())
		require.ErrorAs(t, s.Cause(io.EOF), &timeout)
		assert.False(t, timeout.Timeout())
	})
	t.Run("many errors", func(t *testing.T) {
		err := s.Cause(errors.Join(many(1000)...))
		assert.ErrorIs(t, err, io.EOF)
		assert.NotContains(t, fmt.Sprintf("%#v", err), "canary")
	})
}

// many are clean errors, and an EOF behind them.
func many(n int) []error {
	all := make([]error, n)
	for i := range all {
		all[i] = fs.ErrExist
	}
	return append(all, io.EOF)
}

// show writes values in every way a program prints them.
func show(w io.Writer, values ...any) {
	for _, v := range values {
		fmt.Fprintf(w, "%v %+v %#v %q %s %x %d\n", v, v, v, v, v, v, v)
		b, err := json.Marshal(v)
		fmt.Fprintln(w, string(b), err)
		slog.New(slog.NewTextHandler(w, nil)).Info("shown", "value", v)
		slog.New(slog.NewJSONHandler(w, nil)).Info("shown", "value", v)
	}
}

func TestSecrets_AddProxy(t *testing.T) {
	address := &url.URL{Scheme: "https", Host: "h", Path: "/"}
	proxy := func(raw string) *http.Transport {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		return &http.Transport{Proxy: http.ProxyURL(u)}
	}
	for name, test := range map[string]struct {
		rt    http.RoundTripper
		found bool
	}{
		"password":      {proxy("http://scott:tiger-0123456789@proxy"), true},
		"header":        {&http.Transport{ProxyConnectHeader: http.Header{"Proxy-Authorization": {"Bearer tiger-0123456789"}}}, true},
		"no password":   {proxy("http://scott@proxy"), false},
		"no user":       {proxy("http://proxy"), false},
		"failing proxy": {&http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, io.EOF }}, false},
		"none":          {new(http.Transport), false},
		"default":       {nil, false},
		"another":       {http.NewFileTransport(http.Dir(".")), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := set()
			s.AddProxy(test.rt, address)
			assert.Equal(t, test.found, s.In("407 tiger-0123456789 is wrong"))
			assert.Equal(t, name == "password", s.In(base64.StdEncoding.EncodeToString([]byte("scott:tiger-0123456789"))))
		})
	}
	t.Run("the Proxy function is asked once", func(t *testing.T) {
		asked := 0
		rt := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { asked++; return nil, io.EOF }}
		s := set()
		s.AddProxy(rt, address)
		s.AddProxy(rt, address)
		assert.Equal(t, 1, asked)
	})
}

func FuzzSecrets_Clean(f *testing.F) {
	for _, seed := range []string{"", "%", "&#x", `\u00`, "\u200b", "\xff", "\u212a", "a b", "%2541", "&amp;#65;", "="} {
		f.Add("canary-secret-0123456789", "before ", seed, 300)
		f.Add("5f4dcc3b5aa765d61d8327deb882cf99", seed, " behind", 20)
	}
	f.Fuzz(func(t *testing.T, secret, before, behind string, limit int) {
		if limit < 1 || limit > 4<<10 || strings.Count(strings.Map(plain, secret), "a") < 8 {
			t.Skip()
		}
		s := set(secret)
		for _, text := range []string{
			before + secret + behind, before + spaced(secret, "\x00") + behind, before + url.QueryEscape(secret) + behind, before + html.EscapeString(secret) + behind, before + behind,
		} {
			for _, out := range []string{s.Clean(text, limit), s.Excerpt(502, text), s.Cause(errors.New(text)).Error()} {
				assert.NotContains(t, out, secret)
				assert.LessOrEqual(t, len(out), max(limit, 300)+len("…"))
				assert.True(t, utf8.ValidString(out))
				assert.Equal(t, -1, strings.IndexFunc(out, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }), "%q", out)
			}
			assert.NotContains(t, fmt.Sprintf("%#v", s.Cause(errors.New(text))), secret)
		}
		assert.True(t, s.In(before+" "+secret+" "+behind))
		assert.True(t, s.In(before+" "+spaced(secret, "\u200b")+" "+behind))
	})
}

// plain makes every ASCII letter and digit an a.
func plain(r rune) rune {
	if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
		return 'a'
	}
	return '-'
}

func BenchmarkSecrets_Excerpt(b *testing.B) {
	for name, part := range map[string]string{"invalid UTF-8": "\xff", "blanks": " ", "letters": "a", "pages": "<p>The requested page 5f4d was not found</p>\n", "escapes": "&amp;%25\\n"} {
		page := strings.Repeat(part, 1<<20/len(part))
		b.Run(name, func(b *testing.B) {
			s := set("5f4dcc3b5aa765d61d8327deb882cf99", "0123456789abcdef", "zegotest-server-secret-0123456789")
			b.ReportAllocs()
			for b.Loop() {
				s.Excerpt(502, page)
			}
		})
	}
}

func BenchmarkSecrets_Clean(b *testing.B) {
	s := set("5f4dcc3b5aa765d61d8327deb882cf99", "0123456789abcdef", "zegotest-server-secret-0123456789")
	b.ReportAllocs()
	for b.Loop() {
		s.Clean("TestRequestId1635941437248027000", 128)
	}
}
