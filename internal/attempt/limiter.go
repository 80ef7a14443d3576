package attempt

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter is a bucket for each action. Its bursts are of one, so that no second
// sees more than the rate.
type Limiter struct {
	rate    func(action string) int // a second
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// NewLimiter makes a limiter of so many calls of each action a second.
func NewLimiter(perSecond func(action string) int) *Limiter {
	return &Limiter{rate: perSecond, buckets: make(map[string]*rate.Limiter)}
}

// Wait waits until action may be called once more, or until ctx ends.
func (l *Limiter) Wait(ctx context.Context, action string) error {
	now := time.Now()
	r := l.bucket(action).ReserveN(now, 1)
	d := r.DelayFrom(now)
	if err := Sleep(ctx, d); err != nil {
		r.Cancel() // the place goes to the next call
		return err
	}
	return nil
}

func (l *Limiter) bucket(action string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[action]
	if !ok {
		b = rate.NewLimiter(rate.Limit(l.rate(action)), 1)
		l.buckets[action] = b
	}
	return b
}
