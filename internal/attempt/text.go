package attempt

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// LooksLikeJSON reports whether body is an object, a list or a string of JSON, if
// it is JSON. Such an answer is not shown, as it may hold a secret.
func LooksLikeJSON(body []byte) bool {
	b := bytes.TrimSpace(body)
	return len(b) > 0 && (b[0] == '{' || b[0] == '[' || b[0] == '"')
}

// Printable makes a text from outside fit to show: at most limit bytes of
// printable runes, blanks folded.
func Printable(s string, limit int) string {
	plain := true
	for i := 0; i < len(s); i++ {
		plain = plain && s[i] > ' ' && s[i] <= '~'
	}
	if plain && len(s) <= limit {
		return s
	}
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}

// ContainsFold reports whether s contains part, which is lower-case ASCII, in
// any case.
func ContainsFold(s, part string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.Contains(strings.ToLower(s), part) // other scripts have letters that are ours in lower case
		}
	}
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i]|0x20 == part[0]|0x20 && strings.EqualFold(s[i:i+len(part)], part) {
			return true
		}
	}
	return false
}
