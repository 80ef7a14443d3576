package moderator

import (
	"context"
	"errors"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
)

// Audio has rooms moderated by StartCensorAudioV2, with the template for each
// request, the room's ID, and ReturnFinishInfo, by which ZEGO tells the end of a
// task.
func Audio(client *zegocensor.Client, template zegocensor.StartCensorAudioV2Request) *AudioProvider {
	return &AudioProvider{client, template}
}

// AudioProvider is what [Audio] makes.
type AudioProvider struct {
	client   *zegocensor.Client
	template zegocensor.StartCensorAudioV2Request
}

// Start starts a task for the room.
func (p *AudioProvider) Start(ctx context.Context, room Room) (string, error) {
	req := p.template
	req.RoomID, req.ReturnFinishInfo = room.ID, true
	task, err := p.client.StartCensorAudioV2(ctx, &req)
	if err != nil {
		return "", err
	}
	return task.TaskID, nil
}

// Stop ends a task.
func (p *AudioProvider) Stop(ctx context.Context, task Task) error {
	_, err := p.client.StopCensorAudioV2(ctx, &zegocensor.StopCensorAudioV2Request{TaskID: task.ID})
	return stopped(err)
}

// TaskOf tells which of its tasks a callback is about.
func (p *AudioProvider) TaskOf(e callback.Event) (roomID, taskID string, at time.Time, ended bool) {
	switch e := e.(type) {
	case *callback.AudioResult:
		return e.AuxInfo.RoomID, e.TaskID, orElse(e.AuxInfo.ProcessBeginTime, e.Timestamp), false
	case *callback.AudioStatus:
		return e.AuxInfo.RoomID, e.TaskID, e.Timestamp, e.Status == 0
	}
	return "", "", time.Time{}, false
}

// Video has rooms moderated by StartCensorVideoV2, as [Audio] does.
func Video(client *zegocensor.Client, template zegocensor.StartCensorVideoV2Request) *VideoProvider {
	return &VideoProvider{client, template}
}

// VideoProvider is what [Video] makes.
type VideoProvider struct {
	client   *zegocensor.Client
	template zegocensor.StartCensorVideoV2Request
}

// Start starts a task for the room.
func (p *VideoProvider) Start(ctx context.Context, room Room) (string, error) {
	req := p.template
	req.RoomID, req.ReturnFinishInfo = room.ID, true
	task, err := p.client.StartCensorVideoV2(ctx, &req)
	if err != nil {
		return "", err
	}
	return task.TaskID, nil
}

// Stop ends a task.
func (p *VideoProvider) Stop(ctx context.Context, task Task) error {
	_, err := p.client.StopCensorVideoV2(ctx, &zegocensor.StopCensorVideoV2Request{TaskID: task.ID})
	return stopped(err)
}

// TaskOf tells which of its tasks a callback is about.
func (p *VideoProvider) TaskOf(e callback.Event) (roomID, taskID string, at time.Time, ended bool) {
	switch e := e.(type) {
	case *callback.VideoAudioResult:
		return e.AuxInfo.RoomID, e.TaskID, orElse(e.AuxInfo.ProcessBeginTime, e.Timestamp), false
	case *callback.VideoImageResult:
		return e.AuxInfo.RoomID, e.TaskID, orElse(e.AuxInfo.ImgTime, e.Timestamp), false
	case *callback.VideoImageStatus: // every video task has it; the audio part is optional
		return e.AuxInfo.RoomID, e.TaskID, e.Timestamp, e.Status == 0
	}
	return "", "", time.Time{}, false
}

// stopped makes of a refusal that the task is gone what was asked for. ZEGO does
// not document what a Stop gets for a task that has ended: the request has but
// the one parameter, so that a refusal of its parameters can mean nothing else.
func stopped(err error) error {
	var refused *zegocensor.Error
	if errors.As(err, &refused) && (refused.Code == zegocensor.CodeInvalidParameter || errors.Is(err, zegocensor.ErrRoomNotFound)) {
		return nil
	}
	return err
}
