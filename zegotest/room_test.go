package zegotest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// keys are the names of the members of a callback's body, except for those that
// all have.
func keys(t *testing.T, c *zegotest.Callback) []string {
	t.Helper()
	require.NoError(t, c.Wait(t.Context()))
	var body map[string]any
	require.NoError(t, json.Unmarshal(c.Tries()[0].Body, &body))
	names := make([]string, 0, len(body))
	for name := range body {
		switch name {
		case "event", "appid", "timestamp", "nonce", "signature":
		default:
			names = append(names, name)
		}
	}
	return names
}

// named are the events that were handled, by their names and what ended them.
func named(events []callback.Event) []string {
	var names []string
	for _, e := range events {
		name := e.Head().Event
		switch e := e.(type) {
		case *callback.StreamClosed:
			name += " " + e.StreamID + " " + decimal(int(e.Type))
		case *callback.UserLoggedIn:
			name += " " + e.UserID
		case *callback.UserLoggedOut:
			name += " " + e.UserID + " " + decimal(int(e.Reason))
		case *callback.RoomClosed:
			name += " " + decimal(int(e.CloseReason))
		}
		names = append(names, name)
	}
	return names
}

func decimal(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestServer_OpenStream(t *testing.T) {
	s := newServer(t, zegotest.WithUserEvents(), zegotest.WithClock(still))
	r := receive(t, s)
	members := []string{"room_id", "room_session_id", "user_id", "user_name", "channel_id", "stream_id", "stream_sid", "title", "stream_alias", "stream_attr", "stream_seq",
		"create_time", "create_time_ms", "extra_info", "recreate", "publish_id", "publish_name", "rtmp_url", "hls_url", "hdl_url", "pic_url"}
	s.OpenRoom("room_1", "u1", func(u *zegotest.User) { u.Name = "Ann" })
	s.Advance(0)
	opened := s.OpenStream("room_1", "s/1", "u1", func(v *zegotest.Stream) { v.Title, v.ExtraInfo = "title", "extra" })
	assert.ElementsMatch(t, members, keys(t, opened))
	s.Advance(time.Second)
	closed := s.CloseStream("room_1", "s/1")
	assert.ElementsMatch(t, []string{"room_id", "room_session_id", "user_id", "user_name", "channel_id", "type", "stream_alias", "stream_id", "stream_sid", "stream_seq",
		"third_define_data", "create_time_ms", "destroy_timemillis"}, keys(t, closed))

	var body map[string]any
	require.NoError(t, json.Unmarshal(opened.Tries()[0].Body, &body))
	for name, v := range body {
		if _, list := v.([]any); !list {
			assert.IsType(t, "", v, name)
		}
	}
	events := r.handled()
	begin, end := events[len(events)-2].(*callback.StreamCreated), events[len(events)-1].(*callback.StreamClosed)
	assert.Equal(t, "Ann", begin.UserName)
	assert.Equal(t, "title", begin.Title)
	assert.Equal(t, "extra", begin.ExtraInfo)
	assert.Len(t, begin.RTMPURL, 2)
	assert.Equal(t, begin.StreamSID, end.StreamSID)
	assert.Equal(t, begin.StreamSeq+1, end.StreamSeq)
	assert.Equal(t, time.Second, end.CloseTime.Sub(end.CreateTime))
	assert.Equal(t, s.Rooms()[0].SessionID, end.RoomSessionID)

	assert.Equal(t, "u1", s.Rooms()[0].Users[0].ID, "who publishes no longer is still there")
	s.OpenStream("room_1", "s2", "u2")
	require.Len(t, s.Rooms()[0].Users, 2, "who publishes has logged in")
}

func TestServer_CloseRoom(t *testing.T) {
	for reason, want := range map[callback.RoomCloseReason][]string{
		callback.RoomCloseNormal:           {"stream_close s1 5", "stream_close s2 5", "room_logout u1 0", "room_logout u2 0", "room_close 0"},
		callback.RoomCloseHeartbeatTimeout: {"stream_close s1 1", "stream_close s2 1", "room_logout u1 1", "room_logout u2 1", "room_close 1"},
		callback.RoomCloseLastUserLeft:     {"stream_close s1 0", "stream_close s2 0", "room_logout u1 0", "room_logout u2 0", "room_close 2"},
		callback.RoomCloseLastUserKicked:   {"stream_close s1 3", "stream_close s2 3", "room_logout u1 3", "room_logout u2 3", "room_close 3"},
	} {
		t.Run(decimal(int(reason)), func(t *testing.T) {
			s := newServer(t, zegotest.WithUserEvents(), zegotest.WithClock(still))
			r := receive(t, s)
			s.OpenRoom("room_1", "u1")
			s.OpenStream("room_1", "s1", "u1")
			s.OpenStream("room_1", "s2", "u2")
			s.CloseRoom("room_1", reason)
			s.Advance(0)
			assert.ElementsMatch(t, append([]string{"room_create", "room_login u1", "stream_create", "room_login u2", "stream_create"}, want...), named(r.handled()))
			room := s.Rooms()[0]
			assert.Empty(t, room.Users)
			assert.Empty(t, room.Streams)
		})
	}
}

func TestServer_LoginRoom(t *testing.T) {
	s := newServer(t, zegotest.WithUserEvents(), zegotest.WithClock(still))
	r := receive(t, s)
	s.OpenRoom("room_1", "u1")
	s.Advance(0)
	c := s.LoginRoom("room_1", "u2", func(u *zegotest.User) { u.Name, u.Role = "Bob", callback.RoleHost })
	assert.ElementsMatch(t, []string{"room_id", "room_name", "room_seq", "user_account", "user_nickname", "session_id", "login_time", "user_role", "auth_level", "relogin",
		"user_update_seq", "callback_data", "term_type"}, keys(t, c))
	s.Advance(time.Minute)
	out := s.LogoutRoom("room_1", "u2")
	assert.ElementsMatch(t, []string{"room_id", "room_seq", "user_account", "user_nickname", "session_id", "login_time", "logout_time", "reason", "user_role", "user_update_seq"}, keys(t, out))
	var in *callback.UserLoggedIn
	var left *callback.UserLoggedOut
	for _, e := range r.handled() {
		switch e := e.(type) {
		case *callback.UserLoggedIn:
			in = e
		case *callback.UserLoggedOut:
			left = e
		}
	}
	require.Equal(t, "Bob", in.UserName)
	assert.Equal(t, callback.RoleHost, in.UserRole)
	assert.Equal(t, s.Rooms()[0].SessionID, in.RoomSessionID)
	assert.Equal(t, in.SessionID, left.SessionID)
	assert.Equal(t, in.UserUpdateSeq+1, left.UserUpdateSeq)
	assert.Equal(t, time.Minute, left.LogoutTime.Sub(left.LoginTime))

	assert.Panics(t, func() { s.LoginRoom("room_1", "u1") })
	assert.Panics(t, func() { s.LogoutRoom("room_1", "u2") })
	assert.Panics(t, func() { s.LoginRoom("room_2", "u1") })
}

func TestServer_LogoutRoom(t *testing.T) {
	s := newServer(t, zegotest.WithUserEvents(), zegotest.WithClock(still))
	r := receive(t, s)
	s.OpenRoom("room_1", "u1")
	s.OpenStream("room_1", "s1", "u1")
	s.LoginRoom("room_1", "robot", func(u *zegotest.User) { u.Role = callback.RoleAdmin })
	s.Advance(0)
	before := len(r.handled())
	s.LogoutRoom("room_1", "u1")
	s.Advance(0)
	assert.ElementsMatch(t, []string{"stream_close s1 0", "room_logout u1 0", "room_logout robot 0", "room_close 2"}, named(r.handled()[before:]), "an administrator keeps no room open")
	assert.False(t, s.Rooms()[0].Live())
}

func TestWithUserEvents(t *testing.T) {
	s := newServer(t, zegotest.WithClock(still))
	r := receive(t, s)
	s.OpenRoom("room_1", "u1")
	require.ErrorIs(t, s.LoginRoom("room_1", "u2").Wait(t.Context()), zegotest.ErrWithheld)
	s.CloseRoom("room_1", 0)
	s.Advance(0)
	assert.ElementsMatch(t, []string{"room_create", "room_close 0"}, named(r.handled()))
	assert.Len(t, s.Callbacks(), 2)
}

func TestWithEventsOf2023(t *testing.T) {
	s := newServer(t, zegotest.WithEventsOf2023(), zegotest.WithClock(still))
	r := receive(t, s)
	s.OpenRoom("room_1", "u1")
	opened := s.OpenStream("room_1", "s1", "u1")
	closed := s.CloseStream("room_1", "s1")
	s.CloseRoom("room_1", 0)
	s.Advance(0)
	assert.ElementsMatch(t, []string{"channel_id", "stream_sid", "title", "stream_alias", "stream_attr", "stream_seq", "create_time", "extra_info",
		"publish_id", "publish_name", "rtmp_url", "hls_url", "hdl_url", "pic_url"}, keys(t, opened))
	assert.ElementsMatch(t, []string{"channel_id", "stream_sid", "stream_alias", "stream_seq", "type", "third_define_data", "publish_id", "publish_name"}, keys(t, closed))
	require.Len(t, r.handled(), 4)
	for _, e := range r.handled() {
		switch e := e.(type) {
		case *callback.RoomCreated:
			assert.Zero(t, e.RoomSessionID)
		case *callback.StreamCreated:
			assert.Equal(t, []string{"room_1", "s1", "u1"}, []string{e.RoomID, e.StreamID, e.UserID})
			assert.Zero(t, e.RoomSessionID)
		case *callback.StreamClosed:
			assert.Equal(t, []string{"room_1", "s1", "u1"}, []string{e.RoomID, e.StreamID, e.UserID})
			assert.Zero(t, e.RoomSessionID)
		case *callback.RoomClosed:
			assert.Zero(t, e.RoomSessionID)
		}
	}
}

func TestServer_EmitChatRoomCreated(t *testing.T) {
	s := newServer(t)
	r := receive(t, s)
	require.NoError(t, s.EmitChatRoomCreated("chat_1", "u1").Wait(t.Context()))
	require.IsType(t, &callback.UnknownEvent{}, r.handled()[0])
	assert.Equal(t, "room_create", r.handled()[0].Head().Event)
	assert.Empty(t, s.Rooms())
}

func TestServer_control_users(t *testing.T) {
	s := newServer(t)
	r := receive(t, s)
	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "rooms", `{"RoomId":"room_1"}`, 200},
		{"POST", "rooms/room_1/users", `{"UserId":"u2","UserName":"Bob","UserRole":4}`, 200},
		{"POST", "rooms/room_1/users", `{}`, 400},
		{"POST", "rooms/room_1/users", `{"UserId":"u2"}`, 409},
		{"POST", "rooms/room_1/users", `{"UserId":"u3"}`, 200},
		{"DELETE", "rooms/room_1/users/u3", ``, 200},
		{"DELETE", "rooms/room_1/users/u3", ``, 409},
		{"POST", "chat-rooms", `{}`, 400},
		{"POST", "chat-rooms", `{"RoomId":"c"}`, 200},
	} {
		status, answer := control(t, s, tt.method, tt.path, tt.body)
		assert.Equal(t, tt.status, status, "%s %s: %v", tt.path, tt.body, answer)
	}
	_, state := control(t, s, "GET", "state", "")
	assert.Equal(t, []any{map[string]any{"UserId": "user_1", "UserName": "user_1", "UserRole": 2.0}, map[string]any{"UserId": "u2", "UserName": "Bob", "UserRole": 4.0}},
		state["Rooms"].([]any)[0].(map[string]any)["Users"])
	s.Advance(0)
	assert.ElementsMatch(t, []string{"room_create", "room_create"}, named(r.handled()))
}
