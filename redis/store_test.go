package zegoredis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/moderator"
)

// stores are the store in memory, which says what is right, and the one in Redis,
// alone and in a Cluster, and by a client that sends everything twice.
func stores(t *testing.T) map[string]moderator.Store {
	t.Helper()
	all := map[string]moderator.Store{"memory": moderator.NewMemoryStore(nil)}
	twice := start(t, false).client()
	twice.AddHook(repeat{})
	for name, c := range map[string]redis.UniversalClient{"redis": start(t, false).client(), "cluster": start(t, true).client(), "sent twice": twice} {
		s, err := NewStore(c)
		require.NoError(t, err)
		all[name] = s
	}
	return all
}

// repeat sends each script twice, as a client does whose connection broke before
// the answer came.
type repeat struct{}

func (repeat) DialHook(next redis.DialHook) redis.DialHook { return next }
func (repeat) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (repeat) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" || cmd.Name() == "eval" {
			_ = next(ctx, cmd)
		}
		return next(ctx, cmd)
	}
}

func TestStoresAreAlike(t *testing.T) {
	const lease = 300 * time.Millisecond
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			event := func(i int) []byte { return fmt.Appendf(nil, "event %d", i) }
			c, err := s.Begin(ctx, "room {1}", token(), lease, event(1), event(2))
			require.NoError(t, err)
			require.True(t, c.Held)
			assert.WithinDuration(t, time.Now(), c.Now, 2*time.Second)
			assert.False(t, c.Abandoned)
			assert.Empty(t, c.State)
			assert.Equal(t, [][]byte{event(1), event(2)}, c.Events)

			other, err := s.Begin(ctx, "room {1}", token(), lease, event(3))
			require.NoError(t, err)
			assert.False(t, other.Held)
			more, err := s.Finish(ctx, c, []byte("state 1"), 2, lease, 0, time.Hour)
			require.NoError(t, err)
			assert.Equal(t, [][]byte{event(3)}, more)
			other, err = s.Begin(ctx, "room {1}", token(), lease)
			require.NoError(t, err)
			assert.False(t, other.Held, "still claimed")
			again, err := s.Finish(ctx, c, []byte("state 1"), 2, lease, 0, time.Hour)
			require.NoError(t, err, "the same round again, as its answer was lost")
			assert.Equal(t, more, again)
			c.Round++
			more, err = s.Finish(ctx, c, []byte("state 2"), 1, lease, time.Hour, time.Hour)
			require.NoError(t, err)
			assert.Empty(t, more)
			c.Round++
			_, err = s.Finish(ctx, c, []byte("state 3"), 0, lease, time.Hour, time.Hour)
			assert.ErrorIs(t, err, moderator.ErrFenced, "given back before")

			due, err := s.Due(ctx, 100)
			require.NoError(t, err)
			assert.Empty(t, due)
			second, err := s.Begin(ctx, "room {1}", token(), lease)
			require.NoError(t, err)
			assert.Greater(t, second.Fence, c.Fence)
			assert.Equal(t, "state 2", string(second.State))
			assert.Empty(t, second.Events)

			// Whoever has it stops for too long.
			require.Eventually(t, func() bool { due, err := s.Due(ctx, 100); return err == nil && slices.Contains(due, "room {1}") }, 5*time.Second, 20*time.Millisecond)
			third, err := s.Begin(ctx, "room {1}", token(), lease, event(4))
			require.NoError(t, err)
			require.True(t, third.Held)
			assert.True(t, third.Abandoned)
			_, err = s.Finish(ctx, second, []byte("late"), 0, lease, -1, time.Hour)
			assert.ErrorIs(t, err, moderator.ErrFenced)
			_, err = s.Finish(ctx, third, []byte("state 4"), 1, lease, 0, time.Hour)
			require.NoError(t, err)
			due, err = s.Due(ctx, 100)
			require.NoError(t, err)
			assert.Equal(t, []string{"room {1}"}, due)
			var rooms []string
			for e, err := range s.Rooms(ctx) {
				require.NoError(t, err)
				rooms = append(rooms, e.RoomID+" "+string(e.State))
			}
			assert.Equal(t, []string{"room {1} state 4"}, rooms)

			fourth, err := s.Begin(ctx, "room {1}", token(), lease)
			require.NoError(t, err)
			assert.False(t, fourth.Abandoned)
			_, err = s.Finish(ctx, fourth, []byte("state 5"), 0, lease, -1, 100*time.Millisecond)
			require.NoError(t, err)
			due, err = s.Due(ctx, 100)
			require.NoError(t, err)
			assert.Empty(t, due)
			time.Sleep(200 * time.Millisecond)
			_, err = s.Due(ctx, 100)
			require.NoError(t, err)
			fifth, err := s.Begin(ctx, "room {1}", "the same", lease, event(5))
			require.NoError(t, err)
			assert.Empty(t, fifth.State, "forgotten")
			assert.Greater(t, fifth.Fence, fourth.Fence, "though forgotten")
			same, err := s.Begin(ctx, "room {1}", "the same", lease, event(5))
			require.NoError(t, err)
			assert.True(t, same.Held, "the same call, as its answer was lost")
			assert.Equal(t, fifth.Fence, same.Fence)
			assert.Equal(t, [][]byte{event(5)}, same.Events)
		})
	}
}

// TestStoresAgree does the same random things to all stores.
func TestStoresAgree(t *testing.T) {
	all := stores(t)
	reference := all["memory"]
	delete(all, "memory")
	for name, s := range all {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			held := map[string][2]moderator.Claim{}
			for i := range 2000 {
				room := fmt.Sprintf("%s %d", name, random.IntN(5))
				claims, has := held[room]
				if !has || random.IntN(2) == 0 {
					var events [][]byte
					for range random.IntN(3) {
						events = append(events, fmt.Appendf(nil, "%d", i))
					}
					want, err := reference.Begin(t.Context(), room, token(), time.Hour, events...)
					require.NoError(t, err)
					got, err := s.Begin(t.Context(), room, token(), time.Hour, events...)
					require.NoError(t, err)
					require.Equal(t, want.Held, got.Held)
					require.Equal(t, string(want.State), string(got.State))
					require.Equal(t, fmt.Sprintf("%q", want.Events), fmt.Sprintf("%q", got.Events))
					if got.Held {
						held[room] = [2]moderator.Claim{want, got}
					}
					continue
				}
				state := fmt.Appendf(nil, "state %d", i)
				want, wantErr := reference.Finish(t.Context(), claims[0], state, len(claims[0].Events), time.Hour, time.Minute, time.Hour)
				got, err := s.Finish(t.Context(), claims[1], state, len(claims[1].Events), time.Hour, time.Minute, time.Hour)
				require.Equal(t, wantErr, err)
				require.Equal(t, fmt.Sprintf("%q", want), fmt.Sprintf("%q", got))
				if len(got) == 0 {
					delete(held, room)
					continue
				}
				claims[0].Events, claims[1].Events = want, got
				claims[0].Round++
				claims[1].Round++
				held[room] = claims
			}
		})
	}
}

// counted counts what is sent.
type counted struct{ n *atomic.Int64 }

func (counted) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}
func (c counted) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == "eval" {
			c.n.Add(1)
		}
		return next(ctx, cmds)
	}
}
func (c counted) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" || cmd.Name() == "eval" { // and not what sets up a connection
			c.n.Add(1)
		}
		return next(ctx, cmd)
	}
}

// provider starts tasks that cost nothing.
type provider struct{ started, stopped atomic.Int64 }

func (p *provider) Start(context.Context, moderator.Room) (string, error) {
	return fmt.Sprintf("task_%d", p.started.Add(1)), nil
}

func (p *provider) Stop(context.Context, moderator.Task) error {
	p.stopped.Add(1)
	return nil
}

// TestCost opens and closes rooms at different replicas.
func TestCost(t *testing.T) {
	const rooms = 10_000
	server := start(t, false)
	var n atomic.Int64
	var replicas []*moderator.Moderator
	p := &provider{}
	admin := server.client()
	for range 2 {
		c := server.client()
		c.AddHook(counted{&n})
		s, err := NewStore(c)
		require.NoError(t, err)
		m, err := moderator.New(p, moderator.WithStore(s))
		require.NoError(t, err)
		replicas = append(replicas, m)
	}
	room := func(i int) moderator.Room {
		return moderator.Room{ID: fmt.Sprintf("room_%d", i), SessionID: uint64(i + 1), CreatedAt: time.Now().Add(-time.Minute)}
	}
	require.NoError(t, replicas[0].RoomOpened(t.Context(), room(rooms))) // loads the scripts
	used := func() int64 {
		var bytes int64
		info := admin.InfoMap(t.Context(), "memory").Val()
		_, err := fmt.Sscan(info["Memory"]["used_memory"], &bytes)
		require.NoError(t, err)
		return bytes
	}
	before, memory := n.Load(), used()
	began := time.Now()
	var all sync.WaitGroup
	for w := range 32 {
		all.Go(func() {
			for i := w; i < rooms; i += 32 {
				assert.NoError(t, replicas[0].RoomOpened(context.Background(), room(i)))
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	t.Logf("%d rooms opened in %v, %d bytes of Redis each", rooms, took, (used()-memory)/rooms)
	assert.Less(t, took, 30*time.Second)
	assert.LessOrEqual(t, n.Load()-before, int64(2*rooms), "round trips")
	assert.Less(t, (used()-memory)/rooms, int64(1024))

	before = n.Load()
	for i := range 100 {
		require.NoError(t, replicas[1].RoomClosed(t.Context(), room(i), time.Now()))
	}
	assert.LessOrEqual(t, n.Load()-before, int64(200), "round trips")
	assert.EqualValues(t, 100, p.stopped.Load())

	// Every key expires.
	for cursor := uint64(0); ; {
		keys, next, err := admin.Scan(t.Context(), cursor, "*", 1000).Result()
		require.NoError(t, err)
		for _, k := range keys {
			ttl, err := admin.TTL(t.Context(), k).Result()
			require.NoError(t, err)
			require.Positive(t, ttl, k)
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	tasks, err := replicas[1].Tasks(t.Context())
	require.NoError(t, err)
	assert.Len(t, tasks, rooms+1-100)
}

func TestArguments(t *testing.T) {
	store, err := NewStore(nil, WithStorePrefix("{"), nil)
	assert.ErrorContains(t, err, "the client must not be nil\nzegoredis: NewStore: the prefix")
	assert.ErrorContains(t, err, "an option must not be nil")
	assert.Nil(t, store)
	nonces, err := NewNonceStore(nil, WithNoncePrefix(""), nil)
	assert.ErrorContains(t, err, "NewNonceStore: the prefix")
	assert.ErrorContains(t, err, "an option must not be nil")
	assert.Nil(t, nonces)
	_, err = NewLimiter(nil, 0, WithRate(nil), WithLocalShare(0), WithLimiterPrefix(""), nil)
	require.Error(t, err)
	for _, want := range []string{"an option", "WithRate", "WithLocalShare", "AppID", "client", "prefix"} {
		assert.ErrorContains(t, err, want)
	}
}
