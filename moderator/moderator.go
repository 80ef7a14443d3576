package moderator

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
)

// Room is one life of a room.
type Room struct {
	ID        string
	SessionID uint64    // tells the lives of a room apart; 0 = not known
	CreatedAt time.Time // of this life
}

// Task is a moderation task.
type Task struct {
	ID    string
	Room  Room
	Since time.Time // when it was started, or found
}

// Provider starts and stops moderation tasks at a vendor.
type Provider interface {
	// Start starts a task and returns its ID. An error that matches
	// [zegocensor.ErrOutcomeUnknown] means that a task may be running all the
	// same. If the error has a method RetryAfter() time.Duration, the next
	// attempt is delayed by at least that long, up to the longest backoff.
	Start(ctx context.Context, room Room) (taskID string, err error)
	// Stop ends a task. It must succeed for one that has ended.
	Stop(ctx context.Context, task Task) error
}

// ResultReporter can optionally be implemented by a [Provider], in which case the
// moderator takes a task without results for one that has ended, see [WithSilence].
//
// A provider that wraps another one must pass the method on.
type ResultReporter interface {
	// ResultInterval returns how far apart the results of a healthy task are at
	// most, while its room has a stream. 0 means that silence says nothing, as it
	// does for a Provider without this method: then status callbacks, events of the
	// room and [Moderator.Reconcile] are all that shows whether a task runs. It must
	// always return the same.
	ResultInterval() time.Duration
}

// resultInterval is the ResultInterval of a provider, and 0 if it has none.
func resultInterval(p Provider) time.Duration {
	if r, ok := p.(ResultReporter); ok {
		return max(0, r.ResultInterval())
	}
	return 0
}

// Moderator keeps one task running for each live room. It is safe for concurrent
// use, in as many processes as share its [Store].
type Moderator struct {
	provider Provider
	store    Store
	config

	mu       sync.Mutex
	closed   bool
	inFlight sync.WaitGroup
	orphans  []orphan // what could not be told to the store

	known known
	stats counters
}

// known is the task of each room that this replica has heard of last. A result
// of one of these says nothing new, so that the many results of a room do not
// all go to the store.
type known struct {
	mu    sync.Mutex
	tasks map[string]knownTask
}

type knownTask struct {
	id string
	at time.Time // when the store was told
}

// maxKnown bounds known. Beyond it, it begins anew. A task is known for knownTime:
// then the store is told again that it lives, and can say that it is another's.
const (
	maxKnown  = 1 << 17
	knownTime = time.Minute
)

func (k *known) has(roomID, task string, now time.Time, fresh time.Duration) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	t := k.tasks[roomID]
	return t.id == task && now.Sub(t.at) < fresh
}

// set notes a room's task; heard reports whether the store has a result of it. The
// first result of a task always goes to the store.
func (k *known) set(roomID, task string, now time.Time, heard bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case !heard && k.tasks[roomID].id == task:
		return
	case !heard || task == "":
		delete(k.tasks, roomID)
		return
	case k.tasks == nil || len(k.tasks) >= maxKnown:
		k.tasks = make(map[string]knownTask)
	}
	k.tasks[roomID] = knownTask{task, now}
}

// orphan is an event that the store did not take. A task that was started is
// known to nobody else.
type orphan struct {
	roomID string
	event  event
}

type config struct {
	lease       time.Duration
	unknownWait time.Duration
	silence     time.Duration
	silenceSet  bool // by WithSilence
	memory      time.Duration
	interval    time.Duration
	minBackoff  time.Duration
	maxBackoff  time.Duration
	workers     int
	logger      *slog.Logger
	store       Store
	now         func() time.Time
	sleep       func(context.Context, time.Duration)
	random      func(n int64) int64 // from 0 to n-1
}

// Option changes a [Moderator] while [New] makes it.
type Option func(*config) error

func duration(name string, set func(*config, time.Duration), d, least time.Duration) Option {
	return func(c *config) error {
		if d < least {
			return fmt.Errorf("moderator: %s: must be at least %v", name, least)
		}
		set(c, d)
		return nil
	}
}

// WithStore replaces the default store, which is in memory. Replicas need one
// that they share.
func WithStore(s Store) Option {
	return func(c *config) error {
		if s == nil {
			return errors.New("moderator: WithStore: must not be nil")
		}
		c.store = s
		return nil
	}
}

// WithLease sets for how long a replica has a room to itself while it starts or
// stops a task. The default is a minute: longer than the calls take at most,
// which are given four fifths of it. Other replicas continue the work of
// a crashed process after the lease.
func WithLease(d time.Duration) Option {
	return duration("WithLease", func(c *config, d time.Duration) { c.lease = d }, d, 100*time.Millisecond)
}

// WithUnknownWait sets how long the first result of a Start without an answer is
// waited for, before the task is started again. The default is five and a half
// minutes, after which ZEGO has ended a task that has no stream. The results of a
// task that has streams contain its ID, if the provider asks for results of what
// passes; see [ResultReporter].
//
// A shorter wait leaves a room unmoderated for less time, and more often makes a
// second task. That one is stopped at its first result. Without results it runs, and
// is charged for what it moderates, as long as the room has streams. Each such Start
// is logged at Warn, and counted in [Stats].
func WithUnknownWait(d time.Duration) Option {
	return duration("WithUnknownWait", func(c *config, d time.Duration) { c.unknownWait = d }, d, 0)
}

// WithSilence sets how long a task may go without a result before it is taken for
// one that has ended. The next event of its room (a stream, a beginning, a list of
// [Moderator.Reconcile]) then restarts it. This heals the loss of
// the callback that reports the end of a task. The default is 5 minutes, after which
// ZEGO has ended a task that has no stream; 0 switches it off. A wait shorter than
// three times the provider's ResultInterval is made as long as that. A result counts from
// the beginning of what it is about, and callbacks that fail come again up to a minute
// later: a wait that leaves no room for that restarts healthy tasks.
//
// It holds for rooms whose provider is a [ResultReporter] with an interval greater
// than 0, and [New] refuses any other duration than 0 if there is no such provider.
//
// Results may fail to come although they were asked for: the users are silent, their
// streams are not moderated because they opted out, or the vendor sends none of what
// passes. So a room is not restarted for silence again in that life of the room, unless
// steady results have come since: for two and a half minutes, without a gap of that
// length.
func WithSilence(d time.Duration) Option {
	return duration("WithSilence", func(c *config, d time.Duration) { c.silence, c.silenceSet = d, true }, d, 0)
}

// WithMemory sets how long a room is remembered that has closed, for events that
// come late. The default is an hour; zegoredis keeps nothing for longer than 144.
// The store in memory forgets rooms only while [Moderator.Run] runs.
func WithMemory(d time.Duration) Option {
	return duration("WithMemory", func(c *config, d time.Duration) { c.memory = d }, d, time.Minute)
}

// WithInterval sets how often [Moderator.Run] looks for work that is due. The
// default is a second.
func WithInterval(d time.Duration) Option {
	return duration("WithInterval", func(c *config, d time.Duration) { c.interval = d }, d, time.Millisecond)
}

// WithBackoff sets the waits between attempts of a call that fails: the first, and
// the longest. The defaults are 1 s and 5 min. If a vendor names a time, the wait is
// at least that long, up to the longest.
func WithBackoff(shortest, longest time.Duration) Option {
	return func(c *config) error {
		if shortest <= 0 || longest < shortest {
			return errors.New("moderator: WithBackoff: must be greater than 0, the second not less than the first")
		}
		c.minBackoff, c.maxBackoff = shortest, longest
		return nil
	}
}

// WithWorkers sets how many rooms [Moderator.Run] works on at a time. The
// default is 16.
func WithWorkers(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return errors.New("moderator: WithWorkers: must be at least 1")
		}
		c.workers = n
		return nil
	}
}

// WithLogger logs each start and stop of a task at Info, with room_id and
// task_id, and each failure at Warn, with room_id and error. A restart for silence and
// a Start that may make a second task are logged at Warn too. Without it, or with nil,
// the package is silent.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l == nil {
			l = slog.New(slog.DiscardHandler)
		}
		c.logger = l
		return nil
	}
}

// WithClock replaces [time.Now], for tests. The clock of leases is the store's.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("moderator: WithClock: must not be nil")
		}
		c.now = now
		return nil
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// New makes a moderator. It reports all faults of its arguments.
func New(p Provider, opts ...Option) (*Moderator, error) {
	m := &Moderator{provider: p, config: config{
		lease:       time.Minute,
		unknownWait: idle * time.Millisecond,
		silence:     5 * time.Minute,
		memory:      time.Hour,
		interval:    time.Second,
		minBackoff:  time.Second,
		maxBackoff:  5 * time.Minute,
		workers:     16,
		logger:      slog.New(slog.DiscardHandler),
		now:         time.Now,
		sleep:       sleep,
		random:      mathrand.Int64N,
	}}
	var faults []error
	if p == nil {
		faults = append(faults, errors.New("moderator: the provider must not be nil"))
	}
	faults = append(faults, checkProvider(p)...)
	for _, opt := range opts {
		if opt == nil {
			faults = append(faults, errors.New("moderator: an option must not be nil"))
			continue
		}
		if err := opt(&m.config); err != nil {
			faults = append(faults, err)
		}
	}
	if m.silenceSet && m.silence > 0 && p != nil && !reportsResults(p) {
		faults = append(faults, errors.New("moderator: WithSilence: must be 0, as the provider has no ResultInterval: silence does not show that a task has ended"))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if m.store = m.config.store; m.store == nil {
		m.store = NewMemoryStore(m.now)
	}
	return m, nil
}

// checkProvider returns what is wrong with a provider of this package.
func checkProvider(p Provider) []error {
	if c, ok := p.(interface{ check() []error }); ok {
		return c.check()
	}
	return nil
}

// reportsResults reports whether a provider, or one of several, has a ResultInterval.
func reportsResults(p Provider) bool {
	if v, ok := p.(Vendors); ok {
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), reportsResults)
	}
	return resultInterval(p) > 0
}

// silenceOf is how long the task of a room may go without a result. 0 means that
// silence says nothing.
func (m *Moderator) silenceOf(roomID string) time.Duration {
	p := m.provider
	for v, ok := p.(Vendors); ok; v, ok = p.(Vendors) {
		var err error
		if p, roomID, err = v.of(roomID); err != nil {
			return 0 // its Start fails with that
		}
	}
	interval := resultInterval(p)
	if m.silence == 0 || interval == 0 {
		return 0
	}
	return max(m.silence, 3*interval)
}

// ErrShutdown is returned after [Moderator.Shutdown].
var ErrShutdown = errors.New("moderator: shut down")

// RoomOpened tells that a room lives. It returns when the store knows, and the
// task was started, has failed to start and will be tried again by
// [Moderator.Run], or is another replica's work. An error means that the store may
// not know: tell it again.
func (m *Moderator) RoomOpened(ctx context.Context, r Room) error {
	if r.ID == "" || r.CreatedAt.UnixMilli() <= 0 {
		return errors.New("moderator: a room needs an ID and the time of its creation")
	}
	return m.tell(ctx, r.ID, event{Kind: opened, Session: r.SessionID, At: r.CreatedAt.UnixMilli()})
}

// RoomClosed tells that a room ended at a time. An error means that the store may
// not know: tell it again.
func (m *Moderator) RoomClosed(ctx context.Context, r Room, at time.Time) error {
	if r.ID == "" || at.IsZero() {
		return errors.New("moderator: a room needs an ID and the time of its end")
	}
	return m.tell(ctx, r.ID, event{Kind: closed, Session: r.SessionID, At: at.UnixMilli()})
}

// TaskFound reports a result: a task was moderating a room at a time. If the room had
// begun by then and has no task, the task is adopted. If nothing is known of the room,
// it is ignored, as it may be another program's. Otherwise it is stopped. A result that
// is not the first of its task goes to the store once a minute, or five times in the time
// of [WithSilence], so that TaskFound may be called for each result.
func (m *Moderator) TaskFound(ctx context.Context, roomID, taskID string, at time.Time) error {
	return m.taskRan(ctx, event{Kind: found, Task: taskID}, roomID, at)
}

// TaskStarted reports that a task was running at a time, if that is known from
// something other than a result, as its start. It does what [Moderator.TaskFound]
// does, but does not show that the task has results: see [WithSilence].
func (m *Moderator) TaskStarted(ctx context.Context, roomID, taskID string, at time.Time) error {
	return m.taskRan(ctx, event{Kind: started, Task: taskID}, roomID, at)
}

func (m *Moderator) taskRan(ctx context.Context, e event, roomID string, at time.Time) error {
	if roomID == "" || e.Task == "" || at.IsZero() {
		return errors.New("moderator: a task needs a room, an ID, and a time")
	}
	fresh := knownTime
	if silence := m.silenceOf(roomID); silence > 0 {
		// What the store knows of a task's results is older by this, by the length of what a
		// result is about, and by the way of its callback. Together that must not be silence.
		fresh = min(fresh, silence/5)
	}
	if m.known.has(roomID, e.Task, m.now(), fresh) {
		return nil
	}
	e.At = at.UnixMilli()
	return m.tell(ctx, roomID, e)
}

// TaskEnded tells that a task had ended at a time. While its room lives it is
// started anew.
func (m *Moderator) TaskEnded(ctx context.Context, roomID, taskID string, at time.Time) error {
	if roomID == "" || taskID == "" || at.IsZero() {
		return errors.New("moderator: a task needs a room, an ID, and a time")
	}
	return m.tell(ctx, roomID, event{Kind: ended, Task: taskID, At: at.UnixMilli()})
}

// TaskTeller is what a [Provider] also is that can tell its tasks by ZEGO's
// callbacks: [AudioProvider] and [VideoProvider] do.
type TaskTeller interface {
	// TaskOf returns which task a callback is about, when it was running, and
	// whether it has ended. A taskID of "" means none of the provider's.
	TaskOf(e callback.Event) (roomID, taskID string, at time.Time, ended bool)
}

// Handle takes ZEGO's callbacks: what they tell of rooms and streams, and of the
// tasks of its provider, if that is a [TaskTeller]. It is meant for
// [callback.NewHandler]; other events pass it by. An error means that ZEGO must
// send the callback again.
//
// Results are looked at only by their task: what to do about them is yours.
func (m *Moderator) Handle(ctx context.Context, e callback.Event) error {
	switch e := e.(type) {
	case *callback.RoomCreated:
		return m.RoomOpened(ctx, Room{e.RoomID, e.RoomSessionID, orElse(e.CreateTime, e.Timestamp)})
	case *callback.StreamCreated:
		return m.RoomOpened(ctx, Room{e.RoomID, e.RoomSessionID, orElse(e.CreateTime, e.Timestamp)})
	case *callback.RoomClosed:
		return m.RoomClosed(ctx, Room{ID: e.RoomID, SessionID: e.RoomSessionID}, orElse(e.CloseTime, e.Timestamp))
	}
	p, ok := m.provider.(TaskTeller)
	if !ok {
		return nil
	}
	roomID, taskID, at, ended := p.TaskOf(e)
	switch {
	case roomID == "" || taskID == "":
		return nil
	case ended:
		return m.TaskEnded(ctx, roomID, taskID, at)
	}
	return m.TaskFound(ctx, roomID, taskID, at)
}

func orElse(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}

// Reconcile compares what the store knows with the rooms that live, for the sake
// of callbacks that were lost: those that are missing are opened, and those that
// are no more are closed. The list may lag by up to a minute: of younger rooms none
// is closed. It must be whole: where it cannot be, end ctx, and nothing is closed.
// A room that was closed for a wrong list is opened again by a right one, or by
// news of it.
//
// Where the list does not know the session of a room, it tells only that the
// room lives.
func (m *Moderator) Reconcile(ctx context.Context, liveRooms iter.Seq[Room]) error {
	const lag = time.Minute
	began := m.now()
	entries := make(map[string]state)
	for e, err := range m.store.Rooms(ctx) {
		if err != nil {
			return err
		}
		entries[e.RoomID] = m.decode(e.RoomID, e.State)
	}
	type news struct {
		id string
		e  event
	}
	var all []news
	var faults []error
	for r := range liveRooms {
		s, known := entries[r.ID]
		delete(entries, r.ID)
		fresh := !s.silent(began.UnixMilli(), m.silenceOf(r.ID).Milliseconds(), 0)
		if known && s.live() && s.Task != "" && fresh && (r.SessionID == 0 || r.SessionID == s.Session) {
			continue
		}
		if r.ID == "" || r.CreatedAt.UnixMilli() <= 0 {
			faults = append(faults, fmt.Errorf("moderator: room %q needs an ID and the time of its creation", r.ID))
			continue
		}
		all = append(all, news{r.ID, event{Kind: opened, Session: r.SessionID, At: r.CreatedAt.UnixMilli()}})
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(append(faults, err)...)
	}
	for _, id := range slices.Sorted(maps.Keys(entries)) {
		if s := entries[id]; s.live() && began.Sub(time.UnixMilli(s.Created)) > lag {
			all = append(all, news{id, event{Kind: closed, Session: s.Session, At: began.UnixMilli(), Guess: true}})
		}
	}
	return errors.Join(append(faults, each(m.workers, all, func(n news) error { return m.tell(ctx, n.id, n.e) }))...)
}

// decode reads a state. What cannot be read is begun anew: it would otherwise
// keep its room from being moderated.
func (m *Moderator) decode(roomID string, b []byte) state {
	s, err := decodeState(b)
	if err != nil {
		m.failed(roomID, "reading the store", err)
		return state{}
	}
	return s
}

// Tasks returns the tasks that the store knows to be running, of all replicas.
func (m *Moderator) Tasks(ctx context.Context) ([]Task, error) {
	var all []Task
	for e, err := range m.store.Rooms(ctx) {
		if err != nil {
			return nil, err
		}
		s := m.decode(e.RoomID, e.State)
		if s.Task != "" {
			all = append(all, s.task(e.RoomID, s.Task))
		}
		for _, stray := range s.Stray {
			all = append(all, s.task(e.RoomID, stray))
		}
	}
	return all, nil
}

func (s *state) room(id string) Room {
	return Room{ID: id, SessionID: s.Session, CreatedAt: time.UnixMilli(s.Created)}
}

func (s *state) task(roomID, id string) Task {
	t := Task{ID: id, Room: s.room(roomID)}
	if id == s.Task {
		t.Since = time.UnixMilli(s.Since)
	}
	return t
}

// Run does all pending work until ctx ends: it retries calls that failed, resolves
// Starts without an answer, and continues the work that crashed processes left. Each
// replica must run it.
func (m *Moderator) Run(ctx context.Context) error {
	tick := time.NewTicker(m.interval)
	defer tick.Stop()
	for {
		if err := m.sweep(ctx); err != nil && ctx.Err() == nil {
			if errors.Is(err, ErrShutdown) {
				return err
			}
			m.logger.LogAttrs(ctx, slog.LevelWarn, "moderator: store failed", slog.String("error", err.Error()))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sweep does what is due now.
func (m *Moderator) sweep(ctx context.Context) error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return ErrShutdown
	}
	m.inFlight.Add(1)
	defer m.inFlight.Done()
	orphans := m.orphans
	m.orphans = nil
	m.mu.Unlock()
	for _, o := range orphans {
		if err := m.work(ctx, o.roomID, o.event); err != nil {
			m.orphan(o)
		}
	}
	const most = 1000
	due, err := m.store.Due(ctx, most)
	if err != nil {
		return err
	}
	// Replicas that look at the same time should not all begin with the same.
	for i := len(due) - 1; i > 0; i-- {
		j := m.random(int64(i + 1))
		due[i], due[j] = due[j], due[i]
	}
	return each(m.workers, due, func(id string) error { return m.work(ctx, id) })
}

// each works on rooms, several at a time.
func each[T any](workers int, rooms []T, do func(T) error) error {
	if workers == 1 || len(rooms) == 1 {
		var faults []error
		for _, r := range rooms {
			faults = append(faults, do(r))
		}
		return errors.Join(faults...)
	}
	var (
		work   = make(chan T)
		all    sync.WaitGroup
		mu     sync.Mutex
		faults []error
	)
	for range min(workers, len(rooms)) {
		all.Go(func() {
			for r := range work {
				if err := do(r); err != nil {
					mu.Lock()
					faults = append(faults, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, r := range rooms {
		work <- r
	}
	close(work)
	all.Wait()
	return errors.Join(faults...)
}

// Shutdown refuses what comes from now on, and waits until what has come is
// done, or until ctx ends. With stop it then stops the task of every room that
// the store knows, those of other replicas too: it is for the end of the whole
// service, not of one of its replicas. A room that still lives is moderated again
// when a moderator that is made later hears of it. An error tells how many tasks
// are left, or may be.
func (m *Moderator) Shutdown(ctx context.Context, stop bool) error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	done := make(chan struct{})
	go func() {
		m.inFlight.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	m.mu.Lock()
	orphans := m.orphans
	m.mu.Unlock()
	for _, o := range orphans {
		if err := m.work(ctx, o.roomID, o.event); err != nil {
			return fmt.Errorf("moderator: task %q of room %q is known to nobody else: %w", o.event.Task, o.roomID, err)
		}
	}
	if !stop {
		return nil
	}
	var rooms []Entry
	for e, err := range m.store.Rooms(ctx) {
		if err != nil {
			return err
		}
		rooms = append(rooms, e)
	}
	unknown := 0
	err := each(m.workers, rooms, func(e Entry) error {
		s := m.decode(e.RoomID, e.State)
		return m.work(ctx, e.RoomID, event{Kind: closed, Session: s.Session, At: max(m.now().UnixMilli(), s.Created, s.News), Guess: true})
	})
	for _, e := range rooms {
		if s := m.decode(e.RoomID, e.State); s.live() && s.Task == "" && s.Unknown > m.now().UnixMilli() {
			unknown++
		}
	}
	if unknown > 0 {
		err = errors.Join(err, fmt.Errorf("moderator: of %d Starts the outcome is not known", unknown))
	}
	left, tasksErr := m.Tasks(ctx)
	if len(left) > 0 {
		err = errors.Join(err, fmt.Errorf("moderator: %d tasks could not be stopped", len(left)))
	}
	return errors.Join(err, tasksErr)
}

// tell has the store take events, and does what follows from them.
func (m *Moderator) tell(ctx context.Context, roomID string, events ...event) error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return ErrShutdown
	}
	m.inFlight.Add(1)
	m.mu.Unlock()
	defer m.inFlight.Done()
	return m.work(ctx, roomID, events...)
}

// work claims a room, does what its events ask for, and gives it back. Two calls
// of the store are all it takes, unless more events come meanwhile.
func (m *Moderator) work(ctx context.Context, roomID string, events ...event) error {
	encoded := make([][]byte, len(events))
	for i, e := range events {
		encoded[i] = e.encode()
	}
	began := m.now()
	c, err := m.begin(ctx, roomID, encoded)
	if err != nil || !c.Held {
		return err
	}
	s := m.decode(roomID, c.State)
	// The store has the events, and the room is claimed: from here on the sender
	// may go without harm.
	h := &hold{Moderator: m, Claim: c, ctx: context.WithoutCancel(ctx), began: began, read: m.now(), state: s}
	if c.Abandoned {
		h.state.suspect, h.state.Doubt = true, c.Now.UnixMilli()
	}
	h.apply()
	if now := h.clock(); c.Abandoned && h.state.live() && h.state.Task == "" && h.state.Unknown <= now {
		// Whoever had the room before may have sent a Start.
		h.state.Unknown = now + m.unknownWait.Milliseconds()
	}
	for {
		h.act()
		asked := m.now()
		more, err := h.finish()
		if err != nil {
			h.lost(err)
			return nil // the events are in the store: whoever has the room next sees to them
		}
		m.known.set(roomID, h.state.Task, m.now(), h.heard)
		if len(more) == 0 {
			return nil
		}
		h.began, h.state.suspect, h.done = asked, false, nil
		h.State, h.Events = h.state.encode(), more
		h.Round++
		h.apply()
	}
}

// begin claims a room. Where the answer is lost, the same call is made again: a
// claim that nobody knows of would keep the room from everybody for its lease.
func (m *Moderator) begin(ctx context.Context, roomID string, events [][]byte) (c Claim, err error) {
	token := rand.Text()
	for try := range 3 {
		if try > 0 {
			m.sleep(ctx, 50*time.Millisecond)
		}
		if c, err = m.store.Begin(ctx, roomID, token, m.lease, events...); err == nil || ctx.Err() != nil {
			break
		}
	}
	return c, err
}

// hold is a claim that was had, and what this replica does under it.
type hold struct {
	*Moderator
	Claim
	ctx   context.Context
	began time.Time // a moment before the lease did
	read  time.Time // a moment after the store's clock showed Now
	state state
	done  []event // what was done, and is not yet kept
	heard bool    // the task of the room was heard of
}

// clock is the store's, in Unix milliseconds.
func (h *hold) clock() int64 { return h.Now.Add(h.now().Sub(h.read)).UnixMilli() }

// within is a context that ends when a part of the lease has passed.
func (h *hold) within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.ctx, d-h.now().Sub(h.began))
}

// apply changes the state by the events of the claim: first by what they tell of
// the room, then of its tasks, as a task is judged by the life of the room that
// it was found in.
func (h *hold) apply() {
	events := make([]event, 0, len(h.Events))
	for _, b := range h.Events {
		var e event
		if err := json.Unmarshal(b, &e); err != nil {
			h.failed(h.RoomID, "reading the store", err)
			continue
		}
		events = append(events, e)
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.order(), b.order()) })
	tasks := slices.IndexFunc(events, func(e event) bool { return e.order() > 0 })
	if tasks < 0 {
		tasks = len(events)
	}
	h.heard = false
	news, seen := false, int64(0)
	for _, e := range events[:tasks] {
		h.state.apply(e)
		news = news || e.Kind == opened
	}
	for _, e := range events[tasks:] {
		if e.running() && e.Task == h.state.Task {
			seen = max(seen, e.At)
			h.heard = h.heard || e.Kind == found
		}
	}
	silent := ""
	if news {
		silent = h.endSilent(seen)
	}
	for _, e := range events[tasks:] {
		if !e.running() || e.Task != silent { // what it was seen to do is too long ago
			h.state.apply(e)
		}
	}
	if s := &h.state; s.brief && s.live() && s.Task == "" {
		h.failed(h.RoomID, "start", errBrief)
		if s.Brief > 1 { // after the first, the next one may do better
			s.Start.Times = s.Brief - 2
			h.settled(&s.Start, errBrief)
		}
	}
	h.state.brief = false
}

// endSilent has the task of the room stopped if it has been without a result for too
// long, and returns it.
func (h *hold) endSilent(seen int64) (task string) {
	silence := h.silenceOf(h.RoomID)
	if task = h.state.endSilent(h.clock(), silence.Milliseconds(), seen); task != "" {
		h.stats.silenceRestarts.Add(1)
		h.logger.LogAttrs(h.ctx, slog.LevelWarn, fmt.Sprintf("moderator: no result for %v: task is restarted", silence),
			slog.String("room_id", h.RoomID), slog.String("task_id", task))
	}
	return task
}

// finish gives the room back. While the lease lasts it is tried again: a task
// that was just started would otherwise be known to nobody.
func (h *hold) finish() ([][]byte, error) {
	ctx, cancel := h.within(h.lease)
	defer cancel()
	wake, keep := h.state.next(h.clock(), h.memory)
	for wait := h.lease / 100; ; wait *= 2 {
		more, err := h.store.Finish(ctx, h.Claim, h.state.encode(), len(h.Events), h.lease, wake, keep)
		if err == nil || errors.Is(err, ErrFenced) {
			return more, err
		}
		h.sleep(ctx, wait)
		if ctx.Err() != nil || h.now().Sub(h.began) > h.lease {
			return nil, err
		}
	}
}

// lost is where the outcome of a claim could not be kept. The store is told of
// the task that was started under it as of one that was found, and of those that
// were stopped as of ones that have ended: whoever has the room now may have
// taken one over.
func (h *hold) lost(err error) {
	h.logger.LogAttrs(h.ctx, slog.LevelWarn, "moderator: claim lost", slog.String("room_id", h.RoomID), slog.String("error", err.Error()))
	for _, e := range h.done {
		if !errors.Is(err, ErrFenced) || h.work(h.ctx, h.RoomID, e) != nil {
			h.orphan(orphan{h.RoomID, e})
		}
	}
}

func (m *Moderator) orphan(o orphan) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.orphans = append(m.orphans, o)
}

// act stops the tasks that must not run, and starts the one that must. It
// changes the state by what comes of it.
func (h *hold) act() {
	s := &h.state
	now := h.clock()
	if stop := s.unwanted(); len(stop) > 0 && s.Stop.Retry <= now {
		// With half the time at most: what must not run may not keep what must.
		h.stop(stop, h.lease*2/5)
	}
	if now = h.clock(); s.live() && s.Task == "" && s.Unknown <= now && s.Start.Retry <= now {
		h.start(h.lease * 4 / 5)
	}
}

// stop stops tasks, until a part of the lease has passed.
func (h *hold) stop(tasks []string, until time.Duration) {
	s := &h.state
	ctx, cancel := h.within(until)
	defer cancel()
	var failure error
	for _, id := range tasks {
		err := errLate
		if h.now().Sub(h.began) < until {
			err = h.provider.Stop(ctx, s.task(h.RoomID, id))
		}
		if err != nil {
			failure = err
			h.failed(h.RoomID, "stop", err)
			continue
		}
		at := h.clock()
		s.end(id, at)
		h.done = append(h.done, event{Kind: ended, Task: id, At: at})
		h.stats.stops.Add(1)
		h.logger.LogAttrs(ctx, slog.LevelInfo, "moderator: stopped", slog.String("room_id", h.RoomID), slog.String("task_id", id))
	}
	h.settled(&s.Stop, failure)
}

// settled notes how calls have ended.
func (h *hold) settled(f *failing, failure error) {
	if failure == nil {
		*f = failing{}
		return
	}
	f.Times++
	f.Retry = h.clock() + h.backoff(f.Times, failure).Milliseconds()
}

// errBrief means that a task ended when it had hardly been started.
var errBrief = errors.New("moderator: the task ended at once")

// errLate means that too little is left of a claim for a call.
var errLate = errors.New("moderator: no time is left of the claim")

// start starts a task, if less than a part of the lease has passed.
func (h *hold) start(until time.Duration) {
	s := &h.state
	if h.now().Sub(h.began) >= until {
		h.failed(h.RoomID, "start", errLate)
		h.settled(&s.Start, errLate)
		return
	}
	ctx, cancel := h.within(until)
	defer cancel()
	second := s.Unknown != 0 // an earlier Start may have made a task too
	sent := h.clock()
	task, err := h.provider.Start(ctx, s.room(h.RoomID))
	if err == nil && task == "" {
		err = errors.New("the provider gave no task ID")
	}
	if second && (err == nil || errors.Is(err, zegocensor.ErrOutcomeUnknown)) {
		h.stats.startsAfterUnknown.Add(1)
		h.logger.LogAttrs(ctx, slog.LevelWarn, "moderator: started again after a Start whose outcome is unknown: a second task may run", slog.String("room_id", h.RoomID))
	}
	switch {
	case err == nil:
		h.stats.starts.Add(1)
		s.take(task, sent)
		h.done = append(h.done, event{Kind: started, Task: task, At: sent})
		h.logger.LogAttrs(ctx, slog.LevelInfo, "moderator: started", slog.String("room_id", h.RoomID), slog.String("task_id", task))
	case errors.Is(err, zegocensor.ErrOutcomeUnknown):
		h.stats.unknownStarts.Add(1)
		s.Unknown = h.clock() + h.unknownWait.Milliseconds()
		h.failed(h.RoomID, "start", err)
	default:
		h.failed(h.RoomID, "start", err)
		h.settled(&s.Start, err)
	}
}

func (m *Moderator) failed(roomID, call string, err error) {
	m.logger.LogAttrs(context.Background(), slog.LevelWarn, "moderator: "+call+" failed", slog.String("room_id", roomID), slog.String("error", err.Error()))
}

// backoff is how long the next try waits after so many failures.
func (m *Moderator) backoff(failures int, err error) time.Duration {
	wait := m.maxBackoff
	if failures < 20 {
		wait = min(wait, m.minBackoff<<(failures-1))
	}
	wait = wait/2 + time.Duration(m.random(int64(wait/2)+1))
	var told interface{ RetryAfter() time.Duration }
	if errors.As(err, &told) {
		wait = max(wait, min(told.RetryAfter(), m.maxBackoff))
	}
	return wait
}
