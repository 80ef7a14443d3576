package redact

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
)

const (
	maxCause = 256 // bytes of a cause's text
	maxTree  = 64  // errors that a cause consists of
)

// Cause returns err as a cause to show: its text is one printable line of about 256
// bytes, without the URL that net/http puts into its errors, and without what an
// answer said: net/http quotes answers that it cannot read, and they may contain a
// token. [errors.Is] asks err. [errors.As] finds the errors in err that show no
// secret. Nothing that prints the result by reflection gets at err.
func (s *Secrets) Cause(err error) error {
	shown := err
	for {
		var u *url.Error
		if !errors.As(shown, &u) || u.Err == nil {
			break
		}
		shown = u.Err
	}
	text := shown.Error()
	if certificate := (*tls.CertificateVerificationError)(nil); !errors.As(shown, &certificate) { // whose quotes are names
		text = unquoted(text)
	}
	if s.In(text, "identifytoken") {
		text = fmt.Sprintf("a %T (text withheld: it repeats the signed request)", shown)
	}
	var parts []error
	left := maxTree
	s.collect(err, &parts, &left)
	return &cause{text: Printable(text, maxCause), err: func() error { return err }, parts: func() []error { return parts }}
}

// cause stands for an error. Closures keep it, as nothing prints what they contain.
type cause struct {
	text  string
	err   func() error
	parts func() []error // the largest errors in it that may be shown
}

func (c *cause) Error() string { return c.text }

// MarshalJSON writes the text.
func (c *cause) MarshalJSON() ([]byte, error) { return json.Marshal(c.text) }

// Is asks the error itself, so that [errors.Is] works as if nothing was withheld.
func (c *cause) Is(target error) bool { return errors.Is(c.err(), target) }

func (c *cause) Unwrap() []error { return c.parts() }

// Timeout reports whether time ran out.
func (c *cause) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(c.err(), &t) && t.Timeout()
}

// collect adds the largest errors in err that show no secret, and reports whether
// err is one itself. left is how many errors may still be looked at.
func (s *Secrets) collect(err error, parts *[]error, left *int) (clean bool) {
	if *left--; err == nil || *left < 0 {
		return false
	}
	var wrapped []error
	switch w := err.(type) { //nolint:errorlint // the tree of errors is walked here
	case interface{ Unwrap() error }:
		if e := w.Unwrap(); e != nil {
			wrapped = []error{e}
		}
	case interface{ Unwrap() []error }:
		wrapped = w.Unwrap()
	}
	before := len(*parts)
	clean = !s.shows(err)
	for _, e := range wrapped {
		clean = s.collect(e, parts, left) && clean
	}
	if clean {
		*parts = append((*parts)[:before], err)
	}
	return clean
}

// shows reports whether an error by itself shows a secret, by its text or by what
// its fields contain, or quotes an answer. The URL in a [*url.Error] is the signed
// one, or a proxy's with its password.
func (s *Secrets) shows(err error) bool {
	if _, ok := err.(*url.Error); ok { //nolint:errorlint // collect looks at what it wraps
		return true
	}
	text := err.Error()
	return s.In(text, "identifytoken") || quotesAnswer(err, text) || s.In(fmt.Sprintf("%#v", err), "identifytoken")
}

// quotesAnswer reports whether an error may be one of net/http's with a text of
// the answer. Those have no types of their own, but quotes. Types of others are
// theirs to judge.
func quotesAnswer(err error, text string) bool {
	if strings.IndexByte(text, '"') < 0 {
		return false
	}
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.PkgPath() {
	case "errors", "fmt", "net/http", "net/http/internal", "net/textproto", "golang.org/x/net/http2":
		return true
	}
	return false
}

// unquoted replaces what a text quotes.
func unquoted(s string) string {
	from := strings.IndexByte(s, '"')
	if from < 0 {
		return s
	}
	rest := ""
	if to := strings.LastIndexByte(s, '"'); to > from {
		rest = s[to+1:]
	}
	return s[:from] + "(text withheld)" + rest
}
