package limit

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func rate(perSecond int, perRoom time.Duration) *Limiter {
	return New(func(string) Limit { return Limit{perSecond, perRoom} })
}

// passes records when calls go.
type passes struct {
	mu sync.Mutex
	at []time.Time
}

func (p *passes) add() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = append(p.at, time.Now())
}

// most is the largest number of calls in any second that begins with a call.
func (p *passes) most() (most int) {
	for i, j := 0, 0; i < len(p.at); i++ {
		for j < len(p.at) && p.at[j].Sub(p.at[i]) < time.Second {
			j++
		}
		most = max(most, j-i)
	}
	return most
}

// idleAnswers checks that a limiter without waiting calls lets one go soon.
func idleAnswers(t *testing.T, l *Limiter) {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	require.NoError(t, l.Wait(ctx, "a", ""))
	assert.LessOrEqual(t, time.Since(began), 11*time.Millisecond)
}

func TestLimiter_Wait(t *testing.T) {
	t.Run("full load keeps the rate in every second", func(t *testing.T) {
		for _, perSecond := range []int{1, 5, 10, 50, 100, 200} {
			synctest.Test(t, func(t *testing.T) {
				l, p := rate(perSecond, 0), new(passes)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second+time.Millisecond)
				defer cancel()
				var all sync.WaitGroup
				for range 300 {
					all.Go(func() {
						for l.Wait(ctx, "a", "") == nil {
							p.add()
						}
					})
				}
				all.Wait()
				assert.LessOrEqual(t, p.most(), perSecond)
				assert.GreaterOrEqual(t, len(p.at), perSecond*20*97/100)
			})
		}
	})

	t.Run("first come, first served", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rate(100, 0)
			var mu sync.Mutex
			var got []int
			var all sync.WaitGroup
			for i := range 300 {
				all.Go(func() {
					if assert.NoError(t, l.Wait(t.Context(), "a", "")) {
						mu.Lock()
						defer mu.Unlock()
						got = append(got, i)
					}
				})
				synctest.Wait()
			}
			all.Wait()
			for i, n := range got {
				assert.Equal(t, i, n)
			}
			assert.Len(t, got, 300)
		})
	})

	t.Run("each action has its own line", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l, began := rate(1, 0), time.Now()
			for _, action := range []string{"a", "b", "c"} {
				require.NoError(t, l.Wait(t.Context(), action, ""))
			}
			assert.Zero(t, time.Since(began))
		})
	})

	orders := map[string]func(cancels []context.CancelFunc){
		"first to last": func([]context.CancelFunc) {},
		"last to first": func(c []context.CancelFunc) {
			for i, j := 0, len(c)-1; i < j; i, j = i+1, j-1 {
				c[i], c[j] = c[j], c[i]
			}
		},
		"any order": func(c []context.CancelFunc) {
			rand.Shuffle(len(c), func(i, j int) { c[i], c[j] = c[j], c[i] })
		},
	}
	for name, order := range orders {
		t.Run("idle after 1000 cancelled calls, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := rate(100, 0)
				require.NoError(t, l.Wait(t.Context(), "a", ""))
				var all sync.WaitGroup
				var cancels []context.CancelFunc
				for range 1000 {
					ctx, cancel := context.WithCancel(t.Context())
					cancels = append(cancels, cancel)
					all.Go(func() { assert.ErrorIs(t, l.Wait(ctx, "a", ""), context.Canceled) })
				}
				synctest.Wait()
				order(cancels)
				for _, cancel := range cancels {
					cancel()
					synctest.Wait()
				}
				all.Wait()
				idleAnswers(t, l)
			})
		})
	}

	t.Run("idle after one context has ended 10 000 calls", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rate(100, 0)
			ctx, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			for range 10_000 {
				all.Go(func() { _ = l.Wait(ctx, "a", "") })
			}
			time.Sleep(time.Second)
			cancel()
			all.Wait()
			idleAnswers(t, l)
		})
	})

	t.Run("a storm of impatient calls costs nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l, p := rate(100, 0), new(passes)
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
			defer cancel()
			ctx = withoutDeadline{ctx}
			var all sync.WaitGroup
			for i := range 300 {
				random := rand.New(rand.NewPCG(1, uint64(i)))
				all.Go(func() {
					for ctx.Err() == nil {
						patience, leave := context.WithCancel(ctx)
						timer := time.AfterFunc(time.Duration(random.Int64N(int64(2*time.Second))), leave)
						if l.Wait(patience, "a", "") == nil {
							p.add()
						}
						timer.Stop()
						leave()
					}
				})
			}
			all.Wait()
			assert.LessOrEqual(t, p.most(), 100)
			assert.GreaterOrEqual(t, len(p.at), 15*97)
			seconds := make([]int, 15)
			for _, at := range p.at {
				seconds[min(14, int(at.Sub(p.at[0])/time.Second))]++
			}
			for _, n := range seconds {
				assert.GreaterOrEqual(t, n, 97, "%v", seconds)
			}
			idleAnswers(t, l)
		})
	})

	t.Run("a call that cannot outlive the line fails immediately", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rate(10, 0) // 102 ms each
			leave, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			require.NoError(t, l.Wait(t.Context(), "a", ""))
			for range 10 {
				all.Go(func() { _ = l.Wait(leave, "a", "") })
			}
			synctest.Wait()
			began := time.Now()
			ctx, end := context.WithTimeout(t.Context(), 1120*time.Millisecond)
			defer end()
			assert.ErrorIs(t, l.Wait(ctx, "a", ""), context.DeadlineExceeded)
			assert.NoError(t, ctx.Err())
			assert.Zero(t, time.Since(began))

			ctx, end = context.WithTimeout(t.Context(), 1125*time.Millisecond)
			defer end()
			assert.NoError(t, l.Wait(ctx, "a", ""))
			assert.Equal(t, 11*102*time.Millisecond, time.Since(began))
			cancel()
			all.Wait()

			ctx, end = context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer end()
			began = time.Now()
			assert.ErrorIs(t, l.Wait(ctx, "a", ""), context.DeadlineExceeded)
			assert.Zero(t, time.Since(began))
		})
	})

	t.Run("an ended context passes nothing, and costs nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rate(1, time.Second)
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(assert.AnError)
			for _, room := range []string{"", "r"} {
				err := l.Wait(ctx, "a", room)
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, assert.AnError)
			}
			idleAnswers(t, l)
		})
	})
}

// withoutDeadline hides the deadline of a context, as if it were cancelled by hand.
type withoutDeadline struct{ context.Context }

func (withoutDeadline) Deadline() (time.Time, bool) { return time.Time{}, false }

func TestLimiter_Wait_stopped(t *testing.T) {
	for name, tt := range map[string]struct{ late, want time.Duration }{
		"in time":              {0, 10200 * time.Microsecond},
		"a little late":        {7 * time.Millisecond, 3200 * time.Microsecond},
		"later":                {40 * time.Millisecond, 2200 * time.Microsecond},
		"the process stood by": {800 * time.Millisecond, 60200 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := rate(100, 0)
				require.NoError(t, l.Wait(t.Context(), "a", ""))
				a := l.action("a")
				// The call joins before its time, and goes late: as if nothing ran meanwhile.
				require.NoError(t, a.queue.Enter(t.Context(), 0, 0))
				done := make(chan time.Time)
				go func() {
					assert.NoError(t, l.Wait(t.Context(), "a", ""))
					done <- time.Now()
				}()
				synctest.Wait()
				time.Sleep(a.interval + tt.late)
				a.queue.Leave()
				went := <-done
				assert.Equal(t, tt.want, a.next().Sub(went))
			})
		})
	}

	t.Run("a pause without calls is not made up for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rate(100, 0)
			require.NoError(t, l.Wait(t.Context(), "a", ""))
			time.Sleep(time.Minute)
			require.NoError(t, l.Wait(t.Context(), "a", ""))
			began := time.Now()
			require.NoError(t, l.Wait(t.Context(), "a", ""))
			assert.Equal(t, 10200*time.Microsecond, time.Since(began))
		})
	})
}

func TestLimiter_Wait_rooms(t *testing.T) {
	t.Run("calls for one room are spaced, and block no other room", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rate(50, 10*time.Second)
			began := time.Now()
			var all sync.WaitGroup
			at := map[string][]time.Duration{}
			var mu sync.Mutex
			call := func(room string) {
				all.Go(func() {
					assert.NoError(t, l.Wait(t.Context(), "a", room))
					mu.Lock()
					defer mu.Unlock()
					at[room] = append(at[room], time.Since(began))
				})
				synctest.Wait()
			}
			for range 3 {
				call("busy")
			}
			for i := range 20 {
				call(strconv.Itoa(i))
			}
			call("") // no room
			all.Wait()
			assert.Equal(t, []time.Duration{0, 10020 * time.Millisecond, 20040 * time.Millisecond}, at["busy"])
			for i := range 20 {
				assert.Equal(t, []time.Duration{time.Duration(i+1) * 20400 * time.Microsecond}, at[strconv.Itoa(i)])
			}
			assert.Equal(t, []time.Duration{21 * 20400 * time.Microsecond}, at[""])
		})
	})

	t.Run("a call that gives up leaves its turn to the next", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rate(1, 10*time.Second)
			began := time.Now()
			require.NoError(t, l.Wait(t.Context(), "a", "other")) // the line is busy for a second
			var all sync.WaitGroup
			for range 100 {
				ctx, cancel := context.WithTimeout(withoutDeadline{t.Context()}, 500*time.Millisecond)
				defer cancel()
				all.Go(func() { assert.Error(t, l.Wait(withoutDeadline{ctx}, "a", "r")) })
			}
			synctest.Wait()
			require.NoError(t, l.Wait(t.Context(), "a", "r"))
			all.Wait()
			assert.Equal(t, 1020*time.Millisecond, time.Since(began))
		})
	})

	t.Run("a deadline before the room's turn fails immediately", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rate(100, 10*time.Second)
			require.NoError(t, l.Wait(t.Context(), "a", "r"))
			leave, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			began := time.Now()
			ctx, end := context.WithTimeout(t.Context(), 9*time.Second)
			defer end()
			assert.ErrorIs(t, l.Wait(ctx, "a", "r"), context.DeadlineExceeded)
			all.Go(func() { _ = l.Wait(leave, "a", "r") })
			synctest.Wait()
			ctx, end = context.WithTimeout(t.Context(), 19*time.Second)
			defer end()
			assert.ErrorIs(t, l.Wait(ctx, "a", "r"), context.DeadlineExceeded)
			assert.Zero(t, time.Since(began))
			cancel()
			all.Wait()
		})
	})

	t.Run("only rooms that matter are stored", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rate(200, time.Second)
			for i := range 5000 {
				require.NoError(t, l.Wait(t.Context(), "a", strconv.Itoa(i)))
				rooms := l.action("a").rooms
				require.LessOrEqual(t, len(rooms.rooms), 201)
				require.LessOrEqual(t, len(rooms.expiring), 201)
			}
			time.Sleep(2 * time.Second)
			require.NoError(t, l.Wait(t.Context(), "a", "last"))
			assert.Len(t, l.action("a").rooms.rooms, 1)

			// Rooms whose calls all gave up leave nothing.
			ctx, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			for i := range 100 {
				all.Go(func() { _ = l.Wait(ctx, "b", strconv.Itoa(i)) })
			}
			cancel()
			all.Wait()
			time.Sleep(2 * time.Second)
			require.NoError(t, l.Wait(t.Context(), "b", "last"))
			assert.Len(t, l.action("b").rooms.rooms, 1)
		})
	})
}

func TestNew(t *testing.T) {
	t.Run("a limiter has no goroutine", func(t *testing.T) {
		before := runtime.NumGoroutine()
		l := rate(100, time.Second)
		for range 3 {
			require.NoError(t, l.Wait(t.Context(), "a", "r"+strconv.Itoa(rand.Int())))
		}
		assert.LessOrEqual(t, runtime.NumGoroutine(), before)
	})
}

func BenchmarkLimiter_Wait(b *testing.B) {
	b.Run("no line", func(b *testing.B) {
		l := rate(1_000_000_000, 0)
		b.ReportAllocs()
		for b.Loop() {
			_ = l.Wait(b.Context(), "a", "")
		}
	})
	b.Run("cancelled in a line of 10 000", func(b *testing.B) {
		l := rate(1, 0)
		ctx, cancel := context.WithCancel(b.Context())
		var all sync.WaitGroup
		_ = l.Wait(ctx, "a", "")
		for range 10_000 {
			all.Go(func() { _ = l.Wait(ctx, "a", "") })
		}
		b.ReportAllocs()
		for b.Loop() {
			one, leave := context.WithCancel(ctx)
			all.Go(leave)
			_ = l.Wait(one, "a", "")
		}
		cancel()
		all.Wait()
	})
}
