package moderator

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// state is what is known of a room. It has no methods that do anything but
// change it: what follows from it is done in moderator.go, between two calls of
// the store.
type state struct {
	Session  uint64           `json:"s,omitempty"` // 0 = it has none, or it is unknown
	Created  int64            `json:"c,omitempty"` // of the session, in Unix milliseconds; 0 = the room was never heard of
	Closed   int64            `json:"x,omitempty"` // when the session ended; 0 = it lives
	News     int64            `json:"w,omitempty"` // the last beginning that was reported for this life by an event that does not name its session
	Before   int64            `json:"o,omitempty"` // when the life before had ended; 0 = not known
	Presumed bool             `json:"p,omitempty"` // its end was not told, but followed from something: news of it undoes that
	Early    map[uint64]int64 `json:"e,omitempty"` // ends of sessions whose beginning was not heard of

	Task  string     `json:"t,omitempty"` // the task that moderates the room
	Since int64      `json:"b,omitempty"` // when it was started, or had the result that revealed it
	Seen  int64      `json:"i,omitempty"` // when it last had a result that was told here
	Maybe []string   `json:"m,omitempty"` // tasks that may still run; nobody knows
	Stray []string   `json:"y,omitempty"` // tasks that must be stopped
	Ended []endedJob `json:"n,omitempty"` // tasks that were, lately

	Doubt   int64 `json:"d,omitempty"` // what a task was seen to do before this does not show that it still runs
	Unknown int64 `json:"u,omitempty"` // until when the task of a Start without an answer is waited for; it stays until a task is known
	Silent  bool  `json:"l,omitempty"` // a task was restarted for silence in this life of the room, and no task of it had steady results since
	Steady  int64 `json:"h,omitempty"` // while Silent: since when the task has had steady results

	Start failing `json:"r,omitzero"` // of Starts
	Stop  failing `json:"q,omitzero"` // and of Stops

	Brief int `json:"f,omitempty"` // how many tasks on end have ended at once

	brief   bool // a task of a room that lives has ended at once
	suspect bool // whoever had the room before may have stopped its task, and did not say
}

// endedJob is a task that has ended.
type endedJob struct {
	ID string `json:"t"`
	At int64  `json:"a"`
}

// failing is a call that fails.
type failing struct {
	Retry int64 `json:"r,omitempty"` // not before this it is tried again
	Times int   `json:"n,omitempty"` // on end
}

// live reports whether the room is to be moderated.
func (s *state) live() bool { return s.Created != 0 && s.Closed == 0 }

// Bounds of what a room can make the store keep.
const (
	maxEarly = 8
	maxMaybe = 8
	maxEnded = 16
)

// brief is how long a task must run, in milliseconds, for its end not to be taken for
// the failure of its Start. Where tasks end at once time and again, as those of a robot
// that is not let in, the waits become longer and longer.
const brief = 10_000

// tolerance is by how much the clocks of ZEGO and of the store may differ, in
// milliseconds.
const tolerance = 5000

// idle is after how long without a stream ZEGO has ended a task, in milliseconds.
const idle = 330_000

// steady is for how long, in milliseconds, and with what gaps at most, results must
// come before their absence says something again. Offences that are found now and then
// do not show that what passes is told.
const steady = 150_000

// event is what was told of a room.
type event struct {
	Kind    string `json:"k"`
	Session uint64 `json:"s,omitempty"`
	At      int64  `json:"a,omitempty"` // Unix milliseconds
	Task    string `json:"t,omitempty"`
	Guess   bool   `json:"g,omitempty"` // of a close: nobody said so
}

// The kinds.
const (
	opened = "open"  // a session began at At
	closed = "close" // a session ended at At
	found  = "found" // a task was running at At
	ended  = "end"   // a task had ended at At

	started = "run" // a task was running at At, as is known from something other than a result
)

func (e event) order() int {
	if e.running() || e.Kind == ended {
		return 1
	}
	return 0
}

// running reports whether the event is that a task was running.
func (e event) running() bool { return e.Kind == found || e.Kind == started }

func (e event) encode() []byte {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings and numbers
	}
	return b
}

func decodeState(b []byte) (state, error) {
	var s state
	if len(b) > 0 {
		if err := json.Unmarshal(b, &s); err != nil {
			return s, fmt.Errorf("moderator: the store has a room that is not of this package: %w", err)
		}
	}
	return s, nil
}

func (s *state) encode() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and numbers
	}
	return b
}

// apply changes the state by an event.
func (s *state) apply(e event) {
	switch e.Kind {
	case opened:
		s.open(e)
	case closed:
		s.close(e)
	case found, started:
		s.find(e)
	case ended:
		s.end(e.Task, e.At)
	}
}

// silent reports whether the task has had no sign of life for too long. After a task
// that was restarted for that, steady results must come before it can be said again.
func (s *state) silent(now, silence, seen int64) bool {
	return silence > 0 && !s.Silent && now-max(s.Since, s.Seen, seen) > silence
}

// endSilent has the task stopped whose end was not told, when there is news of the
// room, and returns it. now is in Unix milliseconds; silence is how long a task may go
// without a sign of life, 0 = for ever; seen is when it last had one that is not yet
// applied.
func (s *state) endSilent(now, silence, seen int64) (task string) {
	if s.live() && s.Task != "" && s.silent(now, silence, seen) {
		task = s.Task
		s.dropTask()
		s.Silent, s.Steady = true, 0
	}
	return task
}

// open follows ZEGO's advice: a beginning that is not newer than that of the
// known session is ignored.
//
// A session of 0 in an event, or of the room, is not known. Then the times are all
// there is to tell lives apart: a room does not begin again before it has ended.
func (s *state) open(e event) {
	if s.Created != 0 && e.At <= s.Before {
		return // the life before, or one before that
	}
	newerThan := s.Created
	if s.Session == 0 || e.Session == 0 {
		newerThan = max(newerThan, s.Closed)
	}
	switch {
	case s.Created != 0 && s.Session == e.Session && (e.Session != 0 || s.live() || s.Presumed && e.At >= s.Created):
		if e.Session != 0 {
			s.Created = min(s.Created, e.At) // a stream can be heard of before its room
		} else {
			s.News = max(s.News, e.At)
		}
		s.Start = failing{}
		if s.Presumed {
			s.Closed, s.Presumed = 0, false
		}
		return
	case s.Session != e.Session && (s.Session == 0 || e.Session == 0) && (s.live() || s.Presumed && e.At >= s.Created):
		s.merge(e)
		return
	case s.Created != 0 && e.At <= newerThan:
		return
	}
	// Another session: its task is another too, as nothing tells that ZEGO goes
	// on with the one before. But a task that was started when the session had
	// begun moderates it, although that was heard of later.
	if s.Since < e.At+tolerance || s.suspect {
		s.dropTask()
	}
	switch {
	case s.Unknown == 0:
	case s.Closed != 0 && e.At-s.Closed > idle:
		s.Unknown = 0
	default:
		s.Unknown = 1 // that Start is not waited for any more, but its task may go on
	}
	if s.Closed != 0 {
		s.Before = min(s.Closed, e.At-1)
	}
	news := s.News
	if news <= e.At {
		news = 0 // of the life before
	}
	if e.Session == 0 {
		news = max(news, e.At)
	}
	s.Session, s.Created, s.News, s.Closed, s.Presumed = e.Session, e.At, news, s.endOf(e), false
	if s.Closed == 0 && news != 0 {
		s.Closed = s.endOf(event{At: news})
	}
	s.Brief, s.Silent = 0, false
	s.Start = failing{}
	for session, at := range s.Early {
		if session == e.Session || at <= s.Created {
			delete(s.Early, session)
		}
	}
	s.reopen()
}

// merge takes an event of a room that lives for one of its known life, if one of the
// two does not know the session.
func (s *state) merge(e event) {
	if e.Session == 0 {
		if e.At < s.Created {
			return // perhaps of the life before
		}
	} else {
		end := s.Early[e.Session]
		if end != 0 && end+tolerance < s.News {
			return // that session had ended when the room was last said to live
		}
		s.Session, s.Created = e.Session, e.At
		if s.Closed = end; end != 0 {
			s.Presumed = false
			return
		}
	}
	s.News = max(s.News, e.At)
	s.Presumed = false
	if s.Closed = s.endOf(event{At: s.News}); s.Closed == 0 {
		s.Start = failing{}
	}
}

// endOf is when the life had ended whose beginning is told by e, and 0 if nothing is
// known of that.
func (s *state) endOf(e event) (end int64) {
	for session, at := range s.Early {
		switch {
		case session == e.Session && e.Session != 0: // whatever the clocks say
			end = max(end, at)
		case (session == 0 || e.Session == 0) && at >= e.At:
			end = max(end, at)
		}
	}
	return end
}

// reopen begins a life whose session is not known, if the room was said to live
// clearly after the end of the known one.
func (s *state) reopen() {
	if s.Closed != 0 && s.Session != 0 && s.News > s.Closed+tolerance {
		s.open(event{Kind: opened, At: s.News})
	}
}

// close follows ZEGO's advice: the end of another session is kept if it can be
// one that is yet to begin, and ignored if it is older than the known one. If one of
// the sessions is not known, the times are all there is to go by.
func (s *state) close(e event) {
	same := s.Session == e.Session
	if e.Guess && s.News > e.At {
		return // the room was said to live since
	}
	if s.Session == 0 || e.Session == 0 || !same && s.News != 0 {
		same = e.At >= max(s.Created, s.News)
	}
	switch {
	case s.Created != 0 && same:
		switch {
		case s.Closed == 0 || s.Presumed && !e.Guess:
			s.Closed, s.Presumed = max(e.At, 1), e.Guess
			s.Stop = failing{}
			s.reopen()
		case s.Session == 0:
			s.Closed = max(s.Closed, e.At) // of a life whose beginning is yet to be heard of
		}
		if s.Session != 0 && s.Session != e.Session && !e.Guess {
			s.keepEnd(e) // which may be of a later life
		}
	case e.At > s.Created && (e.Session != 0 || s.Created == 0) && !e.Guess:
		s.keepEnd(e)
	}
}

// keepEnd keeps an end for a life whose beginning has not arrived yet.
func (s *state) keepEnd(e event) {
	if s.Early == nil {
		s.Early = make(map[uint64]int64)
	}
	s.Early[e.Session] = max(s.Early[e.Session], e.At)
	for len(s.Early) > maxEarly {
		oldest := e.Session
		for session, at := range s.Early {
			if at < s.Early[oldest] || at == s.Early[oldest] && session < oldest {
				oldest = session
			}
		}
		delete(s.Early, oldest)
	}
}

// find is told that a task was running.
func (s *state) find(e event) {
	if i := slices.IndexFunc(s.Ended, func(t endedJob) bool { return t.ID == e.Task }); i >= 0 {
		if e.At <= s.Ended[i].At+tolerance {
			return
		}
		s.Ended = slices.Delete(s.Ended, i, i+1) // it has not
	}
	switch {
	case e.Task == s.Task:
		if e.Kind == found && e.At > s.Since {
			s.hear(e.At)
		}
		s.Seen = max(s.Seen, e.At)
	case s.Created == 0:
		// A room that was never heard of: the task may be another program's.
	case slices.Contains(s.Stray, e.Task) && (!s.live() || s.Task != "" || e.At < max(s.Created, s.Doubt)):
	case s.live() && s.Task == "" && e.At+tolerance >= s.Created && e.At < s.Doubt:
		// Somebody may have stopped it since. If not, it will be heard of again.
		if !slices.Contains(s.Maybe, e.Task) && len(s.Maybe) < maxMaybe {
			s.Maybe = append(s.Maybe, e.Task)
		}
	case s.live() && s.Task == "" && e.At+tolerance >= s.Created:
		s.take(e.Task, e.At)
		s.Seen = e.At
	default:
		s.Stray = append(s.Stray, e.Task)
	}
}

// hear is told that the task had a result.
func (s *state) hear(at int64) {
	switch {
	case !s.Silent:
	case s.Steady == 0 || at-s.Seen > steady:
		s.Steady = at
	case at-s.Steady >= steady:
		s.Silent, s.Steady = false, 0
	}
}

// take has a task moderate the room. Others that may run must not.
func (s *state) take(task string, since int64) {
	s.Task, s.Since, s.Seen, s.Steady = task, since, 0, 0
	s.Unknown, s.Start = 0, failing{}
	for _, t := range s.Maybe {
		if t != task {
			s.Stray = append(s.Stray, t)
		}
	}
	s.Maybe = nil
	// ZEGO may have given a second Start the task that was to be stopped.
	s.Stray = slices.DeleteFunc(s.Stray, func(t string) bool { return t == task })
	s.Ended = slices.DeleteFunc(s.Ended, func(t endedJob) bool { return t.ID == task })
}

// end is told that a task had ended at a time.
func (s *state) end(task string, at int64) {
	same := func(t string) bool { return t == task }
	if s.Task == task {
		if s.brief = s.live() && at-s.Since < brief; s.brief {
			s.Brief++
		} else {
			s.Brief = 0
		}
		s.Task, s.Since, s.Seen = "", 0, 0
	}
	s.Maybe = slices.DeleteFunc(s.Maybe, same)
	s.Stray = slices.DeleteFunc(s.Stray, same)
	s.Ended = slices.DeleteFunc(s.Ended, func(t endedJob) bool { return t.ID == task })
	s.Ended = append(s.Ended, endedJob{task, at})
	s.Ended = s.Ended[max(0, len(s.Ended)-maxEnded):]
}

// dropTask has the task stopped that moderates the room.
func (s *state) dropTask() {
	if s.Task != "" {
		s.Stray = append(s.Stray, s.Task)
		s.Task, s.Since, s.Seen = "", 0, 0
	}
}

// unwanted is what must be stopped.
func (s *state) unwanted() []string {
	all := slices.Clone(s.Stray)
	if !s.live() {
		if s.Task != "" {
			all = append(all, s.Task)
		}
		all = append(all, s.Maybe...)
	}
	return all
}

// How long rooms are remembered, and how often those are looked at that nothing
// happens to, so that they are not forgotten.
const (
	liveKeep = 72 * time.Hour
	liveWake = 24 * time.Hour
)

// next is when the room must be looked at again, and how long it must be
// remembered. A negative wake means never.
func (s *state) next(now int64, memory time.Duration) (wake, keep time.Duration) {
	wake, keep = -1, memory
	by := func(at int64) {
		d := max(0, time.Duration(at-now)*time.Millisecond)
		if wake < 0 || d < wake {
			wake = d
		}
		keep = liveKeep
	}
	if len(s.unwanted()) > 0 {
		by(s.Stop.Retry)
	}
	switch {
	case s.live() && s.Task == "":
		by(max(s.Start.Retry, s.Unknown))
	case s.live():
		by(now + liveWake.Milliseconds())
	}
	return wake, keep
}
