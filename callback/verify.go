package callback

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/receive"
)

// Why a callback is refused. The text of a returned error says more: which member is
// missing or wrong, by how much the timestamp is off, which project it is. None
// contains a signature or a secret. Use [errors.Is].
var (
	ErrSignature = errors.New("callback: wrong signature")
	ErrStale     = errors.New("callback: timestamp too old or too far ahead")
	ErrReplayed  = errors.New("callback: nonce was used with another body")
	ErrMalformed = errors.New("callback: malformed")
	ErrWrongApp  = errors.New("callback: another project's AppID")
)

// Sign returns the signature of a callback: the lower-case hex SHA-1 of the three
// strings, sorted by bytes and joined. It is for tests.
func Sign(callbackSecret, timestamp, nonce string) string {
	sum := digest(callbackSecret, timestamp, nonce)
	return hex.EncodeToString(sum[:])
}

func digest(secret, timestamp, nonce string) [sha1.Size]byte {
	parts := [...]string{secret, timestamp, nonce}
	slices.SortFunc(parts[:], cmp.Compare)
	var buf [256]byte
	b := buf[:0]
	for _, p := range parts {
		b = append(b, p...)
	}
	return sha1.Sum(b)
}

// Verifier checks callbacks and decodes them. It is safe for concurrent use.
type Verifier struct {
	config config
}

// config is what the options set.
type config = receive.Config

// Option changes a [Handler] or a [Verifier] while it is made.
type Option func(*config) error

// WithPreviousSecret accepts callbacks that are signed with s too, while the
// CallbackSecret is being changed in ZEGO's console.
func WithPreviousSecret(s string) Option {
	return func(c *config) error {
		if s == "" {
			return errors.New("callback: WithPreviousSecret: must not be empty")
		}
		c.Secrets = append(c.Secrets, func() string { return s })
		return nil
	}
}

// WithAppID refuses the callbacks of other projects.
func WithAppID(id uint32) Option {
	return func(c *config) error {
		if id == 0 {
			return errors.New("callback: WithAppID: must not be 0")
		}
		c.AppID = id
		return nil
	}
}

// WithTolerance sets how far a timestamp may be from now, in both directions.
// The default is 10 minutes, the most is a day. Receivers that share a [NonceStore] must
// have the same: one with a longer tolerance accepts what one with a shorter has
// forgotten.
func WithTolerance(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 || d > 24*time.Hour {
			return errors.New("callback: WithTolerance: must be greater than 0, and 24 hours at most")
		}
		c.Tolerance = d
		return nil
	}
}

// WithNonceStore replaces the default store, which is in memory. Replicas need
// one that they share.
func WithNonceStore(s NonceStore) Option {
	return func(c *config) error {
		if s == nil {
			return errors.New("callback: WithNonceStore: must not be nil")
		}
		c.Nonces = givenStore{s}
		return nil
	}
}

// WithMaxBody sets the most bytes that are read of a body. The default is 1 MiB.
func WithMaxBody(n int64) Option {
	return func(c *config) error {
		if n <= 0 {
			return errors.New("callback: WithMaxBody: must be greater than 0")
		}
		c.MaxBody = n
		return nil
	}
}

// WithClock replaces [time.Now].
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("callback: WithClock: must not be nil")
		}
		c.Now = now
		return nil
	}
}

// WithLogger logs refused and failed callbacks at Warn. Without it, or with nil,
// the package is silent. No record holds a body, a signature or a secret.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		c.Logger = l
		return nil
	}
}

// NewVerifier makes a verifier with the CallbackSecret from ZEGO's console. It
// reports all faults of its arguments.
func NewVerifier(callbackSecret string, opts ...Option) (*Verifier, error) {
	c, err := receive.Configure("callback", "callbackSecret", callbackSecret, opts)
	if err != nil {
		return nil, err
	}
	return &Verifier{c}, nil
}

// Parse checks a callback and decodes it, for programs whose framework owns the
// request; [Handler] is Parse with the rest that a receiver needs. body must be
// as it was received.
//
// Parse remembers the nonce with the body: the same nonce with another body is
// [ErrReplayed], while the same nonce with the same body is taken for ZEGO's
// retry and returned again. To do the work of an event only once is then up to
// the caller. Options that concern the work ([WithDeduplication], [WithQueue]) or
// the reading of a body ([WithMaxBody]) have no effect on Parse.
func (v *Verifier) Parse(ctx context.Context, contentType string, body []byte) (Event, error) {
	h, text, n, err := v.verify(contentType, body)
	if err != nil {
		return nil, err
	}
	n.Owner, n.Hold, n.TTL = rand.Text(), v.config.Remembered(), v.config.Remembered()
	state, err := v.config.Nonces.Reserve(ctx, n)
	if err != nil {
		return nil, err
	}
	if state == receive.NonceConflict {
		return nil, ErrReplayed
	}
	return decode(h, text), nil
}

// maxNonce is the longest nonce that is hashed. ZEGO's have up to 20 digits.
const maxNonce = 128

// verify checks a callback all but for its nonce having been used. text is decoded
// only after that, and a form is not even made into text before its signature is
// verified.
func (v *Verifier) verify(contentType string, raw []byte) (h Header, text string, n receive.Reservation, err error) {
	b, err := readBody(contentType, raw)
	if err != nil {
		return h, "", n, err
	}
	h.Event, h.Nonce = b.event.text, b.nonce.text
	ok := false
	h.Timestamp, ok = parseTimestamp(b.timestamp.text)
	switch {
	case h.Event == "":
		return h, "", n, malformed("no Event")
	case !ok:
		return h, "", n, malformed("Timestamp is missing, or no number of seconds or milliseconds")
	case !validNonce(h.Nonce):
		return h, "", n, malformed("Nonce is missing, or no printable text of up to 128 characters")
	case len(b.signature.text) != 2*sha1.Size:
		return h, "", n, malformed("Signature is missing, or has not 40 characters")
	}
	if !v.signed(b.timestamp.text, h.Nonce, b.signature.text) {
		return h, "", n, ErrSignature
	}
	if err := v.config.Fresh(h.Timestamp); err != nil {
		return h, "", n, fmt.Errorf("%w: %w", ErrStale, err)
	}
	if b.appID.text != "" {
		id, err := strconv.ParseUint(b.appID.text, 10, 32)
		if err != nil {
			return h, "", n, malformed("AppId is no unsigned 32-bit number")
		}
		h.AppID = uint32(id)
	}
	if v.config.AppID != 0 && h.AppID != v.config.AppID {
		return h, "", n, fmt.Errorf("%w: %d, not %d", ErrWrongApp, h.AppID, v.config.AppID)
	}
	if text, err = b.object(); err != nil {
		return h, "", n, err
	}
	h.Raw = json.RawMessage(text)
	sum := sha256.Sum256(raw)
	return h, text, receive.Reservation{
		// The signature rather than the nonce: a nonce and a timestamp that are
		// cut at another place have another nonce, but the same signature.
		Key:         "nonce:" + strings.ToLower(b.signature.text),
		Fingerprint: string(sum[:]),
		Essential:   essential(h.Event),
	}, nil
}

// essential reports whether an event says that a room or a stream began or ended.
func essential(event string) bool {
	switch event {
	case "room_create", "room_close", "stream_create", "stream_close":
		return true
	}
	return false
}

// signed compares with each secret, in constant time and without telling which.
func (v *Verifier) signed(timestamp, nonce, signature string) bool {
	var given [2 * sha1.Size]byte
	copy(given[:], signature)
	match := 0
	for _, secret := range v.config.Secrets {
		sum := digest(secret(), timestamp, nonce)
		var want [2 * sha1.Size]byte
		hex.Encode(want[:], sum[:])
		match |= subtle.ConstantTimeCompare(want[:], given[:])
	}
	return match == 1
}

// parseTimestamp takes decimal digits as ZEGO writes them, and nothing that only
// means the same number: seconds, or milliseconds if there are 13 digits, as some of
// ZEGO's products send them.
func parseTimestamp(s string) (time.Time, bool) {
	if s == "" || s[0] == '0' && s != "0" || strings.Trim(s, "0123456789") != "" {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if len(s) == 13 {
		return time.UnixMilli(n), err == nil
	}
	return time.Unix(n, 0), err == nil
}

func validNonce(s string) bool {
	return s != "" && len(s) <= maxNonce && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
