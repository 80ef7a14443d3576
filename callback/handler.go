package callback

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/zegocensor/zegocensor-go/internal/receive"
)

// WithDeduplication keeps a result or a status that arrives again under a new
// nonce from handle: results by Event and ResultTaskId, statuses by Event and
// TaskId, for twice the tolerance and a minute. It uses the [NonceStore].
func WithDeduplication() Option {
	return func(c *config) error {
		c.Dedupe = true
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
		c.Queue, c.Workers = size, workers
		return nil
	}
}

// Handler receives callbacks. It is an [http.Handler]; time-outs for slow
// senders are the [http.Server]'s to set.
type Handler struct {
	receiver *receive.Receiver[Event]
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
	return &Handler{receive.New(receive.Vendor[Event]{
		Name:      "callback",
		Verify:    v.receive,
		Event:     func(e Event) string { return e.Head().Event },
		Malformed: ErrMalformed,
		Replayed:  ErrReplayed,
	}, &v.config, handle)}, nil
}

// ServeHTTP answers 200 for what was handled or is in the queue, and for what
// had been handled before; 405 for anything but POST; 413 for too large a body;
// 400 for what is malformed; 403 for a wrong signature, a stale timestamp,
// another project or a nonce that was used with another body; 503 for what is
// being handled at the moment, and for a full queue or store; and 500 where
// handle failed or panicked. After 500 and 503 ZEGO tries again.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.receiver.ServeHTTP(w, r) }

// receive is verify for a Handler.
func (v *Verifier) receive(h http.Header, body []byte) (receive.Verified[Event], error) {
	head, text, n, err := v.verify(h.Get("Content-Type"), body)
	if err != nil {
		return receive.Verified[Event]{}, err
	}
	return receive.Verified[Event]{Reservation: n, Decode: func() (Event, string) {
		e := decode(head, text)
		return e, duplicateKey(e)
	}}, nil
}

// duplicateKey is what two deliveries of the same event have in common, or "".
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
	unhandled, err := h.receiver.Shutdown(ctx)
	if err != nil {
		return &ShutdownError{unhandled, err}
	}
	return nil
}
