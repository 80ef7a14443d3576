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

// healStep is the least correction worth another attempt. A timestamp expires
// after five minutes or more, so a smaller one cannot be why it was refused.
const healStep = 30 * time.Second

// Heal sets the offset by the Date header of an answer that said of timestamp that
// it has expired. The header has whole seconds and was written somewhere between
// sent and received, so both middles are taken. Heal reports whether a new
// timestamp can fare better, and how to take the correction back.
func (c *Clock) Heal(date string, sent, received time.Time, timestamp int64) (undo func(), ok bool) {
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
