package attempt

import (
	"net/http"
	"sync/atomic"
	"time"
)

// Clock is the local clock and what is known of its difference from the vendor's.
type Clock struct {
	Now    func() time.Time
	offset atomic.Int64 // nanoseconds to add to the local clock
}

// Unix is the vendor's time in seconds, as far as it is known.
func (c *Clock) Unix() int64 {
	return c.Now().Add(time.Duration(c.offset.Load())).Unix()
}

// Timing is what the clock is set by, of a call and its last attempt.
type Timing struct {
	Timestamp       int64  // that was signed
	Date            string // the answer's header
	Sent, Responded time.Time

	undo func() // of the correction that was made
}

// Heal sets the clock right, once in a call, after an attempt that has [Expired]. A
// correction that has not helped is taken back. It reports whether another attempt
// can fare better.
func (t *Timing) Heal(c *Clock) (ok bool) {
	if t.undo != nil {
		t.undo()
		return false
	}
	t.undo, ok = c.heal(t.Date, t.Sent, t.Responded, t.Timestamp)
	return ok
}

// healStep is the least correction worth another attempt. A timestamp expires
// after five minutes or more, so a smaller one cannot be why it was refused.
const healStep = 30 * time.Second

// heal sets the offset by the Date header of an answer that said of timestamp that
// it has expired. The header has whole seconds and was written somewhere between
// sent and received, so both middles are taken. It reports whether a new
// timestamp can fare better, and how to take the correction back.
func (c *Clock) heal(date string, sent, received time.Time, timestamp int64) (undo func(), ok bool) {
	server, err := http.ParseTime(date)
	if err != nil || server.Sub(time.Unix(timestamp, 0)).Abs() < healStep {
		c.offset.Store(0) // whatever was measured before does not serve
		return nil, false
	}
	local := sent.Add(received.Sub(sent) / 2)
	measured := int64(server.Add(500 * time.Millisecond).Sub(local))
	old := c.offset.Swap(measured)
	return func() { c.offset.CompareAndSwap(measured, old) }, true
}
