package trtc

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/moderator"
	"github.com/zegocensor/zegocensor-go/trtc/trtccallback"
)

// Provider has a moderator.Moderator start and stop tasks on TRTC.
type Provider struct {
	client   *Client
	template func() CreateCloudModerationRequest // a closure: nothing that prints a Provider by reflection gets at its keys
}

var (
	_ moderator.Provider       = (*Provider)(nil)
	_ moderator.ResultReporter = (*Provider)(nil)
)

// NewProvider makes a provider that asks for the moderation of a room with the
// template, the room's ID, and a robot of the room's own, for which the client
// needs [WithSDKSecretKey].
//
// If the template leaves them open, MaxIdleTime is 5 minutes, as a task that ends
// while its room lives is restarted, and ResourceExpiredHour is 72, the most. A
// MaxIdleTime that is longer than moderator.WithUnknownWait, which is five and a
// half minutes by default, makes a task be started again that may still run; it
// interrupts the first. With CallbackHitsOnly a moderator cannot take silence for the
// end of a task: see ResultInterval.
//
// A room whose end was lost is taken to live, and its task is restarted each time
// that it ends: use [moderator.Moderator.Reconcile].
//
// A provider moderates rooms of one type, the template's RoomIDType, and its Handle
// ignores all others: the number 123 and the text "123" are different rooms. To moderate
// rooms of both types, make two providers and give them different names in
// moderator.Vendors, as for two vendors.
func NewProvider(c *Client, template CreateCloudModerationRequest) *Provider {
	template.UserID, template.UserSig = "", zegocensor.Secret{}
	template.ModerationParams.MaxIdleTime = cmp.Or(template.ModerationParams.MaxIdleTime, 5*time.Minute)
	template.ResourceExpiredHour = cmp.Or(template.ResourceExpiredHour, 72)
	return &Provider{c, func() CreateCloudModerationRequest { return template }}
}

// Start starts a task for the room.
func (p *Provider) Start(ctx context.Context, room moderator.Room) (string, error) {
	req := p.template()
	req.RoomID = room.ID
	task, err := p.client.CreateCloudModeration(ctx, &req)
	if err != nil {
		return "", err
	}
	return task.TaskID, nil
}

// Stop ends a task. One that is not there has ended, or its ID has expired: then it
// ends when nobody has published for MaxIdleTime, or when the room's next task
// interrupts it.
func (p *Provider) Stop(ctx context.Context, task moderator.Task) error {
	_, err := p.client.DeleteCloudModeration(ctx, &DeleteCloudModerationRequest{TaskID: task.ID})
	if errors.Is(err, ErrTaskNotFound) {
		return nil
	}
	return err
}

// ResultInterval is the length of a slice that the template asks for, and the longer
// one if it asks for audio and video. It is 0, so that silence says nothing, with
// CallbackHitsOnly, and for streams, for which no length is documented. See
// moderator.ResultReporter.
func (p *Provider) ResultInterval() time.Duration {
	params := p.template().ModerationParams
	if params.CallbackHitsOnly {
		return 0
	}
	audio, video := cmp.Or(params.SliceAudio, 15*time.Second), cmp.Or(params.SliceVideo, 5*time.Second)
	switch cmp.Or(params.ModerationType, ModerationAudio) {
	case ModerationAudio:
		return audio
	case ModerationVideo:
		return video
	case ModerationAudioVideo:
		return max(audio, video)
	}
	return 0
}

// Handle returns a function that tells m what TRTC's callbacks say of rooms and of the
// tasks that moderate them, for trtccallback.NewHandler. vendor is the name of the
// provider in moderator.Vendors, or "" for a moderator of TRTC's rooms alone. If the
// function returns an error, Tencent must send the callback again.
//
// Ignored are:
//
//   - rooms of another type than the template's RoomIDType, so that a room with the
//     number 123 neither starts nor ends the moderation of the room "123". Tencent
//     documents that callbacks contain the ID in the type that it has in the client
//     (trtccallback.Header.RoomIDIsNumber);
//   - tasks of other robots than [RobotUserID] of a room of that type: they are another
//     program's;
//   - all other events, and what a result says: what to do about it is yours.
//
// If a robot left because its room was dismissed, the room has ended.
func (p *Provider) Handle(m *moderator.Moderator, vendor string) func(context.Context, trtccallback.Event) error {
	roomIDType := p.template().RoomIDType
	return func(ctx context.Context, e trtccallback.Event) error {
		h := e.Head()
		sameType := h.RoomIDIsNumber == (roomIDType == RoomIDNumber)
		if h.RoomID == "" {
			return nil
		}
		at := h.EventAt
		if at.IsZero() {
			at = h.SentAt
		}
		room := moderator.Room{ID: moderator.RoomID(vendor, h.RoomID), CreatedAt: at}
		switch e.(type) {
		case *trtccallback.RoomCreated, *trtccallback.MediaStarted:
			if !sameType {
				return nil
			}
			return m.RoomOpened(ctx, room)
		case *trtccallback.RoomDismissed:
			if !sameType {
				return nil
			}
			return m.RoomClosed(ctx, room, at)
		}
		// The robot says which room it is, also if the ID is of another JSON type than
		// documented: Tencent's samples of these events have digits as a text.
		ours := h.UserID == RobotUserID(h.RoomID, roomIDType) || h.UserID == "" && sameType
		if h.TaskID == "" || !ours {
			return nil
		}
		switch e := e.(type) {
		case *trtccallback.TaskExited:
			if e.LeaveCode == trtccallback.LeaveDismissed || e.LeaveCode == trtccallback.LeaveClosedByServer {
				if err := m.RoomClosed(ctx, room, at); err != nil {
					return err
				}
			}
			return m.TaskEnded(ctx, room.ID, h.TaskID, at)
		case *trtccallback.TaskStarted:
			switch e.Status {
			case 0:
				return m.TaskStarted(ctx, room.ID, h.TaskID, at)
			case 1:
				return m.TaskEnded(ctx, room.ID, h.TaskID, at)
			}
		case *trtccallback.SendingStarted:
			return m.TaskStarted(ctx, room.ID, h.TaskID, at)
		case *trtccallback.Result:
			return m.TaskFound(ctx, room.ID, h.TaskID, at)
		}
		return nil
	}
}
