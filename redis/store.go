package zegoredis

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/zegocensor/zegocensor-go/moderator"
)

// Store is a [moderator.Store] in Redis.
//
// A room has a hash (its state and its claim) and a list (its events), and is in
// one of 16 sorted sets by when it is due. The keys of a room share a hash tag
// with its sorted set, so that one script can change them all in a Cluster.
type Store struct {
	client redis.UniversalClient
	prefix string
}

var _ moderator.Store = (*Store)(nil)

// StoreOption changes a [Store] while [NewStore] makes it.
type StoreOption func(*Store)

// WithStorePrefix sets what the keys begin with. The default is "zego:rooms".
// Programs that moderate different rooms, or in different ways, need different
// ones.
func WithStorePrefix(prefix string) StoreOption { return func(s *Store) { s.prefix = prefix } }

// NewStore makes a store.
func NewStore(client redis.UniversalClient, opts ...StoreOption) (*Store, error) {
	s := &Store{client: client, prefix: "zego:rooms"}
	var faults []error
	for _, opt := range opts {
		if opt == nil {
			faults = append(faults, errNilOption)
			continue
		}
		opt(s)
	}
	if err := errors.Join(append(faults, check("NewStore", client, s.prefix))...); err != nil {
		return nil, err
	}
	return s, nil
}

// shards is how many sorted sets there are. Another number would lose the rooms
// that are in them.
const shards = 16

func (s *Store) tag(shard int) string { return "{" + s.prefix + ":" + strconv.Itoa(shard) + "}" }

func (s *Store) due(shard int) string { return s.tag(shard) + ":due" }

func (s *Store) room(shard int, roomID string) string { return s.tag(shard) + ":room:" + roomID }

// keys are those of a room: its hash, its list, its sorted set.
func (s *Store) keys(roomID string) []string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(roomID)) // never fails
	shard := int(h.Sum32() % shards)
	return []string{s.room(shard, roomID), s.tag(shard) + ":events:" + roomID, s.due(shard)}
}

// In the hash: f the fence, l when the claim ends (0 = none), o the token of the
// call that claimed the room, a whether the claim before was abandoned, d the
// fence and the round of the last Finish, e the token of the last call that added
// events, s the state.

// maxKeep is how long keys are kept whose room nobody gives back, and the sorted
// sets.
const maxKeep = 144 * time.Hour

var begin = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local h = redis.call('HMGET', KEYS[1], 'l', 'o', 'f', 's', 'e', 'a')
local lease = tonumber(h[1] or 0)
if h[2] == ARGV[2] and lease > now then -- the same call again
  return {1, now, tonumber(h[3]), tonumber(h[6]), h[4] or '', redis.call('LRANGE', KEYS[2], 0, -1)}
end
if #ARGV > 4 and h[5] ~= ARGV[2] then
  for i = 5, #ARGV do
    redis.call('RPUSH', KEYS[2], ARGV[i])
  end
  redis.call('HSET', KEYS[1], 'e', ARGV[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
end
if lease > now then
  return {0, now}
end
local abandoned = 0
if lease > 0 then
  abandoned = 1
end
local fence = string.format('%.0f', math.max(tonumber(h[3] or 0) + 1, t[1] * 1000000 + t[2]))
local ends = string.format('%.0f', now + ARGV[3])
redis.call('HSET', KEYS[1], 'f', fence, 'l', ends, 'o', ARGV[2], 'a', abandoned)
redis.call('ZADD', KEYS[3], ends, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return {1, now, tonumber(fence), abandoned, h[4] or '', redis.call('LRANGE', KEYS[2], 0, -1)}
`)

// Begin adds events to a room and claims it.
func (s *Store) Begin(ctx context.Context, roomID, token string, lease time.Duration, events ...[]byte) (moderator.Claim, error) {
	args := make([]any, 0, 4+len(events))
	args = append(args, roomID, token, lease.Milliseconds(), maxKeep.Milliseconds())
	for _, e := range events {
		args = append(args, e)
	}
	reply, err := begin.Run(ctx, s.client, s.keys(roomID), args...).Slice()
	if err != nil {
		return moderator.Claim{}, fmt.Errorf("zegoredis: %w", err)
	}
	c := moderator.Claim{RoomID: roomID}
	if held, _ := reply[0].(int64); held == 0 {
		return c, nil
	}
	if len(reply) != 6 {
		return c, errReply
	}
	c.Held = true
	now, ok1 := reply[1].(int64)
	fence, ok2 := reply[2].(int64)
	abandoned, ok3 := reply[3].(int64)
	state, ok4 := reply[4].(string)
	list, ok5 := reply[5].([]any)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return c, errReply
	}
	c.Now, c.Fence, c.Abandoned, c.State = time.UnixMilli(now), uint64(fence), abandoned == 1, []byte(state)
	c.Events, err = texts(list)
	return c, err
}

var errReply = errors.New("zegoredis: a script has answered in another form than its own")

func texts(list []any) ([][]byte, error) {
	var all [][]byte
	for _, v := range list {
		text, ok := v.(string)
		if !ok {
			return nil, errReply
		}
		all = append(all, []byte(text))
	}
	return all, nil
}

var finish = redis.NewScript(`
local h = redis.call('HMGET', KEYS[1], 'f', 'l', 'd')
if h[3] == ARGV[3] and h[1] == ARGV[2] then -- the same round again
  if tonumber(h[2]) > 0 then
    return {1, redis.call('LRANGE', KEYS[2], 0, -1)}
  end
  return {1, {}}
end
if h[1] ~= ARGV[2] or tonumber(h[2] or 0) == 0 then
  return {0}
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('LTRIM', KEYS[2], ARGV[5], -1)
redis.call('HSET', KEYS[1], 's', ARGV[4], 'd', ARGV[3])
redis.call('PEXPIRE', KEYS[3], ARGV[9])
local more = redis.call('LRANGE', KEYS[2], 0, -1)
if #more > 0 then
  local ends = string.format('%.0f', now + ARGV[6])
  redis.call('HSET', KEYS[1], 'l', ends)
  redis.call('ZADD', KEYS[3], ends, ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[9])
  return {1, more}
end
redis.call('HSET', KEYS[1], 'l', 0)
if tonumber(ARGV[7]) < 0 then
  redis.call('ZREM', KEYS[3], ARGV[1])
else
  redis.call('ZADD', KEYS[3], string.format('%.0f', now + ARGV[7]), ARGV[1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[8])
return {1, {}}
`)

// Finish gives a room back.
func (s *Store) Finish(ctx context.Context, c moderator.Claim, state []byte, consumed int, lease, wake, keep time.Duration) ([][]byte, error) {
	ms := int64(-1) // never
	if wake >= 0 {
		ms = (wake + time.Millisecond - 1).Milliseconds() // not before
	}
	reply, err := finish.Run(ctx, s.client, s.keys(c.RoomID), c.RoomID, c.Fence, fmt.Sprintf("%d:%d", c.Fence, c.Round), state, consumed, lease.Milliseconds(), ms,
		min(keep, maxKeep).Milliseconds(), maxKeep.Milliseconds()).Slice()
	if err != nil {
		return nil, fmt.Errorf("zegoredis: %w", err)
	}
	if done, _ := reply[0].(int64); done == 0 {
		return nil, moderator.ErrFenced
	}
	if len(reply) != 2 {
		return nil, errReply
	}
	list, ok := reply[1].([]any)
	if !ok {
		return nil, errReply
	}
	return texts(list)
}

var dueRooms = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[1])
`)

// Due returns rooms that are due.
func (s *Store) Due(ctx context.Context, limit int) ([]string, error) {
	each := (limit + shards - 1) / shards
	answers := make([]*redis.Cmd, shards)
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range answers {
			answers[i] = dueRooms.Eval(ctx, p, []string{s.due(i)}, each) // a pipeline cannot see that the server lacks a script
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("zegoredis: %w", err)
	}
	var due []string
	for _, a := range answers {
		rooms, err := a.StringSlice()
		if err != nil {
			return nil, fmt.Errorf("zegoredis: %w", err)
		}
		due = append(due, rooms...)
	}
	return due, nil
}

// Rooms returns the states of all rooms that are due at some time: those that
// live, and those that have a task to be stopped.
func (s *Store) Rooms(ctx context.Context) iter.Seq2[moderator.Entry, error] {
	return func(yield func(moderator.Entry, error) bool) {
		for shard := range shards {
			for cursor := uint64(0); ; {
				page, next, err := s.client.ZScan(ctx, s.due(shard), cursor, "", 1000).Result()
				if err != nil {
					yield(moderator.Entry{}, fmt.Errorf("zegoredis: %w", err))
					return
				}
				if !s.states(ctx, shard, page, yield) {
					return
				}
				if cursor = next; cursor == 0 {
					break
				}
			}
		}
	}
}

// states gives the rooms of a page of a sorted set, where each is followed by its
// score. A room that is changed meanwhile can come twice.
func (s *Store) states(ctx context.Context, shard int, page []string, yield func(moderator.Entry, error) bool) bool {
	states := make([]*redis.StringCmd, len(page)/2)
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range states {
			states[i] = p.HGet(ctx, s.room(shard, page[2*i]), "s")
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		yield(moderator.Entry{}, fmt.Errorf("zegoredis: %w", err))
		return false
	}
	for i, cmd := range states {
		state, err := cmd.Bytes()
		switch {
		case errors.Is(err, redis.Nil) || err == nil && len(state) == 0:
			continue // claimed for the first time at this moment, or expired
		case err != nil:
			yield(moderator.Entry{}, fmt.Errorf("zegoredis: %w", err))
			return false
		}
		if !yield(moderator.Entry{RoomID: page[2*i], State: state}, nil) {
			return false
		}
	}
	return true
}
