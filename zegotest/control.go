package zegotest

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/internal/fake"
)

// controlPath is below which a person or a program of any language does to the
// server what a Go test does with the methods of Server. ZEGO has no such path.
const controlPath = "/_/"

//go:embed page
var page embed.FS

// control is the page and the API that it uses. The API speaks JSON:
//
//	GET    /_/api/state                        everything, the newest first
//	GET    /_/api/events                       the same, at each change, as server-sent events
//	POST   /_/api/rooms                        {"RoomId", "UserId"}
//	DELETE /_/api/rooms/{room}                 ?reason=0
//	POST   /_/api/rooms/{room}/streams         {"StreamId", "UserId", "Unmoderated"}
//	DELETE /_/api/rooms/{room}/streams/{stream}
//	POST   /_/api/rooms/{room}/users           {"UserId", "UserName", "UserRole"}
//	DELETE /_/api/rooms/{room}/users/{user}
//	POST   /_/api/chat-rooms                   {"RoomId", "UserId"}
//	POST   /_/api/tasks/{task}/results         a result
//	POST   /_/api/faults                       a Fault
//	DELETE /_/api/faults/{id}
//	POST   /_/api/deliveries                   a Delivery
//	DELETE /_/api/deliveries/{id}
//	POST   /_/api/plays                        {"RoomId"}, "" = every room
//	DELETE /_/api/plays/{id}
//	POST   /_/api/clock                        {"Advance": "2s"}
//	PUT    /_/api/callback-url                 {"Url"}
//	POST   /_/api/reset
func (s *Server) control() http.Handler {
	mux := http.NewServeMux()
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the directory is embedded
	}
	mux.Handle("GET /_/", http.StripPrefix("/_/", http.FileServerFS(files)))
	mux.HandleFunc("GET /_/api/state", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.state()) })
	mux.HandleFunc("GET /_/api/events", s.serveEvents)
	api := func(pattern string, do func(r *http.Request, body []byte) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, fake.MaxBody))
			if err != nil {
				writeError(w, badRequest{err})
				return
			}
			answer, err := do(r, body)
			if err != nil {
				writeError(w, err)
				return
			}
			writeJSON(w, http.StatusOK, answer)
		})
	}
	api("POST /_/api/rooms", s.postRoom)
	api("DELETE /_/api/rooms/{room}", s.deleteRoom)
	api("POST /_/api/rooms/{room}/streams", s.postStream)
	api("DELETE /_/api/rooms/{room}/streams/{stream}", func(r *http.Request, _ []byte) (any, error) {
		return told(s.closeStream(r.PathValue("room"), r.PathValue("stream"), "", callback.StreamCloseNormal))
	})
	api("POST /_/api/rooms/{room}/users", s.postUser)
	api("DELETE /_/api/rooms/{room}/users/{user}", func(r *http.Request, _ []byte) (any, error) {
		return told(s.logoutRoom(r.PathValue("room"), r.PathValue("user")))
	})
	api("POST /_/api/chat-rooms", func(_ *http.Request, body []byte) (any, error) {
		v, err := roomRequest(body)
		if err != nil {
			return nil, err
		}
		return s.EmitChatRoomCreated(v.RoomID, v.UserID).state(), nil
	})
	api("POST /_/api/tasks/{task}/results", s.postResult)
	api("POST /_/api/faults", func(_ *http.Request, body []byte) (any, error) {
		var f Fault
		if err := f.UnmarshalJSON(body); err != nil {
			return nil, badRequest{err}
		}
		return injected{s.addFault(f)}, nil
	})
	api("DELETE /_/api/faults/{id}", func(r *http.Request, _ []byte) (any, error) { return removed(r, s.removeFault) })
	api("POST /_/api/deliveries", func(_ *http.Request, body []byte) (any, error) {
		var d Delivery
		if err := d.UnmarshalJSON(body); err != nil {
			return nil, badRequest{err}
		}
		return injected{s.addDelivery(d)}, nil
	})
	api("DELETE /_/api/deliveries/{id}", func(r *http.Request, _ []byte) (any, error) { return removed(r, s.removeDelivery) })
	api("POST /_/api/plays", func(_ *http.Request, body []byte) (any, error) {
		var v struct {
			RoomID string `json:"RoomId"`
		}
		if err := strictJSON(body, &v); err != nil {
			return nil, badRequest{err}
		}
		return injected{s.addPlay(Play{RoomID: v.RoomID})}, nil
	})
	api("DELETE /_/api/plays/{id}", func(r *http.Request, _ []byte) (any, error) { return removed(r, s.removePlay) })
	api("POST /_/api/clock", s.postClock)
	api("PUT /_/api/callback-url", func(_ *http.Request, body []byte) (any, error) {
		var v struct {
			URL string `json:"Url"`
		}
		if err := strictJSON(body, &v); err != nil {
			return nil, badRequest{err}
		}
		if u, err := url.Parse(v.URL); v.URL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
			return nil, badRequest{errors.New("the URL must be absolute, of http or https, or empty")}
		}
		s.SetCallbackURL(v.URL)
		return struct{}{}, nil
	})
	api("POST /_/api/reset", func(*http.Request, []byte) (any, error) {
		s.Reset()
		return struct{}{}, nil
	})

	// A page of another site that is open in the same browser must not get at
	// this one, neither by a request of its own nor by a name of its own for
	// this address.
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.knownHost(r.Host) {
			writeJSON(w, http.StatusForbidden, failure{"the Host header names another host: use localhost or an IP address, or WithHosts (zegofake -host)"})
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src data:; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		guarded.ServeHTTP(w, r)
	})
}

type failure struct{ Error string }

type injected struct {
	ID int `json:"Id"`
}

// badRequest is an error of whoever wrote the request; others tell that the
// server is not in the state for it.
type badRequest struct{ error }

var errNotFound = errors.New("there is no such thing")

func writeError(w http.ResponseWriter, err error) {
	status := http.StatusConflict
	switch {
	case errors.As(err, new(badRequest)):
		status = http.StatusBadRequest
	case errors.Is(err, errNotFound):
		status = http.StatusNotFound
	}
	writeJSON(w, status, failure{err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.MarshalIndent(v, "", "  ") // it is read by people
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"Error":"the answer cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

func removed(r *http.Request, remove func(id int) bool) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || !remove(id) {
		return nil, errNotFound
	}
	return struct{}{}, nil
}

// told is the answer to what has sent a callback.
func told(c *Callback, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return c.state(), nil
}

// roomAndUser names a room and its first user.
type roomAndUser struct {
	RoomID string `json:"RoomId"`
	UserID string `json:"UserId"`
}

func roomRequest(body []byte) (roomAndUser, error) {
	v := roomAndUser{UserID: "user_1"}
	if err := strictJSON(body, &v); err != nil {
		return v, badRequest{err}
	}
	if v.RoomID == "" {
		return v, badRequest{errors.New("RoomId must not be empty")}
	}
	return v, nil
}

func (s *Server) postRoom(_ *http.Request, body []byte) (any, error) {
	v, err := roomRequest(body)
	if err != nil {
		return nil, err
	}
	return told(s.openRoom(v.RoomID, v.UserID))
}

func (s *Server) postUser(r *http.Request, body []byte) (any, error) {
	var v struct {
		UserID   string `json:"UserId"`
		UserName string
		UserRole callback.UserRole
	}
	if err := strictJSON(body, &v); err != nil {
		return nil, badRequest{err}
	}
	if v.UserID == "" {
		return nil, badRequest{errors.New("UserId must not be empty")}
	}
	return told(s.loginRoom(r.PathValue("room"), v.UserID, func(u *User) {
		u.Name = cmp.Or(v.UserName, u.Name)
		u.Role = cmp.Or(v.UserRole, u.Role)
	}))
}

func (s *Server) deleteRoom(r *http.Request, _ []byte) (any, error) {
	reason := 0
	if text := r.URL.Query().Get("reason"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, badRequest{errors.New("reason must be a number: 0 normal, 1 heartbeat time-out, 2 the last user left, 3 the last user was kicked out")}
		}
		reason = n
	}
	return told(s.closeRoom(r.PathValue("room"), callback.RoomCloseReason(reason)))
}

func (s *Server) postStream(r *http.Request, body []byte) (any, error) {
	v := struct {
		StreamID    string `json:"StreamId"`
		UserID      string `json:"UserId"`
		Unmoderated bool
	}{UserID: "user_1"}
	if err := strictJSON(body, &v); err != nil {
		return nil, badRequest{err}
	}
	if v.StreamID == "" {
		return nil, badRequest{errors.New("StreamId must not be empty")}
	}
	return told(s.openStream(r.PathValue("room"), v.StreamID, v.UserID, func(s *Stream) { s.Unmoderated = v.Unmoderated }))
}

func (s *Server) postClock(_ *http.Request, body []byte) (any, error) {
	var v struct{ Advance duration }
	if err := strictJSON(body, &v); err != nil {
		return nil, badRequest{err}
	}
	if err := checkAdvance(time.Duration(v.Advance)); err != nil {
		return nil, badRequest{fmt.Errorf("the time to advance: %w", err)}
	}
	s.Advance(time.Duration(v.Advance))
	return struct {
		Now     time.Time
		Warning string `json:",omitempty"`
	}{s.Now(), s.warning()}, nil
}

// postResult sends a result of a task: of what was heard, or with Image of a
// frame.
func (s *Server) postResult(r *http.Request, body []byte) (any, error) {
	var v struct {
		RiskLevel       callback.RiskLevel
		Text            string
		RiskLabel1      string
		RiskLabel2      string
		RiskLabel3      string
		RiskDescription string
		URL             string `json:"Url"` // of the recording or the frame
		UserID          string `json:"UserId"`
		StreamID        string `json:"StreamId"`
		Image           bool
		Code            int32
		Message         string
	}
	if err := strictJSON(body, &v); err != nil {
		return nil, badRequest{err}
	}
	s.mu.RLock()
	t := s.taskByID[r.PathValue("task")]
	s.mu.RUnlock()
	if t == nil {
		return nil, errNotFound
	}
	task := callback.Task{Code: v.Code, Message: v.Message}
	audio := callback.AudioResult{Task: task,
		Detail: callback.AudioDetail{RiskLevel: v.RiskLevel, Text: v.Text, AudioURL: v.URL, RiskDescription: v.RiskDescription,
			RiskLabel1: v.RiskLabel1, RiskLabel2: v.RiskLabel2, RiskLabel3: v.RiskLabel3, Voice: v.Text != ""},
		AuxInfo: callback.AudioAuxInfo{UserID: v.UserID, StreamID: v.StreamID}}
	switch {
	case t.Action == startAudio && v.Image:
		return nil, badRequest{errors.New("the task is one of audio: it has no Image")}
	case t.Action == startAudio:
		return s.EmitAudioResult(t.ID, audio).state(), nil
	case v.Image:
		return s.EmitVideoImageResult(t.ID, callback.VideoImageResult{Task: task,
			Detail: callback.ImageDetail{RiskLevel: v.RiskLevel, ImgURL: v.URL, RiskDescription: v.RiskDescription,
				RiskLabel1: v.RiskLabel1, RiskLabel2: v.RiskLabel2, RiskLabel3: v.RiskLabel3},
			AuxInfo: callback.ImageAuxInfo{StreamID: v.StreamID}}).state(), nil
	}
	return s.EmitVideoAudioResult(t.ID, callback.VideoAudioResult(audio)).state(), nil
}

// The following is what the API tells. It holds no secret, no signature and no
// nonce.

type state struct {
	AppID       uint32   `json:"AppId"`
	CallbackURL string   `json:"CallbackUrl"`
	Turned      duration // how far the clock was
	Warning     string   `json:",omitempty"`
	Rooms       []roomState
	Tasks       []taskState
	Requests    []requestState
	Callbacks   []callbackState
	Faults      []*Fault
	Deliveries  []*Delivery
	Plays       []playState
}

type playState struct {
	ID     int    `json:"Id"`
	RoomID string `json:"RoomId,omitempty"` // "" = every room
}

type roomState struct {
	RoomID    string `json:"RoomId"`
	SessionID string `json:"SessionId"` // a number too large for JavaScript
	Created   time.Time
	Closed    time.Time `json:",omitzero"`
	Users     []userState
	Streams   []streamState
}

type userState struct {
	UserID   string `json:"UserId"`
	UserName string
	UserRole callback.UserRole
}

type streamState struct {
	StreamID    string `json:"StreamId"`
	UserID      string `json:"UserId"`
	Unmoderated bool   `json:",omitempty"`
}

type taskState struct {
	TaskID  string `json:"TaskId"`
	Action  string
	RoomID  string `json:"RoomId"`
	Started time.Time
	Stopped time.Time `json:",omitzero"`
	Idle    bool      `json:",omitempty"`
	Request string    // the body of its Start
}

type requestState struct {
	Received   time.Time
	Action     string
	Method     string
	Query      map[string][]string `json:",omitempty"`
	Body       string              `json:",omitempty"`
	HTTPStatus int
	Code       zegocensor.Code
	Meaning    string
	Fault      bool `json:",omitempty"` // the answer is an injected fault's
}

type callbackState struct {
	Event  string
	URL    string     `json:"Url"`
	State  string     // sending, delivered, given up or withheld
	Error  string     `json:",omitempty"` // why it was not delivered
	Tries  []tryState // their bodies are for who receives them
	RoomID string     `json:"RoomId,omitempty"`
}

type tryState struct {
	Time       time.Time
	HTTPStatus int
	Error      string `json:",omitempty"`
}

func (c *Callback) state() callbackState {
	v := callbackState{Event: c.Event.Head().Event, URL: c.URL, State: "sending", Tries: []tryState{}, RoomID: roomOf(c.Event)}
	select {
	case <-c.Done():
		switch err := c.Err(); {
		case err == nil:
			v.State = "delivered"
		case errors.Is(err, ErrWithheld):
			v.State, v.Error = "withheld", err.Error()
		default:
			v.State, v.Error = "given up", err.Error()
		}
	default:
	}
	for _, t := range c.Tries() {
		ts := tryState{Time: t.Time, HTTPStatus: t.HTTPStatus}
		if t.Err != nil {
			ts.Error = t.Err.Error()
		}
		v.Tries = append(v.Tries, ts)
	}
	return v
}

// roomOf is the room that an event tells of.
func roomOf(e callback.Event) string {
	switch e := e.(type) {
	case *callback.AudioResult:
		return e.AuxInfo.RoomID
	case *callback.VideoAudioResult:
		return e.AuxInfo.RoomID
	case *callback.VideoImageResult:
		return e.AuxInfo.RoomID
	case *callback.AudioStatus:
		return e.AuxInfo.RoomID
	case *callback.VideoAudioStatus:
		return e.AuxInfo.RoomID
	case *callback.VideoImageStatus:
		return e.AuxInfo.RoomID
	case *callback.RoomCreated:
		return e.RoomID
	case *callback.RoomClosed:
		return e.RoomID
	case *callback.StreamCreated:
		return e.RoomID
	case *callback.StreamClosed:
		return e.RoomID
	case *callback.UserLoggedIn:
		return e.RoomID
	case *callback.UserLoggedOut:
		return e.RoomID
	}
	return ""
}

// shown is the most of each kind that the API tells.
const shown = 200

func (s *Server) state() state {
	v := state{AppID: s.appID, Turned: duration(s.schedule.Turned()), Warning: s.warning(), Rooms: []roomState{}, Tasks: []taskState{}, Requests: []requestState{},
		Callbacks: []callbackState{}, Faults: []*Fault{}, Deliveries: []*Delivery{}, Plays: []playState{}}
	for _, r := range newest(s.Rooms()) {
		room := roomState{RoomID: r.ID, SessionID: strconv.FormatUint(r.SessionID, 10), Created: r.Created, Closed: r.Closed, Users: []userState{}, Streams: []streamState{}}
		for _, u := range r.Users {
			room.Users = append(room.Users, userState{u.ID, u.Name, u.Role})
		}
		for _, t := range r.Streams {
			room.Streams = append(room.Streams, streamState{t.ID, t.UserID, t.Unmoderated})
		}
		v.Rooms = append(v.Rooms, room)
	}
	for _, t := range newest(s.Tasks()) {
		v.Tasks = append(v.Tasks, taskState{t.ID, t.Action, t.RoomID, t.Started, t.Stopped, t.Idle, excerpt(t.Body)})
	}
	for _, r := range newest(s.Requests()) {
		v.Requests = append(v.Requests, requestState{r.Received, r.Action, r.Method, r.Query, excerpt(r.Body), r.HTTPStatus, r.Code, r.meaning(), r.Fault})
	}
	for _, c := range newest(s.Callbacks()) {
		v.Callbacks = append(v.Callbacks, c.state())
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	v.CallbackURL = s.callbackURL
	for _, f := range s.faults {
		c := *f
		v.Faults = append(v.Faults, &c)
	}
	for _, d := range s.deliveries {
		c := *d
		v.Deliveries = append(v.Deliveries, &c)
	}
	for _, p := range s.plays {
		v.Plays = append(v.Plays, playState{p.id, p.RoomID})
	}
	return v
}

// meaning is what the answer means, and whose it is.
func (r *Request) meaning() string {
	text := meaning(r.Action, r.Code)
	switch {
	case !r.Fault:
		return text
	case r.Code == zegocensor.CodeOK:
		return "injected fault"
	}
	return "injected fault: " + text
}

// excerpt is the beginning of a body.
func excerpt(body []byte) string {
	const most = 4096
	if len(body) > most {
		return string(body[:most]) + "…"
	}
	return string(body)
}

// newest turns a list round and cuts it.
func newest[T any](all []T) []T {
	n := min(len(all), shown)
	list := make([]T, 0, n)
	for i := range n {
		list = append(list, all[len(all)-1-i])
	}
	return list
}

// eventInterval is how often a page is told what changed, at most.
const eventInterval = 100 * time.Millisecond

// serveEvents sends the state at first and whenever it may be another.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	tick := time.NewTicker(eventInterval)
	defer tick.Stop()
	sent := s.mu.n.Load() - 1
	for {
		if n := s.mu.n.Load(); n != sent {
			sent = n
			now, err := json.Marshal(s.state())
			if err != nil {
				return
			}
			if _, err := fmt.Fprintf(w, "data: %s\n\n", now); err != nil || out.Flush() != nil {
				return
			}
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
	}
}
