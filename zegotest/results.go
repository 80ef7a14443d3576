package zegotest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/zegocensor/zegocensor-go/callback"
)

// ErrWithheld is what [Callback.Wait] returns for a result that ZEGO would not
// send: one of what passes, if the Start did not ask for it, of a stream that
// opted out of moderation, or of audio that the task does not moderate. The
// callback is listed by [Server.Callbacks], has no attempts, and is done. A room_login
// or room_logout that is not switched on (see [WithUserEvents]) is not listed.
var ErrWithheld = errors.New("zegotest: withheld")

// part is one half of what a task moderates, with what its Start says of it.
type part struct {
	request object
	passes  string        // the member that asks for results of what passes
	every   time.Duration // from one result of a stream to the next
}

// segment is how much audio one result is about.
const segment = 10 * time.Second

// audioPart is the moderation of audio.
func (t *Task) audioPart() part { return part{t.audio, "ReturnAllText", segment} }

// imagePart is the moderation of frames.
func (t *Task) imagePart() part {
	const standard = 3
	every := standard
	if raw, given := t.video["DetectFrequency"]; given {
		every, _ = strconv.Atoi(string(raw)) // checked by the Start
	}
	return part{t.video, "ReturnAllImg", time.Duration(every) * time.Second}
}

// mixed reports whether the task moderates all streams of its room as one.
func (p part) mixed() bool { return p.request.is("IsMixingEnabled") }

// withheld returns why ZEGO sends no result of what was found, or nil.
func (s *Server) withheld(p part, level callback.RiskLevel, silent bool) error {
	switch {
	case p.request.empty():
		return fmt.Errorf("%w: the task does not moderate this", ErrWithheld)
	case level != callback.Pass:
		return nil
	case s.guesses.passWithheld:
		return fmt.Errorf("%w: results of what passes are never sent (WithoutPassResults; zegofake -pass-results never)", ErrWithheld)
	case !p.request.is(p.passes):
		return fmt.Errorf("%w: the Start did not ask for results of what passes by %s", ErrWithheld, p.passes)
	case silent && s.guesses.silenceWithheld:
		return fmt.Errorf("%w: results of silent segments are never sent (WithoutSilentResults; zegofake -silent-results never)", ErrWithheld)
	}
	return nil
}

// optedOut reports whether the streams that a result is about have all opted out
// of moderation: those of that ID, else those of that user, else all of the room.
func (s *Server) optedOut(roomID, streamID, userID string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.liveRoomLocked(roomID)
	if err != nil {
		return false
	}
	found := false
	for i := range r.Streams {
		stream := &r.Streams[i]
		if streamID != "" && stream.ID != streamID || streamID == "" && userID != "" && stream.UserID != userID {
			continue
		}
		if !stream.Unmoderated {
			return false
		}
		found = true
	}
	return found
}

// emitAudio sends a result about audio, unless ZEGO would not.
func (s *Server) emitAudio(t Task, r *callback.AudioResult, e callback.Event) *Callback {
	s.fillAudio(t, r)
	p := t.audioPart()
	why := s.withheld(p, r.Detail.RiskLevel, !r.Detail.Voice)
	return s.emitResult(p, e, why, r.AuxInfo.RoomID, r.AuxInfo.StreamID, r.AuxInfo.UserID)
}

func (s *Server) emitResult(p part, e callback.Event, why error, roomID, streamID, userID string) *Callback {
	if why == nil && s.optedOut(roomID, streamID, userID) {
		why = fmt.Errorf("%w: the stream opted out of moderation", ErrWithheld)
	}
	url := p.request.text(resultURL)
	if why != nil {
		return s.withhold(url, e, why)
	}
	return s.emit(url, e)
}

// Play has a server send by itself the results of the tasks that run, as ZEGO is
// documented to: of 10 seconds of audio each, for every stream or, if the task
// mixes them, for the room; and of a frame of every stream each DetectFrequency.
// A stream's first result comes when that time has passed since the task and the
// stream have begun. What opted out of moderation is left out, and results of what
// passes are sent only if the Start asked for them. A room that was not opened
// here is taken to have one stream without a name.
//
// The zero value finds that everything passes.
type Play struct {
	RoomID string // only this room; "" = every room

	// Audio and Image return what is found, with PASS if they set no RiskLevel.
	// An AudioDetail without Voice is silence. They may call the Server, except
	// for Advance and Close. nil: everything passes.
	Audio func(Segment) callback.AudioDetail
	Image func(Segment) callback.ImageDetail

	id int
}

// Segment is what one result is about.
type Segment struct {
	Task     Task
	StreamID string    // "" if the streams are mixed, or unknown
	UserID   string    // who publishes the stream
	Begin    time.Time // of the audio
	End      time.Time // of the audio; of a frame, the time of both
}

// Play begins to play. The results are sent by the server's clock:
// [Server.Advance] plays what it skips. Of several plays for a room the latest
// counts. stop ends this one.
//
// All results are kept for [Server.Callbacks]. Long runs should bound them by
// [WithHistory].
func (s *Server) Play(p Play) (stop func()) {
	id := s.addPlay(p)
	return func() { s.removePlay(id) }
}

func (s *Server) addPlay(p Play) (id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.injections++
	p.id = s.injections
	s.plays = append(s.plays, &p)
	for _, t := range s.tasks {
		s.pullLocked(t)
	}
	return p.id
}

func (s *Server) removePlay(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.plays)
	s.plays = slices.DeleteFunc(s.plays, func(p *Play) bool { return p.id == id })
	return len(s.plays) < before
}

// playLocked is the play for a room, or nil.
func (s *Server) playLocked(roomID string) *Play {
	for _, p := range slices.Backward(s.plays) {
		if p.RoomID == "" || p.RoomID == roomID {
			return p
		}
	}
	return nil
}

// pull is one stream that a task moderates while the server plays.
type pull struct {
	task   *Task
	room   *Room  // nil if it was not opened here
	stream uint64 // its number; 0 = all of the room, or the one of a room that was not opened
	image  bool
}

// pullLocked begins with the streams that a task does not moderate yet.
func (s *Server) pullLocked(t *Task) {
	if !t.Running() || s.playLocked(t.RoomID) == nil {
		return
	}
	for _, image := range []bool{false, true} {
		p := t.part(image)
		if p.request.empty() {
			continue
		}
		room := s.roomByID[t.RoomID]
		if room == nil {
			s.beginLocked(pull{t, nil, 0, image}, p.every)
			continue
		}
		for i := range room.Streams {
			stream := &room.Streams[i]
			switch {
			case stream.Unmoderated:
			case p.mixed():
				s.beginLocked(pull{t, room, 0, image}, p.every)
			default:
				s.beginLocked(pull{t, room, stream.number, image}, p.every)
			}
		}
	}
}

func (t *Task) part(image bool) part {
	if image {
		return t.imagePart()
	}
	return t.audioPart()
}

func (s *Server) beginLocked(p pull, every time.Duration) {
	if s.pulls[p] {
		return
	}
	s.pulls[p] = true
	s.schedule.After(every, func() { s.continuePull(p, every) })
}

// continuePull sends the result of a segment or a frame, and has the next one
// follow.
func (s *Server) continuePull(p pull, every time.Duration) {
	s.mu.Lock()
	play, streamID, userID, ok := s.pulledLocked(p)
	if !ok || !s.pulls[p] {
		delete(s.pulls, p)
		s.mu.Unlock()
		return
	}
	t := *p.task
	s.mu.Unlock()
	s.schedule.After(every, func() { s.continuePull(p, every) })
	found := Segment{Task: t, StreamID: streamID, UserID: userID, End: s.Now().Truncate(time.Millisecond)}
	if p.image {
		found.Begin = found.End
		s.playImage(play, found)
		return
	}
	found.Begin = found.End.Add(-every)
	s.playAudio(play, found)
}

// pulledLocked reports whether a pull goes on, by whose play and for whom.
func (s *Server) pulledLocked(p pull) (play *Play, streamID, userID string, ok bool) {
	play = s.playLocked(p.task.RoomID)
	if play == nil || !p.task.Running() || s.roomByID[p.task.RoomID] != p.room {
		return nil, "", "", false
	}
	if p.room == nil {
		return play, "", "", true
	}
	for i := range p.room.Streams {
		stream := &p.room.Streams[i]
		switch {
		case stream.Unmoderated:
		case p.stream == 0:
			return play, "", "", true
		case p.stream == stream.number:
			return play, stream.ID, stream.UserID, true
		}
	}
	return nil, "", "", false
}

func (s *Server) playAudio(play *Play, found Segment) {
	detail := callback.AudioDetail{Voice: true, Text: "speech"}
	if play.Audio != nil {
		detail = play.Audio(found)
	}
	first(&detail.RiskLevel, callback.Pass)
	p := found.Task.audioPart()
	if s.withheld(p, detail.RiskLevel, !detail.Voice) != nil {
		return
	}
	r := callback.AudioResult{Detail: detail, AuxInfo: callback.AudioAuxInfo{ProcessBeginTime: found.Begin, ProcessFinishTime: found.End}}
	if found.Task.Action == startAudio {
		r.AuxInfo.UserID = found.UserID
		s.fillAudio(found.Task, &r)
		s.emit(p.request.text(resultURL), &r)
		return
	}
	r.AuxInfo.StreamID = found.StreamID
	s.fillAudio(found.Task, &r)
	s.emit(p.request.text(resultURL), (*callback.VideoAudioResult)(&r))
}

func (s *Server) playImage(play *Play, found Segment) {
	var detail callback.ImageDetail
	if play.Image != nil {
		detail = play.Image(found)
	}
	first(&detail.RiskLevel, callback.Pass)
	p := found.Task.imagePart()
	if s.withheld(p, detail.RiskLevel, false) != nil {
		return
	}
	r := callback.VideoImageResult{Detail: detail, AuxInfo: callback.ImageAuxInfo{ImgTime: found.End, StreamID: found.StreamID}}
	s.fillImage(found.Task, &r)
	s.emit(p.request.text(resultURL), &r)
}
