package callback

import (
	"context"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/receive"
)

// NonceStore remembers received callbacks for as long as they could be accepted
// again. Each method must be atomic among all processes that share the store.
type NonceStore interface {
	// Reserve asks for r.Key. It returns NonceReserved if the caller now has the
	// key, and what the store knows of it otherwise. An error means that the store
	// cannot say; the callback is then answered with 503.
	//
	// A key that is reserved again by its owner stays reserved: the first answer
	// may have been lost.
	Reserve(ctx context.Context, r Reservation) (NonceState, error)
	// Commit records that the work for r.Key is done, and remembers that for r.TTL.
	// It does nothing, and returns nil, if another owner has reserved the key since.
	// It is called again after an error.
	Commit(ctx context.Context, r Reservation) error
	// Release ends the reservation of r.Key, as the work failed: the sender's next
	// attempt is welcome. The fingerprint stays remembered, and a committed key stays
	// committed. It does nothing, and returns nil, if another owner has reserved the
	// key since.
	Release(ctx context.Context, r Reservation) error
}

// Reservation is what a [NonceStore] is asked to remember. All calls for the same
// delivery have the same one.
type Reservation struct {
	// Key identifies the signature or the event. It may contain a signature: a store
	// that others can read should hash it.
	Key string
	// Fingerprint identifies the body: the same key with another fingerprint is a
	// conflict. It is bytes, not text.
	Fingerprint string
	// Owner identifies the delivery, and is random: Commit and Release by any other
	// owner do nothing.
	Owner string
	// Hold is how long the reservation lasts without Commit or Release. After it the
	// key can be reserved again with the same fingerprint, as the process that had
	// it may have died.
	Hold time.Duration
	// TTL is how long key and fingerprint are remembered.
	TTL time.Duration
	// Essential marks events of rooms and streams: to lose one is to miss a room's
	// beginning or end. A store that is nearly full should refuse others first.
	Essential bool
}

// NonceState is what a [NonceStore] knows of a key.
type NonceState int

// The states.
const (
	NonceReserved   NonceState = NonceState(receive.NonceReserved)   // the caller has the key now
	NonceInProgress NonceState = NonceState(receive.NonceInProgress) // another owner has it, with the same fingerprint, and has not committed yet
	NonceDone       NonceState = NonceState(receive.NonceDone)       // committed, with the same fingerprint
	NonceConflict   NonceState = NonceState(receive.NonceConflict)   // reserved or committed with another fingerprint
)

// ErrStoreFull means that the nonce store is full of live entries. The callback is
// answered with 503, as to forget an entry would be to accept its nonce again.
var ErrStoreFull = receive.ErrStoreFull

// NewMemoryNonceStore makes the default store, which serves one process. now may be
// nil for [time.Now].
//
// It contains up to 2^21 (2,097,152) live entries, which take 256 MiB, and refuses
// further ones with [ErrStoreFull] rather than forget one; the last tenth is for
// essential ones. With the default tolerance an entry lives for 21 minutes, so that it
// serves 1,400 callbacks a second, and half as many with [WithDeduplication]. Once a
// minute, and once a second while it is full, it looks for what has expired: that takes
// about 30 ms if it is full.
func NewMemoryNonceStore(now func() time.Time) NonceStore { return memoryStore{receive.NewMemory(now)} }

// memoryStore is receive.Memory as a NonceStore.
type memoryStore struct{ memory *receive.Memory }

func (s memoryStore) Reserve(ctx context.Context, r Reservation) (NonceState, error) {
	state, err := s.memory.Reserve(ctx, receive.Reservation(r))
	return NonceState(state), err
}

func (s memoryStore) Commit(ctx context.Context, r Reservation) error {
	return s.memory.Commit(ctx, receive.Reservation(r))
}

func (s memoryStore) Release(ctx context.Context, r Reservation) error {
	return s.memory.Release(ctx, receive.Reservation(r))
}

// givenStore is a NonceStore as a receive.NonceStore.
type givenStore struct{ store NonceStore }

func (s givenStore) Reserve(ctx context.Context, r receive.Reservation) (receive.NonceState, error) {
	state, err := s.store.Reserve(ctx, Reservation(r))
	return receive.NonceState(state), err
}

func (s givenStore) Commit(ctx context.Context, r receive.Reservation) error {
	return s.store.Commit(ctx, Reservation(r))
}

func (s givenStore) Release(ctx context.Context, r receive.Reservation) error {
	return s.store.Release(ctx, Reservation(r))
}
