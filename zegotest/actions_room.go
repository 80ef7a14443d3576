package zegotest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
)

func (s *Server) kickoutUser(_ time.Time, r Request) (any, zegocensor.Code, string) {
	p := read(r)
	room := p.required("RoomId", maxIdentifier)
	users := p.list("UserId[]", 5, zegocensor.CodeTooManyUsers)
	p.text("CustomReason", maxReason)
	if !p.ok() {
		return p.refuse()
	}
	if err := s.kickOut(room, users); err != nil && s.guesses.missingRoomRefused {
		return nil, zegocensor.CodeRoomNotFound, ""
	}
	return nil, zegocensor.CodeOK, ""
}

func (s *Server) closeRoomAction(_ time.Time, r Request) (any, zegocensor.Code, string) {
	p := read(r)
	room := p.required("RoomId", maxIdentifier)
	p.text("CustomReason", maxReason)
	tell := p.boolean("RoomCloseCallback")
	if !p.ok() {
		return p.refuse()
	}
	if s.dissolve(room, tell) == nil {
		return nil, zegocensor.CodeOK, ""
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.roomByID[room] != nil {
		return nil, zegocensor.CodeRoomDestroyed, ""
	}
	return nil, zegocensor.CodeRoomNotFound2, ""
}

// describeUserNum counts who is in rooms. Each task that moderates a room counts
// as an administrator.
func (s *Server) describeUserNum(_ time.Time, r Request) (any, zegocensor.Code, string) {
	type count struct {
		RoomID         string `json:"RoomId"`
		UserCount      int
		AdminUserCount int
	}
	p := read(r)
	ids := p.list("RoomId[]", 10, zegocensor.CodeInvalidParameter)
	if !p.ok() {
		return p.refuse()
	}
	counts := make([]count, len(ids))
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i, id := range ids {
		counts[i].RoomID = id
		room, err := s.liveRoomLocked(id)
		if err != nil {
			continue
		}
		for _, u := range room.Users {
			if u.Role == callback.RoleAdmin {
				counts[i].AdminUserCount++
			}
		}
		for _, t := range s.tasks {
			if t.RoomID == id && t.Running() {
				counts[i].AdminUserCount++
				counts[i].UserCount++
			}
		}
		counts[i].UserCount += len(room.Users)
	}
	return struct{ UserCountList []count }{counts}, zegocensor.CodeOK, ""
}

func (s *Server) describeUserList(_ time.Time, r Request) (any, zegocensor.Code, string) {
	type user struct {
		UserID   string `json:"UserId"`
		UserName string
		UserRole callback.UserRole
	}
	const most = 200
	p := read(r)
	id := p.required("RoomId", maxIdentifier)
	descending := p.bit("Mode") == 1
	limit := int(p.number("Limit", most, 0, most))
	marker := p.text("Marker", 2*maxIdentifier)
	if !p.ok() {
		return p.refuse()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []User
	if room, err := s.liveRoomLocked(id); err == nil {
		all = slices.Clone(room.Users)
	}
	if descending {
		slices.Reverse(all)
	}
	mark := func(u User) string { return decimal(u.LoggedIn.UnixMilli()) + "-" + u.ID }
	if marker != "" {
		i := slices.IndexFunc(all, func(u User) bool { return mark(u) == marker })
		if i < 0 {
			return invalid("Marker")
		}
		all = all[i:]
	}
	next := ""
	if limit = cmp.Or(limit, most); len(all) > limit {
		next, all = mark(all[limit]), all[:limit]
	}
	users := make([]user, len(all))
	for i, u := range all {
		users[i] = user{u.ID, u.Name, u.Role}
	}
	return struct {
		Marker   string
		UserList []user
	}{next, users}, zegocensor.CodeOK, ""
}

func (s *Server) describeSimpleStreamList(_ time.Time, r Request) (any, zegocensor.Code, string) {
	type stream struct {
		StreamID       string `json:"StreamId"`
		UserID         string `json:"UserId"`
		UserName       string
		CreateTime     int64
		StreamNumberID uint32 `json:"StreamNumberId"`
	}
	p := read(r)
	id := p.required("RoomId", maxIdentifier)
	if !p.ok() {
		return p.refuse()
	}
	streams := []stream{}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if room, err := s.liveRoomLocked(id); err == nil {
		for _, v := range room.Streams {
			streams = append(streams, stream{v.ID, v.UserID, v.UserName, v.Created.UnixMilli(), v.inRoom})
		}
	} else if s.guesses.missingRoomRefused {
		return nil, zegocensor.CodeRoomNotFound, ""
	}
	return struct{ StreamList []stream }{streams}, zegocensor.CodeOK, ""
}

func (s *Server) sendCustomCommand(_ time.Time, r Request) (any, zegocensor.Code, string) {
	type failed struct {
		UID  string `json:"Uid"`
		Code zegocensor.Code
	}
	p := read(r)
	id := p.required("RoomId", maxIdentifier)
	p.required("FromUserId", maxIdentifier)
	if len(r.Query.Get("MessageContent")) > maxMessage {
		p.wrong(zegocensor.CodeMessageTooLong, "")
	}
	p.required("MessageContent", maxMessage)
	var to []string
	if r.Query.Has("ToUserId[]") {
		to = p.list("ToUserId[]", 10, zegocensor.CodeTooManyUsers)
	}
	if !p.ok() {
		return p.refuse()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	room, err := s.liveRoomLocked(id)
	if err != nil && s.guesses.missingRoomRefused {
		return nil, zegocensor.CodeRoomNotFound, ""
	}
	fails := []failed{}
	for _, user := range to {
		if err != nil || room.user(user) < 0 {
			fails = append(fails, failed{user, zegocensor.CodeUserOffline})
		}
	}
	if len(to) > 0 && len(fails) == len(to) {
		return nil, zegocensor.CodeUserOffline, ""
	}
	return struct{ FailUsers []failed }{fails}, zegocensor.CodeOK, ""
}

func (s *Server) addStream(_ time.Time, r Request) (any, zegocensor.Code, string) {
	p := read(r)
	id := p.required("RoomId", maxIdentifier)
	stream := Stream{
		UserID:      p.required("UserId", maxIdentifier),
		UserName:    p.text("UserName", maxIdentifier),
		ID:          p.required("StreamId", maxStreamID),
		Title:       p.text("StreamTitle", maxTitle),
		ExtraInfo:   p.text("ExtraInfo", maxExtraInfo),
		Unmoderated: p.bit("CensorFlag") == 1,
	}
	if !p.ok() {
		return p.refuse()
	}
	code := zegocensor.CodeRoomNotFound
	_, err := s.change(func(now time.Time) (events []callback.Event, about callback.Event, err error) {
		room, err := s.liveRoomLocked(id)
		if err != nil {
			return nil, nil, err
		}
		code = zegocensor.CodeOK
		if i := room.stream(stream.ID); i >= 0 {
			if room.Streams[i].UserID != stream.UserID {
				code = zegocensor.CodeStreamInUse
			}
			return nil, nil, nil
		}
		return []callback.Event{s.publishLocked(room, now, stream)}, nil, nil
	})
	if err != nil || code != zegocensor.CodeOK {
		return nil, code, ""
	}
	return nil, zegocensor.CodeOK, ""
}

func (s *Server) deleteStream(_ time.Time, r Request) (any, zegocensor.Code, string) {
	p := read(r)
	room := p.required("RoomId", maxIdentifier)
	user := p.required("UserId", maxIdentifier)
	p.text("UserName", maxIdentifier)
	stream := p.required("StreamId", maxStreamID)
	if !p.ok() {
		return p.refuse()
	}
	if _, err := s.closeStream(room, stream, user, callback.StreamCloseDeleted); err != nil {
		return nil, zegocensor.CodeStreamNotFound, strings.TrimPrefix(err.Error(), "zegotest: ")
	}
	return nil, zegocensor.CodeOK, ""
}
