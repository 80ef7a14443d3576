package trtccallback

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/internal/rawjson"
	"github.com/zegocensor/zegocensor-go/internal/receive"
)

// Sign returns the header Sign of a callback: the HMAC-SHA256 of its body, in
// base64. It is for tests.
//
// https://www.tencentcloud.com/document/product/647/39558
func Sign(key string, body []byte) string {
	return base64.StdEncoding.EncodeToString(digest(key, body))
}

func digest(key string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write(body)
	return h.Sum(nil)
}

// Verifier checks callbacks and decodes them. It is safe for concurrent use.
type Verifier struct {
	config receive.Config
}

// NewVerifier makes a verifier with the key that is set for callbacks in TRTC's
// console. It takes the options of package callback: WithPreviousSecret accepts
// another key too, WithAppID refuses other SdkAppIds, and the others are as there.
// It reports all faults of its arguments.
func NewVerifier(key string, opts ...callback.Option) (*Verifier, error) {
	c, err := receive.Configure("trtccallback", "key", key, opts)
	if err != nil {
		return nil, err
	}
	return &Verifier{c}, nil
}

// Parse checks a callback and decodes it, for programs whose framework owns the
// request; [Handler] is Parse with the rest that a receiver needs. header is the
// request's, and body must be as it was received. To do the work of an event only
// once is up to the caller. The errors are those of package callback:
// callback.ErrSignature, callback.ErrStale, callback.ErrMalformed and
// callback.ErrWrongApp.
func (v *Verifier) Parse(_ context.Context, header http.Header, body []byte) (Event, error) {
	h, _, err := v.verify(header, body)
	if err != nil {
		return nil, err
	}
	return decode(h), nil
}

// nonceKey is the key of a body, and of an event, in the NonceStore.
func nonceKey(kind, text string) string {
	sum := sha256.Sum256([]byte(text))
	return "trtc:" + kind + ":" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// verify checks a callback all but for its having been handled.
func (v *Verifier) verify(header http.Header, body []byte) (h Header, n receive.Reservation, err error) {
	given, err := base64.StdEncoding.DecodeString(header.Get("Sign"))
	if err != nil || len(given) != sha256.Size {
		return h, n, callback.ErrSignature
	}
	ok := false
	for _, key := range v.config.Secrets {
		ok = hmac.Equal(digest(key(), body), given) || ok
	}
	if !ok {
		return h, n, callback.ErrSignature
	}
	text := string(body)
	var sent int64
	if !rawjson.Visit(text, func(k, value string) {
		switch k {
		case "EventGroupId":
			h.EventGroupID = int(rawjson.Integer(value))
		case "EventType":
			h.EventType = int(rawjson.Integer(value))
		case "CallbackTs", "CallbackMsTs":
			sent = max(sent, rawjson.Integer(value))
		case "EventInfo":
			h.info = value
		}
	}) {
		return h, n, fmt.Errorf("%w: the body is no JSON object", callback.ErrMalformed)
	}
	switch {
	case h.EventType == 0:
		return h, n, fmt.Errorf("%w: no EventType", callback.ErrMalformed)
	case sent <= 0:
		return h, n, fmt.Errorf("%w: no CallbackTs", callback.ErrMalformed)
	}
	if h.SentAt = moment(sent); h.SentAt.IsZero() {
		return h, n, fmt.Errorf("%w: CallbackTs is no time", callback.ErrStale)
	}
	if err := v.config.Fresh(h.SentAt); err != nil {
		return h, n, fmt.Errorf("%w: %w", callback.ErrStale, err)
	}
	// It is not signed: one that cannot be read is as good as none.
	if id, err := strconv.ParseUint(header.Get("SdkAppId"), 10, 32); err == nil {
		h.SdkAppID = uint32(id)
	}
	if v.config.AppID != 0 && h.SdkAppID != v.config.AppID {
		return h, n, fmt.Errorf("%w: %d, not %d", callback.ErrWrongApp, h.SdkAppID, v.config.AppID)
	}
	h.Raw = json.RawMessage(text)
	return h, receive.Reservation{Key: nonceKey("body", text), Essential: h.essential()}, nil
}

// Handler receives callbacks. It is an [http.Handler]; time-outs for slow senders
// are the [http.Server]'s to set.
type Handler struct {
	receiver *receive.Receiver[Event]
}

// NewHandler makes a handler with the key that is set for callbacks in TRTC's
// console. It calls handle for each callback that passes all checks, for several at
// a time. What callback.NewHandler says of the context of handle and of its time
// holds here too; Tencent waits 5 seconds for an answer, so that slow work is for
// callback.WithQueue. The other options are as [NewVerifier] says.
func NewHandler(key string, handle func(ctx context.Context, e Event) error, opts ...callback.Option) (*Handler, error) {
	v, err := NewVerifier(key, opts...)
	if handle == nil {
		err = errors.Join(err, errors.New("trtccallback: handle: must not be nil"))
	}
	if err != nil {
		return nil, err
	}
	return &Handler{receive.New(receive.Vendor[Event]{
		Name: "trtccallback",
		Verify: func(header http.Header, body []byte) (receive.Verified[Event], error) {
			h, n, err := v.verify(header, body)
			return receive.Verified[Event]{Reservation: n, Decode: func() (Event, string) {
				e := decode(h)
				return e, e.Head().duplicateKey()
			}}, err
		},
		Event:     func(e Event) string { return strconv.Itoa(e.Head().EventType) },
		Malformed: callback.ErrMalformed,
		Replayed:  callback.ErrReplayed,
	}, &v.config, handle)}, nil
}

// ServeHTTP answers 200 for what was handled or is in the queue, and for what had
// been handled before; 405 for anything but POST; 413 for too large a body; 403 for
// a wrong signature, a stale callback or another application; 400 for what is
// malformed; 503 for what is being handled at the moment, and for a full queue or
// store; and 500 where handle failed or panicked. Tencent tries again after all but
// 200.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.receiver.ServeHTTP(w, r) }

// Shutdown refuses further callbacks with 503 and waits until those that were
// accepted are handled, or until ctx ends; it then returns a [*ShutdownError].
func (h *Handler) Shutdown(ctx context.Context) error {
	unhandled, err := h.receiver.Shutdown(ctx)
	if err != nil {
		return &ShutdownError{unhandled, err}
	}
	return nil
}

// ShutdownError tells what [Handler.Shutdown] could not wait for.
type ShutdownError struct {
	Unhandled []Event // acknowledged, and not handed to handle
	Err       error   // why the wait ended
}

// Error tells how many events are lost.
func (e *ShutdownError) Error() string {
	return fmt.Sprintf("trtccallback: %d acknowledged events were not handled: %v", len(e.Unhandled), e.Err)
}

// Unwrap returns why the wait ended.
func (e *ShutdownError) Unwrap() error { return e.Err }
