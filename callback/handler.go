package callback

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

// WithDeduplication keeps a result or a status that arrives again under a new
// nonce from handle: results by Event and ResultTaskId, statuses by Event and
// TaskId, for twice the tolerance. It uses the [NonceStore].
func WithDeduplication() Option {
	return func(c *config) error {
		c.dedupe = true
		return nil
	}
}

// WithQueue acknowledges callbacks once they are in a queue of size, from which
// workers hand them to handle. A full queue answers 503, and ZEGO tries again.
//
// Without a queue, ZEGO is told that a callback was received only after handle
// has returned nil, so that none is lost while ZEGO keeps trying (five times
// within about a minute); but a slow handle makes ZEGO wait. With a queue, what
// has been acknowledged and not yet handled is lost when the process dies, and
// so is what handle fails on.
func WithQueue(size, workers int) Option {
	return func(c *config) error {
		if size < 1 || workers < 1 {
			return errors.New("callback: WithQueue: size and workers must be at least 1")
		}
		c.queue, c.workers = size, workers
		return nil
	}
}

// Handler receives callbacks. It is an [http.Handler]; time-outs for slow
// senders are the [http.Server]'s to set.
type Handler struct {
	verifier *Verifier
	handle   func(context.Context, Event) error

	queue   chan Event // nil = none
	workers sync.WaitGroup

	mu       sync.Mutex // guards closed, and inFlight and queue against it
	closed   bool
	inFlight sync.WaitGroup
}

type job struct {
	event Event
	seals []seal // that are reserved
}

// NewHandler makes a handler with the CallbackSecret from ZEGO's console. It
// calls handle for each callback that passes all checks, for several at a time.
//
// Without a queue, the context of handle ends when the sender hangs up, and ZEGO's
// next try is let through after 30 seconds even if handle has not returned, as the
// process may have died: what must not be cut off or happen twice should be
// shorter, or detached from the context.
func NewHandler(callbackSecret string, handle func(ctx context.Context, e Event) error, opts ...Option) (*Handler, error) {
	v, err := NewVerifier(callbackSecret, opts...)
	if handle == nil {
		err = errors.Join(err, errors.New("callback: handle: must not be nil"))
	}
	if err != nil {
		return nil, err
	}
	h := &Handler{verifier: v, handle: handle}
	if v.queue > 0 {
		h.queue = make(chan Event, v.queue)
		for range v.workers {
			h.workers.Go(h.work)
		}
	}
	return h, nil
}

// ServeHTTP answers 200 for what was handled or is in the queue, and for what
// had been handled before; 405 for anything but POST; 413 for too large a body;
// 400 for what is malformed; 403 for a wrong signature, a stale timestamp,
// another project or a nonce that was used with another body; 503 for what is
// being handled at the moment, and for a full queue or store; and 500 where
// handle failed or panicked. After 500 and 503 ZEGO tries again.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, err := h.receive(w, r)
	if err != nil && h.verifier.logger != nil {
		h.verifier.logger.LogAttrs(r.Context(), slog.LevelWarn, "callback: not accepted",
			slog.Int("http_status", status), slog.String("error", err.Error()))
	}
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	w.WriteHeader(status)
}

func (h *Handler) receive(w http.ResponseWriter, r *http.Request) (int, error) {
	if r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, errors.New("callback: method is not POST")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.verifier.maxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return http.StatusRequestEntityTooLarge, errors.New("callback: body too large")
		}
		return http.StatusBadRequest, errors.New("callback: body broke off")
	}
	head, text, s, err := h.verifier.verify(r.Header.Get("Content-Type"), body)
	if errors.Is(err, ErrMalformed) {
		return http.StatusBadRequest, err
	}
	if err != nil {
		return http.StatusForbidden, err
	}

	if !h.enter() {
		return http.StatusServiceUnavailable, errShutdown
	}
	defer h.inFlight.Done()

	var j job
	if status, err := h.reserve(r.Context(), &j, s); status != 0 {
		return status, err
	}
	j.event = decode(head, text)
	if key := duplicateKey(j.event); key != "" && h.verifier.dedupe {
		news := seal{key: key, ttl: 2 * h.verifier.tolerance}
		if status, err := h.reserve(r.Context(), &j, news); status != 0 {
			return status, err
		}
	}
	if h.queue != nil {
		if err := h.enqueue(j.event); err != nil {
			h.release(r.Context(), j)
			return http.StatusServiceUnavailable, err
		}
		h.commit(r.Context(), j) // now that it is acknowledged
		return http.StatusOK, nil
	}
	if err := h.run(r.Context(), j); err != nil {
		return http.StatusInternalServerError, err
	}
	return http.StatusOK, nil
}

var errShutdown = errors.New("callback: shutting down")

// enter counts a callback in, unless the handler is shutting down.
func (h *Handler) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.inFlight.Add(1)
	return true
}

func (h *Handler) enqueue(e Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return errShutdown
	}
	select {
	case h.queue <- e:
		return nil
	default:
		return errors.New("callback: queue is full")
	}
}

// reservation is how long handle may take before ZEGO's next try is let through,
// as that of a process that has died.
const reservation = 30 * time.Second

// reserve takes a key of a callback. A status that is not 0 ends it.
func (h *Handler) reserve(ctx context.Context, j *job, s seal) (int, error) {
	state, err := h.verifier.nonces.Reserve(ctx, s.key, s.fingerprint, reservation, s.ttl)
	switch {
	case err != nil:
		h.release(ctx, *j)
		return http.StatusServiceUnavailable, err
	case state == Conflict:
		h.release(ctx, *j)
		return http.StatusForbidden, ErrReplayed
	case state == InWork:
		h.release(ctx, *j)
		return http.StatusServiceUnavailable, errors.New("callback: being handled")
	case state == Done:
		h.commit(ctx, *j) // the same news, under another nonce
		return http.StatusOK, nil
	}
	j.seals = append(j.seals, s)
	return 0, nil
}

// duplicateKey is what two deliveries of the same news have in common, or "".
func duplicateKey(e Event) string {
	id := ""
	switch e := e.(type) {
	case *AudioResult:
		id = e.ResultTaskID
	case *VideoAudioResult:
		id = e.ResultTaskID
	case *VideoImageResult:
		id = e.ResultTaskID
	case *AudioStatus:
		id = e.TaskID
	case *VideoAudioStatus:
		id = e.TaskID
	case *VideoImageStatus:
		id = e.TaskID
	}
	if id == "" {
		return ""
	}
	return "event:" + e.Head().Event + ":" + id
}

// run calls handle, then keeps the keys, or gives them back.
func (h *Handler) run(ctx context.Context, j job) error {
	handled := false
	defer func() { // deferred, as handle may end its goroutine
		if handled {
			h.commit(ctx, j)
		} else {
			h.release(ctx, j)
		}
	}()
	err := h.call(ctx, j.event)
	handled = err == nil
	return err
}

// call is handle, with a panic turned into an error.
func (h *Handler) call(ctx context.Context, e Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("callback: handle panicked with a %T", p)
		}
	}()
	if err := h.handle(ctx, e); err != nil {
		return fmt.Errorf("callback: handle: %w", err)
	}
	return nil
}

// settleTimeout bounds the last word to the store when the sender has gone.
const settleTimeout = 5 * time.Second

func (h *Handler) commit(ctx context.Context, j job) {
	h.settle(ctx, j, func(ctx context.Context, s seal) error {
		return h.verifier.nonces.Commit(ctx, s.key, s.fingerprint, s.ttl)
	})
}

func (h *Handler) release(ctx context.Context, j job) {
	h.settle(ctx, j, func(ctx context.Context, s seal) error { return h.verifier.nonces.Release(ctx, s.key) })
}

func (h *Handler) settle(ctx context.Context, j job, step func(context.Context, seal) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	for _, s := range j.seals {
		if err := step(ctx, s); err != nil && h.verifier.logger != nil {
			h.verifier.logger.LogAttrs(ctx, slog.LevelWarn, "callback: nonce store failed", slog.String("error", err.Error()))
		}
	}
}

// work handles what is in the queue. If handle ends its goroutine, as
// testing.T.FailNow does, another one goes on.
func (h *Handler) work() {
	done := false
	defer func() {
		if !done {
			h.workers.Go(h.work)
		}
	}()
	for e := range h.queue {
		if err := h.call(context.Background(), e); err != nil && h.verifier.logger != nil {
			h.verifier.logger.LogAttrs(context.Background(), slog.LevelWarn, "callback: lost",
				slog.String("event", e.Head().Event), slog.String("error", err.Error()))
		}
	}
	done = true
}

// ShutdownError tells what [Handler.Shutdown] could not wait for.
type ShutdownError struct {
	Unhandled []Event // acknowledged, and not handed to handle
	Err       error   // why the wait ended
}

// Error tells how many events are lost.
func (e *ShutdownError) Error() string {
	return fmt.Sprintf("callback: %d acknowledged events were not handled: %v", len(e.Unhandled), e.Err)
}

// Unwrap returns why the wait ended.
func (e *ShutdownError) Unwrap() error { return e.Err }

// Shutdown refuses further callbacks with 503 and waits until those that were
// accepted are handled, or until ctx ends; it then returns a [*ShutdownError].
func (h *Handler) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	first := !h.closed
	h.closed = true
	if first && h.queue != nil {
		close(h.queue)
	}
	h.mu.Unlock()
	done := make(chan struct{})
	go func() {
		h.inFlight.Wait()
		h.workers.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	e := &ShutdownError{Err: ctx.Err()}
	if h.queue != nil {
		for left := range h.queue {
			e.Unhandled = append(e.Unhandled, left)
		}
	}
	return e
}
