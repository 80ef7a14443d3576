package trtccallback

import (
	"encoding/json"
	"strconv"
	"time"
)

// Event is one of the types below: [TaskStarted], [TaskExited], [SendingStarted],
// [Result], [SendingStopped], [UploadError], [RoomCreated], [RoomDismissed],
// [MediaStarted] or [UnknownEvent], each as a pointer.
type Event interface {
	// Head is what all events have.
	Head() *Header
	sealed()
}

// Header is what all events have.
type Header struct {
	EventGroupID int       // 1 rooms, 2 media, 11 moderation
	EventType    int       // such as 1104
	SdkAppID     uint32    // of the request's header, which is not signed; 0 = it had none
	SentAt       time.Time // when the callback was sent

	// RoomID is the room, a number as its decimal text. RoomIDIsNumber reports whether
	// the callback has it as a JSON number: Tencent documents that its type is that of
	// the ID in the client, and the number 123 and the text "123" are different rooms.
	// Tencent's samples of moderation events have digits as a text, and do not say of
	// which type the ID is: tell those events apart by the robot in UserID.
	RoomID         string
	RoomIDIsNumber bool

	EventAt time.Time
	UserID  string // of the moderation's robot, or of whom a room or media event is about
	TaskID  string // of moderation events

	Raw json.RawMessage // the whole body

	info string // EventInfo as it stands in the body
}

// Head returns h.
func (h *Header) Head() *Header { return h }
func (*Header) sealed()         {}

// duplicateKey is what two deliveries of the same event have in common, or "". A
// task has many results; the others of its events come once.
func (h *Header) duplicateKey() string {
	if h.EventAt.IsZero() {
		return ""
	}
	return nonceKey("event", strconv.Itoa(h.EventType)+h.info)
}

// essential reports whether the event says that a room began or ended, or that
// somebody publishes in it.
func (h *Header) essential() bool {
	switch h.EventType {
	case 101, 102, 201, 203, 205:
		return true
	}
	return false
}

// Suggest is what the moderation advises.
type Suggest int

// The documented values, and one for a result that has none that can be read.
const (
	SuggestUnknown Suggest = -1

	SuggestPass   Suggest = 0 // let it pass
	SuggestReview Suggest = 1 // have somebody look at it
	SuggestBlock  Suggest = 2 // block it
)

// String is "pass", "review", "block", "unknown" or a number.
func (s Suggest) String() string {
	switch s {
	case SuggestUnknown:
		return "unknown"
	case SuggestPass:
		return "pass"
	case SuggestReview:
		return "review"
	case SuggestBlock:
		return "block"
	}
	return strconv.Itoa(int(s))
}

// MediaType is what a result is about.
type MediaType int

// The documented types.
const (
	MediaAudio MediaType = 1
	MediaImage MediaType = 2
)

// TaskStarted tells that a task has started, or has failed to (1101).
type TaskStarted struct {
	Header
	Status int // 0 = it started, 1 = it failed to; -1 = it cannot be read
}

// TaskExited tells that a task has ended (1102).
type TaskExited struct {
	Header
	LeaveCode LeaveCode
}

// LeaveCode is why a task has ended. -1 = it cannot be read.
type LeaveCode int

// The documented codes.
const (
	LeaveDeleted         LeaveCode = 0   // it was deleted
	LeaveKicked          LeaveCode = 1   // the robot was kicked out of the room
	LeaveDismissed       LeaveCode = 2   // the room was dismissed
	LeaveKickedByServer  LeaveCode = 3   // TRTC kicked the robot out
	LeaveClosedByServer  LeaveCode = 4   // TRTC dismissed the room
	LeaveIdle            LeaveCode = 99  // nobody has published for MaxIdleTime
	LeaveTimedOut        LeaveCode = 100 // the robot lost the room
	LeaveSameUserEntered LeaveCode = 101 // another task has the same robot
)

// SendingStarted tells that slices are being sent to the supplier (1103).
type SendingStarted struct {
	Header
	Status int // 0
}

// SendingStopped tells that no more slices are sent (1105).
type SendingStopped struct {
	Header
	Status int // 0
}

// Result is about a slice of audio or a frame (1104).
type Result struct {
	Header
	StreamerUserID string // whose stream it is of
	DataID         string // of this result
	RequestID      string // what the supplier's support asks for
	MediaType      MediaType
	Suggest        Suggest
	Label          string // of the worst: Normal, Ad, Porn, Abuse, Illegal, Polity, Terror, Sexy, QRCode, Custom …
	Rate           float64
	Audio          string // where the slice is kept: treat it as a secret
	AudioText      string // what was said
	Image          string // where the frame is kept: treat it as a secret
	ImageOCR       string // what is written in it
	CheckDetail    []CheckDetail
}

// CheckDetail is one of the things that were found.
type CheckDetail struct {
	Scene         string
	Label         string
	Suggest       Suggest
	Keywords      []string
	Score         float64
	Desc          string
	AudioSegments json.RawMessage // where in the slice; the form is not documented
	ImageLocation json.RawMessage // where in the frame; the form is not documented
}

// UploadError tells that a file could not be kept in the cloud storage (1106).
type UploadError struct {
	Header
	Code    int // the storage's
	Message string
}

// RoomCreated tells that a room came to life (101).
type RoomCreated struct{ Header }

// RoomDismissed tells that a room ended (102).
type RoomDismissed struct{ Header }

// MediaStarted tells that a user has begun to publish video (201), audio (203) or a
// screen (205).
type MediaStarted struct{ Header }

// UnknownEvent is an event that this package does not know. It is no error: Tencent
// adds events without notice. Raw has it whole.
type UnknownEvent struct{ Header }
