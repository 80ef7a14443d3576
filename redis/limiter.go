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

	"github.com/zegocensor/zegocensor-go"
)

// Limiter is a [zegocensor.Limiter] that all replicas share: each action of a
// project is called at most as often as [zegocensor.DocumentedRate] says, by all of them
// together.
//
// It hands out places in time, evenly spaced by the server's clock, and a little
// wider apart than the rate asks for (2 %): a call that goes out a moment late,
// because of a busy machine, still meets a second that has room for it. A call
// that gives up its place leaves it unused if others have taken later ones.
type Limiter struct {
	client redis.UniversalClient
	prefix string
	appID  uint32
	rate   func(action string) zegocensor.Limit
	away   fallback
	share  int

	awayUntil atomic.Int64 // in Unix nanoseconds: the local share is taken without asking

	mu   sync.Mutex
	last map[string]time.Time // the last known place of each action
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

// WithRate replaces [zegocensor.DocumentedRate] in production, for another
// environment or for a project that has been granted other rates. PerSecond must be
// at least 1.
func WithRate(rate func(action string) zegocensor.Limit) LimiterOption {
	return func(l *Limiter) error {
		if rate == nil {
			return errors.New("zegoredis: WithRate: must not be nil")
		}
		l.rate = rate
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
	l := &Limiter{client: client, prefix: "zego:rate", appID: appID, rate: documented, last: make(map[string]time.Time)}
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

func documented(action string) zegocensor.Limit {
	return zegocensor.DocumentedRate(action, zegocensor.EnvironmentProduction)
}

// place is the generic cell rate algorithm with bursts of one: it takes the next
// place in time, and returns how far that is away, in microseconds. A place too
// far away is not taken. ARGV[4] is how far the last place is away that the caller
// knows of, should the server have forgotten it; a next place beyond all that is
// handed out is from before the server's clock was set back.
var place = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local v = redis.call('HMGET', KEYS[1], 'next', 'o', 'p')
if v[2] == ARGV[1] then -- the same call again
  return math.max(0, v[3] - now)
end
local free = tonumber(v[1] or 0)
if free - now > 2 * tonumber(ARGV[5]) then
  free = 0
end
local mine = math.max(now, free, now + ARGV[4] + ARGV[2])
if mine - now > tonumber(ARGV[3]) then
  return {err = 'TOOFAR ' .. string.format('%.0f', mine - now)}
end
redis.call('HSET', KEYS[1], 'next', string.format('%.0f', mine + ARGV[2]), 'o', ARGV[1], 'p', string.format('%.0f', mine))
redis.call('PEXPIRE', KEYS[1], 60000 + math.ceil((mine - now) / 1000))
return mine - now
`)

// giveBack undoes a place, unless another has been taken since.
var giveBack = redis.NewScript(`
local v = redis.call('HMGET', KEYS[1], 'o', 'p')
if v[1] == ARGV[1] then
  redis.call('HSET', KEYS[1], 'next', v[2], 'o', '')
end
return 0
`)

// ErrBusy means that the context of a call ends before its place comes.
var ErrBusy = errors.New("zegoredis: too many calls are waiting")

// ErrAway means that Redis does not answer, and [WithFailFast] was chosen.
var ErrAway = errors.New("zegoredis: Redis does not answer")

// farthest is how long a call waits at most.
const farthest = 10 * time.Minute

// How long Redis has to answer before it counts as away, and for how long it is
// then not asked again where a share of the rate is taken instead.
const (
	answerTimeout = 500 * time.Millisecond
	awayTime      = 5 * time.Second
)

// Wait returns when the action of r may be called.
func (l *Limiter) Wait(ctx context.Context, r zegocensor.LimitRequest) error {
	action := r.Action
	token := token() // of this call, however often it asks
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		var err error
		if time.Now().UnixNano() >= l.awayUntil.Load() {
			var d time.Duration
			d, err = l.reserve(ctx, action, token)
			switch {
			case err == nil:
				if err := sleep(ctx, d); err != nil {
					l.unreserve(action, token)
					return err
				}
				return nil
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
			return l.local(ctx, action)
		case fail:
			return fmt.Errorf("%w: %w", ErrAway, err)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// reserve takes a place. It returns when Redis has answered, the context has
// ended, or the time for an answer is over, whichever the client of Redis does.
func (l *Limiter) reserve(ctx context.Context, action, token string) (time.Duration, error) {
	far, patience := farthest, answerTimeout
	if deadline, ok := ctx.Deadline(); ok {
		far = min(far, time.Until(deadline))
		patience = min(patience, far/2)
	}
	interval := l.interval(action)
	answer, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	type reply struct {
		d   time.Duration
		err error
	}
	replies := make(chan reply, 1)
	go func() {
		us, err := place.Run(answer, l.client, l.keys(action), token, interval.Microseconds(), far.Microseconds(), l.sinceLast(action).Microseconds(), farthest.Microseconds()).Int64()
		replies <- reply{time.Duration(us) * time.Microsecond, err}
	}()
	select {
	case r := <-replies:
		if r.err == nil {
			l.note(action, time.Now().Add(r.d))
		}
		return r.d, r.err
	case <-answer.Done():
		return 0, answer.Err()
	}
}

// unreserve gives a place back that is not used. If that fails it stays unused.
func (l *Limiter) unreserve(action, token string) {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
		defer cancel()
		_ = giveBack.Run(ctx, l.client, l.keys(action), token).Err()
	}()
}

func (l *Limiter) keys(action string) []string {
	return []string{l.prefix + ":" + strconv.FormatUint(uint64(l.appID), 10) + ":" + action}
}

func (l *Limiter) interval(action string) time.Duration {
	return (time.Second + time.Second/50) / time.Duration(l.rate(action).PerSecond)
}

// note remembers the last place that this process knows of.
func (l *Limiter) note(action string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.After(l.last[action]) {
		l.last[action] = at
	}
}

// sinceLast is how far the last known place is away: negative where it is over.
func (l *Limiter) sinceLast(action string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last[action].IsZero() {
		return -time.Hour
	}
	return time.Until(l.last[action])
}

// local takes a place out of this process' own share, behind all places that it
// knows of.
func (l *Limiter) local(ctx context.Context, action string) error {
	l.mu.Lock()
	at := time.Now()
	if next := l.last[action].Add(l.interval(action) * time.Duration(l.share)); next.After(at) {
		at = next
	}
	if deadline, ok := ctx.Deadline(); ok && at.After(deadline) {
		l.mu.Unlock()
		return fmt.Errorf("%w: %w", ErrBusy, context.DeadlineExceeded)
	}
	l.last[action] = at
	l.mu.Unlock()
	return sleep(ctx, time.Until(at))
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
