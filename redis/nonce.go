package zegoredis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/zegocensor/zegocensor-go/callback"
)

// NonceStore is a [callback.NonceStore] in Redis. It stores hashes only: no signature
// and no nonce is readable in Redis. It ignores [callback.Reservation.Essential]: what
// happens if Redis is full is the server's maxmemory-policy to decide, which should be
// noeviction.
type NonceStore struct {
	client redis.UniversalClient
	prefix string
}

var _ callback.NonceStore = (*NonceStore)(nil)

// NonceOption changes a [NonceStore] while [NewNonceStore] makes it.
type NonceOption func(*NonceStore)

// WithNoncePrefix sets what the keys begin with. The default is "zego:nonces".
func WithNoncePrefix(prefix string) NonceOption { return func(s *NonceStore) { s.prefix = prefix } }

// NewNonceStore makes a store.
func NewNonceStore(client redis.UniversalClient, opts ...NonceOption) (*NonceStore, error) {
	s := &NonceStore{client: client, prefix: "zego:nonces"}
	var faults []error
	for _, opt := range opts {
		if opt == nil {
			faults = append(faults, errNilOption)
			continue
		}
		opt(s)
	}
	if err := errors.Join(append(faults, check("NewNonceStore", client, s.prefix))...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *NonceStore) keys(key string) []string {
	sum := sha256.Sum256([]byte(key))
	return []string{s.prefix + ":" + hex.EncodeToString(sum[:16])}
}

// short is what the store keeps of a fingerprint or an owner.
func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return string(sum[:16])
}

// In the hash: p the fingerprint, o the owner of the reservation, h when it lapses
// (0 = the work is done).

var reserve = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local v = redis.call('HMGET', KEYS[1], 'p', 'h', 'o')
if v[1] then
  if v[1] ~= ARGV[1] then
    return 3
  end
  local held = tonumber(v[2])
  if held == 0 then
    return 2
  end
  if held > now and v[3] ~= ARGV[2] then
    return 1
  end
end
redis.call('HSET', KEYS[1], 'p', ARGV[1], 'h', string.format('%.0f', now + ARGV[3]), 'o', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 0
`)

var states = [...]callback.NonceState{callback.NonceReserved, callback.NonceInProgress, callback.NonceDone, callback.NonceConflict}

// Reserve implements [callback.NonceStore].
func (s *NonceStore) Reserve(ctx context.Context, r callback.Reservation) (callback.NonceState, error) {
	n, err := reserve.Run(ctx, s.client, s.keys(r.Key), short(r.Fingerprint), short(r.Owner), r.Hold.Milliseconds(), max(r.TTL.Milliseconds(), 1)).Int()
	switch {
	case err != nil:
		return 0, fmt.Errorf("zegoredis: %w", err)
	case n < 0 || n >= len(states):
		return 0, errReply
	}
	return states[n], nil
}

var commit = redis.NewScript(`
local owner = redis.call('HGET', KEYS[1], 'o')
if not owner or owner == ARGV[2] then
  redis.call('HSET', KEYS[1], 'p', ARGV[1], 'h', 0, 'o', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 0
`)

// Commit implements [callback.NonceStore].
func (s *NonceStore) Commit(ctx context.Context, r callback.Reservation) error {
	err := commit.Run(ctx, s.client, s.keys(r.Key), short(r.Fingerprint), short(r.Owner), max(r.TTL.Milliseconds(), 1)).Err()
	if err != nil {
		return fmt.Errorf("zegoredis: %w", err)
	}
	return nil
}

var release = redis.NewScript(`
local v = redis.call('HMGET', KEYS[1], 'h', 'o')
if v[1] and tonumber(v[1]) > 0 and v[2] == ARGV[1] then
  redis.call('HSET', KEYS[1], 'h', 1)
end
return 0
`)

// Release implements [callback.NonceStore].
func (s *NonceStore) Release(ctx context.Context, r callback.Reservation) error {
	if err := release.Run(ctx, s.client, s.keys(r.Key), short(r.Owner)).Err(); err != nil {
		return fmt.Errorf("zegoredis: %w", err)
	}
	return nil
}
