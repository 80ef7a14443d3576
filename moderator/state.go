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
	Session uint64           `json:"s,omitempty"` // 0 = unknown
	Created int64            `json:"c,omitempty"` // of the session, in Unix milliseconds; 0 = the room was never heard of
	Closed  int64            `json:"x,omitempty"` // when the session ended; 0 = it lives
	Early   map[uint64]int64 `json:"e,omitempty"` // ends of sessions whose beginning was not heard of

	Task    string   `json:"t,omitempty"` // the task that moderates the room
	Since   int64    `json:"b,omitempty"` // when it was started or found
	Stray   []string `json:"y,omitempty"` // tasks that must be stopped
	Ended   []string `json:"n,omitempty"` // tasks that were, lately
	Doubt   int64    `json:"d,omitempty"` // what a task was seen to do before this does not show that it still runs
	Unknown int64    `json:"u,omitempty"` // until when the task of a Start without an answer is waited for

	Retry    int64 `json:"r,omitempty"` // not before this a call is tried again that failed
	Failures int   `json:"f,omitempty"` // of calls on end

	suspect bool // whoever had the room before may have stopped its task, and did not say
}

// live reports whether the room is to be moderated.
func (s *state) live() bool { return s.Created != 0 && s.Closed == 0 }

// Bounds of what a room can make the store keep.
const (
	maxEarly = 8
	maxEnded = 8
)

// event is what was told of a room.
type event struct {
	Kind    string `json:"k"`
	Session uint64 `json:"s,omitempty"`
	At      int64  `json:"a,omitempty"` // Unix milliseconds
	Task    string `json:"t,omitempty"`
}

// The kinds.
const (
	opened = "open"  // a session began at At
	closed = "close" // a session ended at At
	found  = "found" // a task was running at At
	ended  = "end"   // a task has ended
	halted = "halt"  // the room is to be given up
)

func (e event) order() int {
	if e.Kind == found || e.Kind == ended {
		return 1
	}
	return 0
}

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
	case found:
		s.find(e)
	case ended:
		s.end(e.Task)
	case halted:
		s.dropTask()
		*s = state{Stray: s.Stray, Ended: s.Ended, Doubt: s.Doubt}
	}
}

// open follows ZEGO's advice: a beginning that is not newer than that of the
// known session is passed over.
func (s *state) open(e event) {
	newerThan := s.Created
	if s.Session == 0 || e.Session == 0 {
		newerThan = max(newerThan, s.Closed) // the times are all there is to tell lives apart
	}
	switch {
	case s.Created != 0 && s.Session == e.Session && e.Session != 0:
		s.Created = min(s.Created, e.At) // a stream can be heard of before its room
		return
	case s.live() && (s.Session == 0 || e.Session == 0):
		// One of the two does not know the session: the room lives, that is all.
		s.Session = max(s.Session, e.Session)
		return
	case s.Created != 0 && e.At <= newerThan:
		return
	}
	// Another session: its task is another too, as nothing tells that ZEGO goes
	// on with the one before. But a task that was started when the session had
	// begun moderates it, although that was heard of later.
	if s.Since < e.At || s.suspect {
		s.dropTask()
	}
	s.Session, s.Created, s.Closed = e.Session, e.At, 0
	s.Unknown, s.Retry, s.Failures = 0, 0, 0
	if at, told := s.Early[e.Session]; told {
		s.Closed = max(at, 1)
	}
	for session, at := range s.Early {
		if session == e.Session || at <= s.Created {
			delete(s.Early, session)
		}
	}
}

// close follows ZEGO's advice: the end of another session is kept if it can be
// one that is yet to begin, and passed over if it is older than the known one.
func (s *state) close(e event) {
	same := s.Session == e.Session || (s.Session == 0 || e.Session == 0) && e.At >= s.Created
	switch {
	case s.Created != 0 && same:
		if s.Closed == 0 {
			s.Closed = max(e.At, 1)
			s.Retry, s.Failures = 0, 0
		}
	case e.Session != 0 && e.At > s.Created:
		if s.Early == nil {
			s.Early = make(map[uint64]int64)
		}
		s.Early[e.Session] = e.At
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
}

// find is told that a task was running.
func (s *state) find(e event) {
	switch {
	case e.Task == s.Task || slices.Contains(s.Ended, e.Task) || slices.Contains(s.Stray, e.Task):
	case s.Created == 0:
		// A room that was never heard of: the task may be another program's.
	case s.live() && s.Task == "" && e.At >= s.Created && e.At < s.Doubt:
		// Somebody may have stopped it since. If not, it will be heard of again.
	case s.live() && s.Task == "" && e.At >= s.Created:
		s.Task, s.Since, s.Unknown = e.Task, e.At, 0
		s.Retry, s.Failures = 0, 0
	default:
		s.Stray = append(s.Stray, e.Task)
	}
}

// end is told that a task has ended.
func (s *state) end(task string) {
	if task == "" {
		return
	}
	if s.Task == task {
		s.Task, s.Since = "", 0
	}
	s.Stray = slices.DeleteFunc(s.Stray, func(t string) bool { return t == task })
	if !slices.Contains(s.Ended, task) {
		s.Ended = append(s.Ended, task)
		s.Ended = s.Ended[max(0, len(s.Ended)-maxEnded):]
	}
}

// dropTask has the task stopped that moderates the room.
func (s *state) dropTask() {
	if s.Task != "" {
		s.Stray = append(s.Stray, s.Task)
		s.Task, s.Since = "", 0
	}
}

// unwanted is what must be stopped.
func (s *state) unwanted() []string {
	all := slices.Clone(s.Stray)
	if s.Task != "" && !s.live() {
		all = append(all, s.Task)
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
	after := func(at int64) time.Duration { return max(0, time.Duration(at-now)*time.Millisecond) }
	switch {
	case len(s.unwanted()) > 0:
		return after(s.Retry), liveKeep
	case s.live() && s.Task == "":
		return after(max(s.Retry, s.Unknown)), liveKeep
	case s.live():
		return liveWake, liveKeep
	}
	return -1, memory
}
