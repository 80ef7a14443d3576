package callback

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMemoryStore(t *testing.T) {
	ctx, now := t.Context(), time.Unix(1724743250, 0)
	m := newMemoryStore(func() time.Time { return now })
	m.max = 2
	reserve := func(key, fingerprint string) State {
		t.Helper()
		s, err := m.Reserve(ctx, key, fingerprint, time.Second, time.Minute)
		require.NoError(t, err)
		return s
	}
	assert.Equal(t, Reserved, reserve("a", "1"))
	assert.Equal(t, InWork, reserve("a", "1"))
	assert.Equal(t, Conflict, reserve("a", "2"))
	require.NoError(t, m.Commit(ctx, "a", "1", time.Minute))
	assert.Equal(t, Done, reserve("a", "1"))
	assert.Equal(t, Conflict, reserve("a", "2"))
	assert.Equal(t, Reserved, reserve("b", "1"))
	_, err := m.Reserve(ctx, "c", "1", time.Second, time.Minute)
	require.ErrorIs(t, err, ErrStoreFull, "a live nonce is not forgotten")
	require.NoError(t, m.Release(ctx, "b"))
	assert.Equal(t, Conflict, reserve("b", "2"), "nor is one that was released")
	assert.Equal(t, Reserved, reserve("b", "1"))
	now = now.Add(62 * time.Second)
	assert.Equal(t, Reserved, reserve("d", "1"), "what has expired makes room")
	assert.Len(t, m.entries, 1)
}

func TestAMillionNoncesStayUnderTheBound(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := newMemoryStore(time.Now)
	for i := range 1_000_000 {
		_, err := m.Reserve(t.Context(), strconv.Itoa(i), "f", time.Hour, time.Hour)
		require.NoError(t, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d MiB", used>>20)
	assert.Less(t, used, int64(128<<20))
	runtime.KeepAlive(m)
}
