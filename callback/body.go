package callback

import (
	"bytes"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/zegocensor/zegocensor-go/internal/rawjson"
)

// members are the members that all callbacks have, as the body writes them. The
// signature covers some of them, and all are needed to check it.
type members struct {
	event, appID, timestamp, nonce, signature member
	twice                                     bool // it would be open which was signed
	long                                      bool // one is longer than any that ZEGO sends
}

type member struct {
	text string
	sent bool
}

// named returns the member whose name is key, or nil.
func (m *members) named(key string) *member {
	switch key {
	case "Event", "event":
		return &m.event
	case "AppId", "appid":
		return &m.appID
	case "Timestamp", "timestamp":
		return &m.timestamp
	case "Nonce", "nonce":
		return &m.nonce
	case "Signature", "signature":
		return &m.signature
	}
	return nil
}

// maxMember is the longest member that is decoded, as the body writes it: each
// character of the longest nonce can be an escape of six bytes.
const maxMember = 6*maxNonce + len(`""`)

// set sets a member, unless it is the second of its name. One that is too long is not
// decoded: nobody has signed it yet, and the body is malformed.
func (m *members) set(dst *member, raw string, decode func(string) string) {
	if m.twice = m.twice || dst.sent; m.twice {
		return
	}
	dst.sent = true
	if len(raw) <= maxMember {
		dst.text = decode(raw)
	} else {
		m.long = true
	}
}

// body is a callback whose signature is not verified yet.
type body struct {
	members
	text string // a JSON object, or a form
	form bool
}

// readBody finds the members of a callback. ZEGO sends JSON, and forms to apps that
// its support has switched them on for; the Content-Type says which, and the first
// byte if it does not. A body that begins with % is JSON that was escaped as a whole,
// as ZEGO's pages say: it is unescaped once. No value is unescaped, except for what a
// form requires.
func readBody(contentType string, raw []byte) (b body, err error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return b, malformed("the body is empty")
	}
	b.text = string(raw)
	switch {
	case raw[0] == '{':
	case raw[0] == '%':
		b.text, err = url.QueryUnescape(b.text)
		if b.text = strings.TrimSpace(b.text); err != nil || !strings.HasPrefix(b.text, "{") {
			return body{}, malformed("the body begins with % and is no escaped JSON object")
		}
	case mediaType(contentType) == "application/json":
		return body{}, malformed("the body is no JSON object, and the Content-Type says that it is JSON")
	default:
		b.form = true
	}
	ok := false
	if b.form {
		ok = b.readForm()
	} else {
		ok = rawjson.Visit(b.text, func(key, value string) {
			if dst := b.named(key); dst != nil {
				b.set(dst, value, rawjson.Text)
			}
		})
	}
	switch {
	case !ok && b.form:
		return body{}, malformed("the form has too many values")
	case !ok:
		return body{}, malformed("the body is no valid JSON")
	case b.twice:
		return body{}, malformed("Event, AppId, Timestamp, Nonce or Signature occurs twice")
	case b.long:
		return body{}, malformed("Event, AppId, Timestamp, Nonce or Signature is too long")
	}
	return b, nil
}

// malformed is ErrMalformed with what is wrong, which repeats nothing of the body.
func malformed(what string) error { return fmt.Errorf("%w: %s", ErrMalformed, what) }

func mediaType(contentType string) string {
	media, _, _ := mime.ParseMediaType(contentType)
	return media
}

// readForm finds the members in a form, and decodes nothing else of it.
func (b *body) readForm() bool {
	pairs := 0
	for pair := range strings.SplitSeq(b.text, "&") {
		if pairs++; pairs > maxFormPairs {
			return false
		}
		key, value, _ := strings.Cut(pair, "=")
		if len(key) > maxMemberKey {
			continue // object refuses it if it names a member
		}
		key, err := url.QueryUnescape(key)
		if err != nil {
			continue // object refuses it
		}
		name, list := listKey(key)
		if dst := b.named(name); dst != nil {
			b.twice = b.twice || list
			b.set(dst, value, func(value string) string {
				s, _ := url.QueryUnescape(value) // "" is refused later
				return s
			})
		}
	}
	return true
}

// maxMemberKey is the longest name of a member, with each byte escaped and an index.
const maxMemberKey = 3*len("Signature[999]") + 1

// listKey returns the name in a key such as name[] and name[0], and whether it is one.
func listKey(key string) (name string, list bool) {
	rest, ok := strings.CutSuffix(key, "]")
	i := strings.LastIndexByte(rest, '[')
	if !ok || i <= 0 || strings.Trim(rest[i+1:], "0123456789") != "" {
		return key, false
	}
	return rest[:i], true
}

// The most keys that a form may have, and the most pairs of key and value, as a list
// has several. ZEGO's forms have up to 30.
const (
	maxFormKeys  = 100
	maxFormPairs = 1000
)

// object returns the callback as a JSON object. It is called once the signature is
// verified.
func (b *body) object() (string, error) {
	if !b.form {
		return b.text, nil
	}
	var form []formMember
	for pair := range strings.SplitSeq(b.text, "&") {
		if pair == "" {
			continue
		}
		rawKey, rawValue, _ := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(rawKey)
		value, err2 := url.QueryUnescape(rawValue)
		if err1 != nil || err2 != nil {
			return "", malformed("a key or a value of the form cannot be decoded")
		}
		name, list := listKey(strings.ToValidUTF8(key, "\ufffd"))
		if b.named(name) != nil && (list || len(rawKey) > maxMemberKey) {
			return "", malformed("a signed member of the form is spelled twice") // readForm has not seen it
		}
		i := slices.IndexFunc(form, func(m formMember) bool { return m.name == name })
		if i < 0 {
			if i = len(form); i == maxFormKeys {
				return "", malformed("the form has too many keys")
			}
			form = append(form, formMember{name: name})
		}
		m := &form[i]
		m.values = append(m.values, strings.ToValidUTF8(value, "\ufffd"))
		m.list = list || len(m.values) > 1
	}
	return toJSON(form), nil
}

// formMember is a member of a form. A list may have one value.
type formMember struct {
	name   string
	values []string
	list   bool
}

// toJSON writes a form as a JSON object: what is documented as an object stays one,
// anything else is a string or a list of strings.
func toJSON(form []formMember) string {
	size := len("{}")
	for _, m := range form {
		size += quotedLen(m.name) + len(`:[],`)
		for _, v := range m.values {
			size += quotedLen(v) + len(`,`)
		}
	}
	text := make([]byte, 0, size) // exactly, as escapes can be six times as long
	text = append(text, '{')
	for i, m := range form {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(appendQuoted(text, m.name), ':')
		switch {
		case !m.list && (m.name == "Detail" || m.name == "AuxInfo") && rawjson.Valid(m.values[0]):
			text = append(text, m.values[0]...)
		case !m.list:
			text = appendQuoted(text, m.values[0])
		default:
			text = append(text, '[')
			for i, v := range m.values {
				if i > 0 {
					text = append(text, ',')
				}
				text = appendQuoted(text, v)
			}
			text = append(text, ']')
		}
	}
	return string(append(text, '}'))
}

// quotedLen is the most that appendQuoted appends.
func quotedLen(s string) int {
	n := len(s) + len(`""`)
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '"' || s[i] == '\\' {
			n += len(`\u0000`) - 1
		}
	}
	return n
}

// appendQuoted appends s, which is valid UTF-8, as a JSON string.
func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
