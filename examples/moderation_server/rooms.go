package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
)

// rooms keeps one moderation task for each live room. ZEGO's callbacks come late,
// twice and out of order, and the same room can live several times, each time
// with a session of its own.
type rooms struct {
	client      *zegocensor.Client
	callbackURL string // of results; "" = as ZEGO's console says
	act         bool

	started, stopped atomic.Int64

	mu     sync.Mutex
	byID   map[string]*room
	stdout io.Writer
}

// room is what is known of a room.
type room struct {
	mu      sync.Mutex // held during calls, so that a room has one at a time
	session uint64     // 0 = none yet
	created time.Time
	closed  bool
	changed time.Time            // when a callback last told something of the room
	early   map[uint64]time.Time // sessions that were told to be closed before they were told to be created
	taskID  string               // "" = none, or unknown
	unknown bool                 // a Start got no answer: a task may be running
}

func newRooms(client *zegocensor.Client, act bool, stdout io.Writer) *rooms {
	return &rooms{client: client, act: act, byID: make(map[string]*room), stdout: stdout}
}

// memory is how long a room without a task is remembered, for the sake of
// callbacks that come late.
const memory = time.Hour

// room finds a room that a callback tells of, and locks it. It forgets those that
// have long had no task.
func (rs *rooms) room(id string, now time.Time) *room {
	rs.mu.Lock()
	for id, r := range rs.byID {
		if r.mu.TryLock() {
			if r.taskID == "" && !r.unknown && now.Sub(r.changed) > memory {
				delete(rs.byID, id)
			}
			r.mu.Unlock()
		}
	}
	r := rs.byID[id]
	if r == nil {
		r = &room{early: make(map[uint64]time.Time), changed: now}
		rs.byID[id] = r
	}
	rs.mu.Unlock()
	r.mu.Lock()
	r.changed = now
	return r
}

func (rs *rooms) printf(at time.Time, format string, args ...any) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	fmt.Fprintf(rs.stdout, at.Format("15:04:05 ")+format+"\n", args...)
}

// handle is called for each callback. With an error ZEGO sends it again.
func (rs *rooms) handle(ctx context.Context, e callback.Event) error {
	switch e := e.(type) {
	case *callback.RoomCreated:
		return rs.opened(ctx, e)
	case *callback.RoomClosed:
		return rs.closed(ctx, e)
	case *callback.AudioResult:
		return rs.result(ctx, e)
	}
	return nil
}

func (rs *rooms) opened(ctx context.Context, e *callback.RoomCreated) error {
	r := rs.room(e.RoomID, e.Timestamp)
	defer r.mu.Unlock()
	again := e.RoomSessionID == r.session && r.taskID == "" && !r.unknown && !r.closed // the Start failed before
	if r.session != 0 && !e.CreateTime.After(r.created) && !again {
		return nil
	}
	if err := rs.stop(ctx, r); err != nil { // of the session before, whose end was not told
		return err
	}
	r.session, r.created, r.closed = e.RoomSessionID, e.CreateTime, false
	for session, closed := range r.early {
		r.closed = r.closed || session == r.session
		if !closed.After(r.created) || session == r.session {
			delete(r.early, session)
		}
	}
	if r.closed {
		rs.printf(e.Timestamp, "%s was closed before it was told to be open: not moderated", e.RoomID)
		return nil
	}
	task, err := rs.client.StartCensorAudioV2(ctx, &zegocensor.StartCensorAudioV2Request{
		RoomID:            e.RoomID,
		EventID:           zegocensor.EventAudioRoom,
		AudioLanguage:     zegocensor.LanguageEnglish,
		RiskTypeList:      []zegocensor.RiskType{zegocensor.RiskPornography, zegocensor.RiskAbuse, zegocensor.RiskViolence},
		LabelLanguage:     zegocensor.LanguageEnglish,
		ReturnAllText:     true,
		ResultCallbackURL: rs.callbackURL,
		StatusCallbackURL: rs.callbackURL,
	})
	if errors.Is(err, zegocensor.ErrOutcomeUnknown) {
		// Another Start could be a second task, and a second bill. If there is
		// a task, its first result tells which.
		r.unknown = true
		rs.printf(e.Timestamp, "%s: %v", e.RoomID, err)
		return nil
	}
	if err != nil {
		return err
	}
	r.taskID = task.TaskID
	rs.started.Add(1)
	rs.printf(e.Timestamp, "%s opened: moderation started", e.RoomID)
	return nil
}

func (rs *rooms) closed(ctx context.Context, e *callback.RoomClosed) error {
	r := rs.room(e.RoomID, e.Timestamp)
	defer r.mu.Unlock()
	switch {
	case e.RoomSessionID == r.session:
		r.closed = true
		return rs.stop(ctx, r)
	case r.session == 0 || e.CloseTime.After(r.created):
		r.early[e.RoomSessionID] = e.CloseTime
	default:
		rs.printf(e.Timestamp, "%s: the end of an older session, which changes nothing", e.RoomID)
	}
	return nil
}

// stop ends the task of a room, where it has one.
func (rs *rooms) stop(ctx context.Context, r *room) error {
	if r.taskID == "" {
		return nil
	}
	if _, err := rs.client.StopCensorAudioV2(ctx, &zegocensor.StopCensorAudioV2Request{TaskID: r.taskID}); err != nil {
		return err
	}
	r.taskID = ""
	rs.stopped.Add(1)
	return nil
}

func (rs *rooms) result(ctx context.Context, e *callback.AudioResult) error {
	if err := rs.adopt(ctx, e); err != nil {
		return err
	}
	who := e.AuxInfo.UserID
	if who == "" {
		who = e.StreamHint()
	}
	if who == "" {
		who = "-"
	}
	label := e.Detail.RiskLabel1
	if label == "" {
		label = "-"
	}
	line := fmt.Sprintf("%s %s %s %s %q", e.AuxInfo.RoomID, who, e.Detail.RiskLevel, label, e.Detail.Text)
	if e.Detail.RiskLevel == callback.Reject {
		done, err := rs.reject(ctx, e)
		if err != nil {
			return err
		}
		line += ": " + done
	}
	rs.printf(e.Timestamp, "%s", line)
	return nil
}

// adopt takes over the task of a Start that got no answer.
func (rs *rooms) adopt(ctx context.Context, e *callback.AudioResult) error {
	r := rs.room(e.AuxInfo.RoomID, e.Timestamp)
	defer r.mu.Unlock()
	if !r.unknown {
		return nil
	}
	r.unknown, r.taskID = false, e.TaskID
	rs.started.Add(1)
	rs.printf(e.Timestamp, "%s: the task of the Start without an answer is %s", e.AuxInfo.RoomID, e.TaskID)
	if r.closed {
		return rs.stop(ctx, r)
	}
	return nil
}

// reject removes who offended, and says how.
func (rs *rooms) reject(ctx context.Context, e *callback.AudioResult) (string, error) {
	user, stream := e.AuxInfo.UserID, e.StreamHint()
	var (
		action zegocensor.Action
		query  any
		done   string
	)
	switch {
	case user != "":
		action = zegocensor.Action{Name: "KickoutUser", Method: http.MethodGet, Idempotent: true}
		query = struct {
			RoomID string   `url:"RoomId"`
			UserID []string `url:"UserId[]"`
			Reason string   `url:"CustomReason"`
		}{e.AuxInfo.RoomID, []string{user}, "moderation"}
		done = "kicked out " + user
	case stream != "":
		action = zegocensor.Action{Name: "ForbidRTCStream", Method: http.MethodGet}
		query = struct {
			StreamID string `url:"StreamId"`
			Sequence int64
		}{stream, time.Now().UnixMilli()}
		done = "forbade the stream " + stream
	default:
		return "nobody can be told apart", nil
	}
	if !rs.act {
		return action.Name + " with -act", nil
	}
	if _, err := rs.client.Do(ctx, action, query, nil, nil); err != nil {
		return "", err
	}
	return done, nil
}

// stopAll ends every task. It returns how many it could not end.
func (rs *rooms) stopAll(ctx context.Context) (running int, err error) {
	rs.mu.Lock()
	all := make([]*room, 0, len(rs.byID))
	for _, r := range rs.byID {
		all = append(all, r)
	}
	rs.mu.Unlock()
	for _, r := range all {
		r.mu.Lock()
		stopErr := rs.stop(ctx, r)
		if r.unknown {
			stopErr = errors.New("a Start got no answer: a task may be running that nobody knows")
		}
		if stopErr != nil {
			running++
			err = errors.Join(err, stopErr)
		}
		r.mu.Unlock()
	}
	return running, err
}
