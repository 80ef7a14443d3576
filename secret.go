package zegocensor

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"unique"

	"github.com/zegocensor/zegocensor-go/internal/redact"
)

// Secret is a text that is used, and never shown: the fmt verbs, log/slog, and the
// encoders of JSON and XML write "(withheld)" in its place, or nothing if it is
// empty, also if it is a part of other values or in unexported fields.
// [Secret.Reveal] returns the text. The zero value is the empty Secret, and Secrets
// of the same text are ==.
//
// A value that contains a Secret therefore loses it when it is encoded: pass the
// text on explicitly. Decoding "(withheld)" is an error.
type Secret struct {
	text unique.Handle[string] // a pointer inside: fmt does not call the methods of unexported fields, and prints their pointers as addresses
}

// NewSecret returns a Secret of text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unique.Make(text)}
}

// Reveal returns the text itself.
func (s Secret) Reveal() string {
	if s == (Secret{}) {
		return ""
	}
	return s.text.Value()
}

// String returns "(withheld)", or "" if the secret is empty.
func (s Secret) String() string {
	if s == (Secret{}) {
		return ""
	}
	return redact.Withheld
}

// Format writes String for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText makes s a secret of text. "(withheld)" is an error: it stands for a
// secret that was lost.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == redact.Withheld {
		return errors.New("zegocensor: " + redact.Withheld + " stands for a Secret that was encoded, which loses it")
	}
	*s = NewSecret(string(text))
	return nil
}

// LogValue returns String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
