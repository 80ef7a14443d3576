package zegocensor

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter holds calls back. Wait returns nil when action may be sent once, or
// an error, which ends the call unsent. It must return when ctx ends, and
// should fail at once when ctx cannot outlive the wait.
type Limiter interface {
	Wait(ctx context.Context, action string) error
}

// Rate is how many calls a second ZEGO documents for an action, for all rooms of
// a project: 100, and less for some that are often called after a moderation
// result, with [Client.Do].
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/accessing-server-apis
func Rate(action string) int {
	switch action {
	case "KickoutUser", "DescribeSimpleStreamList":
		return 50
	case "ForbidRTCStream", "ResumeRTCStream":
		return 20
	case "SetForbidStreamRule":
		return 10
	}
	return 100
}

// localLimiter is the default Limiter: a bucket for each action. Its bursts are
// of one, so that no second sees more than the rate.
type localLimiter struct {
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// NewLimiter makes the limiter that a [Client] has by default: each action at its
// [Rate], in this process. It is for programs that wrap it, or that share it
// among clients of the same project.
func NewLimiter() Limiter {
	return &localLimiter{buckets: make(map[string]*rate.Limiter)}
}

func (l *localLimiter) Wait(ctx context.Context, action string) error {
	now := time.Now()
	r := l.bucket(action).ReserveN(now, 1)
	d := r.DelayFrom(now)
	if err := sleep(ctx, d); err != nil {
		r.Cancel() // the place goes to the next call
		return err
	}
	return nil
}

func (l *localLimiter) bucket(action string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[action]
	if !ok {
		b = rate.NewLimiter(rate.Limit(Rate(action)), 1)
		l.buckets[action] = b
	}
	return b
}

// sleep waits for d. It ends with ctx, and at once where ctx cannot outlive d.
func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return contextError(ctx)
	}
	if d <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}
