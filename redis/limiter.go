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
	"github.com/zegocensor/zegocensor-go/internal/limit"
)

// Limiter is a [zegocensor.Limiter] that all replicas share: each action of a
// project is called at most as often as [zegocensor.DocumentedRate] says, by all of
// them together.
//
// It hands out places in time, evenly spaced by the server's clock, and a little
// wider apart than the rate asks for (2 %): a call that goes out a moment late,
// because of a busy machine, still meets a second that has room for it.
//
// The calls of a process stand in line, first come, first served. Only the first one
// asks Redis for a place. If it gives up, the next one gets its place, so that calls
// that are cancelled cost the other replicas at most one place. A process gets at
// most one place per round trip to Redis, so one that is to have the whole rate
// needs a round trip shorter than the time between two calls (10 ms at 100 calls a
// second).
//
// PerRoom of a [zegocensor.Limit] is kept within each process and not in Redis: a room
// whose calls come from several replicas can be called more often. ZEGO then refuses
// some of them, and the client tries these again.
type Limiter struct {
	client redis.UniversalClient
	prefix string
	appID  uint32
	rate   func(action string) zegocensor.Limit
	away   fallback
	share  int

	awayUntil atomic.Int64 // in Unix nanoseconds: the local share is taken without asking

	mu      sync.Mutex
	actions map[string]*action
}

// action is the line of an action. What follows the queue is for the first call in
// line to read and to change.
type action struct {
	keys     []string
	interval time.Duration
	rooms    *limit.Rooms // nil = rooms have no limit of their own
	queue    limit.Queue

	token  string    // that names the place which Redis was asked for; "" = none
	place  time.Time // that no call has used
	last   time.Time // the last known place, not later than it was
	failed time.Time // when Redis did not answer, and calls were to fail
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
	l := &Limiter{client: client, prefix: "zego:rate", appID: appID, rate: documented, actions: make(map[string]*action)}
	var faults []error
	for _, opt := range opts {
		if opt == nil {
			faults = append(faults, errNilOption)
			continue
		}
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

// overdue is how long after its time a place can be used by a call that has come
// since. It is less than what the places are wider apart in a second.
const overdue = limit.Margin / 2

// Wait returns nil when one call of r may be sent. Its errors are that of ctx,
// [ErrBusy] and [ErrAway].
func (l *Limiter) Wait(ctx context.Context, r zegocensor.LimitRequest) error {
	a := l.action(r.Action)
	if a.rooms == nil || r.RoomID == "" {
		return l.wait(ctx, a)
	}
	turn, err := a.rooms.Enter(ctx, r.RoomID)
	if err != nil {
		return busy(ctx, err)
	}
	err = l.wait(ctx, a)
	turn.Leave(err == nil)
	return err
}

func (l *Limiter) action(name string) *action {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.actions[name]
	if !ok {
		rate := l.rate(name)
		a = &action{
			keys:     []string{l.prefix + ":" + strconv.FormatUint(uint64(l.appID), 10) + ":" + name},
			interval: limit.Interval(rate.PerSecond),
		}
		if rate.PerRoom > 0 {
			a.rooms = limit.NewRooms(rate.PerRoom)
		}
		l.actions[name] = a
	}
	return a
}

// busy is the error of a call that does not wait any more. If its context has not
// ended, the context's deadline comes too soon.
func busy(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

// wait waits in line, for a place, and for its time.
func (l *Limiter) wait(ctx context.Context, a *action) error {
	joined := time.Now()
	if err := a.queue.Enter(ctx, 0, a.interval); err != nil {
		return busy(ctx, err)
	}
	defer a.queue.Leave()
	for pause := 50 * time.Millisecond; time.Since(a.place) > overdue; pause = min(2*pause, time.Second) {
		var err error
		if time.Now().UnixNano() >= l.awayUntil.Load() {
			if l.away == fail && joined.Before(a.failed) {
				return ErrAway // found out by a call that was ahead
			}
			err = l.reserve(ctx, a)
			switch {
			case err == nil:
				continue
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
			a.place = latest(time.Now(), a.last.Add(a.interval*time.Duration(l.share)))
			a.last = latest(a.last, a.place)
			continue
		case fail:
			a.failed = time.Now()
			return fmt.Errorf("%w: %w", ErrAway, err)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
	d := time.Until(a.place)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return fmt.Errorf("%w: %w", ErrBusy, context.DeadlineExceeded)
	}
	if err := sleep(ctx, d); err != nil {
		return err
	}
	a.token, a.place = "", time.Time{}
	return nil
}

func latest(t, u time.Time) time.Time {
	if u.After(t) {
		return u
	}
	return t
}

// reserve takes a place. It returns when Redis has answered, the context has
// ended, or the time for an answer is over, whichever the client of Redis does. A
// request to Redis does not end with its call: the next call in line asks for the
// same place.
func (l *Limiter) reserve(ctx context.Context, a *action) error {
	far, patience := farthest, answerTimeout
	if deadline, ok := ctx.Deadline(); ok {
		far = min(far, time.Until(deadline))
		patience = min(patience, far/2)
	}
	if a.token == "" || !a.place.IsZero() { // the place is over
		a.token, a.place = token(), time.Time{}
	}
	sinceLast := -time.Hour
	if !a.last.IsZero() {
		sinceLast = time.Until(a.last)
	}
	args := []any{a.token, a.interval.Microseconds(), far.Microseconds(), sinceLast.Microseconds(), farthest.Microseconds()}
	asked := time.Now()
	answer, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	type reply struct {
		d   time.Duration
		err error
	}
	replies := make(chan reply, 1)
	go func() {
		request, done := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
		defer done()
		us, err := place.Run(request, l.client, a.keys, args...).Int64()
		replies <- reply{time.Duration(us) * time.Microsecond, err}
	}()
	select {
	case r := <-replies:
		if r.err == nil {
			// Redis counted from a moment between the two. If last were the later
			// one too, each place would be a round trip further from the one before.
			a.place, a.last = time.Now().Add(r.d), latest(a.last, asked.Add(r.d))
		}
		return r.err
	case <-answer.Done():
		return answer.Err()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
