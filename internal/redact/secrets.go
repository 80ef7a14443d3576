package redact

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Withheld is written in the place of a secret.
const Withheld = "(withheld)"

// minSecret is the length below which a text may contain a secret by chance.
const minSecret = 8

// A long text is searched in chunks that overlap. The first chunk contains all that
// [Printable] reads.
const (
	chunk   = 32 << 10
	overlap = window
)

// Secrets are what the texts around one call must not show. Those shorter than 8
// characters are not recognized. The zero value is an empty set.
type Secrets struct {
	words      []string
	list       []secret
	proxyAdded bool
}

// New returns a set that also finds words: lower-case ASCII without blanks, such
// as "signature=".
func New(words ...string) Secrets { return Secrets{words: words} }

// Add adds secrets.
func (s *Secrets) Add(texts ...string) {
	if s.list == nil {
		s.list = make([]secret, 0, 4) // most calls have no more
	}
	for _, text := range texts {
		if len(text) >= minSecret {
			s.list = append(s.list, newSecret(text))
		}
	}
}

// AddProxy adds the credentials of the proxy through which rt reaches address, if
// rt is an [*http.Transport]. It asks the Proxy function, so it is for failed calls.
// A second call does nothing.
func (s *Secrets) AddProxy(rt http.RoundTripper, address *url.URL) {
	if s.proxyAdded {
		return
	}
	s.proxyAdded = true
	if rt == nil {
		rt = http.DefaultTransport
	}
	t, ok := rt.(*http.Transport)
	if !ok {
		return
	}
	for _, v := range t.ProxyConnectHeader["Proxy-Authorization"] {
		_, credentials, _ := strings.Cut(v, " ")
		s.Add(credentials)
	}
	if t.Proxy == nil {
		return
	}
	u := *address
	proxy, err := t.Proxy(&http.Request{Method: http.MethodPost, URL: &u, Host: u.Host, Header: http.Header{}})
	if err != nil || proxy == nil {
		return
	}
	if password, ok := proxy.User.Password(); ok {
		pair := proxy.User.Username() + ":" + password
		s.Add(password, pair, base64.StdEncoding.EncodeToString([]byte(pair)))
	}
}

// In reports whether text contains half of a secret or more, a word of the set or
// of words, or the credentials of a Basic authentication. It ignores case and what
// may stand between the characters of a secret: blanks, line breaks, zero-width
// characters, the NULs of UTF-16, punctuation. It decodes the escapes of URLs, JSON
// and HTML, up to three levels of them.
func (s *Secrets) In(text string, words ...string) bool {
	var arrays [2][512]byte // so that a short text costs no allocation
	folded, bare := arrays[0][:0], arrays[1][:0]
	for {
		part := text[:min(len(text), chunk)]
		folded = fold(folded[:0], part)
		if bytes.Contains(folded, []byte("basic")) && showsBasic(part) {
			return true
		}
		for level := 0; ; level++ {
			bare = lettersAndDigits(bare[:0], folded)
			if containsAny(folded, s.words) || containsAny(folded, words) || s.in(part, folded, bare) {
				return true
			}
			var found bool
			if level == 3 {
				break
			}
			if folded, found = unescape(folded); !found {
				break
			}
		}
		if len(part) == len(text) {
			return false
		}
		text = text[chunk-overlap:]
	}
}

func (s *Secrets) in(text string, folded, bare []byte) bool {
	for i := range s.list {
		switch e := &s.list[i]; e.form {
		case formBare:
			if e.in(bare) {
				return true
			}
		case formFolded:
			if e.in(folded) {
				return true
			}
		case formExact:
			if strings.Contains(text, e.text) {
				return true
			}
		}
	}
	return false
}

func containsAny(folded []byte, words []string) bool {
	for _, w := range words {
		if bytes.Contains(folded, []byte(w)) {
			return true
		}
	}
	return false
}

// Clean returns the beginning of a text as [Printable] does, or "" if the text
// shows a secret.
func (s *Secrets) Clean(text string, limit int) string {
	if text == "" || s.In(text) {
		return ""
	}
	return Printable(text, limit)
}

// Excerpt returns the beginning of an answer that could not be read, at most 120
// bytes, or "" if the answer may contain something that nobody but the caller must
// see: if it is a success, is or was meant to be JSON, or mentions a token.
func (s *Secrets) Excerpt(status int, body string) string {
	if body == "" || status >= 200 && status <= 299 || LooksLikeJSON(body) || s.In(body, "token", `"data"`, "'data'") {
		return ""
	}
	return Printable(body, 120)
}

// secret is a text in the form that it is searched in.
type secret struct {
	text string
	form form
}

type form int

const (
	formBare   form = iota // letters and digits, in lower case
	formFolded             // printable ASCII, in lower case
	formExact              // as it is
)

func newSecret(text string) secret {
	if isBare(text) {
		return secret{text, formBare}
	}
	folded := fold(nil, text)
	if bare := lettersAndDigits(nil, folded); len(bare) >= minSecret {
		return secret{string(bare), formBare}
	}
	if len(folded) >= minSecret {
		return secret{string(folded), formFolded}
	}
	return secret{text, formExact}
}

// in reports whether text contains half of a secret or more. It looks for every
// block of a quarter, as any half contains one, and for what stands around it.
func (s *secret) in(text []byte) bool {
	half := max(minSecret, (len(s.text)+1)/2)
	size := (half + 1) / 2
	for at := 0; at+size <= len(s.text); at += size {
		block := []byte(s.text[at : at+size])
		for rest := 0; ; {
			i := bytes.Index(text[rest:], block)
			if i < 0 {
				break
			}
			i += rest
			from, to := i, i+size
			for from > 0 && i-from < at && text[from-1] == s.text[at-(i-from)-1] {
				from--
			}
			for to < len(text) && at+to-i < len(s.text) && text[to] == s.text[at+to-i] {
				to++
			}
			if to-from >= half {
				return true
			}
			rest = i + 1
		}
	}
	return false
}

func isBare(s string) bool {
	for i := range len(s) {
		if !isLetterOrDigit(s[i]) {
			return false
		}
	}
	return true
}

func isLetterOrDigit(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// lettersAndDigits appends those of a folded text.
func lettersAndDigits(dst, folded []byte) []byte {
	for _, c := range folded {
		if isLetterOrDigit(c) {
			dst = append(dst, c)
		}
	}
	return dst
}

// fold appends the printable ASCII of a text in lower case, without blanks.
func fold(dst []byte, s string) []byte {
	for i := range len(s) { // of ASCII first, which is most
		if s[i] >= 0x80 {
			for _, r := range s[i:] {
				dst = appendFolded(dst, r)
			}
			return dst
		}
		dst = appendFolded(dst, rune(s[i]))
	}
	return dst
}

// appendFolded appends r, or the ASCII that it is a form of, if that is printable.
func appendFolded(dst []byte, r rune) []byte {
	switch {
	case r >= 'A' && r <= 'Z':
		r |= 0x20
	case r == '\u212a': // the sign of Kelvin
		r = 'k'
	case r == 'ſ':
		r = 's'
	case r >= '！' && r <= '～': // full width
		return appendFolded(dst, r-'！'+'!')
	}
	if r > ' ' && r <= '~' {
		return append(dst, byte(r))
	}
	return dst
}

// unescape decodes the escapes of URLs, JSON and HTML in a folded text, in place,
// and reports whether there was one.
func unescape(b []byte) (decoded []byte, found bool) {
	at := 0 // no escape is shorter than what it stands for
	for i := 0; i < len(b); {
		r, n := escapeAt(b[i:])
		if n == 0 {
			b[at] = b[i]
			at++
			i++
			continue
		}
		found = true
		i += n
		at = len(appendFolded(b[:at], r))
	}
	return b[:at], found
}

// escapeAt reads the escape that a folded text begins with. n = 0 means that there
// is none.
func escapeAt(b []byte) (r rune, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[0] {
	case '%':
		if r, ok := hex(b[1:], 2); ok {
			return r, 3
		}
	case '\\':
		switch b[1] {
		case 'u':
			if r, ok := hex(b[2:], 4); ok {
				return r, 6
			}
		case 'x':
			if r, ok := hex(b[2:], 2); ok {
				return r, 4
			}
		case 'a', 'b', 'f', 'n', 'r', 't', 'v':
			return ' ', 2
		case '"', '\'', '\\', '/', '&':
			return rune(b[1]), 2
		}
	case '&':
		return entityAt(b)
	}
	return 0, 0
}

// entityAt reads an entity of HTML, with or without the semicolon.
func entityAt(b []byte) (r rune, n int) {
	const most = 10
	n = 1
	if b[1] == '#' {
		n++
		base := rune(10)
		if n < len(b) && b[n] == 'x' {
			base = 16
			n++
		}
		digits := n
		for n < min(len(b), most) {
			d, ok := digit(b[n])
			if !ok || d >= base {
				break
			}
			r = r*base + d
			n++
		}
		if n == digits {
			return 0, 0
		}
	} else {
		for n < min(len(b), most) && b[n] >= 'a' && b[n] <= 'z' {
			n++
		}
		if n == len(b) || b[n] != ';' {
			return 0, 0
		}
		switch string(b[1:n]) {
		case "amp":
			r = '&'
		case "quot":
			r = '"'
		case "apos":
			r = '\''
		case "lt":
			r = '<'
		case "gt":
			r = '>'
		case "equals":
			r = '='
		case "percnt":
			r = '%'
		case "bsol":
			r = '\\'
		default:
			r = ' '
		}
	}
	if n < len(b) && b[n] == ';' {
		n++
	}
	return r, n
}

func hex(b []byte, digits int) (r rune, ok bool) {
	if len(b) < digits {
		return 0, false
	}
	for _, c := range b[:digits] {
		d, ok := digit(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | d
	}
	return r, true
}

func digit(c byte) (r rune, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0'), true
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10, true
	}
	return 0, false
}

var basic = regexp.MustCompile(`(?i)basic\s+([a-z0-9+/]{4,})`)

// showsBasic reports whether a text shows the credentials of a Basic
// authentication: "user:password" in base64.
func showsBasic(s string) bool {
	for _, m := range basic.FindAllStringSubmatch(s, -1) {
		pair, err := base64.RawStdEncoding.DecodeString(m[1])
		if err == nil && bytes.IndexByte(pair, ':') >= 0 {
			return true
		}
	}
	return false
}
