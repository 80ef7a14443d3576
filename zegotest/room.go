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
	Streams   []Stream  // those that are being published

	emptied time.Time // when it last had no stream
}

// Live reports whether the room is still open.
func (r Room) Live() bool { return r.Closed.IsZero() }

// Stream is what a user publishes in a room.
type Stream struct {
	ID      string
	UserID  string
	Created time.Time

	Unmoderated bool // its publisher opted out of moderation: it gives no results

	number uint64 // no two streams have the same
}

// StreamOption changes a [Stream] before it is published.
type StreamOption func(*Stream)

// Unmoderated has the publisher of a stream opt out of moderation, as a client
// can by its stream censorship flag.
func Unmoderated(s *Stream) { s.Unmoderated = true }

// emptyEnd is how long a task goes on in a room without streams.
const emptyEnd = 5 * time.Minute

// OpenRoom has userID log in to a room that nobody is in, which sends a
// room_create to the URL of [Server.SetCallbackURL]. It panics when the room is
// open.
func (s *Server) OpenRoom(roomID, userID string) *Callback {
	return must(s.openRoom(roomID, userID))
}

func (s *Server) openRoom(roomID, userID string) (*Callback, error) {
	now := s.Now().Truncate(time.Millisecond)
	s.mu.Lock()
	if _, err := s.liveRoomLocked(roomID); err == nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("room %q is open", roomID)
	}
	s.sessions++
	r := &Room{ID: roomID, SessionID: s.sessions, Created: now, emptied: now}
	s.rooms = append(s.rooms, r)
	s.roomByID[roomID] = r
	s.mu.Unlock()
	s.watch(roomID)
	return s.emit("", &callback.RoomCreated{RoomID: roomID, RoomSessionID: r.SessionID, CreateTime: now, UserID: userID}), nil
}

// CloseRoom ends a room with its streams, which sends a stream_close for each
// and a room_close, whose callback it returns. reason is 0 normal, 1 heartbeat
// time-out, 2 the last user left, 3 the last user was kicked out. It panics when
// the room is not open.
func (s *Server) CloseRoom(roomID string, reason int) *Callback {
	return must(s.closeRoom(roomID, reason))
}

func (s *Server) closeRoom(roomID string, reason int) (*Callback, error) {
	now := s.Now().Truncate(time.Millisecond)
	s.mu.Lock()
	r, err := s.liveRoomLocked(roomID)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	r.Closed = now
	streams := r.Streams
	if len(streams) > 0 {
		r.Streams, r.emptied = nil, now
	}
	s.mu.Unlock()
	s.watch(roomID)
	for _, stream := range streams {
		s.emit("", &callback.StreamClosed{RoomID: roomID, RoomSessionID: r.SessionID, StreamID: stream.ID, StreamAlias: stream.ID, UserID: stream.UserID})
	}
	return s.emit("", &callback.RoomClosed{RoomID: roomID, RoomSessionID: r.SessionID, CloseReason: callback.RoomCloseReason(reason), CloseTime: now}), nil
}

// OpenStream has userID publish a stream, which sends a stream_create. It panics
// when the room is not open or the stream is.
func (s *Server) OpenStream(roomID, streamID, userID string, opts ...StreamOption) *Callback {
	return must(s.openStream(roomID, streamID, userID, opts...))
}

func (s *Server) openStream(roomID, streamID, userID string, opts ...StreamOption) (*Callback, error) {
	now := s.Now().Truncate(time.Millisecond)
	s.mu.Lock()
	r, err := s.liveRoomLocked(roomID)
	if err == nil && r.stream(streamID) >= 0 {
		err = fmt.Errorf("stream %q is open", streamID)
	}
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	s.streams++
	stream := Stream{ID: streamID, UserID: userID, Created: now, number: s.streams}
	for _, opt := range opts {
		opt(&stream)
	}
	r.Streams = append(r.Streams, stream)
	for _, t := range s.tasks {
		if t.RoomID == roomID {
			s.pullLocked(t)
		}
	}
	s.mu.Unlock()
	return s.emit("", &callback.StreamCreated{RoomID: roomID, RoomSessionID: r.SessionID, StreamID: streamID, UserID: userID, CreateTime: now}), nil
}

// CloseStream ends a stream, which sends a stream_close. It panics when the room
// or the stream is not open.
func (s *Server) CloseStream(roomID, streamID string) *Callback {
	return must(s.closeStream(roomID, streamID))
}

func (s *Server) closeStream(roomID, streamID string) (*Callback, error) {
	now := s.Now()
	s.mu.Lock()
	i := -1
	r, err := s.liveRoomLocked(roomID)
	if err == nil {
		if i = r.stream(streamID); i < 0 {
			err = fmt.Errorf("stream %q is not open", streamID)
		}
	}
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	stream := r.Streams[i]
	r.Streams = slices.Delete(r.Streams, i, i+1)
	empty := len(r.Streams) == 0
	if empty {
		r.emptied = now
	}
	s.mu.Unlock()
	if empty {
		s.watch(roomID)
	}
	return s.emit("", &callback.StreamClosed{RoomID: roomID, RoomSessionID: r.SessionID, StreamID: streamID, StreamAlias: streamID, UserID: stream.UserID}), nil
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
		all[i].Streams = slices.Clone(r.Streams)
	}
	return all
}

func (r *Room) stream(id string) int {
	return slices.IndexFunc(r.Streams, func(s Stream) bool { return s.ID == id })
}

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
	}
	s.mu.Unlock()
	for _, t := range ended {
		s.tellEnd(t)
	}
}
