package zegotest

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/internal/fake"
)

// action is one action of the gateway. do returns the Data of the answer, or a
// code and why.
type action struct {
	method string
	do     func(now time.Time, r Request) (data any, code zegocensor.Code, why string)
}

// HandleAction adds an action, for [zegocensor.Client.Do], or replaces one. h
// returns the Data of the answer, or a code that is not 0. It is called when the
// gateway has accepted the request, for several requests at a time.
func (s *Server) HandleAction(name, method string, h func(Request) (data any, code zegocensor.Code)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actions[name] = action{method, func(_ time.Time, r Request) (any, zegocensor.Code, string) {
		data, code := h(r)
		return data, code, ""
	}}
}

func (s *Server) addBuiltinActions() {
	s.actions[startAudio] = action{http.MethodPost, s.startAudio}
	s.actions[startVideo] = action{http.MethodPost, s.startVideo}
	s.actions["StopCensorAudioV2"] = action{http.MethodPost, s.stopTask(startAudio)}
	s.actions["StopCensorVideoV2"] = action{http.MethodPost, s.stopTask(startVideo)}
	s.actions["GenerateIdentifyToken"] = action{http.MethodGet, s.issueToken}
	s.actions["KickoutUser"] = action{http.MethodGet, kickoutUser}
	s.actions["ForbidRTCStream"] = action{http.MethodGet, requireQuery("StreamId", "Sequence")}
	s.actions["ResumeRTCStream"] = action{http.MethodGet, requireQuery("StreamId", "Sequence")}
	s.actions["SetForbidStreamRule"] = action{http.MethodGet, requireQuery("RoomId", "StreamId")}
	s.actions["DescribeUserNum"] = action{http.MethodGet, s.describeUserNum}
	s.actions["DescribeSimpleStreamList"] = action{http.MethodGet, s.describeSimpleStreamList}
	s.actions["StartMix"] = action{http.MethodPost, startMix}
}

func invalid(why string) (any, zegocensor.Code, string) {
	return nil, zegocensor.CodeInvalidParameter, why
}

// kind is the form that a field of a body must have.
type kind int

const (
	identifier kind = iota // a string that is not empty
	optional               // a string
	bit                    // 0 or 1
	list                   // strings
	address                // an absolute http(s) URL, or empty
	seconds                // 1 to 60
)

// maxIdentifier is the most bytes of an identifier.
const maxIdentifier = 128

var censorFields = map[string]kind{
	"RoomId": identifier, "EventId": identifier, "ReturnFinishInfo": bit,
	"Language": optional, "LabelLanguage": optional,
}

var audioFields = map[string]kind{
	"RiskTypeList": list, "BusinessTypeList": list, "AudioLanguage": optional, "IsMixingEnabled": bit,
	"ReturnAllText": bit, "ReturnPreText": bit, "ReturnPreAudio": bit,
	"ResultCallbackUrl": address, "StatusCallbackUrl": address,
}

var videoFields = map[string]kind{
	"RiskTypeList": list, "BusinessTypeList": list, "ReturnAllImg": bit, "DetectFrequency": seconds,
	"ResultCallbackUrl": address, "StatusCallbackUrl": address,
}

type object map[string]json.RawMessage

// body reads the JSON object of a POST request.
func body(r Request) (object, zegocensor.Code) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var o object
	if err != nil || media != "application/json" || len(r.Body) > fake.MaxBody || json.Unmarshal(r.Body, &o) != nil || o == nil {
		return nil, zegocensor.CodeDecodingFailed
	}
	return o, zegocensor.CodeOK
}

// fault names the first field of o that is not of its kind.
func (o object) fault(fields map[string]kind) string {
	for name, k := range fields {
		raw, given := o[name]
		if given && !k.fits(raw) || !given && k == identifier {
			return name
		}
	}
	return ""
}

func (k kind) fits(raw json.RawMessage) bool {
	switch k {
	case bit:
		return string(raw) == "0" || string(raw) == "1"
	case seconds:
		n, err := strconv.Atoi(string(raw))
		return err == nil && n > 0 && n <= 60
	case list:
		var v []string
		return json.Unmarshal(raw, &v) == nil && v != nil && !bytes.Contains(raw, []byte("null"))
	}
	var v *string
	if json.Unmarshal(raw, &v) != nil || v == nil {
		return false
	}
	switch k {
	case identifier:
		return *v != ""
	case address:
		u, err := url.Parse(*v)
		return *v == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
	}
	return true
}

// empty reports whether both lists of o are.
func (o object) empty() bool {
	var risks, businesses []string
	_ = json.Unmarshal(o["RiskTypeList"], &risks)
	_ = json.Unmarshal(o["BusinessTypeList"], &businesses)
	return len(risks)+len(businesses) == 0
}

func (o object) text(name string) string {
	var v string
	_ = json.Unmarshal(o[name], &v)
	return v
}

// is reports whether a bit is set.
func (o object) is(name string) bool { return string(o[name]) == "1" }

const bothEmpty = "RiskTypeList and BusinessTypeList are both empty"

func (s *Server) startAudio(_ time.Time, r Request) (any, zegocensor.Code, string) {
	o, code := body(r)
	if code != zegocensor.CodeOK {
		return nil, code, ""
	}
	if name := o.fault(censorFields); name != "" {
		return invalid(name)
	}
	if name := o.fault(audioFields); name != "" {
		return invalid(name)
	}
	if o.text("AudioLanguage") == "" {
		return invalid("AudioLanguage")
	}
	if _, given := o["RiskTypeList"]; !given {
		return invalid("RiskTypeList")
	}
	if o.empty() {
		return invalid(bothEmpty)
	}
	return s.startTask(r, o, o, nil)
}

func (s *Server) startVideo(_ time.Time, r Request) (any, zegocensor.Code, string) {
	o, code := body(r)
	if code != zegocensor.CodeOK {
		return nil, code, ""
	}
	if name := o.fault(censorFields); name != "" {
		return invalid(name)
	}
	var audio, video object
	if raw, given := o["AudioParam"]; given && json.Unmarshal(raw, &audio) != nil {
		return invalid("AudioParam")
	}
	if name := audio.fault(audioFields); name != "" {
		return invalid("AudioParam." + name)
	}
	if json.Unmarshal(o["VideoParam"], &video) != nil || video == nil {
		return invalid("VideoParam")
	}
	if name := video.fault(videoFields); name != "" {
		return invalid("VideoParam." + name)
	}
	if video.empty() {
		return invalid("VideoParam: " + bothEmpty)
	}
	return s.startTask(r, o, audio, video)
}

type taskData struct {
	TaskID string `json:"TaskId"`
}

func (s *Server) startTask(r Request, o, audio, video object) (any, zegocensor.Code, string) {
	t := &Task{ID: randomHex(16), Action: r.Action, RoomID: o.text("RoomId"), EventID: o.text("EventId"), Body: r.Body, Started: s.Now(),
		audio: audio, video: video, finishInfo: o.is("ReturnFinishInfo")}
	if max(len(t.RoomID), len(t.EventID)) > maxIdentifier {
		return nil, zegocensor.CodeParameterTooLong, ""
	}
	s.mu.Lock()
	if _, err := s.liveRoomLocked(t.RoomID); err != nil && s.guesses.missingRoomRefused {
		s.mu.Unlock()
		return nil, zegocensor.CodeRoomNotFound, ""
	}
	if before := s.runningLocked(t.RoomID, t.Action); before != nil && s.guesses.secondStart != SecondStartNewTask {
		s.mu.Unlock()
		if s.guesses.secondStart == SecondStartRefused {
			return nil, zegocensor.CodeRequestFailed, "the room is being moderated"
		}
		return taskData{before.ID}, zegocensor.CodeOK, ""
	}
	s.tasks = append(s.tasks, t)
	s.taskByID[t.ID] = t
	room := s.roomByID[t.RoomID]
	empty := room != nil && len(room.Streams) == 0
	s.pullLocked(t)
	s.mu.Unlock()
	if empty {
		s.watch(t.RoomID)
	}
	return taskData{t.ID}, zegocensor.CodeOK, ""
}

// runningLocked is the task of a room that action started.
func (s *Server) runningLocked(roomID, action string) *Task {
	if s.guesses.secondStart == SecondStartNewTask {
		return nil // nobody asks
	}
	for _, t := range s.tasks {
		if t.RoomID == roomID && t.Action == action && t.Running() {
			return t
		}
	}
	return nil
}

// stopTask ends tasks that startAction started.
func (s *Server) stopTask(startAction string) func(time.Time, Request) (any, zegocensor.Code, string) {
	return func(_ time.Time, r Request) (any, zegocensor.Code, string) {
		o, code := body(r)
		if code != zegocensor.CodeOK {
			return nil, code, ""
		}
		if name := o.fault(map[string]kind{"TaskId": identifier}); name != "" {
			return invalid(name)
		}
		ended, code, why := s.endTask(o.text("TaskId"), startAction)
		if ended != nil {
			s.tellEnd(*ended)
		}
		return nil, code, why
	}
}

// endTask ends a task, and returns it if it was running.
func (s *Server) endTask(id, startAction string) (ended *Task, code zegocensor.Code, why string) {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.taskByID[id]
	switch {
	case t != nil && t.Action != startAction:
		return nil, zegocensor.CodeInvalidParameter, "the task was started by " + t.Action
	case t != nil && t.Running():
		t.Stopped = now
		copied := *t
		return &copied, zegocensor.CodeOK, ""
	case s.guesses.unknownTaskRefused:
		return nil, zegocensor.CodeInvalidParameter, "TaskId"
	}
	return nil, zegocensor.CodeOK, ""
}

// requireQuery is an action that does nothing but want parameters.
func requireQuery(names ...string) func(time.Time, Request) (any, zegocensor.Code, string) {
	return func(_ time.Time, r Request) (any, zegocensor.Code, string) {
		for _, name := range names {
			if r.Query.Get(name) == "" {
				return invalid(name)
			}
		}
		return nil, zegocensor.CodeOK, ""
	}
}

func kickoutUser(now time.Time, r Request) (any, zegocensor.Code, string) {
	users := append(r.Query["UserId[]"], r.Query["UserId"]...) // ZEGO's pages have both spellings
	if len(users) < 1 || len(users) > 5 {
		return invalid("UserId[]")
	}
	if len(r.Query.Get("CustomReason")) > 256 {
		return invalid("CustomReason")
	}
	return requireQuery("RoomId")(now, r)
}

// describeUserNum counts who is in rooms: those who publish, as the fake knows of
// no others.
func (s *Server) describeUserNum(_ time.Time, r Request) (any, zegocensor.Code, string) {
	type count struct {
		RoomID         string `json:"RoomId"`
		UserCount      int
		AdminUserCount int
	}
	ids := r.Query["RoomId[]"]
	if len(ids) < 1 || len(ids) > 10 {
		return invalid("RoomId[]")
	}
	counts := make([]count, len(ids))
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, id := range ids {
		counts[i].RoomID = id
		if room, err := s.liveRoomLocked(id); err == nil {
			users := make(map[string]bool)
			for _, stream := range room.Streams {
				users[stream.UserID] = true
			}
			counts[i].UserCount = len(users)
		}
	}
	return struct{ UserCountList []count }{counts}, zegocensor.CodeOK, ""
}

func (s *Server) describeSimpleStreamList(_ time.Time, r Request) (any, zegocensor.Code, string) {
	type stream struct {
		StreamID       string `json:"StreamId"`
		UserID         string `json:"UserId"`
		UserName       string
		CreateTime     int64
		StreamNumberID uint64 `json:"StreamNumberId"`
	}
	id := r.Query.Get("RoomId")
	if id == "" {
		return invalid("RoomId")
	}
	streams := []stream{}
	s.mu.Lock()
	defer s.mu.Unlock()
	if room, err := s.liveRoomLocked(id); err == nil {
		for i, v := range room.Streams {
			streams = append(streams, stream{StreamID: v.ID, UserID: v.UserID, CreateTime: v.Created.UnixMilli(), StreamNumberID: uint64(i + 1)})
		}
	} else if s.guesses.missingRoomRefused {
		return nil, zegocensor.CodeRoomNotFound, ""
	}
	return struct{ StreamList []stream }{streams}, zegocensor.CodeOK, ""
}

// startMix takes the request that ZEGO's samples of a POST make, and mixes
// nothing.
func startMix(_ time.Time, r Request) (any, zegocensor.Code, string) {
	o, code := body(r)
	if code != zegocensor.CodeOK {
		return nil, code, ""
	}
	for _, name := range []string{"TaskId", "Sequence", "MixInput", "MixOutput"} {
		if _, given := o[name]; !given {
			return invalid(name)
		}
	}
	return nil, zegocensor.CodeOK, ""
}

// token is an IdentifyToken that was issued.
type token struct {
	expires time.Time
	used    bool
}

// Why [Server.RedeemToken] refuses.
var (
	ErrTokenUnknown = errors.New("zegotest: unknown IdentifyToken")
	ErrTokenExpired = errors.New("zegotest: expired IdentifyToken")
	ErrTokenUsed    = errors.New("zegotest: used IdentifyToken")
)

// RedeemToken does what a third party does with an IdentifyToken when it begins
// to moderate. It returns nil once for each token.
func (s *Server) RedeemToken(identifyToken string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[identifyToken]
	switch {
	case t == nil:
		return ErrTokenUnknown
	case t.used:
		return ErrTokenUsed
	case !s.Now().Before(t.expires):
		return ErrTokenExpired
	}
	t.used = true
	return nil
}

func (s *Server) issueToken(now time.Time, r Request) (any, zegocensor.Code, string) {
	const standard, most = 3600, 30 * 24 * 3600
	valid := int64(standard)
	if r.Query.Has("EffectiveTime") {
		n, err := strconv.ParseInt(r.Query.Get("EffectiveTime"), 10, 64)
		if err != nil || n <= 0 || n > most {
			return invalid("EffectiveTime")
		}
		valid = n
	}
	id := strings.ToUpper(randomHex(16))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[id] = &token{expires: now.Add(time.Duration(valid) * time.Second)}
	return struct {
		IdentifyToken string
		RemainTime    int64
	}{id, valid}, zegocensor.CodeOK, ""
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
