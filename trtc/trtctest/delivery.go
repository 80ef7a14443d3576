package trtctest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/fake"
	"github.com/zegocensor/zegocensor-go/trtc/trtccallback"
)

// Delivery says how callbacks travel. Its first part says which callbacks, the rest
// what becomes of them. Of several deliveries that fit a callback, the first is
// taken.
type Delivery struct {
	EventType int // only this one, such as 1104; 0 = every event
	Times     int // only the next callbacks; 0 = until it is removed

	Delay  time.Duration // before the first try: what is held up arrives after what was sent later
	Copies int           // how often it is delivered in addition, each time sent anew
	Drop   bool          // it is lost on its way
}

// InjectDelivery changes how callbacks travel from now on. remove ends that. It
// panics when the delivery makes no sense.
func (s *Server) InjectDelivery(d Delivery) (remove func()) {
	if d.Times < 0 || d.Delay < 0 || d.Copies < 0 {
		panic("trtctest: a delivery's Times, Delay and Copies must not be negative")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.deliveries.add(d, d.Times)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.deliveries.remove(id)
	}
}

// Callback is a callback on its way.
type Callback struct {
	EventGroupID int
	EventType    int
	URL          string // where it goes; "" = nowhere

	info     map[string]any
	progress *fake.Progress[Try]
}

// Try is one attempt to deliver a callback.
type Try struct {
	Time       time.Time // by the server's clock
	Header     http.Header
	Body       []byte
	HTTPStatus int   // 0 where no answer came
	Err        error // why
}

// Tries returns what has been tried so far.
func (c *Callback) Tries() []Try { return c.progress.Tries() }

var errClosed = errors.New("trtctest: the server was closed")

// Wait waits until the callback was delivered, and otherwise returns why it was not.
// A callback that is refused is given up a minute after its first try:
// [Server.Advance] makes that pass.
func (c *Callback) Wait(ctx context.Context) error { return c.progress.Wait(ctx, errClosed) }

// Tencent's schedule: a second try at once, then one every ten seconds, until a
// minute after the first.
const (
	retryEvery    = 10 * time.Second
	retryFor      = time.Minute
	answerTimeout = 5 * time.Second
)

// SetCallbackURL sets where callbacks go, as TRTC's console does. There is no address
// at first, and callbacks are not sent.
func (s *Server) SetCallbackURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callbackURL = url
}

// Callbacks returns all callbacks so far, in their order, copies behind their
// originals.
func (s *Server) Callbacks() []*Callback {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.callbacks)
}

func (s *Server) emit(group, eventType int, info map[string]any) *Callback {
	if _, err := json.Marshal(info); err != nil {
		panic("trtctest: the event cannot be sent: " + err.Error())
	}
	s.mu.Lock()
	d := s.deliveries.take(func(d Delivery) bool { return d.EventType == 0 || d.EventType == eventType })
	copies := make([]*Callback, 1+d.Copies)
	for i := range copies {
		copies[i] = &Callback{EventGroupID: group, EventType: eventType, URL: s.callbackURL, info: info, progress: fake.NewProgress[Try](s.ctx.Done())}
	}
	s.callbacks = append(s.callbacks, copies...)
	s.mu.Unlock()
	for _, c := range copies {
		switch {
		case c.URL == "":
			c.progress.Finish(errors.New("trtctest: not sent: SetCallbackURL has named no address"))
		case d.Drop:
			c.progress.Finish(errors.New("trtctest: dropped by a Delivery"))
		default:
			s.schedule.After(d.Delay, func() { s.try(c, 0) })
		}
	}
	return copies[0]
}

// try delivers c for the first time (0) or again. Each try is sent, and signed, anew.
func (s *Server) try(c *Callback, again int) {
	now := s.Now()
	t := Try{Time: now}
	t.Body, _ = json.Marshal(map[string]any{"EventGroupId": c.EventGroupID, "EventType": c.EventType, "CallbackTs": now.UnixMilli(), "EventInfo": c.info})
	t.Header = http.Header{"Content-Type": {"application/json"}, "Sign": {trtccallback.Sign(CallbackKey, t.Body)}, "Sdkappid": {strconv.FormatUint(uint64(SdkAppID), 10)}}
	t.HTTPStatus, t.Err = fake.Post(s.ctx, answerTimeout, s.sender, c.URL, t.Header.Clone(), t.Body)
	c.progress.Note(t)
	wait := retryEvery
	if again == 0 {
		wait = 0
	}
	switch {
	case t.HTTPStatus == http.StatusOK:
		c.progress.Finish(nil)
	case now.Add(wait).Sub(c.Tries()[0].Time) > retryFor:
		c.progress.Finish(fmt.Errorf("trtctest: given up after %d attempts; the last one got status %d (%v)", again+1, t.HTTPStatus, t.Err)) //nolint:errorlint // Err is nil if an answer came
	default:
		s.schedule.After(wait, func() { s.try(c, again+1) })
	}
}
