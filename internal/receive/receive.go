// Package receive takes callbacks, whoever sends them: it hands each one over
// once, keeps the sender trying while it is not handled, and ends in order. How a
// callback is verified and decoded is the vendor's: package callback has that for
// ZEGO, package trtccallback for Tencent.
package receive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Config is what the options of package callback set.
type Config struct {
	Secrets   []func() string // the current one and the previous; closures, so that nothing that prints them gets at them
	AppID     uint32          // 0 = any
	Tolerance time.Duration
	MaxBody   int64
	Now       func() time.Time
	Nonces    NonceStore // nil = in memory
	Dedupe    bool
	Logger    *slog.Logger
	Queue     int
	Workers   int
}

// Remembered is how long a callback is remembered after it was received. ZEGO signs
// it with the time of its own clock, and receivers within the tolerance of that clock
// accept it for twice the tolerance at most. It depends on no clock, as the clock of
// the receiver that remembers says nothing of the one that must refuse.
func (c *Config) Remembered() time.Duration { return 2*c.Tolerance + time.Minute }

// Fresh returns an error that says by how much a timestamp is beyond the tolerance.
func (c *Config) Fresh(timestamp time.Time) error {
	age := c.Now().Sub(timestamp)
	switch {
	case age > c.Tolerance:
		return fmt.Errorf("it is %v old, and the tolerance is %v", age.Round(time.Second), c.Tolerance)
	case age < -c.Tolerance:
		return fmt.Errorf("it is %v ahead of this clock, and the tolerance is %v", age.Abs().Round(time.Second), c.Tolerance)
	}
	return nil
}

// Configure makes a Config of the secret, which is called secretName, the defaults
// and the options of the package name. It reports all faults.
func Configure[O ~func(*Config) error](name, secretName, secret string, opts []O) (Config, error) {
	c := Config{
		Secrets:   []func() string{func() string { return secret }},
		Tolerance: 10 * time.Minute,
		MaxBody:   1 << 20,
		Now:       time.Now,
	}
	var faults []error
	if secret == "" {
		faults = append(faults, errors.New(name+": "+secretName+": must not be empty"))
	}
	for _, opt := range opts {
		if opt == nil {
			faults = append(faults, errors.New(name+": an option must not be nil"))
			continue
		}
		faults = append(faults, opt(&c))
	}
	if err := errors.Join(faults...); err != nil {
		return Config{}, err
	}
	if c.Nonces == nil {
		c.Nonces = NewMemory(c.Now)
	}
	return c, nil
}

// Vendor is what one vendor's callbacks are.
type Vendor[E any] struct {
	Name string // of the package, which errors begin with
	// Verify checks a callback all but for its reservation. Its error is answered with
	// 403, and with 400 if it is Malformed.
	Verify func(h http.Header, body []byte) (Verified[E], error)
	// Event names an event, for the log.
	Event               func(E) string
	Malformed, Replayed error
}

// Verified is a callback that was verified.
type Verified[E any] struct {
	// Reservation says what of the callback is remembered: Key, Fingerprint and
	// Essential.
	Reservation
	// Decode decodes it, and returns the key that other deliveries of the same event
	// have too, or "".
	Decode func() (e E, duplicate string)
}

// Receiver receives callbacks.
type Receiver[E any] struct {
	vendor Vendor[E]
	config *Config
	handle func(context.Context, E) error

	queue   chan E // nil = none
	workers sync.WaitGroup

	mu       sync.Mutex // guards closed, and inFlight and queue against it
	closed   bool
	inFlight sync.WaitGroup
}

type job[E any] struct {
	event    E
	reserved []Reservation
}

// New makes a receiver, and starts its workers.
func New[E any](v Vendor[E], c *Config, handle func(context.Context, E) error) *Receiver[E] {
	r := &Receiver[E]{vendor: v, config: c, handle: handle}
	if c.Queue > 0 {
		r.queue = make(chan E, c.Queue)
		for range c.Workers {
			r.workers.Go(r.work)
		}
	}
	return r
}

// ServeHTTP answers as callback.Handler documents it.
func (r *Receiver[E]) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	status, err := r.receive(w, req)
	if err != nil {
		r.warn(req.Context(), "not accepted", slog.Int("http_status", status), slog.String("error", err.Error()))
	}
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	w.WriteHeader(status)
}

func (r *Receiver[E]) warn(ctx context.Context, text string, attrs ...slog.Attr) {
	if r.config.Logger != nil {
		r.config.Logger.LogAttrs(ctx, slog.LevelWarn, r.vendor.Name+": "+text, attrs...)
	}
}

func (r *Receiver[E]) error(text string) error { return errors.New(r.vendor.Name + ": " + text) }

func (r *Receiver[E]) receive(w http.ResponseWriter, req *http.Request) (int, error) {
	if req.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, r.error("method is not POST")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, r.config.MaxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return http.StatusRequestEntityTooLarge, r.error("body too large")
		}
		return http.StatusBadRequest, r.error("body broke off")
	}
	verified, err := r.vendor.Verify(req.Header, body)
	if errors.Is(err, r.vendor.Malformed) {
		return http.StatusBadRequest, err
	}
	if err != nil {
		return http.StatusForbidden, err
	}

	if !r.enter() {
		return http.StatusServiceUnavailable, r.error("shutting down")
	}
	defer r.inFlight.Done()

	var j job[E]
	owner := rand.Text() // of this delivery
	reserve := func(n Reservation) (int, error) {
		n.Owner, n.Hold, n.TTL = owner, reservation, r.config.Remembered()
		return r.reserve(req.Context(), &j, n)
	}
	if status, err := reserve(verified.Reservation); status != 0 {
		return status, err
	}
	var duplicate string
	j.event, duplicate = verified.Decode()
	if duplicate != "" && r.config.Dedupe {
		if status, err := reserve(Reservation{Key: duplicate, Essential: verified.Essential}); status != 0 {
			return status, err
		}
	}
	if r.queue != nil {
		if err := r.enqueue(j.event); err != nil {
			r.release(req.Context(), j)
			return http.StatusServiceUnavailable, err
		}
		r.commit(req.Context(), j) // now that it is acknowledged
		return http.StatusOK, nil
	}
	if err := r.run(req.Context(), j); err != nil {
		return http.StatusInternalServerError, err
	}
	return http.StatusOK, nil
}

// enter counts a callback in, unless the receiver is shutting down.
func (r *Receiver[E]) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.inFlight.Add(1)
	return true
}

func (r *Receiver[E]) enqueue(e E) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return r.error("shutting down")
	}
	select {
	case r.queue <- e:
		return nil
	default:
		return r.error("queue is full")
	}
}

// reservation is how long handle may take before the sender's next attempt is let
// through, as that of a process that has died.
const reservation = 30 * time.Second

// reserve reserves a key of a callback. A status that is not 0 ends it.
func (r *Receiver[E]) reserve(ctx context.Context, j *job[E], n Reservation) (int, error) {
	state, err := r.config.Nonces.Reserve(ctx, n)
	switch {
	case err != nil:
		r.release(ctx, *j)
		return http.StatusServiceUnavailable, err
	case state == NonceConflict:
		r.release(ctx, *j)
		return http.StatusForbidden, r.vendor.Replayed
	case state == NonceInProgress:
		r.release(ctx, *j)
		return http.StatusServiceUnavailable, r.error("being handled")
	case state == NonceDone:
		r.commit(ctx, *j) // the same event, in another callback
		return http.StatusOK, nil
	}
	j.reserved = append(j.reserved, n)
	return 0, nil
}

// run calls handle, then keeps the keys, or gives them back.
func (r *Receiver[E]) run(ctx context.Context, j job[E]) error {
	handled := false
	defer func() { // deferred, as handle may end its goroutine
		if handled {
			r.commit(ctx, j)
		} else {
			r.release(ctx, j)
		}
	}()
	err := r.call(ctx, j.event)
	handled = err == nil
	return err
}

// call is handle, with a panic turned into an error.
func (r *Receiver[E]) call(ctx context.Context, e E) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: handle panicked with a %T", r.vendor.Name, p)
		}
	}()
	if err := r.handle(ctx, e); err != nil {
		return fmt.Errorf("%s: handle: %w", r.vendor.Name, err)
	}
	return nil
}

// settleTimeout bounds the last calls to the store, which are made even if the sender
// has gone. It is shorter than the 5 seconds that Tencent waits for an answer: a
// sender that was answered in time does not send the callback again.
const settleTimeout = 4 * time.Second

// The delay after the first failure of Commit, which doubles with each, and the most.
const (
	commitBackoff    = 50 * time.Millisecond
	maxCommitBackoff = 500 * time.Millisecond
)

// commit records that a callback was handled. It tries again until settleTimeout:
// without the record, the next delivery of the callback would be handled again.
func (r *Receiver[E]) commit(ctx context.Context, j job[E]) {
	r.settle(ctx, j, func(ctx context.Context, n Reservation) error {
		for delay := commitBackoff; ; delay = min(2*delay, maxCommitBackoff) {
			err := r.config.Nonces.Commit(ctx, n)
			if err == nil {
				return nil
			}
			select {
			case <-ctx.Done():
				return err
			case <-time.After(delay):
			}
		}
	})
}

func (r *Receiver[E]) release(ctx context.Context, j job[E]) {
	r.settle(ctx, j, r.config.Nonces.Release)
}

func (r *Receiver[E]) settle(ctx context.Context, j job[E], step func(context.Context, Reservation) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	for _, n := range j.reserved {
		if err := step(ctx, n); err != nil {
			r.warn(ctx, "nonce store failed", slog.String("error", err.Error()))
		}
	}
}

// work handles what is in the queue. If handle ends its goroutine, as
// testing.T.FailNow does, another one goes on.
func (r *Receiver[E]) work() {
	done := false
	defer func() {
		if !done {
			r.workers.Go(r.work)
		}
	}()
	for e := range r.queue {
		if err := r.call(context.Background(), e); err != nil {
			r.warn(context.Background(), "lost", slog.String("event", r.vendor.Event(e)), slog.String("error", err.Error()))
		}
	}
	done = true
}

// Shutdown refuses further callbacks with 503 and waits until those that were
// accepted are handled, or until ctx ends. It then returns its error, and what was
// acknowledged and not handed to handle.
func (r *Receiver[E]) Shutdown(ctx context.Context) (unhandled []E, err error) {
	r.mu.Lock()
	first := !r.closed
	r.closed = true
	if first && r.queue != nil {
		close(r.queue)
	}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		r.inFlight.Wait()
		r.workers.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil, nil
	case <-ctx.Done():
	}
	if r.queue != nil {
		for e := range r.queue {
			unhandled = append(unhandled, e)
		}
	}
	return unhandled, ctx.Err()
}
