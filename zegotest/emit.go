package zegotest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/zegocensor/zegocensor-go/callback"
)

// EmitAudioResult sends a result of an audio task, to the task's
// ResultCallbackUrl. What r leaves open is filled in: the task and its room, a
// ResultTaskID in the documented form, and the last ten seconds of the task, or
// as many as it has run. A task that
// mixes the streams of its room does not tell who was heard.
//
// It returns at once, as do all methods that send: see [Callback.Wait]. The task
// may have been stopped, as the last results can come late. It panics when there
// is no such task, or it is one of video.
func (s *Server) EmitAudioResult(taskID string, r callback.AudioResult) *Callback {
	t := s.task(taskID, startAudio)
	p := t.audio()
	if p.is("IsMixingEnabled") {
		r.AuxInfo.UserID, r.AuxInfo.StreamID = "", ""
	}
	s.fillAudio(t, &r)
	return s.emit(p.text(resultURL), &r)
}

// EmitVideoAudioResult sends a result of a video task on what was heard. See
// [Server.EmitAudioResult].
func (s *Server) EmitVideoAudioResult(taskID string, r callback.VideoAudioResult) *Callback {
	t := s.task(taskID, startVideo)
	s.fillAudio(t, (*callback.AudioResult)(&r))
	return s.emit(t.audio().text(resultURL), &r)
}

// EmitVideoImageResult sends a result of a video task on a frame. See
// [Server.EmitAudioResult].
func (s *Server) EmitVideoImageResult(taskID string, r callback.VideoImageResult) *Callback {
	t := s.task(taskID, startVideo)
	s.fill(t, &r.Task, &r.AuxInfo.RoomID)
	s.fillResultTaskID(t, &r.ResultTaskID, r.AuxInfo.StreamID)
	first(&r.AuxInfo.ImgTime, s.Now().Truncate(time.Millisecond))
	return s.emit(t.video().text(resultURL), &r)
}

// EmitAudioStatus sends the state of an audio task, to its StatusCallbackUrl. The
// end of a task is told without it where the Start asked for it by
// ReturnFinishInfo. See [Server.EmitAudioResult].
func (s *Server) EmitAudioStatus(taskID string, e callback.AudioStatus) *Callback {
	t := s.task(taskID, startAudio)
	s.fillStatus(t, &e)
	return s.emit(t.audio().text(statusURL), &e)
}

// EmitVideoAudioStatus sends the state of the audio part of a video task. See
// [Server.EmitAudioStatus].
func (s *Server) EmitVideoAudioStatus(taskID string, e callback.VideoAudioStatus) *Callback {
	t := s.task(taskID, startVideo)
	s.fillStatus(t, (*callback.AudioStatus)(&e))
	return s.emit(t.audio().text(statusURL), &e)
}

// EmitVideoImageStatus sends the state of the video part of a video task. See
// [Server.EmitAudioStatus].
func (s *Server) EmitVideoImageStatus(taskID string, e callback.VideoImageStatus) *Callback {
	t := s.task(taskID, startVideo)
	s.fillStatus(t, (*callback.AudioStatus)(&e))
	return s.emit(t.video().text(statusURL), &e)
}

const (
	startAudio = "StartCensorAudioV2"
	startVideo = "StartCensorVideoV2"
	resultURL  = "ResultCallbackUrl"
	statusURL  = "StatusCallbackUrl"
)

// task finds a task that was started by action.
func (s *Server) task(id, action string) Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.taskByID[id]
	switch {
	case t == nil:
		panic(fmt.Sprintf("zegotest: there is no task %q", id))
	case t.Action != action:
		panic(fmt.Sprintf("zegotest: task %q was started by %s, not by %s", id, t.Action, action))
	}
	return *t
}

// request is the body that started the task.
func (t *Task) request() object {
	var o object
	_ = json.Unmarshal(t.Body, &o)
	return o
}

// audio is the part of the request that concerns audio, and nil where there is
// none.
func (t *Task) audio() object {
	if t.Action == startVideo {
		return t.request().object("AudioParam")
	}
	return t.request()
}

func (t *Task) video() object { return t.request().object("VideoParam") }

func (s *Server) fill(t Task, task *callback.Task, roomID *string) {
	task.TaskID = t.ID
	if task.Code == 0 {
		first(&task.Message, "success")
	}
	first(roomID, t.RoomID)
}

func (s *Server) fillAudio(t Task, r *callback.AudioResult) {
	s.fill(t, &r.Task, &r.AuxInfo.RoomID)
	who := r.AuxInfo.UserID
	first(&who, r.AuxInfo.StreamID)
	s.fillResultTaskID(t, &r.ResultTaskID, who)
	now := s.Now().Truncate(time.Millisecond)
	first(&r.AuxInfo.ProcessFinishTime, now)
	begin := r.AuxInfo.ProcessFinishTime.Add(-10 * time.Second)
	if begin.Before(t.Started) {
		begin = t.Started.Truncate(time.Millisecond)
	}
	first(&r.AuxInfo.ProcessBeginTime, begin)
}

func (s *Server) fillResultTaskID(t Task, id *string, who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results++
	if who != "" {
		who += "_"
	}
	first(id, fmt.Sprintf("%s_%s%d", t.ID, who, s.results))
}

func (s *Server) fillStatus(t Task, e *callback.AudioStatus) {
	s.fill(t, &e.Task, &e.AuxInfo.RoomID)
	end := t.Stopped
	if t.Running() {
		end = s.Now()
	}
	first(&e.AuxInfo.CensorStreamTime, end.Sub(t.Started).Truncate(time.Second))
}

// tellEnd sends the states of a task that has ended, where its Start asked for
// them.
func (s *Server) tellEnd(t Task) {
	if !t.request().is("ReturnFinishInfo") {
		return
	}
	switch {
	case t.Action == startAudio:
		s.EmitAudioStatus(t.ID, callback.AudioStatus{})
	default:
		if audio := t.audio(); !audio.empty() {
			s.EmitVideoAudioStatus(t.ID, callback.VideoAudioStatus{})
		}
		s.EmitVideoImageStatus(t.ID, callback.VideoImageStatus{})
	}
}
