package trtctest

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/zegocensor/zegocensor-go/internal/fake"
	"github.com/zegocensor/zegocensor-go/internal/schedule"
	"github.com/zegocensor/zegocensor-go/trtc"
)

// The application that a server serves.
const (
	SdkAppID     uint32 = 1400000001
	SecretID            = "AKIDtrtctest0123456789"
	SecretKey           = "trtctest-secret-key-0123456789"
	SDKSecretKey        = "trtctest-sdk-secret-key-0123456789"
	CallbackKey         = "trtctestcallbackkey0123456789"
)

// Server is a running fake. Make it with [NewServer].
type Server struct {
	rateLimit      int
	maxTasks       int
	requireStorage bool
	clock          func() time.Time

	url      string
	schedule *schedule.Schedule
	sender   *http.Transport // of callbacks
	http     *http.Server
	ctx      context.Context // ends with Close
	stop     context.CancelFunc
	served   sync.WaitGroup

	mu          sync.Mutex
	requests    []*Request
	tasks       []*Task
	rooms       map[Room]map[string]bool // who publishes in each
	emptied     map[Room]time.Time       // since when nobody does
	accepted    fake.Rate
	actions     map[string]func(Request) (any, trtc.Code)
	faults      rules[Fault]
	deliveries  rules[Delivery]
	callbackURL string
	callbacks   []*Callback
	serial      int
}

// Option changes a [Server] while [NewServer] makes it.
type Option func(*Server)

// WithRateLimit sets how many calls a second each action accepts before it answers
// RequestLimitExceeded. The default is 20; 0 means no limit.
func WithRateLimit(perSecond int) Option { return func(s *Server) { s.rateLimit = perSecond } }

// WithRequiredStorage makes the server refuse a Create without ModerationStorageParams,
// with MissingParameter.SliceStorageParams, as the API references of Tencent's two
// sites require it. By default it is optional, as in Tencent's machine-readable
// description of the mainland's API. An empty object is enough either way: whether an
// account needs a storage although no file is kept is not documented, and can be played
// by [Server.Inject].
func WithRequiredStorage() Option { return func(s *Server) { s.requireStorage = true } }

// WithMaxTasks sets how many tasks may run at a time before a Create gets
// FailedOperation.RestrictedConcurrency. The default is 500.
func WithMaxTasks(n int) Option { return func(s *Server) { s.maxTasks = n } }

// WithClock replaces [time.Now] as the server's clock, which decides on the age of
// timestamps and writes the Date header.
func WithClock(now func() time.Time) Option { return func(s *Server) { s.clock = now } }

// NewServer starts a server on a loopback port. It panics when it cannot listen, as
// [net/http/httptest.NewServer] does, or when an option is wrong. Close it.
func NewServer(opts ...Option) *Server {
	s := &Server{
		rateLimit: trtc.DocumentedRate("").PerSecond,
		maxTasks:  500,
		clock:     time.Now,
		sender:    &http.Transport{MaxIdleConnsPerHost: 100, IdleConnTimeout: 30 * time.Second},
		rooms:     make(map[Room]map[string]bool),
		emptied:   make(map[Room]time.Time),
		actions:   make(map[string]func(Request) (any, trtc.Code)),
	}
	for _, opt := range opts {
		opt(s)
	}
	if s.rateLimit < 0 || s.maxTasks < 1 || s.clock == nil {
		panic("trtctest: WithRateLimit must not be negative, WithMaxTasks must be at least 1, and WithClock must not be nil")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("trtctest: " + err.Error())
	}
	s.url = "http://" + listener.Addr().String()
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.schedule = schedule.New(s.ctx, s.clock)
	s.actions["CreateCloudModeration"] = s.create
	s.actions["DescribeCloudModeration"] = s.describe
	s.actions["ModifyCloudModeration"] = s.modify
	s.actions["DeleteCloudModeration"] = s.delete
	s.http = &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
	s.served.Go(func() { _ = s.http.Serve(listener) })
	s.served.Go(s.schedule.Run)
	return s
}

// Close ends the server, with the calls that are hanging and the callbacks that are
// on their way. It may be called twice.
func (s *Server) Close() {
	s.stop()
	_ = s.http.Close()
	s.served.Wait()
	s.sender.CloseIdleConnections()
}

// URL is the server's address, for [trtc.WithBaseURL].
func (s *Server) URL() string { return s.url }

// Client makes a client for the server. It panics when an option is wrong.
func (s *Server) Client(opts ...trtc.Option) *trtc.Client {
	c, err := trtc.NewClient(SdkAppID, common.NewCredential(SecretID, SecretKey),
		append([]trtc.Option{trtc.WithBaseURL(s.url), trtc.WithSDKSecretKey(SDKSecretKey)}, opts...)...)
	if err != nil {
		panic("trtctest: " + err.Error())
	}
	return c
}

// Now is the time by the server's clock. Whoever turns it far should give it to the
// client ([trtc.WithClock]) and to what receives callbacks (callback.WithClock).
func (s *Server) Now() time.Time { return s.schedule.Now() }

// Advance turns the server's clock by d, and on the way does what falls due: further
// tries of callbacks, and the ends of idle tasks. After Advance(0) the first tries of
// all callbacks are over. It must not be called by what receives the callbacks.
func (s *Server) Advance(d time.Duration) {
	if d < 0 {
		panic("trtctest: Advance: must not be negative")
	}
	s.schedule.Advance(d)
}

// Request is a request as it arrived.
type Request struct {
	Action   string
	Header   http.Header
	Body     json.RawMessage
	Received time.Time // by the server's clock

	// The answer.
	Code       trtc.Code // "" = success
	HTTPStatus int       // 0 where the connection was cut, or while there is none yet
}

// Requests returns all requests so far, in the order of their arrival, those that
// were refused or cut too.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fake.Values(s.requests)
}

// Reset forgets the requests, the callbacks, the faults, the deliveries and the
// rate. Rooms and tasks stay, and so does what is on its way.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.callbacks, s.faults.all, s.deliveries.all = nil, nil, nil, nil
	s.accepted.Reset()
}

// HandleAction has the server answer another action, such as DismissRoom, with what
// h returns: what is in the Response in addition to the RequestId, an object or nil, or an
// error code.
func (s *Server) HandleAction(name string, h func(Request) (response any, code trtc.Code)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actions[name] = h
}

// rules are what a test has set to happen, each for so many times.
type rules[T any] struct {
	all    []*rule[T]
	serial int
}

type rule[T any] struct {
	value T
	id    int
	left  int // 0 = for ever
}

func (r *rules[T]) add(value T, times int) (id int) {
	r.serial++
	r.all = append(r.all, &rule[T]{value, r.serial, times})
	return r.serial
}

func (r *rules[T]) remove(id int) {
	r.all = slices.DeleteFunc(r.all, func(e *rule[T]) bool { return e.id == id })
}

// take returns the first that fits, and counts it.
func (r *rules[T]) take(fits func(T) bool) (value T) {
	i := slices.IndexFunc(r.all, func(e *rule[T]) bool { return fits(e.value) })
	if i < 0 {
		return value
	}
	e := r.all[i]
	if e.left--; e.left == 0 {
		r.remove(e.id)
	}
	return e.value
}
