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
	// RoomID is the room. Required. All its streams are moderated, except those
	// that were published with moderation switched off in the client SDK
	// (streamCensorshipFlag). A stream that AddStream puts into several rooms is
	// moderated, and charged, in each of them, unless AddStream had CensorFlag=1.
	RoomID string
	// EventID is the kind of room; it decides how strict the moderation is.
	// Required.
	EventID EventID
	// AudioLanguage is the language that is spoken. Required.
	AudioLanguage Language

	// RiskTypeList says which violations to look for. It or BusinessTypeList must
	// not be empty.
	//
	// It decides the price. By ZEGO's price list, all semantics together
	// (RiskAdvertisingLaw to RiskAdvertisement) have one price for an hour of a
	// stream, and each extension, such as RiskMoaning, RiskBannedSong,
	// BusinessSinging and BusinessLanguage, has one in addition. International
	// languages cost four times as much.
	RiskTypeList []RiskType
	// BusinessTypeList says what else to recognise. ZEGO's documentation
	// contradicts itself if it is given without a RiskTypeList: the text says that
	// one of the lists is enough, the schema that RiskTypeList has at least one
	// member. The client sends an empty RiskTypeList then, and it is not known
	// whether ZEGO accepts it.
	BusinessTypeList []BusinessType

	// ResultCallbackURL and StatusCallbackURL receive the callbacks of this
	// task in place of the addresses set in ZEGO's console. Absolute, https or
	// http.
	ResultCallbackURL string
	StatusCallbackURL string

	// IsMixingEnabled mixes the streams of the room into one. That costs less,
	// because one stream is moderated, but results cannot say who said what.
	IsMixingEnabled bool
	// LabelLanguage is the language of the labels in callbacks: LanguageChinese or
	// LanguageEnglish. ZEGO does not document the default: set it.
	LabelLanguage Language
	// ReturnAllText returns the text of each segment of ten seconds, not only of
	// those that did not pass. ZEGO documents no more. For ShuMei, whose service
	// ZEGO uses, false means that what passes causes no callback at all, and true
	// one for each stream every ten seconds. So take silence for no information if
	// it is false, and do not fail if callbacks are missing if it is true.
	//
	// With true, 1 000 streams with audio cause about 100 callbacks per second, and
	// the text of everything that is said arrives, with a link to the recording.
	// The providers of package moderator set it, to find out which tasks run.
	ReturnAllText bool
	// ReturnPreText returns the text of the segment before an offending one too.
	ReturnPreText bool
	// ReturnPreAudio returns a link to the audio of the segment before an offending
	// one too.
	ReturnPreAudio bool
	// ReturnFinishInfo makes ZEGO send a status callback when the task ends.
	ReturnFinishInfo bool
}

// StartCensorAudioV2Response tells the task that was started.
type StartCensorAudioV2Response struct {
	Response
	TaskID string // needed to stop the task; callbacks carry it too
}

// StartCensorAudioV2 starts a moderation task for the audio of a room. The
// results arrive as callbacks. The task keeps moderating, and is charged for what
// it moderates, until it is stopped, or until ZEGO ends it after about five minutes
// without a stream. Whether a second Start for the same room returns the same task,
// another one or an error is not documented.
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
		risks = []RiskType{} // required by the schema even if only business types are asked for
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
