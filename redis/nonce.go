package zegoredis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/zegocensor/zegocensor-go/callback"
)

// NonceStore is a [callback.NonceStore] in Redis. What it keeps of a callback is
// hashes: no signature and no nonce is readable in Redis.
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
	for _, opt := range opts {
		opt(s)
	}
	return s, check("NewNonceStore", client, s.prefix)
}

func (s *NonceStore) keys(key string) []string {
	sum := sha256.Sum256([]byte(key))
	return []string{s.prefix + ":" + hex.EncodeToString(sum[:16])}
}

func print(fingerprint string) string {
	sum := sha256.Sum256([]byte(fingerprint))
	return string(sum[:16])
}

// In the hash: p the fingerprint, o the token of the call that reserved the key,
// h when its reservation lapses (0 = the work is done).

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

var states = [...]callback.State{callback.Reserved, callback.InWork, callback.Done, callback.Conflict}

// Reserve asks for a key.
func (s *NonceStore) Reserve(ctx context.Context, key, fingerprint string, hold, ttl time.Duration) (callback.State, error) {
	n, err := reserve.Run(ctx, s.client, s.keys(key), print(fingerprint), token(), hold.Milliseconds(), max(ttl.Milliseconds(), 1)).Int()
	switch {
	case err != nil:
		return 0, fmt.Errorf("zegoredis: %w", err)
	case n < 0 || n >= len(states):
		return 0, errReply
	}
	return states[n], nil
}

var commit = redis.NewScript(`
redis.call('HSET', KEYS[1], 'p', ARGV[1], 'h', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 0
`)

// Commit says that the work for a key is done.
func (s *NonceStore) Commit(ctx context.Context, key, fingerprint string, ttl time.Duration) error {
	err := commit.Run(ctx, s.client, s.keys(key), print(fingerprint), max(ttl.Milliseconds(), 1)).Err()
	if err != nil {
		return fmt.Errorf("zegoredis: %w", err)
	}
	return nil
}

var release = redis.NewScript(`
local held = redis.call('HGET', KEYS[1], 'h')
if held and tonumber(held) > 0 then
  redis.call('HSET', KEYS[1], 'h', 1)
end
return 0
`)

// Release ends the reservation of a key.
func (s *NonceStore) Release(ctx context.Context, key string) error {
	if err := release.Run(ctx, s.client, s.keys(key)).Err(); err != nil {
		return fmt.Errorf("zegoredis: %w", err)
	}
	return nil
}
