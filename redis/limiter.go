package zegoredis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"

	"github.com/zegocensor/zegocensor-go"
)

// Limiter is a [zegocensor.Limiter] that all replicas share: each action of a
// project is called at most as often as [zegocensor.Rate] says, by all of them
// together.
//
// It hands out places in time, evenly spaced by the server's clock, and a little
// wider apart than the rate asks for (2 %): a call that goes out a moment late,
// because of a busy machine, still meets a second that has room for it. A call
// that gives up its place leaves it unused.
type Limiter struct {
	client redis.UniversalClient
	prefix string
	appID  uint32
	rate   func(action string) int
	away   fallback
	share  int

	awayUntil atomic.Int64 // in Unix nanoseconds: the local share is taken without asking

	mu    sync.Mutex
	local map[string]*rate.Limiter // while Redis is away
}

var _ zegocensor.Limiter = (*Limiter)(nil)

// fallback is what is done when Redis does not answer.
type fallback int

const (
	wait fallback = iota
	share
	fail
)

// LimiterOption changes a [Limiter] while [NewLimiter] makes it.
type LimiterOption func(*Limiter) error

// WithLimiterPrefix sets what the keys begin with. The default is "zego:rate".
func WithLimiterPrefix(prefix string) LimiterOption {
	return func(l *Limiter) error {
		l.prefix = prefix
		return nil
	}
}

// WithRate replaces [zegocensor.Rate], for a project that has been granted
// others. It must return at least 1.
func WithRate(callsPerSecond func(action string) int) LimiterOption {
	return func(l *Limiter) error {
		if callsPerSecond == nil {
			return errors.New("zegoredis: WithRate: must not be nil")
		}
		l.rate = callsPerSecond
		return nil
	}
}

// WithLocalShare has a replica go on by itself while Redis does not answer, with
// an equal share of the rate: that of one of so many replicas. It asks again every
// five seconds. By default calls wait for Redis, or for their context to end.
func WithLocalShare(replicas int) LimiterOption {
	return func(l *Limiter) error {
		if replicas < 1 {
			return errors.New("zegoredis: WithLocalShare: must be at least 1")
		}
		l.away, l.share = share, replicas
		return nil
	}
}

// WithFailFast has calls fail while Redis does not answer. By default they wait.
func WithFailFast() LimiterOption {
	return func(l *Limiter) error {
		l.away = fail
		return nil
	}
}

// NewLimiter makes a limiter for a project.
func NewLimiter(client redis.UniversalClient, appID uint32, opts ...LimiterOption) (*Limiter, error) {
	l := &Limiter{client: client, prefix: "zego:rate", appID: appID, rate: zegocensor.Rate, local: make(map[string]*rate.Limiter)}
	var faults []error
	for _, opt := range opts {
		faults = append(faults, opt(l))
	}
	if appID == 0 {
		faults = append(faults, errors.New("zegoredis: NewLimiter: the AppID must not be 0"))
	}
	if err := errors.Join(append(faults, check("NewLimiter", client, l.prefix))...); err != nil {
		return nil, err
	}
	return l, nil
}

// place is the generic cell rate algorithm with bursts of one: it takes the next
// place in time, and returns how far that is away, in microseconds. A place too
// far away is not taken.
var place = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local v = redis.call('HMGET', KEYS[1], 'next', 'o', 'p')
if v[2] == ARGV[1] then -- the same call again
  return math.max(0, v[3] - now)
end
local mine = math.max(now, tonumber(v[1] or 0))
if mine - now > tonumber(ARGV[3]) then
  return {err = 'TOOFAR ' .. string.format('%.0f', mine - now)}
end
redis.call('HSET', KEYS[1], 'next', string.format('%.0f', mine + ARGV[2]), 'o', ARGV[1], 'p', string.format('%.0f', mine))
redis.call('PEXPIRE', KEYS[1], 60000 + math.ceil((mine - now) / 1000))
return mine - now
`)

// ErrBusy means that the context of a call ends before its place comes.
var ErrBusy = errors.New("zegoredis: too many calls are waiting")

// ErrAway means that Redis does not answer, and [WithFailFast] was chosen.
var ErrAway = errors.New("zegoredis: Redis does not answer")

// farthest is how long a call waits that has no deadline.
const farthest = 10 * time.Minute

// Wait returns when action may be called.
func (l *Limiter) Wait(ctx context.Context, action string) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		var err error
		if time.Now().UnixNano() >= l.awayUntil.Load() {
			var d time.Duration
			d, err = l.reserve(ctx, action)
			switch {
			case err == nil:
				return sleep(ctx, d)
			case redis.HasErrorPrefix(err, "TOOFAR"):
				return fmt.Errorf("%w: %w", ErrBusy, context.DeadlineExceeded)
			case ctx.Err() != nil:
				return ctx.Err()
			}
		}
		switch l.away {
		case share:
			// Not every call has to find out by itself.
			if err != nil {
				l.awayUntil.Store(time.Now().Add(awayTime).UnixNano())
			}
			if err := l.bucket(action).Wait(ctx); err != nil {
				return fmt.Errorf("%w: %w", ErrBusy, err)
			}
			return nil
		case fail:
			return fmt.Errorf("%w: %w", ErrAway, err)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// How long Redis has to answer before it counts as away, and for how long it is
// then not asked again where a share of the rate is taken instead.
const (
	answerTimeout = 500 * time.Millisecond
	awayTime      = 5 * time.Second
)

func (l *Limiter) reserve(ctx context.Context, action string) (time.Duration, error) {
	far := farthest
	if deadline, ok := ctx.Deadline(); ok {
		far = time.Until(deadline)
	}
	interval := time.Second + time.Second/50
	interval /= time.Duration(l.rate(action))
	answer, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	key := l.prefix + ":" + strconv.FormatUint(uint64(l.appID), 10) + ":" + action
	us, err := place.Run(answer, l.client, []string{key}, token(), interval.Microseconds(), far.Microseconds()).Int64()
	return time.Duration(us) * time.Microsecond, err
}

func (l *Limiter) bucket(action string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.local[action]
	if b == nil {
		b = rate.NewLimiter(rate.Limit(float64(l.rate(action))/float64(l.share)/1.02), 1)
		l.local[action] = b
	}
	return b
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
