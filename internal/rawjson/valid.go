package rawjson

import "strings"

// maxDepth is how deep objects and lists may nest, as in encoding/json.
const maxDepth = 10000

// Valid reports whether s is JSON, as [encoding/json.Valid] does.
func Valid(s string) bool { return Visit(s, nil) }

// Visit is Valid, and on the way calls visit, unless it is nil, for the members of
// s, if that is an object, as [Members] gives them. It may have called it before
// it finds that s is no JSON.
func Visit(s string, visit func(key, value string)) bool {
	i := skipBlanks(s, 0)
	var end int
	var ok bool
	if visit != nil && i < len(s) && s[i] == '{' {
		end, ok = object(s, i+1, 1, visit)
	} else {
		end, ok = value(s, i, 0)
	}
	return ok && skipBlanks(s, end) == len(s)
}

// Each of the following checks what begins at i, and returns where it ends.

func value(s string, i, depth int) (int, bool) {
	if i >= len(s) {
		return i, false
	}
	switch s[i] {
	case '{', '[':
		if depth == maxDepth {
			return i, false
		}
		if s[i] == '{' {
			return object(s, i+1, depth+1, nil)
		}
		return list(s, i+1, depth+1)
	case '"':
		return text(s, i+1)
	case 't':
		return word(s, i, "true")
	case 'f':
		return word(s, i, "false")
	case 'n':
		return word(s, i, "null")
	}
	return number(s, i)
}

func object(s string, i, depth int, visit func(key, value string)) (int, bool) {
	if i = skipBlanks(s, i); i < len(s) && s[i] == '}' {
		return i + 1, true
	}
	for {
		if i >= len(s) || s[i] != '"' {
			return i, false
		}
		keyAt, ok := i+1, false
		if i, ok = text(s, keyAt); !ok {
			return i, false
		}
		key := s[keyAt : i-1]
		if i = skipBlanks(s, i); i >= len(s) || s[i] != ':' {
			return i, false
		}
		valueAt := skipBlanks(s, i+1)
		if i, ok = value(s, valueAt, depth); !ok {
			return i, false
		}
		if visit != nil {
			visit(key, s[valueAt:i])
		}
		i = skipBlanks(s, i)
		if i < len(s) && s[i] == '}' {
			return i + 1, true
		}
		if i >= len(s) || s[i] != ',' {
			return i, false
		}
		i = skipBlanks(s, i+1)
	}
}

func list(s string, i, depth int) (int, bool) {
	if i = skipBlanks(s, i); i < len(s) && s[i] == ']' {
		return i + 1, true
	}
	for {
		ok := false
		if i, ok = value(s, i, depth); !ok {
			return i, false
		}
		i = skipBlanks(s, i)
		if i < len(s) && s[i] == ']' {
			return i + 1, true
		}
		if i >= len(s) || s[i] != ',' {
			return i, false
		}
		i = skipBlanks(s, i+1)
	}
}

// text checks a string behind its first quote.
func text(s string, i int) (int, bool) {
	for ; i < len(s); i++ {
		for i+8 <= len(s) && plain(s, i) {
			i += 8
		}
		if i == len(s) {
			break
		}
		switch c := s[i]; {
		case c == '"':
			return i + 1, true
		case c < ' ':
			return i, false
		case c == '\\':
			if i++; i >= len(s) {
				return i, false
			}
			switch s[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for range 4 {
					if i++; i >= len(s) || !isHex(s[i]) {
						return i, false
					}
				}
			default:
				return i, false
			}
		}
	}
	return i, false
}

// plain reports whether the eight bytes at i are of a string that goes on: none
// is a quote, a backslash or a control character. It looks at them as one number:
// x-ones has the high bit of the lowest byte that was 0.
func plain(s string, i int) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	s = s[i : i+8]
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	quote, backslash := x^('"'*ones), x^('\\'*ones)
	return ((quote-ones)&^quote|(backslash-ones)&^backslash|(x-' '*ones)&^x)&high == 0
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func word(s string, i int, w string) (int, bool) {
	return i + len(w), strings.HasPrefix(s[i:], w)
}

func number(s string, i int) (int, bool) {
	if s[i] == '-' {
		i++
	}
	first := i
	i = digits(s, i)
	if i == first || s[first] == '0' && i > first+1 {
		return i, false
	}
	if i < len(s) && s[i] == '.' {
		first = i + 1
		if i = digits(s, first); i == first {
			return i, false
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		first = i
		if i = digits(s, first); i == first {
			return i, false
		}
	}
	return i, true
}

func digits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}
