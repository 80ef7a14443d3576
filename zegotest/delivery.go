package zegotest

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/internal/fake"
)

// Delivery says how callbacks travel. Its first part says which callbacks, the
// rest what becomes of them. Of several deliveries that fit a callback, each
// field is taken from the first that sets it.
type Delivery struct {
	Event string                    // only this one, such as "room_close"; "" = every event
	Match func(callback.Event) bool // only what it returns true for; nil = everything. It may not call the Server
	Times int                       // only the next callbacks; 0 = until it is removed

	Delay  time.Duration // before the first try: what is held up arrives after what was sent later
	Copies int           // how often it is delivered in addition
	Drop   bool          // it is lost on its way
	Resign bool          // each try and copy has a nonce and a timestamp of its own; otherwise all have the same
	Form   bool          // a form rather than JSON, as ZEGO's support can switch on

	id int
}

// InjectDelivery changes how callbacks travel from now on. remove ends that. It
// panics when the delivery makes no sense.
func (s *Server) InjectDelivery(d Delivery) (remove func()) {
	if err := d.check(); err != nil {
		panic("zegotest: " + err.Error())
	}
	id := s.addDelivery(d)
	return func() { s.removeDelivery(id) }
}

func (d *Delivery) check() error {
	switch {
	case d.Times < 0:
		return errors.New("a delivery's Times must not be negative")
	case d.Delay < 0:
		return errors.New("a delivery's Delay must not be negative")
	case d.Copies < 0 || d.Copies > 1000:
		return errors.New("a delivery's Copies must not be negative, and 1000 at most")
	}
	return nil
}

func (s *Server) addDelivery(d Delivery) (id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.injections++
	d.id = s.injections
	s.deliveries = append(s.deliveries, &d)
	return d.id
}

func (s *Server) removeDelivery(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.deliveries)
	s.deliveries = slices.DeleteFunc(s.deliveries, func(d *Delivery) bool { return d.id == id })
	return len(s.deliveries) < before
}

// deliveryJSON is a Delivery as the control API writes it.
type deliveryJSON struct {
	ID     int      `json:"Id,omitempty"`
	Event  string   `json:",omitempty"`
	Times  int      `json:",omitempty"`
	Delay  duration `json:",omitempty"`
	Copies int      `json:",omitempty"`
	Drop   bool     `json:",omitempty"`
	Resign bool     `json:",omitempty"`
	Form   bool     `json:",omitempty"`
}

// MarshalJSON writes a delivery with its delay as text, such as "1.5s", and
// without Match.
func (d Delivery) MarshalJSON() ([]byte, error) {
	return json.Marshal(deliveryJSON{d.id, d.Event, d.Times, duration(d.Delay), d.Copies, d.Drop, d.Resign, d.Form})
}

// UnmarshalJSON reads what [Delivery.MarshalJSON] writes, and refuses what
// [Server.InjectDelivery] would, and fields that do not exist.
func (d *Delivery) UnmarshalJSON(b []byte) error {
	var v deliveryJSON
	if err := strictJSON(b, &v); err != nil {
		return err
	}
	*d = Delivery{Event: v.Event, Times: v.Times, Delay: time.Duration(v.Delay), Copies: v.Copies, Drop: v.Drop, Resign: v.Resign, Form: v.Form}
	return d.check()
}

// deliveryLocked merges the deliveries that fit e, and counts them.
func (s *Server) deliveryLocked(e callback.Event) Delivery {
	var all Delivery
	s.deliveries = slices.DeleteFunc(s.deliveries, func(d *Delivery) bool {
		if d.Event != "" && d.Event != e.Head().Event || d.Match != nil && !d.Match(e) {
			return false
		}
		first(&all.Delay, d.Delay)
		first(&all.Copies, d.Copies)
		first(&all.Drop, d.Drop)
		first(&all.Resign, d.Resign)
		first(&all.Form, d.Form)
		if d.Times == 0 {
			return false
		}
		d.Times--
		return d.Times == 0
	})
	return all
}

// Callback is a callback on its way.
type Callback struct {
	Event callback.Event // what it tells; its Timestamp, Nonce and Raw are empty, as each try has its own
	URL   string         // where it goes; "" = nowhere

	body     fields // without its signature
	form     bool
	sign     func() stamp
	progress *fake.Progress[Try]
	size     atomic.Int64 // bytes of the event and of the attempts so far, if WithHistory bounds them
}

// Try is one attempt to deliver a callback.
type Try struct {
	Time        time.Time // by the server's clock
	ContentType string
	Body        []byte
	HTTPStatus  int   // 0 where no answer came
	Err         error // why
}

// Tries returns what has been tried so far.
func (c *Callback) Tries() []Try { return c.progress.Tries() }

// Done is closed when the callback was delivered or given up.
func (c *Callback) Done() <-chan struct{} { return c.progress.Done() }

// Err is why the callback was given up. It is nil where it was delivered, and
// until [Callback.Done].
func (c *Callback) Err() error { return c.progress.Err() }

var (
	errClosed = errors.New("zegotest: the server was closed")
	errReset  = errors.New("zegotest: given up by Reset")
)

// Wait waits until the callback was delivered, and otherwise returns why it was
// not. A callback that is refused is given up a minute after its first try:
// [Server.Advance] makes that pass.
func (c *Callback) Wait(ctx context.Context) error { return c.progress.Wait(ctx, errClosed) }

// retryDelays is how long ZEGO waits after a try that failed.
var retryDelays = [...]time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second}

// answerTimeout is how long a try waits for an answer. ZEGO's is not documented.
const answerTimeout = 10 * time.Second

// SetCallbackURL sets where callbacks go that have no URL of their own, as the
// settings of ZEGO's console do: those of tasks whose Start named none, and those
// of rooms and streams. There is none at first, and such callbacks are not sent.
func (s *Server) SetCallbackURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callbackURL = url
}

// Callbacks returns all callbacks so far, in their order, copies behind their
// originals. They are kept until [Server.Reset].
func (s *Server) Callbacks() []*Callback {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.callbacks)
}

// emit sends e to url, or to the server's default.
func (s *Server) emit(url string, e callback.Event) *Callback {
	s.name(e)
	return s.send(url, e, encode(e))
}

// name writes the header that an event has before it is signed.
func (s *Server) name(e callback.Event) {
	*e.Head() = callback.Header{Event: eventName(e), AppID: s.appID}
}

func (s *Server) send(url string, e callback.Event, body fields) *Callback {
	copies, d := s.callbacksOf(url, e, body)
	for _, c := range copies {
		switch {
		case c.URL == "":
			c.progress.Finish(errors.New("zegotest: not sent: neither its task nor SetCallbackURL names a URL"))
		case d.Drop:
			c.progress.Finish(errors.New("zegotest: dropped by a Delivery"))
		default:
			s.mu.Lock()
			s.pending[c] = true
			s.mu.Unlock()
			s.schedule.After(d.Delay, func() { s.try(c, 0) })
		}
	}
	return copies[0]
}

// withhold lists an event that is not sent.
func (s *Server) withhold(url string, e callback.Event, why error) *Callback {
	c := s.withheldCallback(url, e, why)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listCallbacksLocked(c)
	return c
}

// withheldCallback is one that ended without an attempt.
func (s *Server) withheldCallback(url string, e callback.Event, why error) *Callback {
	s.name(e)
	s.mu.RLock()
	first(&url, s.callbackURL)
	s.mu.RUnlock()
	c := &Callback{Event: e, URL: url, progress: fake.NewProgress[Try](s.ctx.Done())}
	if s.history > 0 {
		c.size.Store(s.sizeOf(encode(e)))
	}
	c.progress.Finish(why)
	return c
}

// callbacksOf makes the callbacks that tell e, and says how they travel.
func (s *Server) callbacksOf(url string, e callback.Event, body fields) ([]*Callback, Delivery) {
	if s.olderEvents {
		writeAs2023(body)
	}
	size := s.sizeOf(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	first(&url, s.callbackURL)
	d := s.deliveryLocked(e)
	sign := s.sign
	if !d.Resign {
		sign = sync.OnceValue(sign)
	}
	copies := make([]*Callback, 1+d.Copies)
	for i := range copies {
		copies[i] = &Callback{Event: e, URL: url, body: body, form: d.Form, sign: sign, progress: fake.NewProgress[Try](s.ctx.Done())}
		copies[i].size.Store(size)
	}
	s.listCallbacksLocked(copies...)
	return copies, d
}

// sizeOf is how many bytes an event has, also if it is never tried. It is counted only
// if that bounds anything.
func (s *Server) sizeOf(body fields) int64 {
	if s.history == 0 {
		return 0
	}
	b, _ := json.Marshal(body) // strings, numbers and lists of them
	return int64(len(b))
}

func (s *Server) listCallbacksLocked(all ...*Callback) {
	s.callbacks = fake.Last(append(s.callbacks, all...), s.history, historyBytes, func(c *Callback) int { return int(c.size.Load()) })
}

// finish ends a callback that was on its way.
func (s *Server) finish(c *Callback, err error) {
	s.mu.Lock()
	delete(s.pending, c)
	s.mu.Unlock()
	c.progress.Finish(err)
}

// sign makes a signature of this moment.
func (s *Server) sign() stamp {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	now := s.Now().Unix()
	nonce := strconv.FormatUint(binary.BigEndian.Uint64(random[:]), 10)
	return stamp{now, nonce, callback.Sign(s.callbackSecret, decimal(now), nonce)}
}

// try delivers c for the first time (0) or again.
func (s *Server) try(c *Callback, again int) {
	select {
	case <-c.Done():
		return // Reset came first
	default:
	}
	t := Try{Time: s.Now(), ContentType: "application/json"}
	f := signed(c.body, c.sign())
	if c.form {
		t.ContentType = "application/x-www-form-urlencoded"
		t.Body = []byte(form(f).Encode())
	} else {
		t.Body, _ = json.Marshal(f) // strings, numbers and lists of them
	}
	t.HTTPStatus, t.Err = fake.Post(s.ctx, answerTimeout, s.sender, c.URL, http.Header{"Content-Type": {t.ContentType}}, t.Body)
	c.progress.Note(t)
	c.size.Add(int64(len(t.Body)))
	defer s.mu.touch()
	switch {
	case t.HTTPStatus >= 200 && t.HTTPStatus < 300:
		s.finish(c, nil)
	case again == len(retryDelays):
		s.finish(c, fmt.Errorf("zegotest: given up after %d attempts; the last one got status %d (%v)", again+1, t.HTTPStatus, t.Err)) //nolint:errorlint // Err is nil if an answer came
	default:
		s.schedule.After(retryDelays[again], func() { s.try(c, again+1) })
	}
}
