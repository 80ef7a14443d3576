package moderator_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
)

// recorder is a vendor that notes its rooms.
type recorder struct{ started, stopped []string }

func (r *recorder) Start(_ context.Context, room moderator.Room) (string, error) {
	r.started = append(r.started, room.ID)
	return "task_" + room.ID, nil
}

func (r *recorder) Stop(_ context.Context, task moderator.Task) error {
	r.stopped = append(r.stopped, task.Room.ID)
	return nil
}

// reporter is a recorder whose tasks have results.
type reporter struct {
	recorder
	interval time.Duration
}

func (r *reporter) ResultInterval() time.Duration { return r.interval }

// teller is a recorder whose tasks ZEGO's callbacks are about.
type teller struct{ recorder }

func (*teller) TaskOf(e callback.Event) (roomID, taskID string, at time.Time, ended bool) {
	if r, ok := e.(*callback.AudioResult); ok {
		return r.AuxInfo.RoomID, r.TaskID, r.Timestamp, false
	}
	return "", "", time.Time{}, false
}

func TestVendors(t *testing.T) {
	at := time.Now()
	room := func(id string) moderator.Room { return moderator.Room{ID: id, CreatedAt: at} }
	zego, tencent := &teller{}, &recorder{}
	m, err := moderator.New(moderator.Vendors{"": zego, "trtc": tencent})
	require.NoError(t, err)
	for _, id := range []string{"1", moderator.RoomID("", "2"), moderator.RoomID("trtc", "1"), "trtc:a:b", "other:3"} {
		require.NoError(t, m.RoomOpened(t.Context(), room(id)))
	}
	assert.Equal(t, []string{"1", "2", "other:3"}, zego.started)
	assert.Equal(t, []string{"1", "a:b"}, tencent.started)
	require.NoError(t, m.RoomClosed(t.Context(), room("1"), at.Add(time.Second)))
	require.NoError(t, m.RoomClosed(t.Context(), room("trtc:a:b"), at.Add(time.Second)))
	assert.Equal(t, []string{"1"}, zego.stopped)
	assert.Equal(t, []string{"a:b"}, tencent.stopped)

	// What ZEGO's callbacks tell of tasks reaches the right room.
	found := &callback.AudioResult{Header: callback.Header{Timestamp: at}, Task: callback.Task{TaskID: "another"}, AuxInfo: callback.AudioAuxInfo{RoomID: "2"}}
	require.NoError(t, m.Handle(t.Context(), found))
	assert.Equal(t, []string{"1", "2"}, zego.stopped, "a second task of room 2")
	assert.NoError(t, m.Handle(t.Context(), &callback.UnknownEvent{}))

	_, err = moderator.New(moderator.Vendors{"": nil, "a:b": tencent})
	assert.ErrorContains(t, err, `the provider of "" must not be nil`)
	assert.ErrorContains(t, err, `the name "a:b" must not have a colon`)
	_, err = moderator.New(moderator.Vendors{})
	assert.Error(t, err)
	_, err = moderator.Vendors{"": zego, "trtc": nil}.Start(t.Context(), room("trtc:1"))
	assert.Error(t, err, "not ZEGO's")
	_, err = moderator.Vendors{"trtc": tencent}.Start(t.Context(), room("1"))
	assert.ErrorContains(t, err, `no provider for the room "1"`)
	assert.Error(t, moderator.Vendors{"": nil}.Stop(t.Context(), moderator.Task{Room: room("1")}))
}

// TestSessions tell the lives of a room apart, whatever the times say.
func TestSessions(t *testing.T) {
	at := time.Now().Add(-time.Minute)
	r := &recorder{}
	m, err := moderator.New(r)
	require.NoError(t, err)
	open := func(session uint64, d time.Duration) {
		require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: session, CreatedAt: at.Add(d)}))
	}
	require.NoError(t, m.RoomClosed(t.Context(), moderator.Room{ID: "r", SessionID: 5}, at))
	open(5, time.Second)
	assert.Empty(t, r.started, "its end is known, although a clock is a second off")
	open(6, 2*time.Second)
	open(7, time.Hour)
	assert.Equal(t, []string{"r", "r"}, r.started)
	assert.Equal(t, []string{"r"}, r.stopped, "the task of the life before is not used for the next")
}

// TestTasksThatEndAtOnce are not started without a pause.
func TestTasksThatEndAtOnce(t *testing.T) {
	now := time.Now()
	r := &recorder{}
	m, err := moderator.New(r, moderator.WithClock(func() time.Time { return now }))
	require.NoError(t, err)
	end := func() { require.NoError(t, m.TaskEnded(t.Context(), "r", "task_r", now)) }
	require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: 1, CreatedAt: now}))
	now = now.Add(time.Second)
	end()
	assert.Len(t, r.started, 2, "the first time at once")
	for range 10 {
		end()
	}
	assert.Len(t, r.started, 2)
	require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: 1, CreatedAt: now}))
	assert.Len(t, r.started, 3, "news of the room")
	now = now.Add(time.Minute)
	end()
	assert.Len(t, r.started, 4, "it has lasted")
}

// TestShutdownGuessesNothingOfRoomsItHasNotHeardOf: a room that lives is moderated by
// the next moderator.
func TestShutdownGuessesNothingOfRoomsItHasNotHeardOf(t *testing.T) {
	for _, session := range []uint64{0, 7} {
		store := moderator.NewMemoryStore(nil)
		m, err := moderator.New(&recorder{}, moderator.WithStore(store))
		require.NoError(t, err)
		require.NoError(t, m.TaskFound(t.Context(), "r", "another's", time.Now()))
		require.NoError(t, m.Shutdown(t.Context(), true))
		r := &recorder{}
		m, err = moderator.New(r, moderator.WithStore(store))
		require.NoError(t, err)
		require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: session, CreatedAt: time.Now().Add(-time.Hour)}))
		assert.Len(t, r.started, 1)
	}
}

// TestResultsKeepATaskAlive, also those that do not go to the store.
func TestResultsKeepATaskAlive(t *testing.T) {
	now := time.Now()
	r := &reporter{interval: 10 * time.Second}
	m, err := moderator.New(r, moderator.WithClock(func() time.Time { return now }), moderator.WithSilence(30*time.Second))
	require.NoError(t, err)
	room := moderator.Room{ID: "r", SessionID: 1, CreatedAt: now}
	require.NoError(t, m.RoomOpened(t.Context(), room))
	for range 12 {
		now = now.Add(10 * time.Second)
		require.NoError(t, m.TaskFound(t.Context(), "r", "task_r", now))
		require.NoError(t, m.RoomOpened(t.Context(), room))
	}
	assert.Len(t, r.started, 1)
	now = now.Add(time.Minute)
	require.NoError(t, m.RoomOpened(t.Context(), room))
	assert.Len(t, r.started, 2)
}

// TestRoomsWithoutSessions have times alone to tell their lives apart.
func TestRoomsWithoutSessions(t *testing.T) {
	at := func(seconds int) time.Time {
		return time.Unix(1_800_000_000, 0).Add(time.Duration(seconds) * time.Second)
	}
	type news struct {
		opened bool
		at     int
	}
	open, closed := func(s int) news { return news{true, s} }, func(s int) news { return news{false, s} }
	for name, test := range map[string]struct {
		news []news
		live bool
	}{
		"opened and closed":                    {[]news{open(10), closed(20)}, false},
		"the end comes first":                  {[]news{closed(20), open(10)}, false},
		"the end of the life before is late":   {[]news{open(10), open(30), closed(20)}, true},
		"both of the life before are late":     {[]news{open(30), open(10), closed(20)}, true},
		"reopened":                             {[]news{open(10), closed(20), open(30)}, true},
		"twice, out of order":                  {[]news{closed(40), open(10), open(30), closed(20)}, false},
		"twice, the first end last":            {[]news{open(10), closed(40), open(30), closed(20)}, false},
		"a stream, then an end from before it": {[]news{open(10), open(25), closed(20)}, true},
		"an older beginning, then its end":     {[]news{open(30), open(10), closed(15), closed(20)}, true},
		"everything twice":                     {[]news{open(10), open(10), closed(20), closed(20), open(10)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := moderator.New(&recorder{}, moderator.WithClock(func() time.Time { return at(60) }))
			require.NoError(t, err)
			for _, n := range test.news {
				if n.opened {
					require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", CreatedAt: at(n.at)}))
				} else {
					require.NoError(t, m.RoomClosed(t.Context(), moderator.Room{ID: "r"}, at(n.at)))
				}
			}
			tasks, err := m.Tasks(t.Context())
			require.NoError(t, err)
			assert.Equal(t, test.live, len(tasks) == 1, "%v", tasks)
		})
	}
	t.Run("closed by a wrong list, and opened by a right one", func(t *testing.T) {
		m, err := moderator.New(&recorder{}, moderator.WithClock(func() time.Time { return at(600) }))
		require.NoError(t, err)
		require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", CreatedAt: at(10)}))
		require.NoError(t, m.Reconcile(t.Context(), func(func(moderator.Room) bool) {}))
		tasks, err := m.Tasks(t.Context())
		require.NoError(t, err)
		assert.Empty(t, tasks)
		require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", CreatedAt: at(5)}))
		tasks, err = m.Tasks(t.Context())
		require.NoError(t, err)
		assert.Empty(t, tasks, "another life's, and late")
		require.NoError(t, m.Reconcile(t.Context(), func(yield func(moderator.Room) bool) { yield(moderator.Room{ID: "r", CreatedAt: at(10)}) }))
		tasks, err = m.Tasks(t.Context())
		require.NoError(t, err)
		assert.Len(t, tasks, 1)
	})
}
