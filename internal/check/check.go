// Package check says what is wrong with the values of a request. "" means
// nothing.
package check

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Text checks an ID. What is not UTF-8 would be encoded as another text, which
// may be the ID of another room.
func Text(value string) (reason string) {
	switch {
	case value == "":
		return "must not be empty"
	case !utf8.ValidString(value):
		return "must be valid UTF-8"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "must not contain control characters"
	}
	return ""
}

// Seconds checks a duration that the wire carries in whole seconds.
func Seconds(d, least, most time.Duration) (reason string) {
	switch {
	case least == 0 && d < 0:
		return "must not be negative"
	case d < least:
		return "must be at least " + limit(least)
	case d > most:
		return "must be at most " + limit(most)
	case d%time.Second != 0:
		return "must be whole seconds"
	}
	return ""
}

func limit(d time.Duration) string {
	if day := 24 * time.Hour; d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}
