package zegotest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go"
)

// Fault makes calls fail. Its first part says which calls, the rest what becomes
// of them. A fault that names no answer and no cut lets the call proceed: later,
// or by a wrong clock. Of several faults that fit a call, each field is taken
// from the first that sets it, and only those count the call that set something:
// faults of one call each are met one after the other.
type Fault struct {
	Action string             // only this action; "" = every action
	Match  func(Request) bool // only what it returns true for; nil = everything. It may not call the Server
	Times  int                // only the next calls; 0 = until it is removed

	Code       zegocensor.Code // refuse with this code
	Message    string          // with Code
	HTTPStatus int             // with Code or Body the status of that answer; alone, an HTML page as a proxy sends it
	Body       string          // answer with exactly this
	RetryAfter string          // the header of that name, on any answer
	Header     http.Header     // further headers of the answer

	Latency time.Duration // before the call is looked at
	Hang    bool          // never answer: the call waits for the client or the server to give up
	Cut     Cut           // close the connection

	ClockSkew time.Duration // how far the gateway's clock is ahead, in its checks and its Date header
	Date      string        // the Date header; "-" = none

	id int
}

// Cut is where a connection breaks.
type Cut int

// The places.
const (
	CutNone       Cut = iota
	CutBeforeRead     // when the headers have come: the call is not carried out
	CutAfterRead      // when the call was carried out, before its answer
	CutBody           // when the call was carried out, in the middle of its answer
)

var cuts = [...]string{CutNone: "", CutBeforeRead: "before-read", CutAfterRead: "after-read", CutBody: "body"}

// MarshalText writes "", "before-read", "after-read" or "body".
func (c Cut) MarshalText() ([]byte, error) {
	if c < 0 || int(c) >= len(cuts) {
		return nil, fmt.Errorf("unknown cut %d", int(c))
	}
	return []byte(cuts[c]), nil
}

// UnmarshalText reads what [Cut.MarshalText] writes.
func (c *Cut) UnmarshalText(text []byte) error {
	i := slices.Index(cuts[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown cut %q: use %s", text, strings.Join(cuts[1:], ", "))
	}
	*c = Cut(i)
	return nil
}

// Inject adds a fault. remove takes it out again. It panics when the fault makes
// no sense.
func (s *Server) Inject(f Fault) (remove func()) {
	if err := f.check(); err != nil {
		panic("zegotest: " + err.Error())
	}
	id := s.addFault(f)
	return func() { s.removeFault(id) }
}

func (f *Fault) check() error {
	switch {
	case f.Times < 0:
		return errors.New("a fault's Times must not be negative")
	case f.Latency < 0:
		return errors.New("a fault's Latency must not be negative")
	case f.Cut < CutNone || f.Cut > CutBody:
		return errors.New("a fault's Cut must be one of the constants")
	case f.HTTPStatus != 0 && (f.HTTPStatus < 200 || f.HTTPStatus > 999):
		return fmt.Errorf("a fault's HTTPStatus must be final, not %d", f.HTTPStatus)
	}
	return nil
}

func (s *Server) addFault(f Fault) (id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.injections++
	f.id = s.injections
	s.faults = append(s.faults, &f)
	return f.id
}

func (s *Server) removeFault(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.faults)
	s.faults = slices.DeleteFunc(s.faults, func(f *Fault) bool { return f.id == id })
	return len(s.faults) < before
}

// faultJSON is a Fault as the control API and the command line write it:
// durations as text, and without a function.
type faultJSON struct {
	ID         int             `json:"Id,omitempty"`
	Action     string          `json:",omitempty"`
	Times      int             `json:",omitempty"`
	Code       zegocensor.Code `json:",omitempty"`
	Message    string          `json:",omitempty"`
	HTTPStatus int             `json:",omitempty"`
	Body       string          `json:",omitempty"`
	RetryAfter string          `json:",omitempty"`
	Header     http.Header     `json:",omitempty"`
	Latency    duration        `json:",omitempty"`
	Hang       bool            `json:",omitempty"`
	Cut        Cut             `json:",omitempty"`
	ClockSkew  duration        `json:",omitempty"`
	Date       string          `json:",omitempty"`
}

// MarshalJSON writes a fault with its durations as text, such as "1.5s", and
// without Match.
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(faultJSON{f.id, f.Action, f.Times, f.Code, f.Message, f.HTTPStatus, f.Body, f.RetryAfter, f.Header,
		duration(f.Latency), f.Hang, f.Cut, duration(f.ClockSkew), f.Date})
}

// UnmarshalJSON reads what [Fault.MarshalJSON] writes, and refuses what
// [Server.Inject] would, and fields that do not exist.
func (f *Fault) UnmarshalJSON(b []byte) error {
	var v faultJSON
	if err := strictJSON(b, &v); err != nil {
		return err
	}
	*f = Fault{Action: v.Action, Times: v.Times, Code: v.Code, Message: v.Message, HTTPStatus: v.HTTPStatus, Body: v.Body, RetryAfter: v.RetryAfter, Header: v.Header,
		Latency: time.Duration(v.Latency), Hang: v.Hang, Cut: v.Cut, ClockSkew: time.Duration(v.ClockSkew), Date: v.Date}
	return f.check()
}

// duration is a time.Duration as text.
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = duration(v)
	return err
}

// strictJSON decodes one JSON value without unknown fields. Nothing at all
// counts as {}.
func strictJSON(b []byte, v any) error {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

// fault merges the faults that fit r, and counts them. Whether the request is
// read at all is decided first, without its body.
func (s *Server) fault(r *Request, beforeRead bool) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all Fault
	s.faults = slices.DeleteFunc(s.faults, func(f *Fault) bool {
		if (f.Cut == CutBeforeRead) != beforeRead || f.Action != "" && f.Action != r.Action || f.Match != nil && !f.Match(*r) {
			return false
		}
		if !all.merge(f) || f.Times == 0 {
			return false
		}
		f.Times--
		return f.Times == 0
	})
	return all
}

// merge takes from g what f does not say, and reports whether that is anything.
func (f *Fault) merge(g *Fault) bool {
	took := first(&f.Code, g.Code)
	took = first(&f.Message, g.Message) || took
	took = first(&f.HTTPStatus, g.HTTPStatus) || took
	took = first(&f.Body, g.Body) || took
	took = first(&f.RetryAfter, g.RetryAfter) || took
	took = first(&f.Latency, g.Latency) || took
	took = first(&f.Hang, g.Hang) || took
	took = first(&f.Cut, g.Cut) || took
	took = first(&f.ClockSkew, g.ClockSkew) || took
	took = first(&f.Date, g.Date) || took
	if f.Header == nil && g.Header != nil {
		f.Header, took = g.Header, true
	}
	return took
}

// first sets dst unless it is set, and reports whether it did.
func first[T comparable](dst *T, src T) bool {
	var zero T
	if *dst != zero || src == zero {
		return false
	}
	*dst = src
	return true
}
