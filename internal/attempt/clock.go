package attempt

import (
	"net/http"
	"sync"
	"time"
)

// Clock is the local clock and what is known of its difference from the vendor's.
type Clock struct {
	Now func() time.Time

	mu     sync.Mutex
	offset time.Duration // to add to the local clock
	proved time.Duration // the last offset that the vendor accepted a timestamp with
}

// Unix is the vendor's time in seconds, as far as it is known.
func (c *Clock) Unix() int64 {
	now, _ := c.now()
	return now.Unix()
}

func (c *Clock) now() (now time.Time, offset time.Duration) {
	local := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return local.Add(c.offset), c.offset
}

// Timing is what the clock is set by, of a call and its last attempt.
type Timing struct {
	Date            string // the answer's header
	Sent, Responded time.Time

	timestamp int64 // that was signed
	offset    time.Duration
	healed    bool
	set       time.Duration // the offset that Heal has set
}

// Stamp is the timestamp to sign an attempt with.
func (t *Timing) Stamp(c *Clock) int64 {
	now, offset := c.now()
	t.timestamp, t.offset = now.Unix(), offset
	return t.timestamp
}

// healStep is the least correction worth another attempt. A timestamp expires
// after five minutes or more, so a smaller one cannot be why it was refused.
const healStep = 30 * time.Second

// Heal sets the clock right by the Date header of an answer that said that the
// timestamp has expired, once in a call. If the attempt after that has [Expired]
// too, the clock goes back to the last offset that has worked. It reports whether
// another attempt can fare better.
func (t *Timing) Heal(c *Clock) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.healed {
		if c.offset == t.set { // else another call has set it since
			c.offset = c.proved
		}
		return false
	}
	server, measured, ok := t.measure()
	if !ok || server.Sub(time.Unix(t.timestamp, 0)).Abs() < healStep {
		c.offset, c.proved = 0, 0 // whatever was measured before does not serve
		return false
	}
	c.offset, t.set, t.healed = measured, measured, true
	return true
}

// Accepted is called for each answer that did not refuse the timestamp. The offset
// it was signed with has worked then. But a timestamp may be minutes off, so the
// offset is checked against the answer's own Date: the one it was measured by may
// have come from a cache.
func (t *Timing) Accepted(c *Clock) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.proved = t.offset
	if t.offset == 0 {
		return
	}
	_, measured, ok := t.measure()
	if !ok || (measured-t.offset).Abs() < healStep {
		return
	}
	if measured.Abs() < healStep {
		measured = 0
	}
	c.proved = measured
	if c.offset == t.offset {
		c.offset = measured
	}
}

// measure compares the answer's Date with the local clock. The header has whole
// seconds and was written somewhere between Sent and Responded, so both middles
// are taken.
func (t *Timing) measure() (server time.Time, offset time.Duration, ok bool) {
	server, err := http.ParseTime(t.Date)
	local := t.Sent.Add(t.Responded.Sub(t.Sent) / 2)
	return server, server.Add(500 * time.Millisecond).Sub(local), err == nil
}
