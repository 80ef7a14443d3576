package moderator

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zegocensor/zegocensor-go"
)

var (
	schedules = flag.Int("schedules", 0, "how many random schedules TestModel runs; 0 = 4000")
	firstSeed = flag.Uint64("seed", 1, "the first seed of TestModel")
)

// The model test plays replicas, rooms, a vendor and a network against each
// other. Every call of the store and of the vendor is a point at which a replica
// can be held up or die, and at which others can run: the code under test runs in
// coroutines, and the world decides which goes on. Time passes only when the
// world says so.

// world is all there is.
type world struct {
	rand     *rand.Rand
	now      time.Time
	store    Store
	replicas []*replica
	running  []*process
	current  *process // that goes on at the moment

	rooms    map[string]*modelRoom
	tasks    []*modelTask
	messages []message
	session  uint64

	vendors  map[string]modelResults
	nameless int // percent of the events of streams and ends at ZEGO that do not name their session

	storeDown bool
	calm      bool           // nothing fails any more
	lossless  bool           // callbacks are late and come twice, but are not lost: nobody has to reconcile
	trouble   map[string]int // unknown outcomes of each room that have not become a second task
	unknown   int            // outcomes
	ofRoom    map[string]int // the same of each room
	seconds   int            // tasks beside another of the same session
	silences  int            // restarts for silence
	verbose   bool
	log       []string
}

// modelResults is what results a vendor sends.
type modelResults struct {
	interval time.Duration // 0 = those of offences alone are asked for
	passes   bool          // what passes is told if it is asked for
}

type replica struct {
	m     *Moderator
	alive bool
}

// process is one call of a replica's Moderator.
type process struct {
	replica *replica
	yield   func(struct{}) bool
	next    func() (struct{}, bool)
	stop    func()
	heldTo  time.Time // it does not go on before
	failed  func()    // what follows if the call does not succeed
	heir    bool      // it has a room that another had left in the middle, and may have stopped its task
}

type modelRoom struct {
	session uint64 // 0 = dead
	created time.Time
	died    time.Time
	told    bool      // somebody who had the room has read of this life
	heard   time.Time // its beginning, or that of its last stream: what is told of its life
	quiet   time.Time // since when it has no stream; zero = it has one
	before  time.Time // when the life before ended
	mute    bool      // nobody speaks, or all have opted out: there are no results
}

type modelTask struct {
	id      string
	room    string
	session uint64 // of the room when its Start was sent
	sent    time.Time
	told    time.Time // of the last result that somebody who had the room has read of
	started time.Time
	running bool
	lasting bool       // it cannot be stopped: its ID has expired
	doubted bool       // an heir could not know whether it had been stopped, and the Stop to make sure has failed
	gone    bool       // a Stop was told so
	over    bool       // somebody who had the room has read that it has ended
	before  *modelTask // that it interrupted
	counted bool       // a second one was started in addition
	endLost bool       // nobody was told that it has ended
	aware   bool       // its Start was sent when somebody had read of the life of its room
	silent  int        // it was restarted for silence as this of all restarts; 0 = it was not
	result  int        // how many restarts there were when its last result was read
}

// message is a callback on its way.
type message struct {
	at time.Time
	do func(*Moderator) error
}

// crash unwinds a process that dies.
type crash struct{}

func (w *world) logf(format string, args ...any) {
	if !w.verbose {
		return
	}
	w.log = append(w.log, fmt.Sprintf("%8.1fs ", w.now.Sub(modelStart).Seconds())+fmt.Sprintf(format, args...))
}

var modelStart = time.Unix(1_800_000_000, 0)

func newWorld(seed uint64) *world {
	w := &world{rand: rand.New(rand.NewPCG(seed, 0)), now: modelStart, rooms: make(map[string]*modelRoom), trouble: make(map[string]int), ofRoom: make(map[string]int), vendors: make(map[string]modelResults), session: 1 << 60}
	w.lossless = w.chance(30)
	mixed := w.chance(50)
	for _, vendor := range []string{"", exclusive} {
		results := modelResults{passes: !w.chance(25)}
		if !w.chance(25) {
			results.interval = 10 * time.Second
		}
		w.vendors[vendor] = results
	}
	if w.chance(40) {
		w.nameless = 10 + 45*w.rand.IntN(3)
	}
	w.store = NewMemoryStore(func() time.Time { return w.now })
	for i := range 1 + w.rand.IntN(3) {
		vendor := ""
		if mixed && w.chance(50) {
			vendor = exclusive
		}
		w.rooms[RoomID(vendor, fmt.Sprintf("room_%d", i))] = &modelRoom{}
	}
	for range 1 + w.rand.IntN(3) {
		r := &replica{}
		w.replicas = append(w.replicas, r)
		w.boot(r)
	}
	return w
}

func (w *world) boot(r *replica) {
	m, err := New(Vendors{"": modelVendor{w, ""}, exclusive: modelVendor{w, exclusive}}, WithStore((*modelStore)(w)), WithClock(func() time.Time { return w.now }), WithWorkers(1), WithLogger(slog.New((*modelLog)(w))))
	if err != nil {
		panic(err)
	}
	m.sleep = func(context.Context, time.Duration) { w.point() }
	m.random = w.rand.Int64N
	r.m, r.alive = m, true
}

func (w *world) chance(percent int) bool { return w.rand.IntN(100) < percent }

// point is where others can run.
func (w *world) point() {
	if !w.current.yield(struct{}{}) {
		panic(crash{})
	}
}

// spawn begins a call of a replica.
func (w *world) spawn(r *replica, name string, call func(*Moderator) error, failed func()) {
	p := &process{replica: r, failed: failed}
	p.next, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if c := recover(); c != nil {
				if _, ok := c.(crash); !ok {
					panic(c)
				}
				w.logf("%s dies", name)
			}
		}()
		p.yield = yield
		if err := call(r.m); err != nil && failed != nil {
			failed()
		}
	})
	w.running = append(w.running, p)
}

// resume lets a process go on to its next point.
func (w *world) resume(i int) {
	p := w.running[i]
	w.current = p
	if _, more := p.next(); !more {
		w.running = slices.Delete(w.running, i, i+1)
	}
	w.current = nil
}

// kill has a replica die with all it does.
func (w *world) kill(r *replica) {
	w.logf("a replica dies")
	r.alive = false
	w.running = slices.DeleteFunc(w.running, func(p *process) bool {
		if p.replica != r {
			return false
		}
		w.current = p
		p.stop()
		if p.failed != nil {
			p.failed() // whoever called was cut off
		}
		return true
	})
	w.current = nil
}

// modelLog is a log that shows the world restarts for silence.
type modelLog world

func (*modelLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *modelLog) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l *modelLog) WithGroup(string) slog.Handler          { return l }

func (l *modelLog) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "no result for") {
		attrs := make(map[string]string)
		r.Attrs(func(a slog.Attr) bool {
			attrs[a.Key] = a.Value.String()
			return true
		})
		(*world)(l).silenced(attrs["room_id"], attrs["task_id"])
	}
	return nil
}

// silenced is told that a task is restarted for silence. It may be the same one again,
// if the outcome of the first decision was lost.
func (w *world) silenced(roomID, taskID string) {
	w.logf("%s of %s is restarted for silence", taskID, roomID)
	if w.results(roomID).interval == 0 {
		w.fail("%s was restarted for silence, which says nothing of it", roomID)
	}
	i := slices.IndexFunc(w.tasks, func(t *modelTask) bool { return t.id == taskID })
	if i < 0 || w.tasks[i].room != roomID {
		w.fail("%s is not a task of %s", taskID, roomID)
	}
	now := w.tasks[i]
	if now.silent > 0 {
		return
	}
	w.silences++
	now.silent = w.silences
	first := 0 // the last restart in the same life
	for _, t := range w.tasks {
		if t != now && t.room == roomID && t.session == now.session && t.aware && now.aware {
			first = max(first, t.silent)
		}
	}
	if first == 0 {
		return
	}
	for _, t := range w.tasks {
		if t.room == roomID && t.result >= first {
			return
		}
	}
	w.fail("%s was restarted for silence again, although no result ever came", roomID)
}

// results is what a room's vendor sends.
func (w *world) results(roomID string) modelResults {
	if strings.HasPrefix(roomID, exclusive+":") {
		return w.vendors[exclusive]
	}
	return w.vendors[""]
}

// modelStore is the store, with points and failures.
type modelStore world

var errStoreDown = errors.New("store down")

func (s *modelStore) step() (*world, error) {
	w := (*world)(s)
	w.point()
	if w.storeDown || !w.calm && w.chance(2) {
		return w, errStoreDown
	}
	return w, nil
}

// reads notes that whoever has a room knows of its present life.
func (w *world) reads(roomID string, events [][]byte) {
	r := w.rooms[roomID]
	for _, b := range events {
		var e event
		if err := json.Unmarshal(b, &e); err != nil {
			panic(err)
		}
		if e.Kind == opened && r.session != 0 && e.At >= r.created.UnixMilli() && (e.Session == told(roomID, r.session) ||
			e.Session == 0 && e.At > r.before.UnixMilli()+tolerance) {
			r.told = true
		}
		for _, t := range w.tasks {
			if e.running() && e.Task == t.id && e.At > t.told.UnixMilli() {
				t.told = time.UnixMilli(e.At)
			}
			if e.Kind == found && e.Task == t.id {
				t.result = w.silences
			}
			if e.Kind == ended && e.Task == t.id {
				t.over = true
			}
		}
	}
}

func (s *modelStore) Begin(ctx context.Context, roomID, token string, lease time.Duration, events ...[]byte) (Claim, error) {
	w, err := s.step()
	if err != nil {
		return Claim{}, err
	}
	c, err := w.store.Begin(ctx, roomID, token, lease, events...)
	w.reads(roomID, c.Events)
	w.current.heir = c.Abandoned
	if c.Abandoned {
		w.lost(roomID) // whoever had it may have sent a Start, or may yet
	}
	w.logf("begin %s %s: held %v fence %d abandoned %v", roomID, events, c.Held, c.Fence, c.Abandoned)
	if !w.calm && w.chance(1) {
		return Claim{}, errStoreDown // the answer is lost; the claim lapses
	}
	return c, err // at once: the time that an answer takes is a matter of clocks, not of order
}

func (s *modelStore) Finish(ctx context.Context, c Claim, state []byte, consumed int, lease, wake, keep time.Duration) ([][]byte, error) {
	w, err := s.step()
	if err != nil {
		return nil, err
	}
	more, err := w.store.Finish(ctx, c, state, consumed, lease, wake, keep)
	w.reads(c.RoomID, more)
	if st, decodeErr := decodeState(state); err == nil && decodeErr == nil {
		for _, t := range w.tasks {
			if t.room == c.RoomID {
				t.doubted = (t.doubted || w.current.heir) && slices.Contains(st.Stray, t.id)
			}
		}
	}
	w.current.heir = false
	if !w.calm && w.chance(3) {
		return nil, errStoreDown // the answer is lost
	}
	w.logf("finish %s fence %d: %s, %d more, %v", c.RoomID, c.Fence, state, len(more), err)
	w.point()
	return more, err
}

func (s *modelStore) Due(ctx context.Context, limit int) ([]string, error) {
	w, err := s.step()
	if err != nil {
		return nil, err
	}
	return w.store.Due(ctx, limit)
}

func (s *modelStore) Rooms(ctx context.Context) iter.Seq2[Entry, error] {
	return (*world)(s).store.Rooms(ctx)
}

// modelVendor is one of two vendors: ZEGO, and one with a robot for each room, as
// Tencent, where a task interrupts the one before of its room.
type modelVendor struct {
	*world
	name string
}

// exclusive is the name of the vendor where a room can have but one task.
const exclusive = "trtc"

var errRefused = errors.New("refused")

func (v modelVendor) ResultInterval() time.Duration { return v.vendors[v.name].interval }

func (v modelVendor) Start(_ context.Context, room Room) (string, error) {
	w := v.world
	room.ID = RoomID(v.name, room.ID)
	sent := w.now
	session := w.rooms[room.ID].session // when it is sent: all that the sender can go by
	var serving []*modelTask
	for _, t := range w.tasks {
		if t.running && t.room == room.ID && t.session == session && session != 0 && !t.counted && w.serves(t) {
			serving = append(serving, t)
		}
	}
	aware := w.rooms[room.ID].told
	w.point()
	if !w.calm && w.chance(10) {
		w.logf("start %s: refused", room.ID)
		return "", errRefused
	}
	if !w.calm && w.chance(5) {
		w.lost(room.ID)
		w.logf("start %s: lost on the way", room.ID)
		return "", zegocensor.ErrOutcomeUnknown
	}
	for _, t := range serving {
		if t.running && w.rooms[room.ID].session == session {
			w.seconds++
			t.counted = true
			w.trouble[room.ID]--
			w.logf("start %s: a second one beside %s", room.ID, t.id)
			if w.trouble[room.ID] < 0 {
				w.fail("%s was started twice, and no outcome was unknown", room.ID)
			}
		}
	}
	var before *modelTask
	for _, t := range w.tasks {
		if v.name == exclusive && t.room == room.ID && t.running {
			before = t
			w.end(t, "is interrupted")
		}
	}
	t := &modelTask{id: fmt.Sprintf("task_%d", len(w.tasks)), before: before, lasting: v.name == exclusive && w.chance(10), room: room.ID, session: session, aware: aware, sent: sent, told: sent, started: w.now, running: true}
	w.tasks = append(w.tasks, t)
	w.logf("start %s: %s", room.ID, t.id)
	w.point()
	if !w.calm && w.chance(8) {
		w.lost(room.ID)
		w.logf("start %s: answer lost", room.ID)
		return "", zegocensor.ErrOutcomeUnknown
	}
	return t.id, nil
}

func (v modelVendor) Stop(_ context.Context, task Task) error {
	w := v.world
	serves := slices.ContainsFunc(w.tasks, func(t *modelTask) bool { return t.id == task.ID && w.rooms[t.room].told && w.serves(t) }) // when it is sent
	w.point()
	if !w.calm && w.chance(10) {
		return errRefused
	}
	for _, t := range w.tasks {
		if t.id != task.ID {
			continue
		}
		if r := w.rooms[t.room]; t.running && serves && w.serves(t) && r.told && !w.current.heir && r.session != 0 && r.session == t.session && w.tasksOf(t.room) == 1 {
			w.fail("%s was stopped, the only task of %s, which is known to live", t.id, t.room)
		}
		if t.lasting {
			w.logf("stop %s: its ID has expired", t.id)
			t.gone = true
			continue
		}
		w.end(t, "is stopped")
	}
	w.point()
	return nil
}

// end has a task end, and its room's replicas told.
func (w *world) end(t *modelTask, why string) {
	if !t.running {
		return
	}
	at := w.now
	t.running = false
	w.logf("%s %s", t.id, why)
	t.endLost = !w.send(func(m *Moderator) error { return m.TaskEnded(context.Background(), t.room, t.id, at) })
}

// lost counts a Start of a room whose outcome nobody knows.
func (w *world) lost(room string) {
	w.trouble[room]++
	w.ofRoom[room]++
	w.unknown++
}

// serves reports whether a task can be known to moderate the present life of its
// room: it was sent clearly after what is told of it, the room has streams, the
// results of the task arrive, or are not asked for, and so is the end of the one
// it interrupted; and no Stop of it has succeeded, or been decided on by an heir.
func (w *world) serves(t *modelTask) bool {
	r := w.rooms[t.room]
	heard := w.results(t.room).interval == 0 || w.now.Sub(t.told) <= 5*time.Minute
	return !t.gone && !t.doubted && (t.before == nil || t.before.over) && r.quiet.IsZero() && heard && t.sent.Sub(r.heard) > tolerance*time.Millisecond
}

func (w *world) tasksOf(room string) int {
	n := 0
	for _, t := range w.tasks {
		if t.running && t.room == room {
			n++
		}
	}
	return n
}

// failure ends a schedule.
type failure string

func (w *world) fail(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

// send has a callback arrive at a replica: late, twice or not at all.
func (w *world) send(do func(*Moderator) error) (sent bool) {
	if !w.calm && !w.lossless && w.chance(7) {
		return false
	}
	copies := 1
	if !w.calm && w.chance(15) {
		copies = 2
	}
	for range copies {
		late := time.Duration(0)
		if !w.calm && w.chance(40) {
			late = time.Duration(w.rand.IntN(90)) * time.Second
		}
		w.messages = append(w.messages, message{w.now.Add(late), do})
	}
	return true
}

// deliver gives what has arrived to replicas. What fails comes again.
func (w *world) deliver() {
	var alive []*replica
	for _, r := range w.replicas {
		if r.alive {
			alive = append(alive, r)
		}
	}
	if len(alive) == 0 {
		return
	}
	messages := w.messages
	w.messages = nil
	for _, msg := range messages {
		if msg.at.After(w.now) {
			w.messages = append(w.messages, msg)
			continue
		}
		w.spawn(alive[w.rand.IntN(len(alive))], "a callback", msg.do, func() {
			w.messages = append(w.messages, message{w.now.Add(2 * time.Second), msg.do})
		})
	}
}

// told is a session as its vendor tells it: one of the two has none.
func told(room string, session uint64) uint64 {
	if strings.HasPrefix(room, exclusive+":") {
		return 0
	}
	return session
}

// maybe is what told is, or nothing.
func (w *world) maybe(room string, session uint64) uint64 {
	if w.chance(w.nameless) {
		return 0
	}
	return told(room, session)
}

// live has a room open or close.
func (w *world) live(id string) {
	w.now = w.now.Add(time.Second / 2) // two lives of a room do not begin at the same time
	r := w.rooms[id]
	if r.session == 0 {
		w.session++
		*r = modelRoom{session: w.session, created: w.now, heard: w.now, before: r.died, mute: w.chance(15)}
		room := Room{ID: id, SessionID: told(id, r.session), CreatedAt: r.created}
		w.logf("%s opens, session %d", id, r.session-1<<60)
		w.send(func(m *Moderator) error { return m.RoomOpened(context.Background(), room) })
		return
	}
	room, at := Room{ID: id, SessionID: w.maybe(id, r.session)}, w.now
	w.logf("%s closes", id)
	*r = modelRoom{died: w.now}
	w.send(func(m *Moderator) error { return m.RoomClosed(context.Background(), room, at) })
}

// pass lets time pass: tasks in dead rooms end, those in live rooms have results.
func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	for _, t := range w.tasks {
		if !t.running {
			continue
		}
		at, r := w.now, w.rooms[t.room]
		empty := r.quiet
		if r.session == 0 {
			empty = r.died
		}
		switch {
		case !empty.IsZero() && min(w.now.Sub(empty), w.now.Sub(t.started)) >= 5*time.Minute:
			w.end(t, "ends by itself")
		case empty.IsZero() && d >= 10*time.Second && w.hasResult(r, w.results(t.room)):
			w.send(func(m *Moderator) error { return m.TaskFound(context.Background(), t.room, t.id, at) })
		}
	}
}

// hasResult reports whether there is a result of a task of a room: what passes, or an
// offence.
func (w *world) hasResult(r *modelRoom, results modelResults) bool {
	switch {
	case r.mute:
		return false
	case results.interval > 0 && results.passes:
		return true
	}
	return w.chance(2)
}

// stream has the streams of a live room end, or one begin.
func (w *world) stream(id string) {
	r := w.rooms[id]
	switch {
	case r.session == 0:
	case r.quiet.IsZero():
		r.quiet = w.now
		w.logf("%s has no stream", id)
	default:
		r.quiet, r.heard, r.mute = time.Time{}, w.now, w.chance(20)
		w.logf("%s has a stream (silent: %v)", id, r.mute)
		room := Room{ID: id, SessionID: w.maybe(id, r.session), CreatedAt: w.now}
		w.send(func(m *Moderator) error { return m.RoomOpened(context.Background(), room) })
	}
}

// step does something.
func (w *world) step() {
	switch n := w.rand.IntN(100); {
	case n < 55 && len(w.running) > 0:
		i := w.rand.IntN(len(w.running))
		p := w.running[i]
		switch {
		case p.heldTo.After(w.now):
		case w.chance(2):
			p.heldTo = w.now.Add(time.Duration(w.rand.IntN(180)) * time.Second) // longer than a lease
		default:
			w.resume(i)
		}
	case n < 65:
		names := slices.Sorted(maps.Keys(w.rooms))
		w.live(names[w.rand.IntN(len(names))])
	case n < 68:
		names := slices.Sorted(maps.Keys(w.rooms))
		w.stream(names[w.rand.IntN(len(names))])
	case n < 69:
		w.pass(time.Duration(w.rand.IntN(600)) * time.Second)
	case n < 78:
		w.deliver()
	case n < 86:
		r := w.replicas[w.rand.IntN(len(w.replicas))]
		if r.alive {
			w.spawn(r, "a sweep", func(m *Moderator) error { return m.sweep(context.Background()) }, nil)
		}
	case n < 94:
		w.pass(time.Duration(w.rand.IntN(30)) * time.Second)
	case n < 96:
		r := w.replicas[w.rand.IntN(len(w.replicas))]
		if r.alive {
			w.kill(r)
		} else {
			w.boot(r)
		}
	case n < 97:
		w.storeDown = !w.storeDown
	}
}

// settle lets nothing more go wrong, and waits.
func (w *world) settle() {
	w.calm, w.storeDown = true, false
	for _, r := range w.replicas {
		if !r.alive {
			w.boot(r)
		}
	}
	w.logf("from here on nothing fails")
	for _, id := range slices.Sorted(maps.Keys(w.rooms)) {
		if !w.rooms[id].quiet.IsZero() {
			w.stream(id)
		}
	}
	streams := w.chance(30) // begin from time to time
	for round := range 70 { // of 25 s
		w.deliver()
		w.spawn(w.replicas[0], "a sweep", func(m *Moderator) error { return m.sweep(context.Background()) }, nil)
		for steps := 0; len(w.running) > 0; steps++ {
			progress := false
			for i := len(w.running) - 1; i >= 0 && i < len(w.running); i-- {
				if !w.running[i].heldTo.After(w.now) {
					w.resume(i)
					progress = true
				}
			}
			if !progress {
				break // held up for now
			}
			if steps > 10000 {
				w.fail("does not come to rest")
			}
		}
		if streams && round%14 == 7 {
			for _, id := range slices.Sorted(maps.Keys(w.rooms)) {
				if r := w.rooms[id]; r.session != 0 {
					r.quiet = w.now
					w.stream(id)
				}
			}
		}
		if round == 30 && !w.lossless {
			var list []Room
			for _, id := range slices.Sorted(maps.Keys(w.rooms)) {
				if r := w.rooms[id]; r.session != 0 {
					list = append(list, Room{ID: id, SessionID: w.maybe(id, r.session), CreatedAt: r.created})
				}
			}
			w.spawn(w.replicas[0], "reconciling", func(m *Moderator) error { return m.Reconcile(context.Background(), slices.Values(list)) }, nil)
		}
		w.pass(25 * time.Second)
	}
}

// check looks at what has come of it. A room whose tasks have results has one. Without
// them, a task whose Start had no answer may go on in addition, and one that has ended is
// not missed if nobody was told so.
func (w *world) check() {
	states := make(map[string]state)
	for e := range w.store.Rooms(context.Background()) {
		s, err := decodeState(e.State)
		if err != nil {
			w.fail("%v", err)
		}
		states[e.RoomID] = s
	}
	for id, r := range w.rooms {
		n, results, s := w.tasksOf(id), w.results(id), states[id]
		least, most := 1, 1
		switch {
		case r.session == 0:
			least, most = 0, 0
		case results.interval == 0 || !results.passes || r.mute:
			most += w.ofRoom[id]
			fallthrough
		case s.Silent:
			if slices.ContainsFunc(w.tasks, func(t *modelTask) bool { return t.id == s.Task && t.endLost }) {
				least = 0
			}
		}
		if n < least || n > most {
			w.fail("%s (live: %v) has %d tasks", id, r.session != 0, n)
		}
	}
	left, err := w.replicas[0].m.store.(*modelStore).list()
	if err != nil {
		w.fail("%v", err)
	}
	want := 0
	for _, r := range w.rooms {
		if r.session != 0 {
			want++
		}
	}
	if left != want {
		w.fail("the store knows of %d tasks, and %d rooms live", left, want)
	}
}

func (s *modelStore) list() (int, error) {
	n := 0
	for e, err := range s.store.Rooms(context.Background()) {
		if err != nil {
			return 0, err
		}
		st, err := decodeState(e.State)
		if err != nil {
			return 0, err
		}
		n += len(st.Stray) + len(st.Maybe)
		if st.Task != "" {
			n++
		}
	}
	return n, nil
}

// play runs a schedule, and returns what was wrong with it.
func play(seed uint64, verbose bool) (w *world, wrong string) {
	w = newWorld(seed)
	w.verbose = verbose
	defer func() {
		if f, ok := recover().(failure); ok {
			wrong = string(f)
		}
		for _, p := range w.running {
			w.current = p
			p.stop()
		}
	}()
	for range 40 + w.rand.IntN(200) {
		w.step()
	}
	w.settle()
	w.check()
	return w, ""
}

// TestModel runs random schedules. A failure prints its seed and what happened:
//
//	go test ./moderator -run TestModel -args -seed 123 -schedules 1
func TestModel(t *testing.T) {
	n := *schedules
	if n == 0 {
		n = 4000
	}
	var next, tasks, unknown, seconds, silences atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := next.Add(1) - 1; int(i) < n && !t.Failed(); i = next.Add(1) - 1 {
				seed := *firstSeed + uint64(i)
				w, wrong := play(seed, false)
				if wrong != "" {
					w, _ = play(seed, true)
					t.Errorf("seed %d: %s\n%s", seed, wrong, strings.Join(w.log, "\n"))
				}
				tasks.Add(int64(len(w.tasks)))
				unknown.Add(int64(w.unknown))
				seconds.Add(int64(w.seconds))
				silences.Add(int64(w.silences))
			}
		})
	}
	all.Wait()
	t.Logf("%d schedules, %d tasks; %d outcomes were unknown, and %d of them became a second task; %d tasks were restarted for silence",
		n, tasks.Load(), unknown.Load(), seconds.Load(), silences.Load())
}
