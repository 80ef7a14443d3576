package zegotest

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/zegocensor/zegocensor-go/callback"
)

// change changes rooms, under the lock, and then sends the events that this makes.
// It returns the callback about one of them.
func (s *Server) change(do func(now time.Time) (events []callback.Event, about callback.Event, err error)) (*Callback, error) {
	now := s.Now().Truncate(time.Millisecond)
	s.mu.Lock()
	events, about, err := do(now)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	var returned *Callback
	for _, e := range events {
		if c := s.emitRoom(e); e == about {
			returned = c
		}
	}
	return returned, nil
}

// emitRoom sends an event, or withholds it if it is not switched on.
func (s *Server) emitRoom(e callback.Event) *Callback {
	switch e.(type) {
	case *callback.UserLoggedIn, *callback.UserLoggedOut:
		if !s.userEvents {
			return s.withheldCallback("", e, fmt.Errorf("%w: room_login and room_logout are not switched on (WithUserEvents; zegofake -user-events)", ErrWithheld))
		}
	}
	return s.emit("", e)
}

func (s *Server) loginLocked(r *Room, now time.Time, userID string, opts ...UserOption) callback.Event {
	s.logins++
	u := User{ID: userID, Name: userID, Role: callback.RoleAudience, LoggedIn: now, session: unsigned(s.logins)}
	for _, opt := range opts {
		opt(&u)
	}
	r.Users = append(r.Users, u)
	r.userSeq++
	return &callback.UserLoggedIn{RoomID: r.ID, RoomName: r.ID, RoomSessionID: r.SessionID, UserID: u.ID, UserName: u.Name, SessionID: u.session,
		LoginTime: u.LoggedIn, UserRole: u.Role, UserUpdateSeq: r.userSeq}
}

// logoutLocked ends the login of a user who is in the room, after the streams.
func (s *Server) logoutLocked(r *Room, now time.Time, userID string, how callback.StreamCloseType, why callback.LogoutReason) []callback.Event {
	var events []callback.Event
	for i := 0; i < len(r.Streams); {
		if r.Streams[i].UserID != userID {
			i++
			continue
		}
		events = append(events, s.unpublishLocked(r, now, i, how))
	}
	i := r.user(userID)
	u := r.Users[i]
	r.Users = slices.Delete(r.Users, i, i+1)
	r.userSeq++
	return append(events, &callback.UserLoggedOut{RoomID: r.ID, RoomSessionID: r.SessionID, UserID: u.ID, UserName: u.Name, SessionID: u.session,
		LoginTime: u.LoggedIn, LogoutTime: now, Reason: why, UserRole: u.Role, UserUpdateSeq: r.userSeq})
}

func (s *Server) publishLocked(r *Room, now time.Time, stream Stream) callback.Event {
	s.streams++
	s.streamSeq++
	r.published++
	stream.Created, stream.number, stream.inRoom = now, s.streams, r.published
	r.Streams = append(r.Streams, stream)
	for _, t := range s.tasks {
		if t.RoomID == r.ID {
			s.pullLocked(t)
		}
	}
	play := func(scheme, end string) []string {
		path := ".play.example/" + unsigned(uint64(s.appID)) + "/" + url.PathEscape(stream.ID) + end
		return []string{scheme + "://a" + path, scheme + "://b" + path}
	}
	return &callback.StreamCreated{RoomID: r.ID, RoomSessionID: r.SessionID, StreamID: stream.ID, UserID: stream.UserID, UserName: stream.UserName,
		ChannelID: r.ID, StreamAlias: stream.ID, PublishID: stream.UserID, PublishName: stream.UserName, StreamSID: stream.sid(), StreamSeq: s.streamSeq,
		StreamAttr: `{"cid":0}`, Title: stream.Title, ExtraInfo: stream.ExtraInfo, CreateTime: now,
		RTMPURL: play("rtmp", ""), HLSURL: play("https", ".m3u8"), HDLURL: play("https", ".flv"), PicURL: play("https", ".jpg")[:1]}
}

func (s *Server) unpublishLocked(r *Room, now time.Time, i int, how callback.StreamCloseType) callback.Event {
	stream := r.Streams[i]
	r.Streams = slices.Delete(r.Streams, i, i+1)
	s.streamSeq++
	if len(r.Streams) == 0 {
		r.emptied = now
		s.watch(r.ID)
	}
	return &callback.StreamClosed{RoomID: r.ID, RoomSessionID: r.SessionID, StreamID: stream.ID, UserID: stream.UserID, UserName: stream.UserName,
		ChannelID: r.ID, StreamAlias: stream.ID, StreamSID: stream.sid(), StreamSeq: s.streamSeq, Type: how, CreateTime: stream.Created, CloseTime: now,
		ThirdDefineData: `{"u":""}`}
}

// clearLocked ends the streams and the logins of a room.
func (s *Server) clearLocked(r *Room, now time.Time, how callback.StreamCloseType, why callback.LogoutReason) []callback.Event {
	var events []callback.Event
	for len(r.Streams) > 0 {
		events = append(events, s.unpublishLocked(r, now, 0, how))
	}
	for len(r.Users) > 0 {
		events = append(events, s.logoutLocked(r, now, r.Users[0].ID, how, why)...)
	}
	return events
}

func (s *Server) closeLocked(r *Room, now time.Time, reason callback.RoomCloseReason) callback.Event {
	r.Closed = now
	s.forgetEndedLocked()
	return &callback.RoomClosed{RoomID: r.ID, RoomSessionID: r.SessionID, CloseReason: reason, CloseTime: now}
}
