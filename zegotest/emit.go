package zegotest

import (
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
// A result that ZEGO would not send is withheld: see [ErrWithheld]. If Code is 0
// and there is no RiskLevel, the result is one of PASS.
//
// It returns without waiting, as do all methods that send: see [Callback.Wait].
// The task may have been stopped, as the last results can come late. It panics
// when there is no such task, or it is one of video.
func (s *Server) EmitAudioResult(taskID string, r callback.AudioResult) *Callback {
	t := s.task(taskID, startAudio)
	if t.audioPart().mixed() {
		r.AuxInfo.UserID, r.AuxInfo.StreamID = "", ""
	}
	return s.emitAudio(t, &r, &r)
}

// EmitVideoAudioResult sends a result of a video task on what was heard. See
// [Server.EmitAudioResult].
func (s *Server) EmitVideoAudioResult(taskID string, r callback.VideoAudioResult) *Callback {
	t := s.task(taskID, startVideo)
	return s.emitAudio(t, (*callback.AudioResult)(&r), &r)
}

// EmitVideoImageResult sends a result of a video task on a frame. See
// [Server.EmitAudioResult].
func (s *Server) EmitVideoImageResult(taskID string, r callback.VideoImageResult) *Callback {
	t := s.task(taskID, startVideo)
	s.fillImage(t, &r)
	p := t.imagePart()
	return s.emitResult(p, &r, s.withheld(p, r.Detail.RiskLevel, false), r.AuxInfo.RoomID, r.AuxInfo.StreamID, "")
}

// EmitAudioStatus sends the state of an audio task, to its StatusCallbackUrl. The
// end of a task is told without it where the Start asked for it by
// ReturnFinishInfo. See [Server.EmitAudioResult].
func (s *Server) EmitAudioStatus(taskID string, e callback.AudioStatus) *Callback {
	return s.emitStatus(s.task(taskID, startAudio), &e, &e)
}

// EmitVideoAudioStatus sends the state of the audio part of a video task. See
// [Server.EmitAudioStatus].
func (s *Server) EmitVideoAudioStatus(taskID string, e callback.VideoAudioStatus) *Callback {
	return s.emitStatus(s.task(taskID, startVideo), (*callback.AudioStatus)(&e), &e)
}

// EmitVideoImageStatus sends the state of the video part of a video task. See
// [Server.EmitAudioStatus].
func (s *Server) EmitVideoImageStatus(taskID string, e callback.VideoImageStatus) *Callback {
	return s.emitStatus(s.task(taskID, startVideo), (*callback.AudioStatus)(&e), &e)
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

func (s *Server) fill(t Task, task *callback.Task, roomID *string) {
	task.TaskID = t.ID
	if task.Code == 0 {
		first(&task.Message, "success")
	}
	first(roomID, t.RoomID)
}

func (s *Server) fillImage(t Task, r *callback.VideoImageResult) {
	s.fill(t, &r.Task, &r.AuxInfo.RoomID)
	fillLevel(r.Task, &r.Detail.RiskLevel)
	s.fillResultTaskID(t, &r.ResultTaskID, r.AuxInfo.StreamID)
	first(&r.AuxInfo.ImgTime, s.Now().Truncate(time.Millisecond))
}

// fillLevel makes a result one of PASS, unless it says that moderation failed.
func fillLevel(task callback.Task, level *callback.RiskLevel) {
	if task.Code == 0 {
		first(level, callback.Pass)
	}
}

func (s *Server) fillAudio(t Task, r *callback.AudioResult) {
	s.fill(t, &r.Task, &r.AuxInfo.RoomID)
	fillLevel(r.Task, &r.Detail.RiskLevel)
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

// emitStatus sends e, whose fields are those of status.
func (s *Server) emitStatus(t Task, status *callback.AudioStatus, e callback.Event) *Callback {
	s.fillStatus(t, status)
	about := t.audio
	if _, images := e.(*callback.VideoImageStatus); images {
		about = t.video
	}
	return s.emit(about.text(statusURL), e)
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
	if !t.finishInfo {
		return
	}
	switch {
	case t.Action == startAudio:
		e := &callback.AudioStatus{}
		s.emitStatus(t, e, e)
	default:
		if !t.audio.empty() {
			e := &callback.VideoAudioStatus{}
			s.emitStatus(t, (*callback.AudioStatus)(e), e)
		}
		e := &callback.VideoImageStatus{}
		s.emitStatus(t, (*callback.AudioStatus)(e), e)
	}
}
