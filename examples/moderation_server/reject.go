package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
)

// The actions against an offence. Each may be sent twice: a user who is not there is
// a success, and of two rules for a stream the last one counts.
//
// Neither lasts. A user who was kicked out can enter again immediately, unless
// SetForbidUserRule forbids it before; a rule for a stream ends after its
// EffectiveTime. ForbidRTCStream does neither: it lasts until ResumeRTCStream, in all
// rooms, and takes IDs of streams that do not exist.
var (
	kickoutUser              = zegocensor.Action{Name: "KickoutUser", Method: http.MethodGet, Idempotent: true}
	describeSimpleStreamList = zegocensor.Action{Name: "DescribeSimpleStreamList", Method: http.MethodGet, Idempotent: true}
	setForbidStreamRule      = zegocensor.Action{Name: "SetForbidStreamRule", Method: http.MethodGet, Idempotent: true} // ZEGO's support must enable it
)

// forbidFor is how long a stream is forbidden: 1 s to 24 h.
const forbidFor = 10 * time.Minute

// reject acts on a result that says REJECT, and returns what it did.
func (rs *rooms) reject(ctx context.Context, e *callback.AudioResult) (string, error) {
	room, user, hint := e.AuxInfo.RoomID, e.AuxInfo.UserID, e.StreamHint()
	switch {
	case user == "" && hint == "":
		return "it does not say who it was", nil
	case user != "" && !rs.act:
		return "KickoutUser with -act", nil
	case user != "":
		return rs.kickOut(ctx, room, user)
	case !rs.act:
		return "SetForbidStreamRule with -act", nil
	}
	// The hint can be the ID of a stream or of a user: see what is in the room.
	var list struct {
		StreamList []struct {
			StreamID string `json:"StreamId"`
			UserID   string `json:"UserId"`
		}
	}
	_, err := rs.client.Do(ctx, describeSimpleStreamList, url.Values{"RoomId": {room}}, nil, &list)
	if err != nil && !errors.Is(err, zegocensor.ErrRoomNotFound) {
		return "", err
	}
	for _, s := range list.StreamList {
		if s.StreamID == hint {
			return rs.forbid(ctx, room, s.StreamID, s.UserID)
		}
	}
	for _, s := range list.StreamList {
		if s.UserID == hint {
			return rs.kickOut(ctx, room, s.UserID)
		}
	}
	return hint + " has left", nil
}

func (rs *rooms) kickOut(ctx context.Context, room, user string) (string, error) {
	_, err := rs.client.Do(ctx, kickoutUser, struct {
		RoomID string   `url:"RoomId"`
		UserID []string `url:"UserId[]"` // at most 5
		Reason string   `url:"CustomReason"`
	}{room, []string{user}, "moderation"}, nil, nil)
	var refused *zegocensor.Error
	if errors.As(err, &refused) && (refused.Code == zegocensor.CodeUserNotFound || refused.Code == zegocensor.CodeUserOffline || errors.Is(err, zegocensor.ErrRoomNotFound)) {
		return user + " has left", nil
	}
	return "kicked out " + user, err
}

// forbid silences a stream. If the project may not set such rules, its user is kicked
// out.
func (rs *rooms) forbid(ctx context.Context, room, stream, user string) (string, error) {
	_, err := rs.client.Do(ctx, setForbidStreamRule, struct {
		RoomID        string `url:"RoomId"`
		StreamID      string `url:"StreamId"`
		DisableAudio  int
		EffectiveTime int // seconds
	}{room, stream, 1, int(forbidFor / time.Second)}, nil, nil)
	if errors.Is(err, zegocensor.ErrPermissionDenied) && user != "" {
		return rs.kickOut(ctx, room, user)
	}
	return "silenced the stream " + stream, err
}
