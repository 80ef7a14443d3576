package zegocensor

import (
	"context"
	"net/http"
	"time"
)

var (
	startCensorVideoV2 = Action{Name: "StartCensorVideoV2", Method: http.MethodPost}
	stopCensorVideoV2  = Action{Name: "StopCensorVideoV2", Method: http.MethodPost, Idempotent: true}
)

// maxDetectFrequency is the longest time between two moderated frames.
const maxDetectFrequency = 60 * time.Second

// StartCensorVideoV2Request asks for the moderation of a room's video and, with
// AudioParam, of its audio.
type StartCensorVideoV2Request struct {
	// RoomID is the room. Required. Which of its streams are moderated is as in
	// StartCensorAudioV2Request.
	RoomID string
	// EventID is the kind of room; it decides how strict the moderation is.
	// Required.
	EventID EventID
	// Language is the language of what is said and shown; empty is
	// LanguageChinese.
	Language Language
	// AudioParam says how to moderate the audio. If it is nil, the audio is not
	// moderated.
	AudioParam *AudioParam
	// VideoParam says how to moderate the video. Required.
	VideoParam VideoParam
	// ReturnFinishInfo makes ZEGO send a status callback when the task ends.
	ReturnFinishInfo bool
}

// AudioParam is the audio part of a [StartCensorVideoV2Request].
type AudioParam struct {
	// RiskTypeList and BusinessTypeList say what to look for. At least one of them
	// must not be empty: ZEGO would not moderate the audio, and not report it either.
	// A nil AudioParam says so clearly. For what they cost, see
	// StartCensorAudioV2Request.
	RiskTypeList     []RiskType
	BusinessTypeList []BusinessType
	// AudioLanguage is the language that is spoken.
	//
	// Deprecated: by ZEGO. Use Language of the request.
	AudioLanguage Language
	// ReturnAllText, ReturnPreText and ReturnPreAudio are as in
	// StartCensorAudioV2Request.
	ReturnAllText  bool
	ReturnPreText  bool
	ReturnPreAudio bool
	// ResultCallbackURL and StatusCallbackURL receive the callbacks about the
	// audio in place of the addresses set in ZEGO's console.
	ResultCallbackURL string
	StatusCallbackURL string
}

// VideoParam is the video part of a [StartCensorVideoV2Request].
type VideoParam struct {
	// RiskTypeList and BusinessTypeList say what to look for. At least one of them
	// must not be empty. By ZEGO's price list, frames are charged per 10 000:
	// RiskImageText has one price, and each other type has its own.
	RiskTypeList     []RiskType
	BusinessTypeList []BusinessType
	// ReturnAllImg returns each moderated frame. ZEGO documents that without it only
	// frames that did not pass cause a callback: silence then says nothing. ZEGO
	// recommends true.
	//
	// With true, each stream causes 20 callbacks a minute at the default
	// DetectFrequency, so 1 000 streams cause about 330 per second, and links to all
	// frames arrive. The providers of package moderator leave it to the template.
	ReturnAllImg bool
	// DetectFrequency is the time from one moderated frame to the next: whole
	// seconds, at most 60. If it is 0, ZEGO takes 3 s. It decides the price, because
	// ZEGO charges for frames: at 3 s, a stream has 1200 frames an hour.
	DetectFrequency time.Duration
	// ResultCallbackURL and StatusCallbackURL receive the callbacks about the
	// video in place of the addresses set in ZEGO's console.
	ResultCallbackURL string
	StatusCallbackURL string
}

// StartCensorVideoV2Response tells the task that was started.
type StartCensorVideoV2Response struct {
	Response
	TaskID string // needed to stop the task; callbacks carry it too
}

// StartCensorVideoV2 starts a moderation task for the video of a room. How long the
// task runs, its results, a second Start and errors are as documented for
// [Client.StartCensorAudioV2].
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/moderation/start-censor-video
func (c *Client) StartCensorVideoV2(ctx context.Context, req *StartCensorVideoV2Request) (*StartCensorVideoV2Response, error) {
	resp := new(StartCensorVideoV2Response)
	if err := c.call(ctx, startCensorVideoV2, req.payload(), resp, &resp.Response); err != nil {
		return nil, err
	}
	return resp, nil
}

func (r *StartCensorVideoV2Response) decode(data string) { r.TaskID = taskID(data) }
func (r *StartCensorVideoV2Response) missing() string    { return missingTaskID(r.TaskID) }

func (r *StartCensorVideoV2Request) payload() payload {
	if r == nil {
		return nilRequest
	}
	var f faults
	f.text("RoomID", r.RoomID)
	f.text("EventID", string(r.EventID))
	f.optionalText("Language", string(r.Language))
	r.AudioParam.check(&f)
	r.VideoParam.check(&f)
	if f != nil {
		return payload{faults: f}
	}
	return bodyOf(&struct {
		RoomID           string          `json:"RoomId"`
		EventID          EventID         `json:"EventId"`
		Language         Language        `json:",omitempty"`
		AudioParam       *wireAudioParam `json:",omitempty"`
		VideoParam       wireVideoParam
		ReturnFinishInfo int32 `json:",omitempty"`
	}{r.RoomID, r.EventID, r.Language, r.AudioParam.wire(), r.VideoParam.wire(), bit(r.ReturnFinishInfo)})
}

func (p *AudioParam) check(f *faults) {
	if p == nil {
		return
	}
	f.typeLists("AudioParam.", p.RiskTypeList, p.BusinessTypeList)
	f.optionalText("AudioParam.AudioLanguage", string(p.AudioLanguage))
	f.callbackURL("AudioParam.ResultCallbackURL", p.ResultCallbackURL)
	f.callbackURL("AudioParam.StatusCallbackURL", p.StatusCallbackURL)
}

func (p *VideoParam) check(f *faults) {
	f.typeLists("VideoParam.", p.RiskTypeList, p.BusinessTypeList)
	f.seconds("VideoParam.DetectFrequency", p.DetectFrequency, maxDetectFrequency)
	f.callbackURL("VideoParam.ResultCallbackURL", p.ResultCallbackURL)
	f.callbackURL("VideoParam.StatusCallbackURL", p.StatusCallbackURL)
}

type wireAudioParam struct {
	RiskTypeList      []RiskType     `json:",omitempty"`
	BusinessTypeList  []BusinessType `json:",omitempty"`
	AudioLanguage     Language       `json:",omitempty"`
	ReturnAllText     int32          `json:",omitempty"`
	ReturnPreText     int32          `json:",omitempty"`
	ReturnPreAudio    int32          `json:",omitempty"`
	ResultCallbackURL string         `json:"ResultCallbackUrl,omitempty"`
	StatusCallbackURL string         `json:"StatusCallbackUrl,omitempty"`
}

func (p *AudioParam) wire() *wireAudioParam {
	if p == nil {
		return nil
	}
	return &wireAudioParam{
		RiskTypeList:      p.RiskTypeList,
		BusinessTypeList:  p.BusinessTypeList,
		AudioLanguage:     p.AudioLanguage,
		ReturnAllText:     bit(p.ReturnAllText),
		ReturnPreText:     bit(p.ReturnPreText),
		ReturnPreAudio:    bit(p.ReturnPreAudio),
		ResultCallbackURL: p.ResultCallbackURL,
		StatusCallbackURL: p.StatusCallbackURL,
	}
}

type wireVideoParam struct {
	RiskTypeList      []RiskType     `json:",omitempty"`
	BusinessTypeList  []BusinessType `json:",omitempty"`
	ReturnAllImg      int32          `json:",omitempty"`
	DetectFrequency   int32          `json:",omitempty"` // seconds
	ResultCallbackURL string         `json:"ResultCallbackUrl,omitempty"`
	StatusCallbackURL string         `json:"StatusCallbackUrl,omitempty"`
}

func (p *VideoParam) wire() wireVideoParam {
	return wireVideoParam{
		RiskTypeList:      p.RiskTypeList,
		BusinessTypeList:  p.BusinessTypeList,
		ReturnAllImg:      bit(p.ReturnAllImg),
		DetectFrequency:   int32(p.DetectFrequency / time.Second),
		ResultCallbackURL: p.ResultCallbackURL,
		StatusCallbackURL: p.StatusCallbackURL,
	}
}

// StopCensorVideoV2Request names the task to stop.
type StopCensorVideoV2Request struct {
	TaskID string // from StartCensorVideoV2. Required.
}

// StopCensorVideoV2Response tells that the task was stopped.
type StopCensorVideoV2Response struct {
	Response
}

// StopCensorVideoV2 ends a moderation task for video. It is tried again where
// it may have been lost, as stopping twice does no harm. Errors are as for
// [Client.StopCensorAudioV2].
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/moderation/stop-censor-video
func (c *Client) StopCensorVideoV2(ctx context.Context, req *StopCensorVideoV2Request) (*StopCensorVideoV2Response, error) {
	resp := new(StopCensorVideoV2Response)
	if err := c.call(ctx, stopCensorVideoV2, req.payload(), nil, &resp.Response); err != nil {
		return nil, err
	}
	return resp, nil
}

func (r *StopCensorVideoV2Request) payload() payload {
	if r == nil {
		return nilRequest
	}
	return stopTask(r.TaskID)
}
