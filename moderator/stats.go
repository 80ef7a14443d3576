package moderator

import "sync/atomic"

// Stats are counters of one process since [New]. Replicas count for themselves.
type Stats struct {
	Starts int64 // tasks that were started
	Stops  int64 // tasks that were stopped
	// UnknownStarts are Starts that got no answer, and may have started a task.
	UnknownStarts int64
	// StartsAfterUnknown are Starts of rooms for which the outcome of an earlier
	// Start was still unknown: each may have made a second task.
	StartsAfterUnknown int64
	// SilenceRestarts are tasks that were given up because they had no result for
	// the time of [WithSilence].
	SilenceRestarts int64
}

type counters struct {
	starts, stops, unknownStarts, startsAfterUnknown, silenceRestarts atomic.Int64
}

// Stats returns the counters of this process.
func (m *Moderator) Stats() Stats {
	c := &m.stats
	return Stats{c.starts.Load(), c.stops.Load(), c.unknownStarts.Load(), c.startsAfterUnknown.Load(), c.silenceRestarts.Load()}
}
