package moderator_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

var template = zegocensor.StartCensorAudioV2Request{EventID: zegocensor.EventAudioRoom, AudioLanguage: zegocensor.LanguageEnglish,
	RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}}

// setup is a fake ZEGO whose callbacks go to a moderator.
func setup(t *testing.T, opts ...moderator.Option) (*zegotest.Server, *moderator.Moderator) {
	t.Helper()
	zego := zegotest.NewServer(zegotest.WithRateLimit(0))
	t.Cleanup(zego.Close)
	m, err := moderator.New(moderator.Audio(zego.Client(zegocensor.WithClock(zego.Now), zegocensor.WithLimiter(nil)), template),
		append([]moderator.Option{moderator.WithClock(zego.Now)}, opts...)...)
	require.NoError(t, err)
	h, err := callback.NewHandler(zego.CallbackSecret(), m.Handle, callback.WithClock(zego.Now))
	require.NoError(t, err)
	backend := httptest.NewServer(h)
	t.Cleanup(backend.Close)
	zego.SetCallbackURL(backend.URL)
	return zego, m
}

func TestARoomIsModeratedWhileItLives(t *testing.T) {
	zego, m := setup(t)
	require.NoError(t, zego.OpenRoom("r", "u").Wait(t.Context()))
	require.Len(t, zego.Running(), 1)
	require.NoError(t, zego.OpenStream("r", "s", "u").Wait(t.Context()))
	tasks, err := m.Tasks(t.Context())
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	assert.Equal(t, zego.Running()[0].ID, tasks[0].ID)
	assert.Equal(t, zego.Rooms()[0].SessionID, tasks[0].Room.SessionID)
	assert.WithinDuration(t, time.Now(), tasks[0].Since, 5*time.Second)

	before := len(zego.Requests())
	for range 3 {
		require.NoError(t, zego.EmitAudioResult(tasks[0].ID, callback.AudioResult{}).Wait(t.Context()))
	}
	assert.Len(t, zego.Requests(), before)

	require.NoError(t, zego.CloseRoom("r", 0).Wait(t.Context()))
	zego.Advance(0)
	assert.Empty(t, zego.Running())
	assert.Len(t, zego.Tasks(), 1)
}

func TestATaskThatEndsIsStartedAnew(t *testing.T) {
	zego, _ := setup(t)
	require.NoError(t, zego.OpenRoom("r", "u").Wait(t.Context()))
	zego.Advance(5 * time.Minute) // without a stream
	zego.Advance(0)
	require.Len(t, zego.Tasks(), 2)
	assert.True(t, zego.Tasks()[0].Idle)
	assert.Len(t, zego.Running(), 1)
}

func TestAStartWithoutAnAnswerIsSettled(t *testing.T) {
	t.Run("by its first result", func(t *testing.T) {
		zego, m := setup(t)
		zego.Inject(zegotest.Fault{Action: "StartCensorAudioV2", Cut: zegotest.CutAfterRead, Times: 1})
		require.NoError(t, zego.OpenRoom("r", "u").Wait(t.Context()))
		tasks, err := m.Tasks(t.Context())
		require.NoError(t, err)
		require.Empty(t, tasks, "nobody knows it")
		require.NoError(t, zego.EmitAudioResult(zego.Running()[0].ID, callback.AudioResult{}).Wait(t.Context()))
		tasks, err = m.Tasks(t.Context())
		require.NoError(t, err)
		require.Len(t, tasks, 1)
		require.NoError(t, zego.CloseRoom("r", 0).Wait(t.Context()))
		assert.Empty(t, zego.Running())
	})
	t.Run("by starting again, and what is found later is stopped", func(t *testing.T) {
		zego, m := setup(t, moderator.WithUnknownWait(time.Minute), moderator.WithInterval(5*time.Millisecond))
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var running sync.WaitGroup
		running.Go(func() { assert.ErrorIs(t, m.Run(ctx), context.Canceled) })
		zego.Inject(zegotest.Fault{Action: "StartCensorAudioV2", Cut: zegotest.CutAfterRead, Times: 1})
		require.NoError(t, zego.OpenRoom("r", "u").Wait(t.Context()))
		time.Sleep(50 * time.Millisecond)
		require.Len(t, zego.Tasks(), 1, "not yet")
		zego.Advance(time.Minute)
		require.Eventually(t, func() bool { return len(zego.Tasks()) == 2 }, 5*time.Second, time.Millisecond)
		require.NoError(t, zego.EmitAudioResult(zego.Tasks()[0].ID, callback.AudioResult{}).Wait(t.Context()))
		require.Eventually(t, func() bool { return len(zego.Running()) == 1 }, 5*time.Second, time.Millisecond)
		assert.Equal(t, zego.Tasks()[1].ID, zego.Running()[0].ID)
		stop()
		running.Wait()
	})
}

func TestFailuresAreTriedAgain(t *testing.T) {
	var log bytes.Buffer
	zego, m := setup(t, moderator.WithInterval(5*time.Millisecond), moderator.WithBackoff(10*time.Millisecond, 50*time.Millisecond),
		moderator.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	zego.Inject(zegotest.Fault{Action: "StartCensorAudioV2", Code: zegocensor.CodeRequestFailed, Times: 3})
	zego.Inject(zegotest.Fault{Action: "StopCensorAudioV2", Code: zegocensor.CodeRequestFailed, Times: 2})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Run(ctx) })
	require.NoError(t, zego.OpenRoom("r", "u").Wait(t.Context()), "the store has it")
	require.Eventually(t, func() bool { return len(zego.Running()) == 1 }, 5*time.Second, time.Millisecond)
	require.NoError(t, zego.CloseRoom("r", 0).Wait(t.Context()))
	require.Eventually(t, func() bool { return len(zego.Running()) == 0 }, 5*time.Second, time.Millisecond)
	stop()
	running.Wait()
	for _, want := range []string{"start failed", "moderator: started", "stop failed", "moderator: stopped", "room_id=r", "task_id="} {
		assert.Contains(t, log.String(), want)
	}
}

func TestReconcile(t *testing.T) {
	zego, m := setup(t)
	room := func(i int) moderator.Room {
		return moderator.Room{ID: strconv.Itoa(i), SessionID: uint64(i), CreatedAt: zego.Now().Add(-2 * time.Minute)}
	}
	for i := 1; i <= 3; i++ {
		require.NoError(t, m.RoomOpened(t.Context(), room(i)))
	}
	young := moderator.Room{ID: "young", SessionID: 9, CreatedAt: zego.Now()}
	require.NoError(t, m.RoomOpened(t.Context(), young))
	unknown := room(3)
	unknown.SessionID = 0 // the list does not know it
	newer := moderator.Room{ID: "2", SessionID: 20, CreatedAt: zego.Now().Add(-time.Minute)}
	require.NoError(t, m.Reconcile(t.Context(), slices.Values([]moderator.Room{newer, unknown, room(4)})))
	tasks, err := m.Tasks(t.Context())
	require.NoError(t, err)
	sessions := map[string]uint64{}
	for _, task := range tasks {
		sessions[task.Room.ID] = task.Room.SessionID
	}
	assert.Equal(t, map[string]uint64{"2": 20, "3": 3, "4": 4, "young": 9}, sessions)
	assert.Len(t, zego.Running(), 4)
	assert.Len(t, zego.Tasks(), 5, "the task of room 2 was started when its second life had begun")
}

func TestShutdown(t *testing.T) {
	for _, stop := range []bool{false, true} {
		zego, m := setup(t)
		for i := range 20 {
			require.NoError(t, zego.OpenRoom(strconv.Itoa(i), "u").Wait(t.Context()))
		}
		require.NoError(t, m.Shutdown(t.Context(), stop))
		want := 20
		if stop {
			want = 0
		}
		assert.Len(t, zego.Running(), want)
		assert.ErrorIs(t, m.RoomOpened(t.Context(), moderator.Room{ID: "late", CreatedAt: time.Now()}), moderator.ErrShutdown)
		assert.ErrorIs(t, m.Run(t.Context()), moderator.ErrShutdown)
	}
}

// TestShutdownWaits has a Start in flight.
func TestShutdownWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &slow{}
		m, err := moderator.New(p)
		require.NoError(t, err)
		go func() { _ = m.RoomOpened(context.Background(), moderator.Room{ID: "r", CreatedAt: time.Now()}) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.ErrorIs(t, m.Shutdown(ctx, true), context.DeadlineExceeded)
		require.NoError(t, m.Shutdown(t.Context(), true))
		assert.Equal(t, 1, p.started)
		assert.Equal(t, 1, p.stopped)
	})
}

// slow takes its time to start a task.
type slow struct{ started, stopped int }

func (p *slow) Start(ctx context.Context, _ moderator.Room) (string, error) {
	select {
	case <-time.After(10 * time.Second):
		p.started++
		return "t", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (p *slow) Stop(context.Context, moderator.Task) error {
	p.stopped++
	return nil
}

// TestCallsEndWithTheClaim has a vendor that does not answer.
func TestCallsEndWithTheClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := moderator.New(&slow{}, moderator.WithLease(5*time.Second))
		require.NoError(t, err)
		began := time.Now()
		require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "r", CreatedAt: time.Now()}))
		assert.Equal(t, 4*time.Second, time.Since(began))
	})
}

func TestVideo(t *testing.T) {
	zego := zegotest.NewServer()
	t.Cleanup(zego.Close)
	m, err := moderator.New(moderator.Video(zego.Client(), zegocensor.StartCensorVideoV2Request{EventID: zegocensor.EventLiveStreaming,
		VideoParam: zegocensor.VideoParam{RiskTypeList: []zegocensor.RiskType{zegocensor.RiskQRCode}}}))
	require.NoError(t, err)
	at := time.Now()
	require.NoError(t, m.Handle(t.Context(), &callback.RoomCreated{RoomID: "r", RoomSessionID: 1, CreateTime: at}))
	require.Len(t, zego.Running(), 1)
	id := zego.Running()[0].ID
	image := &callback.VideoImageResult{AuxInfo: callback.ImageAuxInfo{RoomID: "r", ImgTime: at.Add(time.Second)}}
	image.TaskID = "another"
	require.NoError(t, m.Handle(t.Context(), image))
	tasks, err := m.Tasks(t.Context())
	require.NoError(t, err)
	require.Len(t, tasks, 1, "the stranger is stopped")
	status := &callback.VideoImageStatus{Header: callback.Header{Timestamp: time.Now()}, AuxInfo: callback.StatusAuxInfo{RoomID: "r"}}
	status.TaskID = id
	require.NoError(t, m.Handle(t.Context(), status))
	assert.Len(t, zego.Tasks(), 2, "started anew")
	for _, other := range []callback.Event{&callback.AudioResult{}, &callback.VideoAudioStatus{}, &callback.UnknownEvent{}, &callback.StreamClosed{}} {
		assert.NoError(t, m.Handle(t.Context(), other))
	}
	require.NoError(t, m.Handle(t.Context(), &callback.RoomClosed{RoomID: "r", RoomSessionID: 1, CloseTime: time.Now()}))
	assert.Len(t, zego.Running(), 1, "the first task, whose end was only said")
}

// broken is a store that does not answer.
type broken struct{ moderator.Store }

func (broken) Begin(context.Context, string, string, time.Duration, ...[]byte) (moderator.Claim, error) {
	return moderator.Claim{}, errors.New("down")
}

func TestWhatTheStoreDoesNotKnowMustComeAgain(t *testing.T) {
	m, err := moderator.New(&slow{}, moderator.WithStore(broken{}))
	require.NoError(t, err)
	assert.Error(t, m.Handle(t.Context(), &callback.RoomCreated{RoomID: "r", CreateTime: time.Now()}))
}

func TestArguments(t *testing.T) {
	_, err := moderator.New(nil, nil, moderator.WithStore(nil), moderator.WithLease(0), moderator.WithUnknownWait(-1), moderator.WithMemory(0), moderator.WithInterval(0),
		moderator.WithBackoff(2, 1), moderator.WithWorkers(0), moderator.WithClock(nil))
	require.Error(t, err)
	for _, want := range []string{"provider", "an option", "WithStore", "WithLease", "WithUnknownWait", "WithMemory", "WithInterval", "WithBackoff", "WithWorkers", "WithClock"} {
		assert.ErrorContains(t, err, want)
	}
	_, err = moderator.New(moderator.Vendors{
		"audio": moderator.Audio(nil, zegocensor.StartCensorAudioV2Request{}, moderator.WithoutPassResults(), nil),
		"video": moderator.Video(nil, zegocensor.StartCensorVideoV2Request{}, nil),
	})
	require.Error(t, err)
	for _, want := range []string{"Audio: the client must not be nil", "Audio: opts[1] must not be nil", "Video: the client must not be nil", "Video: opts[0] must not be nil"} {
		assert.ErrorContains(t, err, want)
	}
	m, err := moderator.New(&slow{})
	require.NoError(t, err)
	assert.Error(t, m.RoomOpened(t.Context(), moderator.Room{}))
	assert.Error(t, m.RoomClosed(t.Context(), moderator.Room{ID: "r"}, time.Time{}))
	assert.Error(t, m.TaskFound(t.Context(), "r", "", time.Now()))
	assert.Error(t, m.TaskEnded(t.Context(), "", "t", time.Now()))
}

// free starts and stops tasks that cost nothing.
type free struct{}

func (free) Start(_ context.Context, r moderator.Room) (string, error) {
	return "0123456789abcdef0123456789abcdef", nil
}
func (free) Stop(context.Context, moderator.Task) error { return nil }

// TestMemoryOfARoom measures what a room takes in the store in memory, and that
// rooms that have closed are forgotten.
func TestMemoryOfARoom(t *testing.T) {
	const rooms = 10_000
	now := time.Now()
	clock := func() time.Time { return now }
	m, err := moderator.New(free{}, moderator.WithClock(clock), moderator.WithInterval(time.Millisecond))
	require.NoError(t, err)
	heap := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before := heap()
	for i := range rooms {
		require.NoError(t, m.RoomOpened(t.Context(), moderator.Room{ID: "room_" + strconv.Itoa(i), SessionID: uint64(i + 1), CreatedAt: now}))
	}
	each := (heap() - before) / rooms
	t.Logf("%d bytes a room", each)
	assert.Less(t, each, uint64(2048))
	for i := range rooms {
		require.NoError(t, m.RoomClosed(t.Context(), moderator.Room{ID: "room_" + strconv.Itoa(i), SessionID: uint64(i + 1)}, now.Add(time.Second)))
	}
	now = now.Add(2 * time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_ = m.Run(ctx)
	assert.Less(t, int64(heap())-int64(before), int64(rooms*each/2))
}
