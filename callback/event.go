package callback

import (
	"encoding/json"
	"strings"
	"time"
)

// Event is one of the types below: [AudioResult], [AudioStatus],
// [VideoAudioResult], [VideoImageResult], [VideoAudioStatus],
// [VideoImageStatus], [RoomCreated], [RoomClosed], [StreamCreated],
// [StreamClosed], [UserLoggedIn], [UserLoggedOut] or [UnknownEvent], each as a
// pointer.
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

// Task is what all moderation events have in addition to the Header.
type Task struct {
	Code    int32  // 0 = the moderation worked
	Message string // in words
	TaskID  string // of the Start that began it
}

// AudioResult is about some 10 seconds of audio of an audio task
// (censor_audio_v2_result).
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/moderation/audio
type AudioResult struct {
	Header
	Task
	ResultTaskID string // of this result
	Detail       AudioDetail
	AuxInfo      AudioAuxInfo
}

// VideoAudioResult is about some 10 seconds of audio of a video task
// (censor_video_v2_audio_result).
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/moderation/video
type VideoAudioResult AudioResult

// VideoImageResult is about a frame of a video task
// (censor_video_v2_img_result).
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/moderation/video
type VideoImageResult struct {
	Header
	Task
	ResultTaskID string
	Detail       ImageDetail
	AuxInfo      ImageAuxInfo
}

// AudioStatus reports that an audio task changed (censor_audio_v2_status).
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/moderation/audio
type AudioStatus struct {
	Header
	Task
	Status  int // 0 = ended; -1 = it cannot be read
	AuxInfo StatusAuxInfo
}

// VideoAudioStatus reports that the audio part of a video task changed
// (censor_video_v2_audio_status).
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/moderation/video
type VideoAudioStatus AudioStatus

// VideoImageStatus reports that the video part of a video task changed
// (censor_video_v2_img_status).
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/moderation/video
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
	Text             string // what was said: AudioText, or Content in video tasks; with ReturnPreText, a REJECT has that of 20 seconds
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
	RiskSource   RiskSource
	AudioText    string
	MatchedLists []string // names of the word lists that matched
	FaceInfoList []FaceInfo
	OcrInfo      OcrInfo
}

// RiskSource is what a risk was found in.
type RiskSource int

// The documented sources.
const (
	RiskSourceNone    RiskSource = 1000 // there is no risk
	RiskSourceText    RiskSource = 1001 // what is said, or written in a frame
	RiskSourcePicture RiskSource = 1002 // what a frame shows
	RiskSourceSound   RiskSource = 1003 // how the audio sounds
)

// OcrInfo is text that was read in a frame.
type OcrInfo struct {
	Text         string
	MatchedLists []string // names of the word lists that matched
}

// FaceInfo is a face that was found in a frame. ZEGO documents 10 of them at most,
// and the list as one of strings in one place: such a string is the Name.
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

// RoomCreated reports that a room was created (room_create). In-app Chat (ZIM)
// sends an event of the same name for its own rooms: without room_session_id,
// room_create_time and id_name, it is an [UnknownEvent].
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/room/created
type RoomCreated struct {
	Header
	RoomID        string
	RoomSessionID uint64 // the same room can live several times
	CreateTime    time.Time
	UserID        string // who created it
}

// RoomClosed reports that a room was destroyed (room_close). It can arrive after
// the RoomCreated of the room's next session: compare RoomSessionID.
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/room/destroyed
type RoomClosed struct {
	Header
	RoomID        string
	RoomSessionID uint64 // 0 = the callback does not contain it
	CloseReason   RoomCloseReason
	CloseTime     time.Time
}

// RoomCloseReason is why a room was destroyed.
type RoomCloseReason int

// The documented reasons.
const (
	RoomCloseNormal           RoomCloseReason = 0
	RoomCloseHeartbeatTimeout RoomCloseReason = 1 // the last user's heartbeat timed out
	RoomCloseLastUserLeft     RoomCloseReason = 2
	RoomCloseLastUserKicked   RoomCloseReason = 3 // the last user was kicked out
)

// StreamCreated reports that a user began to publish a stream (stream_create).
//
// ZEGO documents several names for the same thing: RoomID, StreamID, UserID and
// UserName are taken from ChannelID, StreamAlias, PublishID and PublishName if the
// callback does not contain them itself.
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/stream/created
type StreamCreated struct {
	Header
	RoomID        string
	RoomSessionID uint64 // 0 = the callback does not contain it, as ZEGO's pages of 2023 have it
	StreamID      string
	UserID        string
	UserName      string
	ChannelID     string    // the room, as RoomID
	StreamAlias   string    // the stream, as StreamID
	PublishID     string    // the user, as UserID
	PublishName   string    // the user's name, as UserName
	StreamSID     string    // ZEGO's own ID of the stream, which is unique
	StreamSeq     uint64    // of the project's list of streams: each change adds 1
	StreamAttr    string    // JSON, such as {"cid":0}: the codec
	Title         string    // as the client set it
	ExtraInfo     string    // as the client set it
	CreateTime    time.Time // with milliseconds, if the callback has them
	Recreate      bool      // the client publishes again what ZEGO still has, after a network fault
	RTMPURL       []string  // where to play the stream
	HLSURL        []string
	HDLURL        []string
	PicURL        []string // screenshots, as long as the stream is published
}

// StreamClosed reports that a stream ended (stream_close). RoomID, StreamID, UserID
// and UserName are as in [StreamCreated]. It can arrive before the StreamCreated of
// the same stream, or after that of the next stream of the same name: compare
// StreamSeq, StreamSID and the times.
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/stream/destroyed
type StreamClosed struct {
	Header
	RoomID          string
	RoomSessionID   uint64 // 0 = the callback does not contain it, as ZEGO's pages of 2023 have it
	StreamID        string
	UserID          string
	UserName        string
	ChannelID       string // the room, as RoomID
	StreamAlias     string // the stream, as StreamID
	PublishID       string // the user, as UserID
	PublishName     string // the user's name, as UserName
	StreamSID       string // ZEGO's own ID of the stream, which is unique
	StreamSeq       uint64 // of the project's list of streams: each change adds 1
	Type            StreamCloseType
	CreateTime      time.Time
	CloseTime       time.Time // destroy_timemillis
	ThirdDefineData string    // as the client set it
}

// StreamCloseType is why a stream ended.
type StreamCloseType int

// The documented types. All but 0 are abnormal.
const (
	StreamCloseNormal           StreamCloseType = 0   // the user stopped publishing
	StreamCloseHeartbeatTimeout StreamCloseType = 1   // the user's heartbeat timed out
	StreamCloseRelogin          StreamCloseType = 2   // the user logged in to the room again
	StreamCloseKicked           StreamCloseType = 3   // the server kicked the user out
	StreamCloseDisconnected     StreamCloseType = 4   // the TCP connection was lost
	StreamCloseRoomCleared      StreamCloseType = 5   // the room was cleared
	StreamCloseDeleted          StreamCloseType = 100 // the server called DeleteStream
)

// UserLoggedIn reports that a user logged in to a room (room_login).
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/room/logged-in
type UserLoggedIn struct {
	Header
	RoomID        string
	RoomName      string
	RoomSessionID uint64 // room_seq: the same as in [RoomCreated]
	UserID        string // user_account
	UserName      string // user_nickname
	SessionID     string // of the user: each login has its own
	LoginTime     time.Time
	UserRole      UserRole
	UserUpdateSeq uint64 // of the room's list of users: each login and logout adds 1
	AuthLevel     int    // version of the token that the user logged in with; 0 = without a token
	Relogin       bool   // the user was logged in before
	CallbackData  string // as the client set it
	TermType      TermType
}

// UserLoggedOut reports that a user logged out of a room (room_logout).
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/room/logged-out
type UserLoggedOut struct {
	Header
	RoomID        string
	RoomSessionID uint64 // room_seq: the same as in [RoomCreated]
	UserID        string // user_account
	UserName      string // user_nickname
	SessionID     string // of the user: the same as in [UserLoggedIn]
	LoginTime     time.Time
	LogoutTime    time.Time
	Reason        LogoutReason
	UserRole      UserRole
	UserUpdateSeq uint64 // of the room's list of users: each login and logout adds 1
}

// LogoutReason is why a user logged out.
type LogoutReason int

// The documented reasons.
const (
	LogoutNormal           LogoutReason = 0
	LogoutHeartbeatTimeout LogoutReason = 1 // the user's heartbeat timed out
	LogoutDisconnected     LogoutReason = 2 // the connection was lost, or its heartbeat timed out
	LogoutKicked           LogoutReason = 3 // the user was kicked out by KickoutUser, or logged in to the room again
	LogoutTokenExpired     LogoutReason = 4 // the user's token expired
)

// UserRole is what a user is in a room. ZEGO documents that only LiveRoom sets it:
// with Express, nothing but [RoleAdmin] has a meaning.
type UserRole int

// The documented roles.
const (
	RoleHost     UserRole = 1
	RoleAudience UserRole = 2
	RoleAdmin    UserRole = 4 // no person: ZEGO's own recorder or moderator
)

// TermType is the kind of device that a user logged in with.
type TermType int

// The documented kinds.
const (
	TermNone        TermType = 0
	TermPC          TermType = 1
	TermIOS         TermType = 2
	TermAndroid     TermType = 3
	TermMac         TermType = 4
	TermLinux       TermType = 5
	TermWeb         TermType = 6
	TermMiniProgram TermType = 7
	TermUnknown     TermType = 32
)

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
