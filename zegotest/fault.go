package zegotest

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/zegocensor/zegocensor-go"
)

// Fault makes calls fail. Its first part says which calls, the rest what becomes
// of them. A fault that names no answer and no cut lets the call proceed: later,
// or by a wrong clock. Of several faults that fit a call, each field is taken
// from the first that sets it.
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

// Inject adds a fault. remove takes it out again. It panics when the fault makes
// no sense.
func (s *Server) Inject(f Fault) (remove func()) {
	switch {
	case f.Times < 0:
		panic("zegotest: Fault.Times: must not be negative")
	case f.Latency < 0:
		panic("zegotest: Fault.Latency: must not be negative")
	case f.Cut < CutNone || f.Cut > CutBody:
		panic("zegotest: Fault.Cut: unknown")
	case f.HTTPStatus != 0 && (f.HTTPStatus < 200 || f.HTTPStatus > 999):
		panic(fmt.Sprintf("zegotest: Fault.HTTPStatus: %d is no final status", f.HTTPStatus))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &f
	s.faults = append(s.faults, p)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = slices.DeleteFunc(s.faults, func(q *Fault) bool { return q == p })
	}
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
		all.merge(f)
		if f.Times == 0 {
			return false
		}
		f.Times--
		return f.Times == 0
	})
	return all
}

func (f *Fault) merge(g *Fault) {
	first(&f.Code, g.Code)
	first(&f.Message, g.Message)
	first(&f.HTTPStatus, g.HTTPStatus)
	first(&f.Body, g.Body)
	first(&f.RetryAfter, g.RetryAfter)
	first(&f.Latency, g.Latency)
	first(&f.Hang, g.Hang)
	first(&f.Cut, g.Cut)
	first(&f.ClockSkew, g.ClockSkew)
	first(&f.Date, g.Date)
	if f.Header == nil {
		f.Header = g.Header
	}
}

func first[T comparable](dst *T, src T) {
	var zero T
	if *dst == zero {
		*dst = src
	}
}
