package callback

import (
	"encoding/json"
	"strings"
	"time"
)

// Event is one of the types below: [AudioResult], [AudioStatus],
// [VideoAudioResult], [VideoImageResult], [VideoAudioStatus],
// [VideoImageStatus], [RoomCreated], [RoomClosed], [StreamCreated],
// [StreamClosed] or [UnknownEvent], each as a pointer.
type Event interface {
	// Head is what all events have.
	Head() *Header
	sealed()
}

// Header is what all events have.
type Header struct {
	Event     string          // such as "censor_audio_v2_result"
	AppID     uint32          // the project
	Timestamp time.Time       // when ZEGO signed the callback
	Nonce     string          // of the signature
	Raw       json.RawMessage // the whole body; a form body as the JSON object that it stands for
}

// Head returns h.
func (h *Header) Head() *Header { return h }
func (*Header) sealed()         {}

// RiskLevel is what the moderation advises.
type RiskLevel string

// The documented levels.
const (
	Pass   RiskLevel = "PASS"   // let it pass
	Review RiskLevel = "REVIEW" // have somebody look at it
	Reject RiskLevel = "REJECT" // block it
)

// Task is what all moderation events have beside the Header.
type Task struct {
	Code    int32  // 0 = the moderation worked
	Message string // in words
	TaskID  string // of the Start that began it
}

// AudioResult is about some 10 seconds of audio of an audio task
// (censor_audio_v2_result).
type AudioResult struct {
	Header
	Task
	ResultTaskID string // of this result
	Detail       AudioDetail
	AuxInfo      AudioAuxInfo
}

// VideoAudioResult is about some 10 seconds of audio of a video task
// (censor_video_v2_audio_result).
type VideoAudioResult AudioResult

// VideoImageResult is about a frame of a video task
// (censor_video_v2_img_result).
type VideoImageResult struct {
	Header
	Task
	ResultTaskID string
	Detail       ImageDetail
	AuxInfo      ImageAuxInfo
}

// AudioStatus tells that an audio task changed (censor_audio_v2_status).
type AudioStatus struct {
	Header
	Task
	Status  int // 0 = ended
	AuxInfo StatusAuxInfo
}

// VideoAudioStatus tells that the audio part of a video task changed
// (censor_video_v2_audio_status).
type VideoAudioStatus AudioStatus

// VideoImageStatus tells that the video part of a video task changed
// (censor_video_v2_img_status).
type VideoImageStatus AudioStatus

// AudioAuxInfo says where the audio comes from. UserID is sent with audio tasks
// and StreamID with video tasks, both since November 2025.
type AudioAuxInfo struct {
	RoomID            string
	ProcessBeginTime  time.Time
	ProcessFinishTime time.Time
	UserID            string
	StreamID          string
}

// ImageAuxInfo says where a frame comes from.
type ImageAuxInfo struct {
	RoomID   string
	ImgTime  time.Time
	StreamID string
}

// StatusAuxInfo says what a task has moderated.
type StatusAuxInfo struct {
	RoomID           string
	CensorStreamTime time.Duration
}

// AudioDetail is the verdict on a segment of audio. In a silent segment most of
// it is empty.
type AudioDetail struct {
	RiskLevel        RiskLevel
	Text             string // what was said: AudioText, or Content in video tasks
	AudioURL         string // a signed URL: treat it as a secret
	PreAudioURL      string // with the segment before, where ReturnPreAudio asked for it
	RiskDescription  string // for people, not for programs
	RiskLabel1       string
	RiskLabel2       string
	RiskLabel3       string
	Voice            bool // whether anything was heard (VadStatus)
	RiskDetail       RiskDetail
	RiskInfoList     []RiskInfo // all risks, the worst first
	BusinessInfoList []BusinessInfo
}

// ImageDetail is the verdict on a frame.
type ImageDetail struct {
	RiskLevel        RiskLevel
	ImgURL           string // a signed URL: treat it as a secret
	RiskDescription  string // for people, not for programs
	RiskLabel1       string
	RiskLabel2       string
	RiskLabel3       string
	RiskDetail       RiskDetail
	RiskInfoList     []RiskInfo // all risks, the worst first
	BusinessInfoList []BusinessInfo
}

// RiskInfo is one of the risks that were found.
type RiskInfo struct {
	RiskLevel       RiskLevel
	RiskDescription string
	RiskLabel1      string
	RiskLabel2      string
	RiskLabel3      string
	Probability     float64 // of frames, 0 to 1
	RiskDetail      RiskDetail
}

// RiskDetail is what a risk was found by. Audio has AudioText and MatchedLists,
// frames have FaceInfoList and OcrInfo.
type RiskDetail struct {
	RiskSource   int // 1000 none, 1001 what is said or written, 1002 the picture, 1003 the sound
	AudioText    string
	MatchedLists []string // names of the word lists that matched
	FaceInfoList []FaceInfo
	OcrInfo      OcrInfo
}

// OcrInfo is text that was read in a frame.
type OcrInfo struct {
	Text         string
	MatchedLists []string // names of the word lists that matched
}

// FaceInfo is a face that was found in a frame.
type FaceInfo struct {
	Name        string
	ID          string
	FaceRatio   float64    // of the frame, 0 to 1
	Probability float64    // 0 to 1
	Location    [4]float64 // x1, y1, x2, y2
}

// BusinessInfo is something that was recognised and is no violation.
type BusinessInfo struct {
	BusinessDescription string
	BusinessLabel1      string
	BusinessLabel2      string
	BusinessLabel3      string
	ConfidenceLevel     int
	Probability         float64
	FaceInfoList        []FaceInfo // of frames
}

// RoomCreated tells that a room came to life (room_create).
type RoomCreated struct {
	Header
	RoomID        string
	RoomSessionID uint64 // the same room can live several times
	CreateTime    time.Time
	UserID        string // who created it
}

// RoomClosed tells that a room ended (room_close). It can arrive after the
// RoomCreated of the room's next session: compare RoomSessionID.
type RoomClosed struct {
	Header
	RoomID        string
	RoomSessionID uint64
	CloseReason   int // 0 normal, 1 heartbeat time-out, 2 the last user left, 3 the last user was kicked out
	CloseTime     time.Time
}

// StreamCreated tells that a stream began (stream_create).
type StreamCreated struct {
	Header
	RoomID        string
	RoomSessionID uint64
	StreamID      string
	UserID        string
	UserName      string
	CreateTime    time.Time
	Recreate      bool
}

// StreamClosed tells that a stream ended (stream_close).
type StreamClosed struct {
	Header
	RoomID        string
	RoomSessionID uint64
	StreamID      string
	UserID        string
	Type          int // 0 normal
}

// UnknownEvent is an event that this package does not know. It is no error: ZEGO
// adds events without notice. Raw has it whole.
type UnknownEvent struct{ Header }

// StreamHint is the stream of the result, read out of its ResultTaskID, which
// ZEGO's FAQ describes as <TaskId>_<stream>_<n>. It is a hint for callbacks of
// before November 2025, which do not name the user, and may be a user ID. It is
// "" where there is none, as with mixed audio.
func (r *AudioResult) StreamHint() string { return streamHint(r.TaskID, r.ResultTaskID) }

// StreamHint is as for [AudioResult.StreamHint].
func (r *VideoAudioResult) StreamHint() string { return streamHint(r.TaskID, r.ResultTaskID) }

// StreamHint is as for [AudioResult.StreamHint].
func (r *VideoImageResult) StreamHint() string { return streamHint(r.TaskID, r.ResultTaskID) }

func streamHint(taskID, resultTaskID string) string {
	rest, ok := strings.CutPrefix(resultTaskID, taskID+"_")
	if !ok || taskID == "" {
		return ""
	}
	i := strings.LastIndexByte(rest, '_')
	if i <= 0 || i == len(rest)-1 || strings.Trim(rest[i+1:], "0123456789") != "" {
		return ""
	}
	return rest[:i]
}
