package receive

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"sync"
	"time"
)

// ErrStoreFull is callback.ErrStoreFull.
var ErrStoreFull = errors.New("callback: nonce store is full")

// maxNonces is the most entries of a Memory.
const maxNonces = 1 << 21

type memoryKey [16]byte

type memoryEntry struct {
	expires     int64 // seconds since the store was made
	held        int64 // the same; until then the reservation is in force, or committed
	owner       uint64
	fingerprint memoryKey
}

// These are in place of the time until which a reservation is in force.
const (
	committed = math.MinInt64
	released  = math.MinInt64 + 1
)

// Memory is the default NonceStore: callback.NewMemoryNonceStore describes it.
type Memory struct {
	now   func() time.Time
	start time.Time // when the store was made
	max   int

	mu        sync.Mutex
	entries   map[memoryKey]memoryEntry
	nextSweep int64 // seconds since the store was made
}

// NewMemory makes a store. now may be nil for [time.Now].
func NewMemory(now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{now: now, start: now(), max: maxNonces, entries: make(map[memoryKey]memoryEntry)}
}

// elapsed is the time since the store was made, in seconds. [time.Now] measures it with
// the monotonic clock: nobody sets that forward and has entries expire early.
func (m *Memory) elapsed() int64 { return int64(m.now().Sub(m.start) / time.Second) }

// seconds rounds up.
func seconds(d time.Duration) int64 { return int64(d/time.Second) + 1 }

func short(s string) memoryKey {
	sum := sha256.Sum256([]byte(s))
	return memoryKey(sum[:16])
}

func ownerOf(r Reservation) uint64 {
	sum := sha256.Sum256([]byte(r.Owner))
	return binary.BigEndian.Uint64(sum[:])
}

// Reserve implements NonceStore.
func (m *Memory) Reserve(_ context.Context, r Reservation) (NonceState, error) {
	k, hash, owner := short(r.Key), short(r.Fingerprint), ownerOf(r)
	now := m.elapsed()
	m.mu.Lock()
	defer m.mu.Unlock()
	limit := m.max
	if !r.Essential {
		limit -= m.max / 10
	}
	m.sweep(now, limit)
	e, known := m.entries[k]
	if known && e.expires > now {
		switch {
		case e.fingerprint != hash:
			return NonceConflict, nil
		case e.held == committed:
			return NonceDone, nil
		case e.held > now && e.owner != owner:
			return NonceInProgress, nil
		}
	}
	if !known && len(m.entries) >= limit {
		return 0, ErrStoreFull
	}
	m.entries[k] = memoryEntry{expires: now + seconds(r.TTL), held: now + seconds(r.Hold), owner: owner, fingerprint: hash}
	return NonceReserved, nil
}

// Commit implements NonceStore.
func (m *Memory) Commit(_ context.Context, r Reservation) error {
	k, owner := short(r.Key), ownerOf(r)
	now := m.elapsed()
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[k]; !ok || e.owner == owner {
		m.entries[k] = memoryEntry{expires: now + seconds(r.TTL), held: committed, owner: owner, fingerprint: short(r.Fingerprint)}
	}
	return nil
}

// Release implements NonceStore.
func (m *Memory) Release(_ context.Context, r Reservation) error {
	k, owner := short(r.Key), ownerOf(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[k]; ok && e.held != committed && e.owner == owner {
		e.held = released
		m.entries[k] = e
	}
	return nil
}

// sweep drops what has expired: once a minute, and once a second while limit is
// reached.
func (m *Memory) sweep(now int64, limit int) {
	full := len(m.entries) >= limit
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
