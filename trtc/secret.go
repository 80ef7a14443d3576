package trtc

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that is sent, and never shown: the fmt verbs, log/slog and JSON
// write "(withheld)" in its place, or nothing where it is empty.
type Secret string

func (s Secret) shown() string {
	if s == "" {
		return ""
	}
	return "(withheld)"
}

// String is "(withheld)".
func (s Secret) String() string { return s.shown() }

// Format writes String for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.shown()) }

// MarshalText writes String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.shown()), nil }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.shown()) }
