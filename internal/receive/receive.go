// Package receive takes callbacks, whoever sends them: it hands each one over
// once, keeps the sender trying while it is not handled, and ends in order. How a
// callback is verified and decoded is the vendor's: package callback has that for
// ZEGO, package trtccallback for Tencent.
package receive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Config is what the options of package callback set. N is its NonceStore.
type Config[N any] struct {
	Secrets   []func() string // the current one and the previous; closures, so that nothing that prints them gets at them
	AppID     uint32          // 0 = any
	Tolerance time.Duration
	MaxBody   int64
	Now       func() time.Time
	Nonces    N
	Dedupe    bool
	Logger    *slog.Logger
	Queue     int
	Workers   int
}

// Configure makes a Config of the secret, which is called secretName, the defaults
// and the options of the package name. It reports all faults. memory makes the
// default store.
func Configure[N any, O ~func(*Config[N]) error](name, secretName, secret string, opts []O, memory func(now func() time.Time) N) (Config[N], error) {
	c := Config[N]{
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
		return Config[N]{}, err
	}
	if any(c.Nonces) == nil {
		c.Nonces = memory(c.Now)
	}
	return c, nil
}

// Store is callback.NonceStore.
type Store[S ~int] interface {
	Reserve(ctx context.Context, key, fingerprint string, hold, ttl time.Duration) (S, error)
	Commit(ctx context.Context, key, fingerprint string, ttl time.Duration) error
	Release(ctx context.Context, key string) error
}

// The states of a key in a Store.
const (
	Reserved = iota // nobody had it; now the caller has
	InWork          // reserved before, with the same fingerprint, and not yet committed
	Done            // committed, with the same fingerprint
	Conflict        // reserved or committed with another fingerprint
)

// Seal is what is remembered of a callback.
type Seal struct {
	Key         string // "" = nothing
	Fingerprint string
	TTL         time.Duration
}

// Vendor is what one vendor's callbacks are.
type Vendor[E any] struct {
	Name string // of the package, which errors begin with
	// Verify checks a callback all but for its Seal having been used. Its error is
	// answered with 403, and with 400 where it is Malformed.
	Verify func(h http.Header, body []byte) (Verified[E], error)
	// Event names an event, for the log.
	Event               func(E) string
	Malformed, Replayed error
}

// Verified is a callback that was verified.
type Verified[E any] struct {
	Seal
	// Decode decodes it, and says what it has in common with other deliveries of
	// the same news.
	Decode func() (e E, news Seal)
}

// Receiver receives callbacks.
type Receiver[E any, S ~int, N Store[S]] struct {
	vendor Vendor[E]
	config *Config[N]
	handle func(context.Context, E) error

	queue   chan E // nil = none
	workers sync.WaitGroup

	mu       sync.Mutex // guards closed, and inFlight and queue against it
	closed   bool
	inFlight sync.WaitGroup
}

type job[E any] struct {
	event E
	seals []Seal // that are reserved
}

// New makes a receiver, and starts its workers.
func New[E any, S ~int, N Store[S]](v Vendor[E], c *Config[N], handle func(context.Context, E) error) *Receiver[E, S, N] {
	r := &Receiver[E, S, N]{vendor: v, config: c, handle: handle}
	if c.Queue > 0 {
		r.queue = make(chan E, c.Queue)
		for range c.Workers {
			r.workers.Go(r.work)
		}
	}
	return r
}

// ServeHTTP answers as callback.Handler documents it.
func (r *Receiver[E, S, N]) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	status, err := r.receive(w, req)
	if err != nil {
		r.warn(req.Context(), "not accepted", slog.Int("http_status", status), slog.String("error", err.Error()))
	}
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	w.WriteHeader(status)
}

func (r *Receiver[E, S, N]) warn(ctx context.Context, text string, attrs ...slog.Attr) {
	if r.config.Logger != nil {
		r.config.Logger.LogAttrs(ctx, slog.LevelWarn, r.vendor.Name+": "+text, attrs...)
	}
}

func (r *Receiver[E, S, N]) error(text string) error { return errors.New(r.vendor.Name + ": " + text) }

func (r *Receiver[E, S, N]) receive(w http.ResponseWriter, req *http.Request) (int, error) {
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
	if status, err := r.reserve(req.Context(), &j, verified.Seal); status != 0 {
		return status, err
	}
	var news Seal
	j.event, news = verified.Decode()
	if news.Key != "" && r.config.Dedupe {
		if status, err := r.reserve(req.Context(), &j, news); status != 0 {
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
func (r *Receiver[E, S, N]) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.inFlight.Add(1)
	return true
}

func (r *Receiver[E, S, N]) enqueue(e E) error {
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

// reservation is how long handle may take before the sender's next try is let
// through, as that of a process that has died.
const reservation = 30 * time.Second

// reserve takes a key of a callback. A status that is not 0 ends it.
func (r *Receiver[E, S, N]) reserve(ctx context.Context, j *job[E], s Seal) (int, error) {
	state, err := r.config.Nonces.Reserve(ctx, s.Key, s.Fingerprint, reservation, s.TTL)
	switch {
	case err != nil:
		r.release(ctx, *j)
		return http.StatusServiceUnavailable, err
	case state == Conflict:
		r.release(ctx, *j)
		return http.StatusForbidden, r.vendor.Replayed
	case state == InWork:
		r.release(ctx, *j)
		return http.StatusServiceUnavailable, r.error("being handled")
	case state == Done:
		r.commit(ctx, *j) // the same news, in another callback
		return http.StatusOK, nil
	}
	j.seals = append(j.seals, s)
	return 0, nil
}

// run calls handle, then keeps the keys, or gives them back.
func (r *Receiver[E, S, N]) run(ctx context.Context, j job[E]) error {
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
func (r *Receiver[E, S, N]) call(ctx context.Context, e E) (err error) {
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

// settleTimeout bounds the last word to the store when the sender has gone.
const settleTimeout = 5 * time.Second

func (r *Receiver[E, S, N]) commit(ctx context.Context, j job[E]) {
	r.settle(ctx, j, func(ctx context.Context, s Seal) error {
		return r.config.Nonces.Commit(ctx, s.Key, s.Fingerprint, s.TTL)
	})
}

func (r *Receiver[E, S, N]) release(ctx context.Context, j job[E]) {
	r.settle(ctx, j, func(ctx context.Context, s Seal) error { return r.config.Nonces.Release(ctx, s.Key) })
}

func (r *Receiver[E, S, N]) settle(ctx context.Context, j job[E], step func(context.Context, Seal) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	for _, s := range j.seals {
		if err := step(ctx, s); err != nil {
			r.warn(ctx, "nonce store failed", slog.String("error", err.Error()))
		}
	}
}

// work handles what is in the queue. If handle ends its goroutine, as
// testing.T.FailNow does, another one goes on.
func (r *Receiver[E, S, N]) work() {
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
func (r *Receiver[E, S, N]) Shutdown(ctx context.Context) (unhandled []E, err error) {
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
