package callback

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// NonceStore remembers what was received, for as long as it could be accepted
// again. Each step must be atomic among all that share the store.
type NonceStore interface {
	// Reserve asks for key on behalf of a callback whose body has the
	// fingerprint. The memory may go after ttl. An error means that the store
	// cannot tell; the callback is then answered with 503.
	Reserve(ctx context.Context, key, fingerprint string, ttl time.Duration) (State, error)
	// Commit says that the work for a reserved key is done.
	Commit(ctx context.Context, key string) error
	// Release gives a reserved key back: the work failed, and the next try is
	// welcome.
	Release(ctx context.Context, key string) error
}

// State is what a [NonceStore] knows of a key.
type State int

// The states.
const (
	Reserved State = iota // nobody had it; now the caller has
	InWork                // reserved before, with the same fingerprint, and not yet committed
	Done                  // committed, with the same fingerprint
	Conflict              // reserved or committed with another fingerprint
)

// ErrStoreFull means that the memory of nonces is full of live ones. The
// callback is refused with 503, as forgetting one would let it in again.
var ErrStoreFull = errors.New("callback: nonce store is full")

// maxNonces bounds the default store, to about 128 MiB.
const maxNonces = 1 << 20

type memoryKey [16]byte

type memoryEntry struct {
	expires     int64 // Unix seconds
	fingerprint [16]byte
	done        bool
}

// memoryStore is the default NonceStore.
type memoryStore struct {
	now func() time.Time
	max int

	mu        sync.Mutex
	entries   map[memoryKey]memoryEntry
	nextSweep int64 // Unix seconds
}

func newMemoryStore(now func() time.Time) *memoryStore {
	return &memoryStore{now: now, max: maxNonces, entries: make(map[memoryKey]memoryEntry)}
}

func short(s string) memoryKey {
	sum := sha256.Sum256([]byte(s))
	return memoryKey(sum[:16])
}

func (m *memoryStore) Reserve(_ context.Context, key, fingerprint string, ttl time.Duration) (State, error) {
	k, print := short(key), [16]byte(short(fingerprint))
	now := m.now().Unix()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(now)
	if e, ok := m.entries[k]; ok && e.expires > now {
		switch {
		case e.fingerprint != print:
			return Conflict, nil
		case e.done:
			return Done, nil
		}
		return InWork, nil
	}
	if len(m.entries) >= m.max {
		return 0, ErrStoreFull
	}
	m.entries[k] = memoryEntry{expires: now + int64(ttl/time.Second) + 1, fingerprint: print}
	return Reserved, nil
}

func (m *memoryStore) Commit(_ context.Context, key string) error {
	k := short(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[k]; ok {
		e.done = true
		m.entries[k] = e
	}
	return nil
}

func (m *memoryStore) Release(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, short(key))
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
