// Package redact makes texts from outside fit to show: error causes, messages and
// pages may contain control characters, be of any length, and repeat the secrets
// of the call that they answer.
package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// window is how much of a text is cleaned at most. All callers show less.
const window = 4 << 10

// Printable returns the beginning of s on one line: at most limit bytes of
// printable runes, with blanks, control and formatting characters folded into
// single spaces. A text that was cut ends with "…" in addition.
func Printable(s string, limit int) string {
	if len(s) <= limit && isPlain(s) {
		return s
	}
	cut := len(s) > window
	if cut {
		s = strings.TrimRightFunc(s[:window], func(r rune) bool { return r == utf8.RuneError }) // of a rune that was cut
	}
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if len(s) > limit {
		s, cut = strings.ToValidUTF8(s[:limit], ""), true
	}
	if cut {
		s += "…"
	}
	return s
}

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// BOM is the byte order mark that some gateways put before an answer.
const BOM = "\ufeff"

// LooksLikeJSON reports whether a text is an object, a list or a string of JSON, if
// it is JSON. What cannot be seen before it is ignored.
func LooksLikeJSON(s string) bool {
	s = strings.TrimLeftFunc(s[:min(len(s), window)], func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == unicode.ReplacementChar
	})
	return s != "" && strings.IndexByte(`{["`, s[0]) >= 0
}
