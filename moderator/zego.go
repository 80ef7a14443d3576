package moderator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
)

// ProviderOption changes an [AudioProvider] or a [VideoProvider] while [Audio] or
// [Video] makes it. [New] reports an option or a client that is nil.
type ProviderOption func(*providerConfig)

type providerConfig struct {
	withoutPassResults bool
	faults             []error
}

func providerOptions(name string, client *zegocensor.Client, opts []ProviderOption) (c providerConfig) {
	if client == nil {
		c.faults = append(c.faults, fmt.Errorf("moderator: %s: the client must not be nil", name))
	}
	for i, opt := range opts {
		if opt == nil {
			c.faults = append(c.faults, fmt.Errorf("moderator: %s: opts[%d] must not be nil", name, i))
			continue
		}
		opt(&c)
	}
	return c
}

// WithoutPassResults leaves ReturnAllText as the template has it, for programs that
// do not want the text of what passes. The moderator then takes silence for no
// information, whatever the template says: ResultInterval is 0. A task whose end was
// lost is not restarted for its silence, and a second task after a Start without an
// answer is found only when it reports an offence.
func WithoutPassResults() ProviderOption {
	return func(c *providerConfig) { c.withoutPassResults = true }
}

// audioInterval is the length of a segment of audio: ZEGO documents results of ten
// seconds each.
const audioInterval = 10 * time.Second

// Audio makes a [Provider] that moderates the audio of rooms by StartCensorAudioV2.
// Each request is the template with the room's ID, ReturnFinishInfo, which makes ZEGO
// report the end of a task, and ReturnAllText, which makes it send the result of
// every segment: the text and the link of all that is said then arrive, about every
// ten seconds for each stream. [WithoutPassResults] leaves that out.
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/moderation/start-censor-audio
func Audio(client *zegocensor.Client, template zegocensor.StartCensorAudioV2Request, opts ...ProviderOption) *AudioProvider {
	c := providerOptions("Audio", client, opts)
	p := &AudioProvider{client: client, template: template, faults: c.faults}
	p.template.ReturnFinishInfo = true
	if !c.withoutPassResults {
		p.template.ReturnAllText, p.interval = true, audioInterval
	}
	return p
}

// AudioProvider is what [Audio] makes.
type AudioProvider struct {
	client   *zegocensor.Client
	template zegocensor.StartCensorAudioV2Request
	interval time.Duration
	faults   []error // of the arguments of Audio
}

var (
	_ TaskTeller     = (*AudioProvider)(nil)
	_ ResultReporter = (*AudioProvider)(nil)
)

func (p *AudioProvider) check() []error { return p.faults }

// ResultInterval is 10 s, or 0 with [WithoutPassResults]. See [ResultReporter].
func (p *AudioProvider) ResultInterval() time.Duration { return p.interval }

// Start starts a task for the room.
func (p *AudioProvider) Start(ctx context.Context, room Room) (string, error) {
	req := p.template
	req.RoomID = room.ID
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

// TaskOf returns which of its tasks a callback is about. A status other than 0 is not
// documented: it is about none.
func (p *AudioProvider) TaskOf(e callback.Event) (roomID, taskID string, at time.Time, ended bool) {
	switch e := e.(type) {
	case *callback.AudioResult:
		return e.AuxInfo.RoomID, e.TaskID, orElse(e.AuxInfo.ProcessBeginTime, e.Timestamp), false
	case *callback.AudioStatus:
		if e.Status == 0 {
			return e.AuxInfo.RoomID, e.TaskID, e.Timestamp, true
		}
	}
	return "", "", time.Time{}, false
}

// Video makes a [Provider] that moderates rooms by StartCensorVideoV2. Each request
// is the template with the room's ID and ReturnFinishInfo, and, if the template has
// an AudioParam, with its ReturnAllText, as [Audio] sets it.
//
// ReturnAllImg is left to the template: with it each stream has 20 callbacks a minute
// at the default DetectFrequency. So a template without AudioParam has no results of
// what passes that the moderator can count on: ResultInterval is 0.
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/moderation/start-censor-video
func Video(client *zegocensor.Client, template zegocensor.StartCensorVideoV2Request, opts ...ProviderOption) *VideoProvider {
	c := providerOptions("Video", client, opts)
	p := &VideoProvider{client: client, template: template, faults: c.faults}
	p.template.ReturnFinishInfo = true
	if template.AudioParam != nil {
		audio := *template.AudioParam
		if !c.withoutPassResults {
			audio.ReturnAllText, p.interval = true, audioInterval
		}
		p.template.AudioParam = &audio
	}
	return p
}

// VideoProvider is what [Video] makes.
type VideoProvider struct {
	client   *zegocensor.Client
	template zegocensor.StartCensorVideoV2Request
	interval time.Duration
	faults   []error // of the arguments of Video
}

var (
	_ TaskTeller     = (*VideoProvider)(nil)
	_ ResultReporter = (*VideoProvider)(nil)
)

func (p *VideoProvider) check() []error { return p.faults }

// ResultInterval is 10 s with an AudioParam, and 0 without one or with
// [WithoutPassResults]. See [ResultReporter].
func (p *VideoProvider) ResultInterval() time.Duration { return p.interval }

// Start starts a task for the room.
func (p *VideoProvider) Start(ctx context.Context, room Room) (string, error) {
	req := p.template
	req.RoomID = room.ID
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

// TaskOf returns which of its tasks a callback is about. A status other than 0 is not
// documented: it is about none.
func (p *VideoProvider) TaskOf(e callback.Event) (roomID, taskID string, at time.Time, ended bool) {
	switch e := e.(type) {
	case *callback.VideoAudioResult:
		return e.AuxInfo.RoomID, e.TaskID, orElse(e.AuxInfo.ProcessBeginTime, e.Timestamp), false
	case *callback.VideoImageResult:
		return e.AuxInfo.RoomID, e.TaskID, orElse(e.AuxInfo.ImgTime, e.Timestamp), false
	case *callback.VideoImageStatus: // every video task has it; the audio part is optional
		if e.Status == 0 {
			return e.AuxInfo.RoomID, e.TaskID, e.Timestamp, true
		}
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
