package moderator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// room is one room at a vendor whose tasks have numbers, on a clock of its own.
type room struct {
	t        *testing.T
	now      time.Time
	m        *moderator.Moderator
	log      bytes.Buffer
	interval time.Duration
	loses    int // answers of so many Starts are lost
	starts   int
	stops    int
	running  []string
	quiet    bool // tasks have no results
	created  time.Time
}

func (r *room) ResultInterval() time.Duration { return r.interval }

func (r *room) Start(context.Context, moderator.Room) (string, error) {
	r.starts++
	id := fmt.Sprintf("task_%d", r.starts)
	r.running = append(r.running, id)
	if r.loses > 0 {
		r.loses--
		return "", zegocensor.ErrOutcomeUnknown
	}
	return id, nil
}

func (r *room) Stop(_ context.Context, task moderator.Task) error {
	r.stops++
	r.running = slices.DeleteFunc(r.running, func(id string) bool { return id == task.ID })
	return nil
}

func newRoom(t *testing.T, r *room, opts ...moderator.Option) *room {
	t.Helper()
	r.t, r.now = t, time.Unix(1_800_000_000, 0)
	m, err := moderator.New(r, append([]moderator.Option{moderator.WithClock(func() time.Time { return r.now }), moderator.WithInterval(time.Millisecond),
		moderator.WithLogger(slog.New(slog.NewTextHandler(&r.log, nil)))}, opts...)...)
	require.NoError(t, err)
	r.m, r.created = m, r.now
	return r
}

// live has the room live on, with results every ten seconds, and an event every six
// minutes: a stream, or a list for Reconcile.
func (r *room) live(d time.Duration, reconcile bool) {
	r.t.Helper()
	for end, i := r.now.Add(d), 0; r.now.Before(end); r.now, i = r.now.Add(10*time.Second), i+1 {
		if i%36 == 0 && reconcile {
			require.NoError(r.t, r.m.Reconcile(r.t.Context(), slices.Values([]moderator.Room{{ID: "r", SessionID: 1, CreatedAt: r.created}})))
		} else if i%36 == 0 {
			require.NoError(r.t, r.m.RoomOpened(r.t.Context(), moderator.Room{ID: "r", SessionID: 1, CreatedAt: r.now}))
		}
		for _, id := range slices.Clone(r.running) {
			if !r.quiet {
				require.NoError(r.t, r.m.TaskFound(r.t.Context(), "r", id, r.now))
			}
		}
		// What Run does when it is time.
		ctx, cancel := context.WithCancelCause(r.t.Context())
		cancel(errors.New("once"))
		_ = r.m.Run(ctx)
	}
}

func TestWithSilence(t *testing.T) {
	for _, reconcile := range []bool{false, true} {
		t.Run(fmt.Sprintf("reconcile %v", reconcile), func(t *testing.T) {
			t.Run("a room with results is left alone", func(t *testing.T) {
				r := newRoom(t, &room{interval: 10 * time.Second})
				r.live(time.Hour, reconcile)
				assert.Equal(t, 1, r.starts)
				assert.Zero(t, r.stops)
				assert.Equal(t, moderator.Stats{Starts: 1}, r.m.Stats())
			})
			t.Run("a room without an interval is left alone", func(t *testing.T) {
				r := newRoom(t, &room{quiet: true})
				r.live(time.Hour, reconcile)
				assert.Equal(t, 1, r.starts)
				assert.Zero(t, r.stops)
			})
			t.Run("a room whose results never come is restarted once", func(t *testing.T) {
				r := newRoom(t, &room{interval: 10 * time.Second, quiet: true})
				r.live(time.Hour, reconcile)
				assert.Equal(t, 2, r.starts)
				assert.Equal(t, 1, r.stops)
				assert.Equal(t, moderator.Stats{Starts: 2, Stops: 1, SilenceRestarts: 1}, r.m.Stats())
				assert.Contains(t, r.log.String(), `level=WARN msg="moderator: no result for 5m0s: task is restarted" room_id=r task_id=task_1`)
			})
			for results, want := range map[time.Duration]int64{time.Minute: 1, 5 * time.Minute: 2} {
				t.Run(fmt.Sprintf("and after results for %v %d times", results, want), func(t *testing.T) {
					r := newRoom(t, &room{interval: 10 * time.Second, quiet: true})
					r.live(time.Hour, reconcile)
					r.quiet = false
					r.live(results, reconcile)
					r.quiet = true
					r.live(time.Hour, reconcile)
					assert.Equal(t, want, r.m.Stats().SilenceRestarts)
				})
			}
			t.Run("offences that are found now and then do not have it restarted again", func(t *testing.T) {
				for _, apart := range []time.Duration{3 * time.Minute, 10 * time.Minute} {
					r := newRoom(t, &room{interval: 10 * time.Second, quiet: true})
					for range time.Hour / apart {
						r.live(apart-10*time.Second, reconcile)
						r.quiet = false
						r.live(10*time.Second, reconcile)
						r.quiet = true
					}
					assert.LessOrEqual(t, r.m.Stats().SilenceRestarts, int64(1), "every %v", apart)
					r.live(time.Hour, reconcile)
					assert.EqualValues(t, 1, r.m.Stats().SilenceRestarts, "every %v", apart)
				}
			})
			t.Run("and again in the next life", func(t *testing.T) {
				r := newRoom(t, &room{interval: 10 * time.Second, quiet: true})
				r.live(time.Hour, reconcile)
				require.NoError(t, r.m.RoomClosed(t.Context(), moderator.Room{ID: "r", SessionID: 1}, r.now))
				for range 10 {
					r.now = r.now.Add(6 * time.Minute)
					require.NoError(t, r.m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: 2, CreatedAt: r.now}))
				}
				assert.EqualValues(t, 2, r.m.Stats().SilenceRestarts)
			})
		})
	}
	t.Run("0 switches it off", func(t *testing.T) {
		r := newRoom(t, &room{interval: 10 * time.Second, quiet: true}, moderator.WithSilence(0))
		r.live(time.Hour, false)
		assert.Equal(t, 1, r.starts)
	})
	t.Run("it is no shorter than three results", func(t *testing.T) {
		r := newRoom(t, &room{interval: 4 * time.Minute, quiet: true})
		r.live(12*time.Minute+10*time.Second, false)
		assert.Equal(t, 1, r.starts)
		r.live(time.Minute, false)
		assert.Equal(t, 2, r.starts)
		assert.Contains(t, r.log.String(), "no result for 12m0s")
	})
	t.Run("a start is no result", func(t *testing.T) {
		r := newRoom(t, &room{interval: 10 * time.Second, quiet: true})
		for told := 0; r.now.Sub(r.created) < time.Hour; r.live(6*time.Minute, false) {
			if told < r.starts {
				told = r.starts
				require.NoError(t, r.m.TaskStarted(t.Context(), "r", r.running[0], r.now.Add(time.Second)))
			}
		}
		assert.Equal(t, 2, r.starts)
	})
	t.Run("results that come late show that a task runs", func(t *testing.T) {
		const segment, late = 10 * time.Second, 5 * time.Second
		for _, silence := range []time.Duration{30 * time.Second, 45 * time.Second, time.Minute, 5 * time.Minute} {
			r := newRoom(t, &room{interval: segment}, moderator.WithSilence(silence))
			for i := range 600 { // news at each moment between two results
				require.NoError(t, r.m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: 1, CreatedAt: r.now}))
				if i%10 == 0 && i > 20 {
					require.NoError(t, r.m.TaskFound(t.Context(), "r", "task_1", r.now.Add(-segment-late)))
				}
				r.now = r.now.Add(time.Second)
			}
			assert.Equal(t, moderator.Stats{Starts: 1}, r.m.Stats(), "%v", silence)
		}
	})
}

// TestWithSilence_adopted: the task of a Start without an answer counts as any other.
func TestWithSilence_adopted(t *testing.T) {
	for _, results := range []bool{false, true} {
		r := newRoom(t, &room{interval: 10 * time.Second, quiet: true})
		r.live(6*time.Minute, false)
		r.loses = 1
		r.live(10*time.Second, false)
		require.Equal(t, []string{"task_2"}, r.running)
		if results {
			r.quiet = false
			r.live(5*time.Minute, false)
			r.quiet = true
		} else {
			require.NoError(t, r.m.TaskStarted(t.Context(), "r", "task_2", r.now))
		}
		r.live(time.Hour, false)
		if results {
			assert.Equal(t, 3, r.starts)
		} else {
			assert.Equal(t, 2, r.starts)
		}
	}
}

// counting is a store that counts how often rooms are claimed.
type counting struct {
	moderator.Store
	begins int
}

func (c *counting) Begin(ctx context.Context, roomID, token string, lease time.Duration, events ...[]byte) (moderator.Claim, error) {
	c.begins++
	return c.Store.Begin(ctx, roomID, token, lease, events...)
}

// TestModerator_Reconcile_silence: rooms that need nothing cost nothing.
func TestModerator_Reconcile_silence(t *testing.T) {
	for _, interval := range []time.Duration{0, 10 * time.Second} {
		now := time.Now()
		clock := func() time.Time { return now }
		store := &counting{Store: moderator.NewMemoryStore(clock)}
		m, err := moderator.New(&reporter{interval: interval}, moderator.WithClock(clock), moderator.WithStore(store))
		require.NoError(t, err)
		live := moderator.Room{ID: "r", SessionID: 1, CreatedAt: now}
		for range 10 {
			require.NoError(t, m.Reconcile(t.Context(), slices.Values([]moderator.Room{live})))
			now = now.Add(6 * time.Minute)
		}
		want := 1
		if interval > 0 {
			want++ // the restart
		}
		assert.Equal(t, want, store.begins)
	}
}

// TestWithSilence_vendors: each room goes by its own provider.
func TestWithSilence_vendors(t *testing.T) {
	now := time.Now()
	loud, quiet := &reporter{interval: 10 * time.Second}, &recorder{}
	m, err := moderator.New(moderator.Vendors{"loud": moderator.Vendors{"": loud}, "quiet": quiet}, moderator.WithClock(func() time.Time { return now }), moderator.WithSilence(time.Minute))
	require.NoError(t, err)
	for range 10 {
		for _, id := range []string{"loud:r", "quiet:r"} {
			require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: id, SessionID: 1, CreatedAt: now}))
		}
		now = now.Add(2 * time.Minute)
	}
	assert.Len(t, loud.started, 2)
	assert.Len(t, quiet.started, 1)
}

func TestNew_silence(t *testing.T) {
	loud, quiet := &reporter{interval: time.Second}, &reporter{}
	for name, test := range map[string]struct {
		provider moderator.Provider
		silence  time.Duration
		refused  bool
	}{
		"results":                       {loud, time.Minute, false},
		"no results":                    {quiet, time.Minute, true},
		"a stranger":                    {&recorder{}, time.Minute, true},
		"switched off":                  {quiet, 0, false},
		"one of two":                    {moderator.Vendors{"a": loud, "b": quiet}, time.Minute, false},
		"none of two":                   {moderator.Vendors{"a": &recorder{}, "b": quiet}, time.Minute, true},
		"none of two, and switched off": {moderator.Vendors{"a": &recorder{}, "b": quiet}, 0, false},
		"an interval below 0":           {&reporter{interval: -1}, time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := moderator.New(test.provider, moderator.WithSilence(test.silence))
			if test.refused {
				assert.ErrorContains(t, err, "moderator: WithSilence: must be 0, as the provider has no ResultInterval")
			} else {
				assert.NoError(t, err)
			}
			_, err = moderator.New(test.provider)
			assert.NoError(t, err, "the default")
		})
	}
}

func TestModerator_Stats(t *testing.T) {
	t.Run("with results a Start without an answer leaves one task", func(t *testing.T) {
		for _, interval := range []time.Duration{0, 10 * time.Second} {
			r := newRoom(t, &room{interval: interval, loses: 1})
			r.live(time.Hour, false)
			assert.Equal(t, []string{"task_1"}, r.running)
			assert.Equal(t, moderator.Stats{UnknownStarts: 1}, r.m.Stats())
		}
	})
	t.Run("without results it leaves two at most", func(t *testing.T) {
		for _, interval := range []time.Duration{0, 10 * time.Second} {
			r := newRoom(t, &room{interval: interval, loses: 1, quiet: true})
			for range 30 {
				r.live(2*time.Minute, false)
				assert.LessOrEqual(t, len(r.running), 2)
			}
			stats := r.m.Stats()
			assert.EqualValues(t, 1, stats.UnknownStarts)
			assert.EqualValues(t, 1, stats.StartsAfterUnknown)
			assert.Contains(t, r.log.String(), `level=WARN msg="moderator: started again after a Start whose outcome is unknown: a second task may run" room_id=r`)
		}
	})
	t.Run("a refusal between them is not counted", func(t *testing.T) {
		r := &refusing{}
		now := time.Now()
		m, err := moderator.New(r, moderator.WithClock(func() time.Time { return now }))
		require.NoError(t, err)
		for i, want := range []int64{0, 0, 1, 1} {
			r.err = []error{zegocensor.ErrOutcomeUnknown, errors.New("refused"), nil, nil}[i]
			require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: 1, CreatedAt: now}))
			assert.Equal(t, want, m.Stats().StartsAfterUnknown, i)
			now = now.Add(6 * time.Minute)
		}
		assert.EqualValues(t, 1, m.Stats().Starts)
	})
	t.Run("the next life of the room", func(t *testing.T) {
		for pause, want := range map[time.Duration]int64{time.Minute: 1, time.Hour: 0} {
			r := &refusing{err: zegocensor.ErrOutcomeUnknown}
			now := time.Now()
			m, err := moderator.New(r, moderator.WithClock(func() time.Time { return now }))
			require.NoError(t, err)
			require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: 1, CreatedAt: now}))
			now = now.Add(time.Second)
			require.NoError(t, m.RoomClosed(t.Context(), moderator.Room{ID: "r", SessionID: 1}, now))
			r.err, now = nil, now.Add(pause)
			require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", SessionID: 2, CreatedAt: now}))
			assert.Equal(t, moderator.Stats{Starts: 1, UnknownStarts: 1, StartsAfterUnknown: want}, m.Stats(), "after %v", pause)
		}
	})
}

// refusing is a vendor whose Starts have an error.
type refusing struct{ err error }

func (r *refusing) Start(context.Context, moderator.Room) (string, error) { return "task", r.err }
func (*refusing) Stop(context.Context, moderator.Task) error              { return nil }

func TestAudio(t *testing.T) {
	for name, test := range map[string]struct {
		template bool
		opts     []moderator.ProviderOption
		want     bool
		interval time.Duration
	}{
		"asks for results of what passes":      {false, nil, true, 10 * time.Second},
		"without them":                         {false, []moderator.ProviderOption{moderator.WithoutPassResults()}, false, 0},
		"without them, the template has them":  {true, []moderator.ProviderOption{moderator.WithoutPassResults()}, true, 0},
		"the template has them, and so has it": {true, []moderator.ProviderOption{nil}, true, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			zego := zegotest.NewServer()
			t.Cleanup(zego.Close)
			req := template
			req.ReturnAllText = test.template
			p := moderator.Audio(zego.Client(), req, test.opts...)
			assert.Equal(t, test.interval, p.ResultInterval())
			_, err := p.Start(t.Context(), moderator.Room{ID: "r"})
			require.NoError(t, err)
			body := string(zego.Requests()[0].Body)
			assert.Equal(t, test.want, bytes.Contains([]byte(body), []byte(`"ReturnAllText":1`)), body)
			assert.Contains(t, body, `"ReturnFinishInfo":1`)
		})
	}
}

func TestVideo_results(t *testing.T) {
	audio := &zegocensor.AudioParam{RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}}
	for name, test := range map[string]struct {
		audio    *zegocensor.AudioParam
		opts     []moderator.ProviderOption
		want     bool
		interval time.Duration
	}{
		"images only":                    {nil, nil, false, 0},
		"with audio":                     {audio, nil, true, 10 * time.Second},
		"with audio, but not its passes": {audio, []moderator.ProviderOption{moderator.WithoutPassResults()}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			zego := zegotest.NewServer()
			t.Cleanup(zego.Close)
			p := moderator.Video(zego.Client(), zegocensor.StartCensorVideoV2Request{EventID: zegocensor.EventLiveStreaming, AudioParam: test.audio,
				VideoParam: zegocensor.VideoParam{RiskTypeList: []zegocensor.RiskType{zegocensor.RiskQRCode}}}, test.opts...)
			assert.Equal(t, test.interval, p.ResultInterval())
			_, err := p.Start(t.Context(), moderator.Room{ID: "r"})
			require.NoError(t, err)
			body := string(zego.Requests()[0].Body)
			assert.Equal(t, test.want, bytes.Contains([]byte(body), []byte(`"ReturnAllText":1`)), body)
			assert.Contains(t, body, `"ReturnFinishInfo":1`)
			assert.NotContains(t, body, "ReturnAllImg")
			assert.False(t, audio.ReturnAllText, "the caller's")
		})
	}
}

// TestTaskOf: only a status of 0 is documented.
func TestAudioProvider_TaskOf(t *testing.T) {
	at := time.Now()
	head, task := callback.Header{Timestamp: at}, callback.Task{TaskID: "t"}
	aux := callback.StatusAuxInfo{RoomID: "r"}
	for status, want := range []string{"t", ""} {
		_, id, _, ended := moderator.Audio(nil, template).TaskOf(&callback.AudioStatus{Header: head, Task: task, Status: status, AuxInfo: aux})
		assert.Equal(t, want, id)
		assert.Equal(t, want != "", ended)
		_, id, _, ended = moderator.Video(nil, zegocensor.StartCensorVideoV2Request{}).TaskOf(&callback.VideoImageStatus{Header: head, Task: task, Status: status, AuxInfo: aux})
		assert.Equal(t, want, id)
		assert.Equal(t, want != "", ended)
	}
}
