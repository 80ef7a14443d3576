package moderator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
)

// TestModerator_Handle has callbacks that do not name the room's session.
func TestModerator_Handle(t *testing.T) {
	at := func(seconds int) time.Time {
		return time.Unix(1_800_000_000, 0).Add(time.Duration(seconds) * time.Second)
	}
	create := func(session uint64, s int) callback.Event {
		return &callback.RoomCreated{RoomID: "r", RoomSessionID: session, CreateTime: at(s)}
	}
	stream := func(session uint64, s int) callback.Event {
		return &callback.StreamCreated{RoomID: "r", RoomSessionID: session, CreateTime: at(s)}
	}
	closed := func(session uint64, s int) callback.Event {
		return &callback.RoomClosed{RoomID: "r", RoomSessionID: session, CloseTime: at(s)}
	}
	for name, test := range map[string]struct {
		events  []callback.Event
		live    bool
		session uint64 // if it lives
		starts  int
	}{
		"the end names no session":                           {[]callback.Event{create(1, 10), closed(0, 20)}, false, 0, 1},
		"an end from before the known life":                  {[]callback.Event{create(2, 30), closed(0, 20)}, true, 2, 1},
		"such an end, then that of the life":                 {[]callback.Event{create(2, 30), closed(0, 20), closed(2, 40)}, false, 0, 1},
		"the beginning after a stream":                       {[]callback.Event{stream(0, 12), create(1, 10)}, true, 1, 1},
		"a stream after the beginning":                       {[]callback.Event{create(1, 10), stream(0, 12)}, true, 1, 1},
		"both, and the end with the session":                 {[]callback.Event{stream(0, 12), create(1, 10), closed(1, 20)}, false, 0, 1},
		"both, and the end without":                          {[]callback.Event{stream(0, 12), create(1, 10), closed(0, 20)}, false, 0, 1},
		"both, and a late end from before them":              {[]callback.Event{stream(0, 32), create(2, 30), closed(1, 20), closed(0, 20)}, true, 2, 1},
		"the end first":                                      {[]callback.Event{closed(0, 20), create(1, 10), stream(1, 12)}, false, 0, 0},
		"the end with a session first":                       {[]callback.Event{closed(1, 20), stream(0, 12), create(1, 10)}, false, 0, 0},
		"the beginning again, when the next life has begun":  {[]callback.Event{create(1, 10), closed(1, 20), stream(0, 30), create(1, 10), closed(1, 20)}, true, 0, 2},
		"the end of a life after the stream of the next":     {[]callback.Event{create(1, 10), stream(0, 30), closed(1, 20)}, true, 0, 1},
		"and then the beginning of the next":                 {[]callback.Event{create(1, 10), stream(0, 30), closed(1, 20), create(2, 29)}, true, 2, 1},
		"the end of a later life, then its beginning":        {[]callback.Event{create(1, 10), closed(0, 40), create(2, 30)}, false, 0, 1},
		"the end twice, with the session and without":        {[]callback.Event{create(1, 10), closed(1, 20), closed(0, 20), create(2, 30)}, true, 2, 2},
		"a stream from before the end":                       {[]callback.Event{create(1, 10), closed(1, 20), stream(0, 12)}, false, 0, 1},
		"a stream just before the end, by another's clock":   {[]callback.Event{create(1, 10), stream(0, 21), closed(1, 20)}, false, 0, 1},
		"a stream whose time is missing":                     {[]callback.Event{&callback.StreamCreated{Header: callback.Header{Timestamp: at(12)}, RoomID: "r"}, closed(1, 11)}, true, 0, 1},
		"a late stream, and the end of a life yet to begin":  {[]callback.Event{create(2, 30), closed(3, 40), stream(0, 12)}, true, 2, 1},
		"an end whose time is missing":                       {[]callback.Event{create(1, 10), &callback.RoomClosed{Header: callback.Header{Timestamp: at(20)}, RoomID: "r"}}, false, 0, 1},
		"a beginning whose time is missing, in a known life": {[]callback.Event{create(2, 30), &callback.RoomCreated{Header: callback.Header{Timestamp: at(20)}, RoomID: "r", RoomSessionID: 1}}, true, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{}
			m, err := moderator.New(r, moderator.WithClock(func() time.Time { return at(60) }))
			require.NoError(t, err)
			for _, e := range test.events {
				require.NoError(t, m.Handle(t.Context(), e))
			}
			tasks, err := m.Tasks(t.Context())
			require.NoError(t, err)
			require.Equal(t, test.live, len(tasks) == 1, "%v", tasks)
			assert.Len(t, r.started, test.starts)
			if test.live {
				assert.Equal(t, test.session, tasks[0].Room.SessionID)
			}
		})
	}
}

// TestModerator_Handle_bodies has bodies as the vendor prints them.
func TestModerator_Handle_bodies(t *testing.T) {
	for name, test := range map[string]struct {
		members string
		starts  int
	}{
		"in-app Chat's room_create":        {`"event":"room_create","room_id":"r","operator_account":"u","room_name":"n"`, 0},
		"room_create":                      {`"event":"room_create","room_id":"r","room_session_id":1,"room_create_time":"1800000000000","id_name":"u"`, 1},
		"stream_create without a session":  {`"event":"stream_create","channel_id":"r","publish_id":"u","stream_alias":"s","create_time_ms":"1800000000000"`, 1},
		"room_close of an unheard-of room": {`"event":"room_close","room_id":"r","room_close_time":"1800000000000"`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{}
			m, err := moderator.New(r)
			require.NoError(t, err)
			h, err := callback.NewHandler("secret", m.Handle, callback.WithClock(func() time.Time { return time.Unix(1_800_000_000, 0) }))
			require.NoError(t, err)
			body := fmt.Sprintf(`{%s,"appid":"1","timestamp":"1800000000","nonce":"1","signature":%q}`, test.members, callback.Sign("secret", "1800000000", "1"))
			req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, req)
			assert.Equal(t, http.StatusOK, answer.Code, answer.Body)
			assert.Len(t, r.started, test.starts)
		})
	}
}

// TestModerator_Reconcile_session: a wrong list is undone by an event of the room that does
// not name its session, or that names it first.
func TestModerator_Reconcile_session(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, sessions := range [][2]uint64{{1, 0}, {0, 1}, {1, 1}, {0, 0}} {
		r := &recorder{}
		m, err := moderator.New(r, moderator.WithClock(func() time.Time { return now.Add(10 * time.Minute) }))
		require.NoError(t, err)
		require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: sessions[0], CreatedAt: now}))
		require.NoError(t, m.Reconcile(t.Context(), func(func(moderator.Room) bool) {}))
		require.Len(t, r.stopped, 1)
		require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: sessions[1], CreatedAt: now.Add(time.Minute)}))
		assert.Len(t, r.started, 2, "%v", sessions)
		tasks, err := m.Tasks(t.Context())
		require.NoError(t, err)
		require.Len(t, tasks, 1)
		assert.Equal(t, max(sessions[0], sessions[1]), tasks[0].Room.SessionID)
	}
}

// TestModerator_Reconcile_end: the end that was told counts for more than a wrong list,
// and what was told since counts for more than the list.
func TestModerator_Reconcile_end(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	clock := now.Add(10 * time.Minute)
	open := func(m *moderator.Moderator, session uint64, at time.Time) {
		t.Helper()
		require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: session, CreatedAt: at}))
	}
	empty := func(func(moderator.Room) bool) {}
	t.Run("told", func(t *testing.T) {
		r := &recorder{}
		m, err := moderator.New(r, moderator.WithClock(func() time.Time { return clock }))
		require.NoError(t, err)
		open(m, 0, now.Add(10*time.Second))
		open(m, 0, now.Add(24*time.Second))
		require.NoError(t, m.RoomClosed(t.Context(), moderator.Room{ID: "r", SessionID: 1}, now.Add(20*time.Second))) // by clocks that differ
		require.NoError(t, m.Reconcile(t.Context(), empty))
		for range 2 {
			open(m, 1, now.Add(12*time.Second))
		}
		assert.Len(t, r.started, 1)
	})
	for _, session := range []uint64{0, 1} {
		t.Run("a stream by a clock that is ahead", func(t *testing.T) {
			r := &recorder{}
			m, err := moderator.New(r, moderator.WithClock(func() time.Time { return clock }))
			require.NoError(t, err)
			open(m, session, now)
			open(m, 0, clock.Add(time.Second))
			require.NoError(t, m.Reconcile(t.Context(), empty))
			assert.Empty(t, r.stopped)
			require.NoError(t, m.Shutdown(t.Context(), true))
			assert.Len(t, r.stopped, 1)
		})
	}
}
