package zegocensor

import (
	"context"
	"net/http"
)

var (
	startCensorAudioV2 = Action{Name: "StartCensorAudioV2", Method: http.MethodPost}
	stopCensorAudioV2  = Action{Name: "StopCensorAudioV2", Method: http.MethodPost, Idempotent: true}
)

// StartCensorAudioV2Request asks for the moderation of a room's audio.
type StartCensorAudioV2Request struct {
	// RoomID is the room. All its streams are moderated, but those that were
	// published with moderation switched off in the client SDK. Required.
	RoomID string
	// EventID is the kind of room; it decides how strict the moderation is.
	// Required.
	EventID EventID
	// AudioLanguage is the language that is spoken. Required.
	AudioLanguage Language

	// RiskTypeList and BusinessTypeList say what to look for. At least one of
	// them must not be empty.
	RiskTypeList     []RiskType
	BusinessTypeList []BusinessType

	// ResultCallbackURL and StatusCallbackURL receive the callbacks of this
	// task in place of the addresses set in ZEGO's console. Absolute, https or
	// http.
	ResultCallbackURL string
	StatusCallbackURL string

	// IsMixingEnabled mixes the streams of the room into one: cheaper, but
	// nobody can tell who said what.
	IsMixingEnabled bool
	// LabelLanguage is the language of the labels in callbacks:
	// LanguageChinese or LanguageEnglish.
	LabelLanguage Language
	// ReturnAllText has the text of every segment returned, not only of those
	// that did not pass.
	ReturnAllText bool
	// ReturnPreText has the text of the segment before an offending one
	// returned too.
	ReturnPreText bool
	// ReturnPreAudio has the audio of the segment before an offending one
	// returned too.
	ReturnPreAudio bool
	// ReturnFinishInfo has a status callback sent when the task ends.
	ReturnFinishInfo bool
}

// StartCensorAudioV2Response tells the task that was started.
type StartCensorAudioV2Response struct {
	Response
	TaskID string // needed to stop the task; callbacks carry it too
}

// StartCensorAudioV2 starts a moderation task for the audio of a room. The
// results arrive as callbacks. The task is billed until it is stopped, or until
// ZEGO ends it after about five minutes without a stream. Whether a second
// Start for the same room gives the same task, another one or an error is not
// documented.
//
// A Start that may have arrived is never sent again: the error then matches
// [ErrOutcomeUnknown]. Errors: [*InvalidRequestError], [*Error],
// [*TransportError], [*ResponseError], or that of ctx.
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/moderation/start-censor-audio
func (c *Client) StartCensorAudioV2(ctx context.Context, req *StartCensorAudioV2Request) (*StartCensorAudioV2Response, error) {
	resp := new(StartCensorAudioV2Response)
	if err := c.call(ctx, startCensorAudioV2, req.payload(), resp, &resp.Response); err != nil {
		return nil, err
	}
	return resp, nil
}

func (r *StartCensorAudioV2Response) decode(data string) { r.TaskID = taskID(data) }
func (r *StartCensorAudioV2Response) missing() string    { return missingTaskID(r.TaskID) }

func (r *StartCensorAudioV2Request) payload() payload {
	if r == nil {
		return nilRequest
	}
	var f faults
	f.text("RoomID", r.RoomID)
	f.text("EventID", string(r.EventID))
	f.text("AudioLanguage", string(r.AudioLanguage))
	f.optionalText("LabelLanguage", string(r.LabelLanguage))
	f.typeLists("", r.RiskTypeList, r.BusinessTypeList)
	f.callbackURL("ResultCallbackURL", r.ResultCallbackURL)
	f.callbackURL("StatusCallbackURL", r.StatusCallbackURL)
	if f != nil {
		return payload{faults: f}
	}
	risks := r.RiskTypeList
	if risks == nil {
		risks = []RiskType{} // required by the schema even where only business types are asked for
	}
	return bodyOf(&struct {
		RoomID            string  `json:"RoomId"`
		EventID           EventID `json:"EventId"`
		ResultCallbackURL string  `json:"ResultCallbackUrl,omitempty"`
		StatusCallbackURL string  `json:"StatusCallbackUrl,omitempty"`
		IsMixingEnabled   int32   `json:",omitempty"`
		AudioLanguage     Language
		RiskTypeList      []RiskType
		BusinessTypeList  []BusinessType `json:",omitempty"`
		LabelLanguage     Language       `json:",omitempty"`
		ReturnAllText     int32          `json:",omitempty"`
		ReturnPreText     int32          `json:",omitempty"`
		ReturnPreAudio    int32          `json:",omitempty"`
		ReturnFinishInfo  int32          `json:",omitempty"`
	}{
		RoomID:            r.RoomID,
		EventID:           r.EventID,
		ResultCallbackURL: r.ResultCallbackURL,
		StatusCallbackURL: r.StatusCallbackURL,
		IsMixingEnabled:   bit(r.IsMixingEnabled),
		AudioLanguage:     r.AudioLanguage,
		RiskTypeList:      risks,
		BusinessTypeList:  r.BusinessTypeList,
		LabelLanguage:     r.LabelLanguage,
		ReturnAllText:     bit(r.ReturnAllText),
		ReturnPreText:     bit(r.ReturnPreText),
		ReturnPreAudio:    bit(r.ReturnPreAudio),
		ReturnFinishInfo:  bit(r.ReturnFinishInfo),
	})
}

// StopCensorAudioV2Request names the task to stop.
type StopCensorAudioV2Request struct {
	TaskID string // from StartCensorAudioV2. Required.
}

// StopCensorAudioV2Response tells that the task was stopped.
type StopCensorAudioV2Response struct {
	Response
}

// StopCensorAudioV2 ends a moderation task for audio. It is tried again where
// it may have been lost, as stopping twice does no harm. Errors:
// [*InvalidRequestError], [*Error], [*TransportError], [*ResponseError], or
// that of ctx.
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/moderation/stop-censor-audio
func (c *Client) StopCensorAudioV2(ctx context.Context, req *StopCensorAudioV2Request) (*StopCensorAudioV2Response, error) {
	resp := new(StopCensorAudioV2Response)
	if err := c.call(ctx, stopCensorAudioV2, req.payload(), nil, &resp.Response); err != nil {
		return nil, err
	}
	return resp, nil
}

func (r *StopCensorAudioV2Request) payload() payload {
	if r == nil {
		return nilRequest
	}
	return stopTask(r.TaskID)
}
