// Package rawjson takes JSON that is known to be valid apart without decoding
// it: the members of an object, the elements of a list, the text of a scalar.
//
// ZEGO's answers and callbacks have documented types that nobody here has seen
// kept: numbers may come as strings and strings as numbers. Reading them member
// by member takes both, in one pass. encoding/json would want a type with a
// method for each such field, read each of those twice and copy it.
//
// Every function panics or gives nonsense on input that [encoding/json.Valid]
// refuses.
package rawjson

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// Members gives the members of an object in their order, keys without quotes
// and unescaped only as they stand, values as they stand. Of anything but an
// object it gives none.
func Members(value []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		i := skipBlanks(value, 0)
		if value[i] != '{' {
			return
		}
		for i = skipBlanks(value, i+1); value[i] != '}'; {
			end := skipValue(value, i)
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

// Elements gives the elements of a list as they stand. Of anything but a list it
// gives none.
func Elements(value []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
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
func Text(value []byte) string {
	switch c := value[0]; {
	case c == '"' && bytes.IndexByte(value, '\\') < 0 && utf8.Valid(value):
		return string(value[1 : len(value)-1])
	case c == '"':
		var s string
		_ = json.Unmarshal(value, &s)
		return s
	case c == '-' || c >= '0' && c <= '9':
		return string(value)
	}
	return ""
}

// next returns where the next member or element begins, or the closing bracket.
func next(b []byte, end int) int {
	i := skipBlanks(b, end)
	if b[i] == ',' {
		i = skipBlanks(b, i+1)
	}
	return i
}

func skipBlanks(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r' {
		i++
	}
	return i
}

// skipValue returns where the value at i ends.
func skipValue(b []byte, i int) int {
	for depth := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
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
