// Package fake is what the fakes of both vendors have in common: how an answer comes
// late, cut off or not at all, and how a callback is delivered.
package fake

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// MaxBody is how much is read of a request, and of the answer to a callback.
const MaxBody = 1 << 20

// Values copies what a list points to.
func Values[T any](list []*T) []T {
	all := make([]T, len(list))
	for i, v := range list {
		all[i] = *v
	}
	return all
}

// Hold holds a call up: for a time, or until its client or the server gives up. It
// reports false when the call shall not be answered.
func Hold(server context.Context, r *http.Request, hang bool, latency time.Duration) bool {
	var over <-chan time.Time
	switch {
	case !hang && latency <= 0:
		return true
	case !hang:
		t := time.NewTimer(latency)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-over:
		return true
	case <-r.Context().Done():
	case <-server.Done():
	}
	return false
}

// Cut closes the connection at once, without the rest of an answer.
func Cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http closes the connection
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset rather than an orderly end
	}
	_ = conn.Close()
}

// Answer is what goes back.
type Answer struct {
	Status     int
	Page       bool   // HTML rather than JSON
	Date       string // the header; "" = Now, "-" = none
	Now        time.Time
	RetryAfter string
	Header     http.Header // further headers
	Body       []byte
	Half       bool // the connection is cut in the middle of the body
}

// Write sends an answer.
func (a Answer) Write(w http.ResponseWriter) {
	h := w.Header()
	switch a.Date {
	case "":
		h.Set("Date", a.Now.UTC().Format(http.TimeFormat))
	case "-":
		h["Date"] = nil
	default:
		h.Set("Date", a.Date)
	}
	if a.RetryAfter != "" {
		h.Set("Retry-After", a.RetryAfter)
	}
	h.Set("Content-Type", "application/json")
	if a.Page {
		h.Set("Content-Type", "text/html; charset=utf-8")
	}
	for name, values := range a.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	if a.Half {
		_, _ = w.Write(a.Body[:len(a.Body)/2])
		_ = http.NewResponseController(w).Flush()
		Cut(w)
		return
	}
	_, _ = w.Write(a.Body)
}

// Rate keeps a rate of calls of each action.
type Rate struct {
	mu       sync.Mutex
	accepted map[string][]time.Time // of the last second
	last     map[string]time.Time   // when a call of each was accepted last
}

// Accept takes a call, unless limit calls of the action were taken in the second
// before now. A limit of 0 is none.
func (r *Rate) Accept(action string, limit int, now time.Time) bool {
	if limit == 0 {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.accepted == nil {
		r.accepted = make(map[string][]time.Time)
	}
	times := r.accepted[action]
	for len(times) > 0 && now.Sub(times[0]) >= time.Second {
		times = times[1:]
	}
	ok := len(times) < limit
	if ok {
		times = append(times, now)
	}
	r.accepted[action] = times
	return ok
}

// AcceptEach accepts a call, unless one with the same key was accepted in the
// interval before now. All calls must have intervals of a minute at most.
func (r *Rate) AcceptEach(key string, interval time.Duration, now time.Time) bool {
	const most, longest = 1000, time.Minute
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, ok := r.last[key]; ok && now.Sub(before) < interval {
		return false
	}
	if r.last == nil {
		r.last = make(map[string]time.Time)
	}
	if r.last[key] = now; len(r.last)%most == 0 {
		maps.DeleteFunc(r.last, func(_ string, before time.Time) bool { return now.Sub(before) >= longest })
	}
	return true
}

// Reset forgets the calls that were taken.
func (r *Rate) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.accepted)
	clear(r.last)
}

// Last keeps the last n items of a list whose sizes are most bytes together, and
// always the last one. 0 means any number, and then of any size.
func Last[T any](list []*T, n, most int, size func(*T) int) []*T {
	if n == 0 {
		return list
	}
	first, total := len(list), 0
	for first > 0 && len(list)-first < n {
		if total += size(list[first-1]); total > most && first < len(list) {
			break
		}
		first--
	}
	clear(list[:first]) // what is dropped shall not be held by the array
	return list[first:]
}

// Progress is how far the delivery of a callback has come. T is a try.
type Progress[T any] struct {
	mu     sync.Mutex
	tries  []T
	err    error
	ended  bool
	done   chan struct{}
	closed <-chan struct{} // the server is
}

// NewProgress begins one, at a server that is closed when closed is.
func NewProgress[T any](closed <-chan struct{}) *Progress[T] {
	return &Progress[T]{done: make(chan struct{}), closed: closed}
}

// Note adds a try.
func (p *Progress[T]) Note(try T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries = append(p.tries, try)
}

// Finish ends it, unless it has ended.
func (p *Progress[T]) Finish(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.err, p.ended = err, true
	close(p.done)
}

// Tries returns what has been tried so far.
func (p *Progress[T]) Tries() []T {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.tries)
}

// Done is closed when it has ended.
func (p *Progress[T]) Done() <-chan struct{} { return p.done }

// Err is what it ended with.
func (p *Progress[T]) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Wait waits until it has ended, and returns what with. serverClosed is the error
// where the server has been closed before.
func (p *Progress[T]) Wait(ctx context.Context, serverClosed error) error {
	var err error
	select {
	case <-p.done:
	case <-p.closed:
		err = serverClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	select {
	case <-p.done: // whatever else has happened
		return p.Err()
	default:
		return err
	}
}

// Post sends a callback. A redirect is not followed: it is no success.
func Post(ctx context.Context, timeout time.Duration, rt http.RoundTripper, url string, h http.Header, body []byte) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header = h
	w, err := rt.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer w.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(w.Body, MaxBody))
	return w.StatusCode, nil
}
