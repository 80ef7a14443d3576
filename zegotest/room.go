package zegotest

import (
	"fmt"
	"slices"
	"time"

	"github.com/zegocensor/zegocensor-go/callback"
)

// Room is one life of a room.
type Room struct {
	ID        string
	SessionID uint64 // each life of a room has its own
	Created   time.Time
	Closed    time.Time // zero while it lives
	Users     []User    // those who are logged in, in the order of their logins
	Streams   []Stream  // those that are being published

	emptied   time.Time // when it last had no stream
	published uint32    // streams so far
	userSeq   uint64    // changes of Users so far
}

// Live reports whether the room is still open.
func (r Room) Live() bool { return r.Closed.IsZero() }

// User is somebody who is logged in to a room.
type User struct {
	ID       string
	Name     string
	Role     callback.UserRole // RoleAdmin does not keep a room open
	LoggedIn time.Time

	session string // each login has its own
}

// UserOption changes a [User] before the login.
type UserOption func(*User)

// Stream is what a user publishes in a room.
type Stream struct {
	ID        string
	UserID    string
	UserName  string
	Title     string
	ExtraInfo string
	Created   time.Time

	Unmoderated bool // its publisher opted out of moderation: it gives no results

	number uint64 // no two streams of a server have the same
	inRoom uint32 // no two streams of a room have the same
}

// StreamOption changes a [Stream] before it is published.
type StreamOption func(*Stream)

// Unmoderated has the publisher of a stream opt out of moderation, as a client
// can by its stream censorship flag.
func Unmoderated(s *Stream) { s.Unmoderated = true }

// emptyEnd is how long a task goes on in a room without streams.
const emptyEnd = 5 * time.Minute

// OpenRoom has userID log in to a room that nobody is in, which sends a
// room_create to the URL of [Server.SetCallbackURL], and the room_login of
// [Server.LoginRoom]. It panics when the room is open.
func (s *Server) OpenRoom(roomID, userID string, opts ...UserOption) *Callback {
	return must(s.openRoom(roomID, userID, opts...))
}

func (s *Server) openRoom(roomID, userID string, opts ...UserOption) (*Callback, error) {
	return s.change(func(now time.Time) (events []callback.Event, about callback.Event, err error) {
		if _, err := s.liveRoomLocked(roomID); err == nil {
			return nil, nil, fmt.Errorf("room %q is open", roomID)
		}
		s.sessions++
		r := &Room{ID: roomID, SessionID: s.sessions, Created: now, emptied: now}
		s.rooms = append(s.rooms, r)
		s.roomByID[roomID] = r
		s.watch(roomID)
		created := &callback.RoomCreated{RoomID: roomID, RoomSessionID: r.SessionID, CreateTime: now, UserID: userID}
		return []callback.Event{created, s.loginLocked(r, now, userID, opts...)}, created, nil
	})
}

// CloseRoom ends a room with its streams and logins, which sends a stream_close
// for each stream, a room_logout for each user if [WithUserEvents] is set, and a
// room_close, whose callback it returns. The types and reasons of the former
// follow from reason; streams of a room that is closed normally were cleared. It
// panics when the room is not open.
func (s *Server) CloseRoom(roomID string, reason callback.RoomCloseReason) *Callback {
	return must(s.closeRoom(roomID, reason))
}

// endings are how streams and logins end with a room.
var endings = map[callback.RoomCloseReason]struct {
	stream callback.StreamCloseType
	logout callback.LogoutReason
}{
	callback.RoomCloseNormal:           {callback.StreamCloseRoomCleared, callback.LogoutNormal},
	callback.RoomCloseHeartbeatTimeout: {callback.StreamCloseHeartbeatTimeout, callback.LogoutHeartbeatTimeout},
	callback.RoomCloseLastUserLeft:     {callback.StreamCloseNormal, callback.LogoutNormal},
	callback.RoomCloseLastUserKicked:   {callback.StreamCloseKicked, callback.LogoutKicked},
}

func (s *Server) closeRoom(roomID string, reason callback.RoomCloseReason) (*Callback, error) {
	return s.change(func(now time.Time) (events []callback.Event, about callback.Event, err error) {
		r, err := s.liveRoomLocked(roomID)
		if err != nil {
			return nil, nil, err
		}
		how := endings[reason]
		events = s.clearLocked(r, now, how.stream, how.logout)
		closed := s.closeLocked(r, now, reason)
		return append(events, closed), closed, nil
	})
}

// LoginRoom has userID log in to a room that is open, which sends a room_login if
// [WithUserEvents] is set. It panics when the room is not open or the user is in it.
func (s *Server) LoginRoom(roomID, userID string, opts ...UserOption) *Callback {
	return must(s.loginRoom(roomID, userID, opts...))
}

func (s *Server) loginRoom(roomID, userID string, opts ...UserOption) (*Callback, error) {
	return s.change(func(now time.Time) (events []callback.Event, about callback.Event, err error) {
		r, err := s.liveRoomLocked(roomID)
		if err == nil && r.user(userID) >= 0 {
			err = fmt.Errorf("user %q is in the room", userID)
		}
		if err != nil {
			return nil, nil, err
		}
		e := s.loginLocked(r, now, userID, opts...)
		return []callback.Event{e}, e, nil
	})
}

// LogoutRoom has userID leave a room, which ends the user's streams and sends a
// room_logout if [WithUserEvents] is set, whose callback it returns. When the last
// user leaves, the room is closed. It panics when the user is not in the room.
func (s *Server) LogoutRoom(roomID, userID string) *Callback {
	return must(s.logoutRoom(roomID, userID))
}

func (s *Server) logoutRoom(roomID, userID string) (*Callback, error) {
	return s.change(func(now time.Time) (events []callback.Event, about callback.Event, err error) {
		r, err := s.liveRoomLocked(roomID)
		if err == nil && r.user(userID) < 0 {
			err = fmt.Errorf("user %q is not in the room", userID)
		}
		if err != nil {
			return nil, nil, err
		}
		events = s.logoutLocked(r, now, userID, callback.StreamCloseNormal, callback.LogoutNormal)
		about = events[len(events)-1]
		if r.deserted() {
			events = append(events, s.clearLocked(r, now, callback.StreamCloseRoomCleared, callback.LogoutNormal)...)
			events = append(events, s.closeLocked(r, now, callback.RoomCloseLastUserLeft))
		}
		return events, about, nil
	})
}

// kickOut is KickoutUser. Users who are not there are ignored.
func (s *Server) kickOut(roomID string, userIDs []string) error {
	_, err := s.change(func(now time.Time) (events []callback.Event, about callback.Event, err error) {
		r, err := s.liveRoomLocked(roomID)
		if err != nil {
			return nil, nil, err
		}
		for _, id := range userIDs {
			if r.user(id) >= 0 {
				events = append(events, s.logoutLocked(r, now, id, callback.StreamCloseKicked, callback.LogoutKicked)...)
			}
		}
		if len(events) > 0 && r.deserted() {
			events = append(events, s.clearLocked(r, now, callback.StreamCloseRoomCleared, callback.LogoutNormal)...)
			events = append(events, s.closeLocked(r, now, callback.RoomCloseLastUserKicked))
		}
		return events, nil, nil
	})
	return err
}

// dissolve is the action CloseRoom.
func (s *Server) dissolve(roomID string, tell bool) error {
	_, err := s.change(func(now time.Time) (events []callback.Event, about callback.Event, err error) {
		r, err := s.liveRoomLocked(roomID)
		if err != nil {
			return nil, nil, err
		}
		events = s.clearLocked(r, now, callback.StreamCloseRoomCleared, callback.LogoutKicked)
		if closed := s.closeLocked(r, now, callback.RoomCloseNormal); tell {
			events = append(events, closed)
		}
		return events, nil, nil
	})
	return err
}

// OpenStream has userID publish a stream, which sends a stream_create. A user who
// is not in the room logs in first, as by [Server.LoginRoom]. It panics when the
// room is not open or the stream is.
func (s *Server) OpenStream(roomID, streamID, userID string, opts ...StreamOption) *Callback {
	return must(s.openStream(roomID, streamID, userID, opts...))
}

func (s *Server) openStream(roomID, streamID, userID string, opts ...StreamOption) (*Callback, error) {
	return s.change(func(now time.Time) (events []callback.Event, about callback.Event, err error) {
		r, err := s.liveRoomLocked(roomID)
		if err == nil && r.stream(streamID) >= 0 {
			err = fmt.Errorf("stream %q is open", streamID)
		}
		if err != nil {
			return nil, nil, err
		}
		if r.user(userID) < 0 {
			events = append(events, s.loginLocked(r, now, userID))
		}
		stream := Stream{ID: streamID, UserID: userID, UserName: r.Users[r.user(userID)].Name}
		for _, opt := range opts {
			opt(&stream)
		}
		about = s.publishLocked(r, now, stream)
		return append(events, about), about, nil
	})
}

// CloseStream ends a stream, which sends a stream_close. Its user stays in the
// room. It panics when the room or the stream is not open.
func (s *Server) CloseStream(roomID, streamID string) *Callback {
	return must(s.closeStream(roomID, streamID, "", callback.StreamCloseNormal))
}

// closeStream ends a stream of a user; "" is any user.
func (s *Server) closeStream(roomID, streamID, userID string, how callback.StreamCloseType) (*Callback, error) {
	return s.change(func(now time.Time) (events []callback.Event, about callback.Event, err error) {
		r, err := s.liveRoomLocked(roomID)
		i := -1
		if err == nil {
			if i = r.stream(streamID); i < 0 || userID != "" && r.Streams[i].UserID != userID {
				err = fmt.Errorf("stream %q is not open", streamID)
			}
		}
		if err != nil {
			return nil, nil, err
		}
		e := s.unpublishLocked(r, now, i, how)
		return []callback.Event{e}, e, nil
	})
}

// EmitChatRoomCreated sends the room_create of in-app Chat (ZIM), another product
// that has the same name for an event of its own, and the same signature. No such
// room is opened here, and nothing is to be moderated in it.
func (s *Server) EmitChatRoomCreated(roomID, userID string) *Callback {
	e := &callback.UnknownEvent{Header: callback.Header{Event: "room_create", AppID: s.appID}}
	return s.send("", e, fields{"event": e.Event, "appid": unsigned(uint64(s.appID)),
		"room_id": roomID, "room_name": roomID, "operator_account": userID, "attributes": fields{}})
}

// must is for what only a mistake of the test makes fail.
func must(c *Callback, err error) *Callback {
	if err != nil {
		panic("zegotest: " + err.Error())
	}
	return c
}

// Rooms returns all lives of all rooms, in the order of their beginning.
func (s *Server) Rooms() []Room {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]Room, len(s.rooms))
	for i, r := range s.rooms {
		all[i] = *r
		all[i].Users = slices.Clone(r.Users)
		all[i].Streams = slices.Clone(r.Streams)
	}
	return all
}

func (r *Room) stream(id string) int {
	return slices.IndexFunc(r.Streams, func(s Stream) bool { return s.ID == id })
}

func (r *Room) user(id string) int {
	return slices.IndexFunc(r.Users, func(u User) bool { return u.ID == id })
}

// deserted reports whether nobody is in the room whom ZEGO would keep it open for.
func (r *Room) deserted() bool {
	return !slices.ContainsFunc(r.Users, func(u User) bool { return u.Role != callback.RoleAdmin })
}

// sid is an ID in the form of ZEGO's.
func (s *Stream) sid() string { return fmt.Sprintf("s-%027d", s.number) }

func (s *Server) liveRoomLocked(id string) (*Room, error) {
	if r := s.roomByID[id]; r != nil && r.Live() {
		return r, nil
	}
	return nil, fmt.Errorf("room %q is not open", id)
}

// watch looks at a room without streams again when its tasks would end.
func (s *Server) watch(roomID string) {
	s.schedule.After(emptyEnd, func() { s.endIdle(roomID) })
}

// endIdle ends the tasks of a room that have had no stream for five minutes.
// Rooms that were never opened here are taken to have streams.
func (s *Server) endIdle(roomID string) {
	now := s.Now()
	var ended []Task
	s.mu.Lock()
	if r := s.roomByID[roomID]; r != nil && len(r.Streams) == 0 && now.Sub(r.emptied) >= emptyEnd {
		for _, t := range s.tasks {
			if t.RoomID == roomID && t.Running() && now.Sub(t.Started) >= emptyEnd {
				t.Stopped, t.Idle = now, true
				ended = append(ended, *t)
			}
		}
		s.forgetEndedLocked()
	}
	s.mu.Unlock()
	for _, t := range ended {
		s.tellEnd(t)
	}
}
