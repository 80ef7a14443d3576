package trtc

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that is sent, and never shown: the fmt verbs, log/slog and JSON
// write "(withheld)" in its place, or nothing where it is empty. Its zero value is
// the empty one.
type Secret struct {
	text *string // a pointer, as fmt prints unexported fields of other structs without asking
}

// NewSecret keeps a text secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

func (s Secret) reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

const withheld = "(withheld)"

// String is "(withheld)", or "" where the secret is empty.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return withheld
}

// Format writes String for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText writes String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
