package trtctest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tencentyun/tls-sig-api-v2-golang/tencentyun"

	"github.com/zegocensor/zegocensor-go/internal/fake"
	"github.com/zegocensor/zegocensor-go/trtc"
	"github.com/zegocensor/zegocensor-go/trtc/trtccallback"
)

// Task is a moderation task that was started.
type Task struct {
	ID         string
	RoomID     string
	RoomIDType trtc.RoomIDType
	UserID     string          // the robot's
	Body       json.RawMessage // the request that started it
	Started    time.Time
	Stopped    time.Time              // zero while it runs
	LeaveCode  trtccallback.LeaveCode // why it was stopped
	Expires    time.Time              // when its ID does

	users   any // SubscribeStreamUserIds
	maxIdle time.Duration
}

func (t *Task) room() Room { return Room{t.RoomID, t.RoomIDType} }

// Room names a room. [Text] and [Number] make one: the number 123 and the text "123"
// are different rooms.
type Room struct {
	id     string
	idType trtc.RoomIDType
}

// Text names the room that clients enter with a strRoomId.
func Text(strRoomID string) Room { return Room{strRoomID, trtc.RoomIDString} }

// Number names the room that clients enter with a roomId.
func Number(roomID uint32) Room {
	return Room{strconv.FormatUint(uint64(roomID), 10), trtc.RoomIDNumber}
}

// Running reports whether the task has not ended.
func (t Task) Running() bool { return t.Stopped.IsZero() }

// Tasks returns all tasks that were ever started, in their order.
func (s *Server) Tasks() []Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fake.Values(s.tasks)
}

// Running returns the tasks that have not ended.
func (s *Server) Running() []Task {
	return slices.DeleteFunc(s.Tasks(), func(t Task) bool { return !t.Running() })
}

// createBody is what is checked of a Create.
type createBody struct {
	SdkAppID         uint32 `json:"SdkAppId"`
	RoomID           string `json:"RoomId"`
	RoomIDType       *int   `json:"RoomIdType"`
	UserID           string `json:"UserId"`
	UserSig          string
	ModerationParams *struct {
		ModerationType         *int
		MaxIdleTime            *int
		SliceAudio             *int
		SliceVideo             *int
		SaveModerationFile     int
		SubscribeStreamUserIDs any `json:"SubscribeStreamUserIds"`
	}
	ModerationStorageParams *struct {
		CloudModerationStorage *struct{ Region, Bucket, AccessKey, SecretKey string }
	}
	ResourceExpiredHour *int
}

func (b *createBody) check(requireStorage bool) trtc.Code {
	outOfRange := func(v *int, least, most int) bool { return v != nil && (*v < least || *v > most) }
	p, params := b.ModerationParams, b.ModerationStorageParams
	switch {
	case b.SdkAppID == 0:
		return "MissingParameter.SdkAppId"
	case b.SdkAppID != SdkAppID:
		return trtc.CodeInvalidSdkAppID
	case b.RoomID == "":
		return "MissingParameter.RoomId"
	case (b.RoomIDType == nil || *b.RoomIDType == 1) && !isNumber(b.RoomID):
		return "InvalidParameter.RoomId"
	case b.UserID == "":
		return "MissingParameter.UserId"
	case b.UserSig == "":
		return "MissingParameter.UserSig"
	case p == nil:
		return "MissingParameter.SliceParams" // Tencent's name of it in this code
	case outOfRange(b.RoomIDType, 0, 1), outOfRange(p.ModerationType, 1, 5), outOfRange(p.MaxIdleTime, 5, 1800), outOfRange(p.SliceAudio, 15, 60),
		outOfRange(p.SliceVideo, 1, 60), outOfRange(b.ResourceExpiredHour, 6, 72), p.SaveModerationFile < 0, p.SaveModerationFile > 2:
		return trtc.CodeOutOfRange
	case requireStorage && params == nil, p.SaveModerationFile != 0 && (params == nil || params.CloudModerationStorage == nil):
		return "MissingParameter.SliceStorageParams" // likewise
	}
	if params != nil && params.CloudModerationStorage != nil {
		storage := params.CloudModerationStorage
		switch "" {
		case storage.Region:
			return "MissingParameter.Region"
		case storage.Bucket:
			return "MissingParameter.Bucket"
		case storage.AccessKey:
			return "MissingParameter.AccessKey"
		case storage.SecretKey:
			return "MissingParameter.SecretKey"
		}
	}
	if tencentyun.VerifyUserSig(uint64(SdkAppID), SDKSecretKey, b.UserID, b.UserSig, time.Now()) != nil {
		return "InvalidParameter.UserSig"
	}
	return ""
}

func isNumber(roomID string) bool {
	n, err := strconv.ParseUint(roomID, 10, 32)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == roomID
}

type taskAnswer struct {
	TaskID string `json:"TaskId"`
}

func (s *Server) create(r Request) (any, trtc.Code) {
	var b createBody
	if json.Unmarshal(r.Body, &b) != nil {
		return nil, trtc.CodeInvalidParameter
	}
	if code := b.check(s.requireStorage); code != "" {
		return nil, code
	}
	now := s.Now()
	t := &Task{RoomID: b.RoomID, UserID: b.UserID, Body: r.Body, Started: now, users: b.ModerationParams.SubscribeStreamUserIDs,
		maxIdle: 30 * time.Second, Expires: now.Add(24 * time.Hour)}
	if v := b.RoomIDType; v != nil && *v == 0 {
		t.RoomIDType = trtc.RoomIDString
	}
	if v := b.ModerationParams.MaxIdleTime; v != nil {
		t.maxIdle = time.Duration(*v) * time.Second
	}
	if v := b.ResourceExpiredHour; v != nil {
		t.Expires = now.Add(time.Duration(*v) * time.Hour)
	}
	s.mu.Lock()
	var before *Task
	running := 0
	for _, other := range s.tasks {
		if other.Running() {
			running++
			if other.room() == t.room() && other.UserID == t.UserID {
				before = other
			}
		}
	}
	if running >= s.maxTasks && before == nil {
		s.mu.Unlock()
		return nil, trtc.CodeRestrictedConcurrency
	}
	t.ID = fmt.Sprintf("trtctest-task-%d", len(s.tasks)+1)
	s.tasks = append(s.tasks, t)
	publishing := len(s.rooms[t.room()]) > 0
	s.mu.Unlock()
	if before != nil {
		s.end(before.ID, trtccallback.LeaveSameUserEntered)
	}
	s.emitTask(*t, 1101, map[string]any{"Status": 0})
	if publishing {
		s.emitTask(*t, 1103, map[string]any{"Status": 0})
	} else {
		s.watch(t.room(), t.maxIdle)
	}
	return taskAnswer{t.ID}, ""
}

// named finds the task that a request names, if its ID can still be used.
func (s *Server) named(r Request) (t Task, users any, code trtc.Code) {
	var b struct {
		SdkAppID               uint32 `json:"SdkAppId"`
		TaskID                 string `json:"TaskId"`
		SubscribeStreamUserIDs any    `json:"SubscribeStreamUserIds"`
	}
	switch {
	case json.Unmarshal(r.Body, &b) != nil:
		return t, nil, trtc.CodeInvalidParameter
	case b.SdkAppID == 0:
		return t, nil, "MissingParameter.SdkAppId"
	case b.SdkAppID != SdkAppID:
		return t, nil, trtc.CodeInvalidSdkAppID
	case b.TaskID == "":
		return t, nil, "MissingParameter.TaskId"
	}
	now := s.Now()
	for _, t := range s.Running() {
		if t.ID == b.TaskID && now.Before(t.Expires) {
			return t, b.SubscribeStreamUserIDs, ""
		}
	}
	return t, nil, trtc.CodeResourceNotFound
}

func (s *Server) describe(r Request) (any, trtc.Code) {
	t, _, code := s.named(r)
	if code != "" {
		return nil, code
	}
	status := trtc.StatusIdle
	s.mu.Lock()
	if len(s.rooms[t.room()]) > 0 {
		status = trtc.StatusInProgress
	}
	s.mu.Unlock()
	return struct {
		taskAnswer
		Status                 trtc.TaskStatus
		SubscribeStreamUserIDs any `json:"SubscribeStreamUserIds,omitempty"`
	}{taskAnswer{t.ID}, status, t.users}, ""
}

func (s *Server) modify(r Request) (any, trtc.Code) {
	t, users, code := s.named(r)
	if code != "" {
		return nil, code
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.tasks {
		if other.ID == t.ID {
			other.users = users
		}
	}
	return taskAnswer{t.ID}, ""
}

func (s *Server) delete(r Request) (any, trtc.Code) {
	t, _, code := s.named(r)
	if code != "" {
		return nil, code
	}
	s.end(t.ID, trtccallback.LeaveDeleted)
	return taskAnswer{t.ID}, ""
}

// end ends a task that runs, and tells it.
func (s *Server) end(id string, why trtccallback.LeaveCode) {
	now := s.Now()
	s.mu.Lock()
	i := slices.IndexFunc(s.tasks, func(t *Task) bool { return t.ID == id && t.Running() })
	if i < 0 {
		s.mu.Unlock()
		return
	}
	s.tasks[i].Stopped, s.tasks[i].LeaveCode = now, why
	t := *s.tasks[i]
	s.mu.Unlock()
	s.emitTask(t, 1105, map[string]any{"Status": 0})
	s.emitTask(t, 1102, map[string]any{"LeaveCode": why})
}

// OpenRoom tells that a room came to life (101). It returns at once, as do all
// methods that send: see [Callback.Wait].
func (s *Server) OpenRoom(room Room, userID string) *Callback {
	return s.emit(1, 101, s.info(room, userID))
}

// Publish has a user publish audio in a room, and tells it (203).
func (s *Server) Publish(room Room, userID string) *Callback {
	s.mu.Lock()
	if s.rooms[room] == nil {
		s.rooms[room] = make(map[string]bool)
	}
	first := len(s.rooms[room]) == 0
	s.rooms[room][userID] = true
	s.mu.Unlock()
	if first {
		for _, t := range s.Running() {
			if t.room() == room {
				s.emitTask(t, 1103, map[string]any{"Status": 0})
			}
		}
	}
	return s.emit(2, 203, s.info(room, userID))
}

// Unpublish has a user stop publishing, and tells it (204). A task ends when nobody
// has published for its MaxIdleTime.
func (s *Server) Unpublish(room Room, userID string) *Callback {
	s.mu.Lock()
	before := len(s.rooms[room])
	delete(s.rooms[room], userID)
	s.mu.Unlock()
	if before == 1 {
		s.emptyRoom(room)
	}
	return s.emit(2, 204, s.info(room, userID))
}

// CloseRoom tells that a room ended, as everybody has left it (102).
func (s *Server) CloseRoom(room Room) *Callback {
	s.mu.Lock()
	before := len(s.rooms[room])
	delete(s.rooms, room)
	s.mu.Unlock()
	if before > 0 {
		s.emptyRoom(room)
	}
	return s.emit(1, 102, s.info(room, ""))
}

// DismissRoom tells that a room was dismissed by the application (102). Its tasks end
// at once.
func (s *Server) DismissRoom(room Room) *Callback {
	s.mu.Lock()
	delete(s.rooms, room)
	s.mu.Unlock()
	for _, t := range s.Running() {
		if t.room() == room {
			s.end(t.ID, trtccallback.LeaveDismissed)
		}
	}
	return s.emit(1, 102, s.info(room, ""))
}

// emptyRoom looks at the tasks of a room again when they would end, if nobody
// publishes in it.
func (s *Server) emptyRoom(room Room) {
	now := s.Now()
	s.mu.Lock()
	empty := len(s.rooms[room]) == 0
	if empty {
		s.emptied[room] = now
	}
	s.mu.Unlock()
	if !empty {
		return
	}
	for _, t := range s.Running() {
		if t.room() == room {
			s.watch(room, t.maxIdle)
		}
	}
}

func (s *Server) watch(room Room, d time.Duration) {
	s.schedule.After(d, func() {
		now := s.Now()
		for _, t := range s.Running() {
			s.mu.Lock()
			since := s.emptied[room]
			if t.Started.After(since) {
				since = t.Started
			}
			idle := t.room() == room && len(s.rooms[room]) == 0 && now.Sub(since) >= t.maxIdle
			s.mu.Unlock()
			if idle {
				s.end(t.ID, trtccallback.LeaveIdle)
			}
		}
	})
}

// EmitResult sends a result of a task (1104). What r leaves open is filled in: the
// DataID, the MediaType, and the SuggestPass that is its zero value. Its Header
// counts for nothing. It panics when there is no such task.
func (s *Server) EmitResult(taskID string, r trtccallback.Result) *Callback {
	task := s.task(taskID)
	s.mu.Lock()
	s.serial++
	id := fmt.Sprintf("trtctest-data-%d", s.serial)
	s.mu.Unlock()
	details := make([]map[string]any, len(r.CheckDetail))
	for i, d := range r.CheckDetail {
		details[i] = map[string]any{"Scene": d.Scene, "Label": d.Label, "Suggest": d.Suggest, "Keywords": d.Keywords, "Score": d.Score, "Desc": d.Desc,
			"AudioSegments": orEmpty(d.AudioSegments), "ImageLocation": orEmpty(d.ImageLocation)}
	}
	info := s.taskInfo(task, map[string]any{
		"DataId": cmp.Or(r.DataID, id), "RequestId": r.RequestID, "MediaType": cmp.Or(r.MediaType, trtccallback.MediaAudio), "Suggest": r.Suggest,
		"Label": cmp.Or(r.Label, "Normal"), "Rate": r.Rate, "Audio": r.Audio, "AudioText": r.AudioText, "Image": r.Image, "ImageOcr": r.ImageOCR, "CheckDetail": details,
	})
	info["StreamerUserId"] = r.StreamerUserID
	return s.emit(11, 1104, info)
}

func orEmpty(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

// EmitUploadError sends that a file of a task could not be kept (1106). It panics
// when there is no such task.
func (s *Server) EmitUploadError(taskID string, code int, message string) *Callback {
	return s.emitTask(s.task(taskID), 1106, map[string]any{"Code": code, "Message": message})
}

// task finds a task that was started.
func (s *Server) task(id string) Task {
	for _, t := range s.Tasks() {
		if t.ID == id {
			return t
		}
	}
	panic(fmt.Sprintf("trtctest: there is no task %q", id))
}

func (s *Server) emitTask(t Task, eventType int, payload map[string]any) *Callback {
	return s.emit(11, eventType, s.taskInfo(t, payload))
}

func (s *Server) taskInfo(t Task, payload map[string]any) map[string]any {
	info := s.info(t.room(), t.UserID)
	info["TaskId"] = t.ID
	info["Payload"] = payload
	return info
}

func (s *Server) info(room Room, userID string) map[string]any {
	now := s.Now()
	info := map[string]any{"RoomId": room.id, "EventTs": now.Unix(), "EventMsTs": now.UnixMilli()}
	if room.idType == trtc.RoomIDNumber {
		info["RoomId"] = json.Number(room.id)
	}
	if userID != "" {
		info["UserId"] = userID
	}
	return info
}
