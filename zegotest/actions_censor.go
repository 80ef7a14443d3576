package zegotest

import (
	"encoding/json"
	"time"

	"github.com/zegocensor/zegocensor-go"
)

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
		s.forgetEndedLocked()
		return &copied, zegocensor.CodeOK, ""
	case s.guesses.unknownTaskRefused:
		return nil, zegocensor.CodeInvalidParameter, "TaskId"
	}
	return nil, zegocensor.CodeOK, ""
}
