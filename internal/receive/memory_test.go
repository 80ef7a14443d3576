package receive

import (
	"runtime"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMemory_Reserve(t *testing.T) {
	now := time.Unix(1724743250, 0)
	newMemory := func(most int) (*Memory, func(key, fingerprint, owner string) NonceState) {
		m := NewMemory(func() time.Time { return now })
		m.max = most
		return m, func(key, fingerprint, owner string) NonceState {
			t.Helper()
			s, err := m.Reserve(t.Context(), Reservation{Key: key, Fingerprint: fingerprint, Owner: owner, Hold: time.Second, TTL: time.Minute})
			require.NoError(t, err)
			return s
		}
	}
	t.Run("a full store forgets no live entry", func(t *testing.T) {
		m, reserve := newMemory(2)
		assert.Equal(t, NonceReserved, reserve("a", "1", "x"))
		require.NoError(t, m.Commit(t.Context(), Reservation{Key: "a", Fingerprint: "1", Owner: "x", TTL: time.Minute}))
		assert.Equal(t, NonceReserved, reserve("b", "1", "x"))
		_, err := m.Reserve(t.Context(), Reservation{Key: "c", Fingerprint: "1", Owner: "x", TTL: time.Minute})
		require.ErrorIs(t, err, ErrStoreFull)
		assert.Equal(t, NonceDone, reserve("a", "1", "y"))
		assert.Equal(t, NonceConflict, reserve("a", "2", "y"))
		now = now.Add(62 * time.Second)
		assert.Equal(t, NonceReserved, reserve("d", "1", "x"), "what has expired makes room")
		assert.Len(t, m.entries, 1)
	})
	t.Run("the last tenth is for what is essential", func(t *testing.T) {
		m, reserve := newMemory(20)
		for i := range 18 {
			assert.Equal(t, NonceReserved, reserve(strconv.Itoa(i), "1", "x"))
		}
		_, err := m.Reserve(t.Context(), Reservation{Key: "18", TTL: time.Minute})
		require.ErrorIs(t, err, ErrStoreFull)
		for i := range 2 {
			_, err = m.Reserve(t.Context(), Reservation{Key: "room " + strconv.Itoa(i), TTL: time.Minute, Essential: true})
			require.NoError(t, err)
		}
		_, err = m.Reserve(t.Context(), Reservation{Key: "room 2", TTL: time.Minute, Essential: true})
		require.ErrorIs(t, err, ErrStoreFull)
	})
}

// TestMemory_Reserve_clockSet has the machine's clock set forward by a day and back,
// with callbacks in between: what is remembered does not expire.
func TestMemory_Reserve_clockSet(t *testing.T) {
	set := time.Duration(0)
	now := func() time.Time {
		n := time.Now()
		// A Time begins with the clock's reading, whose seconds are above 30 bits of
		// nanoseconds. The monotonic reading stays.
		*(*uint64)(unsafe.Pointer(&n)) += uint64(set/time.Second) << 30
		return n
	}
	before := now()
	set = 24 * time.Hour
	require.InDelta(t, 24*60*60, now().Unix()-before.Unix(), 5, "the clock is set")
	require.Less(t, now().Sub(before), time.Minute, "and no time has passed")
	set = 0

	m := NewMemory(now)
	reserve := func(key, fingerprint string) NonceState {
		t.Helper()
		s, err := m.Reserve(t.Context(), Reservation{Key: key, Fingerprint: fingerprint, Owner: "x", Hold: time.Second, TTL: 21 * time.Minute})
		require.NoError(t, err)
		return s
	}
	require.Equal(t, NonceReserved, reserve("a", "1"))
	set = 24 * time.Hour
	assert.Equal(t, NonceReserved, reserve("b", "1"))
	set = 0
	assert.Equal(t, NonceConflict, reserve("a", "forged"))
}

// TestMemory_bound fills the store, and measures what it and a sweep cost.
func TestMemory_bound(t *testing.T) {
	if testing.Short() {
		t.Skip("fills 2^21 entries")
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	now := time.Unix(1724743250, 0)
	m := NewMemory(func() time.Time { return now })
	for i := range maxNonces {
		_, err := m.Reserve(t.Context(), Reservation{Key: strconv.Itoa(i), Fingerprint: "f", Owner: "o", Hold: time.Hour, TTL: time.Hour, Essential: true})
		require.NoError(t, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	now = now.Add(61 * time.Second)
	began := time.Now()
	_, err := m.Reserve(t.Context(), Reservation{Key: "one more", TTL: time.Hour, Essential: true})
	require.ErrorIs(t, err, ErrStoreFull)
	t.Logf("%d MiB for %d entries, a sweep that finds none expired in %v", used>>20, len(m.entries), time.Since(began))
	assert.Less(t, used, int64(272<<20), "SECURITY.md says so")
	runtime.KeepAlive(m)
}
