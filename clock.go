package zegocensor

import (
	"net/http"
	"sync/atomic"
	"time"
)

// clock is the local clock and what is known of its difference from ZEGO's.
type clock struct {
	now    func() time.Time
	offset atomic.Int64 // nanoseconds to add to the local clock
}

// unix is ZEGO's time in seconds, as far as it is known.
func (c *clock) unix() int64 {
	return c.now().Add(time.Duration(c.offset.Load())).Unix()
}

// healStep is the least correction worth another attempt. A timestamp expires
// after ten minutes, so a smaller one cannot be why it was refused.
const healStep = 30 * time.Second

// heal sets the offset by the Date header of an answer that said "signature
// expired" of timestamp. The header has whole seconds and was written somewhere
// between sent and received, so both middles are taken. heal reports whether a
// new timestamp can fare better, and how to take the correction back.
func (c *clock) heal(date string, sent, received time.Time, timestamp int64) (undo func(), ok bool) {
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
