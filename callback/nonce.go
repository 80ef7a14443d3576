package callback

import (
	"context"
	"crypto/sha256"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/receive"
)

// NonceStore remembers what was received, for as long as it could be accepted
// again. Each step must be atomic among all that share the store.
type NonceStore interface {
	// Reserve asks for key on behalf of a callback whose body has the
	// fingerprint, which is remembered for ttl. The reservation itself lapses
	// after hold, so that a process that dies does not keep ZEGO's next try out:
	// the key can then be reserved again with the same fingerprint. An error
	// means that the store cannot tell; the callback is then answered with 503.
	Reserve(ctx context.Context, key, fingerprint string, hold, ttl time.Duration) (State, error)
	// Commit says that the work for key is done, which is remembered for ttl.
	Commit(ctx context.Context, key, fingerprint string, ttl time.Duration) error
	// Release ends the reservation of a key: the work failed, and the next try is
	// welcome. The fingerprint stays remembered, and what was committed stays so.
	Release(ctx context.Context, key string) error
}

// State is what a [NonceStore] knows of a key.
type State int

// The states.
const (
	Reserved State = receive.Reserved // nobody had it; now the caller has
	InWork   State = receive.InWork   // reserved before, with the same fingerprint, and not yet committed
	Done     State = receive.Done     // committed, with the same fingerprint
	Conflict State = receive.Conflict // reserved or committed with another fingerprint
)

// ErrStoreFull means that the memory of nonces is full of live ones. The
// callback is refused with 503, as forgetting one would let it in again.
var ErrStoreFull = errors.New("callback: nonce store is full")

// maxNonces bounds the default store, to less than 128 MiB.
const maxNonces = 1 << 20

type memoryKey [16]byte

type memoryEntry struct {
	expires     int64 // Unix seconds
	held        int64 // the same; until then the reservation holds, or committed
	fingerprint memoryKey
}

// committed is in place of the time until which a reservation holds.
const committed = math.MinInt64

// memoryStore is the default NonceStore.
type memoryStore struct {
	now func() time.Time
	max int

	mu        sync.Mutex
	entries   map[memoryKey]memoryEntry
	nextSweep int64 // Unix seconds
}

// NewMemoryNonceStore makes the default store, which serves one process. It
// refuses new work rather than forget a live nonce: a million of them take
// less than 128 MiB. now may be nil for [time.Now].
func NewMemoryNonceStore(now func() time.Time) NonceStore {
	if now == nil {
		now = time.Now
	}
	return newMemoryStore(now)
}

func newMemoryStore(now func() time.Time) *memoryStore {
	return &memoryStore{now: now, max: maxNonces, entries: make(map[memoryKey]memoryEntry)}
}

// seconds rounds up.
func seconds(d time.Duration) int64 { return int64(d/time.Second) + 1 }

func short(s string) memoryKey {
	sum := sha256.Sum256([]byte(s))
	return memoryKey(sum[:16])
}

func (m *memoryStore) Reserve(_ context.Context, key, fingerprint string, hold, ttl time.Duration) (State, error) {
	k, print := short(key), short(fingerprint)
	now := m.now().Unix()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(now)
	e, known := m.entries[k]
	if known && e.expires > now {
		switch {
		case e.fingerprint != print:
			return Conflict, nil
		case e.held == committed:
			return Done, nil
		case e.held > now:
			return InWork, nil
		}
	}
	if !known && len(m.entries) >= m.max {
		return 0, ErrStoreFull
	}
	m.entries[k] = memoryEntry{expires: now + seconds(ttl), held: now + seconds(hold), fingerprint: print}
	return Reserved, nil
}

func (m *memoryStore) Commit(_ context.Context, key, fingerprint string, ttl time.Duration) error {
	now := m.now().Unix()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[short(key)] = memoryEntry{expires: now + seconds(ttl), held: committed, fingerprint: short(fingerprint)}
	return nil
}

func (m *memoryStore) Release(_ context.Context, key string) error {
	k := short(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[k]; ok && e.held != committed {
		e.held = 0
		m.entries[k] = e
	}
	return nil
}

// sweep drops what has expired: once a minute, and once a second while the store
// is full.
func (m *memoryStore) sweep(now int64) {
	full := len(m.entries) >= m.max
	if now < m.nextSweep && (!full || now <= m.nextSweep-60) {
		return
	}
	for k, e := range m.entries {
		if e.expires <= now {
			delete(m.entries, k)
		}
	}
	m.nextSweep = now + 60
}
