package moderator

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counter is a vendor whose tasks have numbers.
type counter struct {
	started int
	stopped []string
	refuse  bool
}

func (c *counter) Start(context.Context, Room) (string, error) {
	if c.refuse {
		return "", errRefused
	}
	c.started++
	return fmt.Sprintf("task_%d", c.started), nil
}

func (c *counter) Stop(_ context.Context, t Task) error {
	c.stopped = append(c.stopped, t.ID)
	return nil
}

// inherit makes a moderator with a store, and a way to have another replica claim a
// room with an event and die.
func inherit(t *testing.T, c *counter) (m *Moderator, now *time.Time, dies func(events ...event)) {
	t.Helper()
	at := time.Now()
	now = &at
	clock := func() time.Time { return *now }
	store := NewMemoryStore(clock)
	m, err := New(c, WithStore(store), WithClock(clock))
	require.NoError(t, err)
	return m, now, func(events ...event) {
		var encoded [][]byte
		for _, e := range events {
			encoded = append(encoded, e.encode())
		}
		claim, err := store.Begin(t.Context(), "r", "dead", time.Minute, encoded...)
		require.NoError(t, err)
		require.True(t, claim.Held)
		*now = now.Add(time.Minute + time.Second)
	}
}

// TestAnHeirDoesNotTrustWhatWasSeenBefore: the replica that died may have stopped a
// task since it was seen.
func TestAnHeirDoesNotTrustWhatWasSeenBefore(t *testing.T) {
	c := &counter{refuse: true}
	m, now, dies := inherit(t, c)
	require.NoError(t, m.RoomOpened(t.Context(), Room{ID: "r", SessionID: 1, CreatedAt: *now}))
	seen := now.Add(time.Second)
	dies()
	require.NoError(t, m.TaskFound(t.Context(), "r", "before", seen))
	tasks, err := m.Tasks(t.Context())
	require.NoError(t, err)
	assert.Empty(t, tasks, "it may have been stopped")
	require.NoError(t, m.TaskFound(t.Context(), "r", "before", now.Add(time.Second)))
	tasks, err = m.Tasks(t.Context())
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	assert.Equal(t, "before", tasks[0].ID)
	assert.Zero(t, c.started)
}

// TestAnHeirDoesNotKeepATaskThatMayHaveBeenStopped: the end of a life was known to the
// replica that died, and the next life only later.
func TestAnHeirDoesNotKeepATaskThatMayHaveBeenStopped(t *testing.T) {
	for _, died := range []bool{false, true} {
		c := &counter{}
		m, now, dies := inherit(t, c)
		began := *now
		require.NoError(t, m.RoomOpened(t.Context(), Room{ID: "r", SessionID: 1, CreatedAt: began.Add(-time.Minute)}))
		if died {
			dies(event{Kind: closed, Session: 1, At: began.Add(-30 * time.Second).UnixMilli()})
		}
		// Its task was started when the second life had begun.
		second := Room{ID: "r", SessionID: 2, CreatedAt: began.Add(-20 * time.Second)}
		require.NoError(t, m.RoomOpened(t.Context(), second))
		if died {
			assert.Equal(t, []string{"task_1"}, c.stopped)
			assert.Equal(t, 1, c.started, "the replica may have sent a Start")
			*now = now.Add(6 * time.Minute)
			require.NoError(t, m.RoomOpened(t.Context(), second))
			assert.Equal(t, 2, c.started)
		} else {
			assert.Empty(t, c.stopped)
			assert.Equal(t, 1, c.started)
		}
	}
}
