// Package rawjson takes JSON apart without decoding it: the members of an
// object, the elements of a list, the text of a scalar.
//
// ZEGO's answers and callbacks have documented types that nobody here has seen
// kept: numbers may come as strings and strings as numbers. Reading them member
// by member takes both, and what it gives are parts of one string, not copies.
// encoding/json would want a type with a method for each such field, read each
// of those twice and copy it.
//
// All functions but [Valid] want what it accepts, or what another function gave.
// They panic or give nonsense on anything else.
package rawjson

import (
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf8"
)

// Members gives the members of an object in their order: keys without quotes,
// with escapes as they stand, and values as they stand. Of anything but an
// object it gives none.
func Members(value string) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		i := skipBlanks(value, 0)
		if value[i] != '{' {
			return
		}
		for i = skipBlanks(value, i+1); value[i] != '}'; {
			end := skipString(value, i+1)
			key := value[i+1 : end-1]
			start := skipBlanks(value, skipBlanks(value, end)+1) // past the colon
			end = skipValue(value, start)
			if !yield(key, value[start:end]) {
				return
			}
			i = next(value, end)
		}
	}
}

// Member returns the value of an object's first member of that name, and null if there
// is none or if object is not an object.
func Member(object, name string) string {
	for key, value := range Members(object) {
		if key == name {
			return value
		}
	}
	return "null"
}

// Elements gives the elements of a list as they stand. Of anything but a list it
// gives none.
func Elements(value string) iter.Seq[string] {
	return func(yield func(string) bool) {
		i := skipBlanks(value, 0)
		if value[i] != '[' {
			return
		}
		for i = skipBlanks(value, i+1); value[i] != ']'; {
			end := skipValue(value, i)
			if !yield(value[i:end]) {
				return
			}
			i = next(value, end)
		}
	}
}

// Text is the text of a string or a number, and "" of anything else.
func Text(value string) string {
	switch c := value[0]; {
	case c == '"' && strings.IndexByte(value, '\\') < 0 && utf8.ValidString(value):
		return value[1 : len(value)-1]
	case c == '"':
		var s string
		_ = json.Unmarshal([]byte(value), &s)
		return s
	case c == '-' || c >= '0' && c <= '9':
		return value
	}
	return ""
}

// next returns where the next member or element begins, or the closing bracket.
func next(s string, end int) int {
	i := skipBlanks(s, end)
	if s[i] == ',' {
		i = skipBlanks(s, i+1)
	}
	return i
}

func skipBlanks(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
		i++
	}
	return i
}

// skipValue returns where the value at i ends.
func skipValue(s string, i int) int {
	for depth := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i = skipString(s, i+1) - 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // of what is around a number or a word
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// skipString returns where the string ends whose first character is at i.
func skipString(s string, i int) int {
	for {
		i += strings.IndexByte(s[i:], '"') + 1
		if s[i-2] != '\\' {
			return i
		}
		escapes := 1
		for s[i-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}
