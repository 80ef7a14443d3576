package zegotest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/internal/fake"
	"github.com/zegocensor/zegocensor-go/internal/schedule"
)

// The project that a server serves unless an option says otherwise.
const (
	DefaultAppID        uint32 = 1234567890
	DefaultServerSecret        = "zegotest-server-secret-0123456789"

	DefaultCallbackSecret = "zegotest-callback-secret-0123456789"
)

// Server is a running fake. Make it with [NewServer].
type Server struct {
	appID          uint32
	secret         string
	callbackSecret string
	rateLimit      int
	fixedRate      bool // the rates are not the documented ones
	history        int  // 0 = everything
	hosts          []string
	logger         *slog.Logger
	clock          func() time.Time
	guesses        guesses
	userEvents     bool
	olderEvents    bool

	url         string
	controls    http.Handler
	schedule    *schedule.Schedule
	sender      *http.Transport // of callbacks
	http        *http.Server
	ctx         context.Context // ends with Close
	stop        context.CancelFunc
	served      sync.WaitGroup
	connections atomic.Int64

	mu          counted
	actions     map[string]action
	requests    []*Request
	tasks       []*Task
	taskByID    map[string]*Task
	rooms       []*Room
	roomByID    map[string]*Room // the last life of each
	tokens      map[string]*token
	tokenIDs    []string // in their order
	rules       rules
	publishing  map[string]publishing // by stream
	accepted    fake.Rate
	faults      []*Fault
	callbackURL string
	callbacks   []*Callback
	deliveries  []*Delivery
	plays       []*Play
	pulls       map[pull]bool
	pending     map[*Callback]bool // on their way
	serial      uint64             // of request IDs
	sessions    uint64             // of rooms
	streams     uint64             // that were ever published
	streamSeq   uint64             // changes of streams
	logins      uint64
	results     uint64
	injections  int
}

// counted is a lock that counts what may have changed under it, so that a page
// is told only when something has.
type counted struct {
	sync.RWMutex
	n atomic.Uint64
}

func (c *counted) Lock() {
	c.RWMutex.Lock()
	c.n.Add(1)
}

func (c *counted) touch() { c.n.Add(1) }

// Option changes a [Server] while [NewServer] makes it.
type Option func(*Server)

// WithAppID replaces [DefaultAppID].
func WithAppID(id uint32) Option { return func(s *Server) { s.appID = id } }

// WithServerSecret replaces [DefaultServerSecret]. With an empty secret every
// request gets code 100000010, "no ServerSecret for this AppId".
func WithServerSecret(secret string) Option { return func(s *Server) { s.secret = secret } }

// WithCallbackSecret replaces [DefaultCallbackSecret].
func WithCallbackSecret(secret string) Option { return func(s *Server) { s.callbackSecret = secret } }

// WithRateLimit sets how many calls a second each action accepts before it answers
// 206, or 30002 if it is one of the media service; 0 means no limit. Rooms then
// have no limit of their own. By default each action has its documented rate
// ([zegocensor.DocumentedRate]), also for each room, which answers 207.
func WithRateLimit(perSecond int) Option {
	return func(s *Server) { s.rateLimit, s.fixedRate = perSecond, true }
}

// WithClock replaces [time.Now] as the server's clock, which decides on the age
// of timestamps, the validity of tokens and the rate, and writes the Date header.
// What falls due at a later time is done when [Server.Advance] comes to it.
func WithClock(now func() time.Time) Option { return func(s *Server) { s.clock = now } }

// WithUserEvents has room_login and room_logout sent. ZEGO sends each kind of event
// only if it is switched on in its console; here these two are not at first, and the
// other room and stream events always are.
func WithUserEvents() Option { return func(s *Server) { s.userEvents = true } }

// WithEventsOf2023 has room and stream events written as ZEGO's pages of 2023 print
// them: without room_session_id, and those of streams with channel_id, stream_alias
// and publish_id in place of room_id, stream_id and user_id, without milliseconds.
func WithEventsOf2023() Option { return func(s *Server) { s.olderEvents = true } }

// WithHistory keeps only the last n of the requests, of the callbacks, of the tasks
// and rooms that have ended and of the tokens, and 32 MiB of each kind at most, for
// a server that runs for long. The default, 0, keeps them all until [Server.Reset].
func WithHistory(n int) Option { return func(s *Server) { s.history = n } }

// historyBytes bounds what is kept of a kind if WithHistory bounds its number.
const historyBytes = 32 << 20

// WithHosts adds host names that requests may use. Without it, the Host
// header must be localhost or an IP address, or for calls of the server API one of
// ZEGO's names: a page of another site that a browser shows could otherwise reach
// the server by a name of its own (DNS rebinding).
func WithHosts(names ...string) Option {
	return func(s *Server) { s.hosts = append(s.hosts, names...) }
}

// WithLogger has a warning logged when [Server.Advance] has turned the clock more
// than ten minutes ahead. A receiver that does not use the server's clock then
// refuses the callbacks, as it should. nil, the default, logs nothing.
func WithLogger(l *slog.Logger) Option { return func(s *Server) { s.logger = l } }

// NewServer starts a server on a loopback port. It panics when it cannot listen,
// as [net/http/httptest.NewServer] does, or when an option is wrong. Close it.
func NewServer(opts ...Option) *Server {
	s, err := Listen("127.0.0.1:0", opts...)
	if err != nil {
		panic("zegotest: " + err.Error())
	}
	return s
}

// Listen starts a server on a TCP address of choice, for programs. Its errors are
// those of listening, and options that are wrong. See [WithHosts] for what the Host
// header may be.
func Listen(address string, opts ...Option) (*Server, error) {
	s := &Server{
		appID:          DefaultAppID,
		secret:         DefaultServerSecret,
		callbackSecret: DefaultCallbackSecret,
		clock:          time.Now,
		guesses:        guesses{refusalStatus: http.StatusOK},
		sender:         &http.Transport{MaxIdleConnsPerHost: 100, IdleConnTimeout: 30 * time.Second},
		actions:        make(map[string]action),
		taskByID:       make(map[string]*Task),
		roomByID:       make(map[string]*Room),
		tokens:         make(map[string]*token),
		pulls:          make(map[pull]bool),
		pending:        make(map[*Callback]bool),
		publishing:     make(map[string]publishing),
	}
	for _, opt := range opts {
		opt(s)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	host := listener.Addr().(*net.TCPAddr)
	s.url = "http://" + host.String()
	if host.IP.IsUnspecified() {
		s.url = "http://127.0.0.1:" + strconv.Itoa(host.Port) // by one of the addresses that it has
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.schedule = schedule.New(s.ctx, s.clock)
	s.serial = uint64(s.Now().UnixNano())
	s.sessions = s.serial // like ZEGO's, too large for a float64
	s.addBuiltinActions()
	s.controls = s.control()
	s.http = &http.Server{
		Handler:  s,
		ErrorLog: log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.connections.Add(1)
			}
		},
	}
	s.served.Go(func() { _ = s.http.Serve(listener) })
	s.served.Go(s.schedule.Run)
	return s, nil
}

// check names every option that is wrong.
func (s *Server) check() error {
	var faults []error
	fault := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	fault(s.appID == 0, "WithAppID: must not be 0")
	fault(s.callbackSecret == "", "WithCallbackSecret: must not be empty")
	fault(s.rateLimit < 0, "WithRateLimit: must not be negative")
	fault(s.history < 0, "WithHistory: must not be negative")
	fault(s.clock == nil, "WithClock: must not be nil")
	fault(s.guesses.secondStart < SecondStartNewTask || s.guesses.secondStart > SecondStartRefused, "WithSecondStart: unknown")
	fault(s.guesses.refusalStatus < 200 || s.guesses.refusalStatus > 599, "WithRefusalStatus: must be between 200 and 599")
	return errors.Join(faults...)
}

// Close ends the server, with the calls that are hanging and the callbacks that
// are on their way. It may be called twice.
func (s *Server) Close() {
	s.stop()
	_ = s.http.Close()
	s.served.Wait()
	s.sender.CloseIdleConnections()
}

// Now is the time by the server's clock. Whoever turns that far should give it to
// the client ([zegocensor.WithClock]) and to what receives callbacks
// (callback.WithClock), which otherwise find what is ten minutes off stale.
func (s *Server) Now() time.Time { return s.schedule.Now() }

// Advance turns the server's clock by d. On the way it does what falls due, one
// after the other and each to its end: further tries of callbacks, and the ends
// of tasks without a stream. It first waits for what is being done: after
// Advance(0) the first tries of all callbacks are over. It must not be called by
// what receives the callbacks. Without Advance the same happens as time passes.
func (s *Server) Advance(d time.Duration) {
	if err := checkAdvance(d); err != nil {
		panic("zegotest: Advance: " + err.Error())
	}
	before := s.warning()
	s.schedule.Advance(d)
	s.mu.touch()
	if text := s.warning(); text != "" && before == "" && s.logger != nil {
		s.logger.Warn(text)
	}
}

// warning is what whoever runs the server should know, or "".
func (s *Server) warning() string {
	if s.schedule.Turned() <= maxDeviation {
		return ""
	}
	return "the clock is more than 10m ahead: receivers that use another clock refuse the callbacks as stale, and calls are refused as expired; reset turns it back"
}

func checkAdvance(d time.Duration) error {
	if d < 0 || d > 366*24*time.Hour {
		return errors.New("must not be negative, and a year at most")
	}
	return nil
}

// URL is the server's address, for [zegocensor.WithBaseURL].
func (s *Server) URL() string { return s.url }

// AppID is the project that the server serves.
func (s *Server) AppID() uint32 { return s.appID }

// ServerSecret is what requests must be signed with.
func (s *Server) ServerSecret() string { return s.secret }

// CallbackSecret is what callbacks are signed with.
func (s *Server) CallbackSecret() string { return s.callbackSecret }

// Client makes a client for the server. It panics when an option is wrong.
func (s *Server) Client(opts ...zegocensor.Option) *zegocensor.Client {
	c, err := zegocensor.NewClient(s.appID, s.secret, append([]zegocensor.Option{zegocensor.WithBaseURL(s.url)}, opts...)...)
	if err != nil {
		panic("zegotest: " + err.Error())
	}
	return c
}

// Connections is how many TCP connections were opened to the server so far.
func (s *Server) Connections() int { return int(s.connections.Load()) }

// Request is a request as it arrived at the gateway.
type Request struct {
	Action    string
	Method    string
	AppID     uint32    // 0 where it was missing or malformed
	Timestamp time.Time // zero where it was missing or malformed
	Nonce     string
	Signature string
	IsTest    bool
	Query     url.Values // what is not a public parameter
	Header    http.Header
	Body      []byte
	Received  time.Time // by the server's clock

	head int // bytes without the body

	// The answer.
	Fault      bool // an injected fault decided it, or had none sent: it is not ZEGO's
	Code       zegocensor.Code
	HTTPStatus int // 0 where the connection was cut, or while there is none yet
}

// Requests returns all requests so far, in the order of their arrival, those
// that were refused or cut too. They are kept until [Server.Reset].
func (s *Server) Requests() []Request {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return fake.Values(s.requests)
}

// Reset makes the server what it was at first: it forgets the requests, the rates,
// the rooms, the tasks, the tokens, the rules, the faults, the deliveries and the
// plays, gives up the callbacks that are on their way, and turns the clock back to
// where it would be without [Server.Advance]. No events are sent. What the options,
// [Server.SetCallbackURL] and [Server.HandleAction] have set stays. It must not be
// called by what receives the callbacks.
func (s *Server) Reset() {
	s.mu.Lock()
	pending := slices.Collect(maps.Keys(s.pending))
	s.requests, s.callbacks, s.faults, s.deliveries, s.plays = nil, nil, nil, nil, nil
	s.tasks, s.rooms, s.tokenIDs, s.rules = nil, nil, nil, rules{}
	clear(s.pending)
	clear(s.taskByID)
	clear(s.roomByID)
	clear(s.tokens)
	clear(s.publishing)
	clear(s.pulls)
	s.accepted.Reset()
	s.mu.Unlock()
	s.schedule.Reset()
	for _, c := range pending {
		c.progress.Finish(errReset)
	}
}

// forgetEndedLocked drops the tasks and rooms that have ended and are too many.
func (s *Server) forgetEndedLocked() {
	if s.history == 0 {
		return
	}
	moderated := make(map[string]bool)
	s.tasks = dropEnded(s.tasks, s.history, func(t *Task) (ended bool, size int) {
		if t.Running() {
			moderated[t.RoomID] = true
		}
		return !t.Running(), len(t.Body)
	}, func(t *Task) { delete(s.taskByID, t.ID) })
	s.rooms = dropEnded(s.rooms, s.history, func(r *Room) (ended bool, size int) {
		return !r.Live() && !moderated[r.ID], len(r.ID)
	}, func(r *Room) {
		if s.roomByID[r.ID] == r {
			delete(s.roomByID, r.ID)
		}
	})
}

// dropEnded keeps the last n of those that have ended, and historyBytes of them.
func dropEnded[T any](list []*T, n int, ended func(*T) (bool, int), dropped func(*T)) []*T {
	count, bytes := 0, 0
	for i, v := range slices.Backward(list) {
		over, size := ended(v)
		if !over {
			continue
		}
		count++
		bytes += size
		if count > n || bytes > historyBytes {
			dropped(v)
			list[i] = nil
		}
	}
	return slices.DeleteFunc(list, func(v *T) bool { return v == nil })
}

// Task is a moderation task that was started.
type Task struct {
	ID      string
	Action  string // StartCensorAudioV2 or StartCensorVideoV2
	RoomID  string
	EventID string
	Body    json.RawMessage // the request that started it
	Started time.Time
	Stopped time.Time // zero while it runs
	Idle    bool      // it ended by itself, after five minutes without a stream

	audio      object // what the Start says of audio; empty if it is not moderated
	video      object // what it says of frames
	finishInfo bool
}

// Running reports whether the task has not ended.
func (t Task) Running() bool { return t.Stopped.IsZero() }

// Tasks returns all tasks that were ever started, in their order.
func (s *Server) Tasks() []Task {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return fake.Values(s.tasks)
}

// Running returns the tasks that have not ended.
func (s *Server) Running() []Task {
	return slices.DeleteFunc(s.Tasks(), func(t Task) bool { return !t.Running() })
}

func (s *Server) requestID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	return strconv.FormatUint(s.serial, 10)
}
