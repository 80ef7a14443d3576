package trtc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
	"github.com/zegocensor/zegocensor-go/trtc"
	"github.com/zegocensor/zegocensor-go/trtc/trtccallback"
	"github.com/zegocensor/zegocensor-go/trtc/trtctest"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// fleet is rooms of both vendors, with one moderator.
type fleet struct {
	zego      *zegotest.Server
	tencent   *trtctest.Server
	moderator *moderator.Moderator
	provider  *trtc.Provider // of "trtc", whose rooms have texts for IDs
}

func newFleet(t *testing.T, opts ...moderator.Option) *fleet {
	t.Helper()
	f := &fleet{zego: zegotest.NewServer(), tencent: trtctest.NewServer(trtctest.WithRateLimit(0))}
	t.Cleanup(f.zego.Close)
	t.Cleanup(f.tencent.Close)
	f.provider = trtc.NewProvider(f.tencent.Client(trtc.WithLimiter(nil)), trtc.CreateCloudModerationRequest{RoomIDType: trtc.RoomIDString,
		ModerationParams: trtc.ModerationParams{ModerationSupplier: trtc.SupplierShuMei}})
	var err error
	f.moderator, err = moderator.New(moderator.Vendors{
		"": moderator.Audio(f.zego.Client(), zegocensor.StartCensorAudioV2Request{
			EventID: zegocensor.EventAudioRoom, AudioLanguage: zegocensor.LanguageEnglish, RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}}),
		"trtc": f.provider,
	}, opts...)
	require.NoError(t, err)
	zegoHandler, err := callback.NewHandler(f.zego.CallbackSecret(), f.moderator.Handle, callback.WithClock(f.zego.Now))
	require.NoError(t, err)
	tencentHandler, err := trtccallback.NewHandler(trtctest.CallbackKey, f.provider.Handle(f.moderator, "trtc"), callback.WithClock(f.tencent.Now))
	require.NoError(t, err)
	zegoServer, tencentServer := httptest.NewServer(zegoHandler), httptest.NewServer(tencentHandler)
	t.Cleanup(zegoServer.Close)
	t.Cleanup(tencentServer.Close)
	f.zego.SetCallbackURL(zegoServer.URL)
	f.tencent.SetCallbackURL(tencentServer.URL)
	return f
}

// tasks is how many tasks each room has.
func (f *fleet) tasks() map[string]int {
	all := make(map[string]int)
	for _, t := range f.zego.Running() {
		all[t.RoomID]++
	}
	for _, t := range f.tencent.Running() {
		all[moderator.RoomID("trtc", t.RoomID)]++
	}
	return all
}

// TestMixedFleet has rooms of the same names at both vendors.
func TestMixedFleet(t *testing.T) {
	f := newFleet(t)
	want := make(map[string]int)
	var all sync.WaitGroup
	for i := range 20 {
		room := fmt.Sprintf("room_%d", i)
		want[room], want["trtc:"+room] = 1, 1
		all.Go(func() {
			assert.NoError(t, f.zego.OpenRoom(room, "host").Wait(t.Context()))
			f.tencent.OpenRoom(trtctest.Text(room), "host")
			assert.NoError(t, f.tencent.Publish(trtctest.Text(room), "host").Wait(t.Context()))
		})
	}
	all.Wait()
	f.tencent.Advance(0)
	assert.Equal(t, want, f.tasks())
	known, err := f.moderator.Tasks(t.Context())
	require.NoError(t, err)
	assert.Len(t, known, 40)

	assert.NoError(t, f.zego.CloseRoom("room_0", 0).Wait(t.Context()))
	assert.NoError(t, f.tencent.CloseRoom(trtctest.Text("room_1")).Wait(t.Context()))
	delete(want, "room_0")
	delete(want, "trtc:room_1")
	assert.Equal(t, want, f.tasks())

	require.NoError(t, f.moderator.Shutdown(t.Context(), true))
	assert.Empty(t, f.tasks())
}

// TestATaskThatEndsIsStartedAnew while its room lives, and not after.
func TestATaskThatEndsIsStartedAnew(t *testing.T) {
	f := newFleet(t)
	require.NoError(t, f.tencent.OpenRoom(trtctest.Text("1"), "host").Wait(t.Context()))
	f.tencent.Publish(trtctest.Text("1"), "host")
	require.Len(t, f.tencent.Running(), 1)
	first := f.tencent.Running()[0]
	f.tencent.Unpublish(trtctest.Text("1"), "host")
	f.tencent.Advance(5 * time.Minute)
	require.Len(t, f.tencent.Tasks(), 2, "the first was idle for the provider's five minutes")
	assert.Equal(t, trtccallback.LeaveIdle, f.tencent.Tasks()[0].LeaveCode)
	require.Len(t, f.tencent.Running(), 1)
	assert.Contains(t, string(first.Body), `"MaxIdleTime":300`)
	assert.Contains(t, string(first.Body), `"ResourceExpiredHour":72`)
	assert.Equal(t, trtc.RobotUserID("1", trtc.RoomIDString), first.UserID)
	require.NoError(t, f.tencent.CloseRoom(trtctest.Text("1")).Wait(t.Context()))
	f.tencent.Advance(time.Hour)
	assert.Len(t, f.tencent.Tasks(), 2)
	assert.Empty(t, f.tencent.Running())
}

// TestAnUnknownOutcomeIsSettled by what the task itself tells.
func TestAnUnknownOutcomeIsSettled(t *testing.T) {
	f := newFleet(t)
	f.tencent.Publish(trtctest.Text("1"), "host")
	f.tencent.Advance(0)
	f.tencent.Inject(trtctest.Fault{Action: "CreateCloudModeration", Cut: zegotest.CutAfterRead, Times: 1})
	require.NoError(t, f.tencent.OpenRoom(trtctest.Text("2"), "host").Wait(t.Context()))
	f.tencent.Advance(0) // TaskStarted has arrived
	known, err := f.moderator.Tasks(t.Context())
	require.NoError(t, err)
	i := slices.IndexFunc(known, func(task moderator.Task) bool { return task.Room.ID == "trtc:2" })
	require.GreaterOrEqual(t, i, 0)
	require.NoError(t, f.tencent.CloseRoom(trtctest.Text("2")).Wait(t.Context()))
	assert.Equal(t, map[string]int{"trtc:1": 1}, f.tasks())
}

// TestATaskThatFailsToStart is started anew.
func TestATaskThatFailsToStart(t *testing.T) {
	f := newFleet(t)
	require.NoError(t, f.tencent.OpenRoom(trtctest.Text("1"), "host").Wait(t.Context()))
	f.tencent.Advance(0)
	task := f.tencent.Running()[0]
	handle := f.provider.Handle(f.moderator, "trtc")
	e := &trtccallback.TaskStarted{Header: trtccallback.Header{RoomID: "1", TaskID: task.ID, EventAt: time.Now()}, Status: 1}
	require.NoError(t, handle(t.Context(), e))
	require.Len(t, f.tencent.Tasks(), 2)
	assert.NoError(t, handle(t.Context(), e), "the same again")
	e.Status = -1
	e.TaskID = f.tencent.Tasks()[1].ID
	require.NoError(t, handle(t.Context(), e))
	assert.Len(t, f.tencent.Tasks(), 2, "a status that cannot be read says nothing")
}

// TestOtherProgramsTasksAreLetBe: another robot moderates the same room's video.
func TestOtherProgramsTasksAreLetBe(t *testing.T) {
	f := newFleet(t)
	require.NoError(t, f.tencent.OpenRoom(trtctest.Text("1"), "host").Wait(t.Context()))
	_, err := f.tencent.Client().CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "1", RoomIDType: trtc.RoomIDString, UserID: "video_mod",
		ModerationParams: trtc.ModerationParams{ModerationType: trtc.ModerationVideo}})
	require.NoError(t, err)
	f.tencent.Advance(time.Second)
	assert.Len(t, f.tencent.Running(), 2)
}

// TestADismissedRoom is not moderated again, whatever comes first.
func TestADismissedRoom(t *testing.T) {
	f := newFleet(t)
	require.NoError(t, f.tencent.OpenRoom(trtctest.Text("1"), "host").Wait(t.Context()))
	f.tencent.InjectDelivery(trtctest.Delivery{EventType: 102, Drop: true})
	f.tencent.Advance(time.Second)
	f.tencent.DismissRoom(trtctest.Text("1"))
	f.tencent.Advance(time.Minute)
	assert.Len(t, f.tencent.Tasks(), 1)
	assert.Empty(t, f.tencent.Running())
}

// TestStopSucceedsForWhatHasEnded as moderator.Provider asks for.
func TestStopSucceedsForWhatHasEnded(t *testing.T) {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	p := trtc.NewProvider(tencent.Client(), trtc.CreateCloudModerationRequest{})
	id, err := p.Start(t.Context(), moderator.Room{ID: "7"})
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, p.Stop(t.Context(), moderator.Task{ID: id}))
	}
	assert.Empty(t, tencent.Running())
	tencent.Inject(trtctest.Fault{Code: "FailedOperation"})
	assert.Error(t, p.Stop(t.Context(), moderator.Task{ID: id}))
}

func TestProvider_ResultInterval(t *testing.T) {
	for name, test := range map[string]struct {
		params trtc.ModerationParams
		want   time.Duration
	}{
		"default":          {trtc.ModerationParams{}, 15 * time.Second},
		"audio":            {trtc.ModerationParams{ModerationType: trtc.ModerationAudio, SliceAudio: time.Minute}, time.Minute},
		"video":            {trtc.ModerationParams{ModerationType: trtc.ModerationVideo}, 5 * time.Second},
		"video, longer":    {trtc.ModerationParams{ModerationType: trtc.ModerationVideo, SliceVideo: 20 * time.Second}, 20 * time.Second},
		"audio and video":  {trtc.ModerationParams{ModerationType: trtc.ModerationAudioVideo, SliceVideo: 20 * time.Second}, 20 * time.Second},
		"stream":           {trtc.ModerationParams{ModerationType: trtc.ModerationAudioStream}, 0},
		"stream and video": {trtc.ModerationParams{ModerationType: trtc.ModerationAudioStreamVideo}, 0},
		"hits only":        {trtc.ModerationParams{CallbackHitsOnly: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := trtc.NewProvider(nil, trtc.CreateCloudModerationRequest{ModerationParams: test.params})
			assert.Equal(t, test.want, p.ResultInterval())
			_, err := moderator.New(p, moderator.WithSilence(time.Hour))
			assert.Equal(t, test.want == 0, err != nil)
		})
	}
}

// TestProvider_Handle has a task that starts, and has no result: it is restarted for
// silence once, although Tencent says of each task that it has started.
func TestProvider_Handle(t *testing.T) {
	now := time.Now()
	tencent := trtctest.NewServer(trtctest.WithRateLimit(0))
	defer tencent.Close()
	provider := trtc.NewProvider(tencent.Client(trtc.WithLimiter(nil)), trtc.CreateCloudModerationRequest{})
	m, err := moderator.New(provider, moderator.WithClock(func() time.Time { return now }))
	require.NoError(t, err)
	handle := provider.Handle(m, "")
	head := func(task string) trtccallback.Header {
		return trtccallback.Header{RoomID: "1", TaskID: task, EventAt: now, UserID: trtc.RobotUserID("1", trtc.RoomIDNumber)}
	}
	for range 10 {
		before := len(tencent.Tasks())
		require.NoError(t, handle(t.Context(), &trtccallback.MediaStarted{Header: trtccallback.Header{RoomID: "1", RoomIDIsNumber: true, EventAt: now}}))
		now = now.Add(time.Second)
		if tasks := tencent.Tasks(); len(tasks) > before {
			task := tasks[len(tasks)-1].ID
			require.NoError(t, handle(t.Context(), &trtccallback.TaskStarted{Header: head(task)}))
			require.NoError(t, handle(t.Context(), &trtccallback.SendingStarted{Header: head(task)}))
		}
		now = now.Add(6 * time.Minute)
	}
	assert.Len(t, tencent.Tasks(), 2)
	assert.Len(t, tencent.Running(), 1)
	assert.EqualValues(t, 1, m.Stats().SilenceRestarts)
}

// TestProvider_Handle_roomIDType has rooms of both types whose IDs are written the same.
func TestProvider_Handle_roomIDType(t *testing.T) {
	for name, test := range map[string]struct {
		ours          trtc.RoomIDType
		room, another trtctest.Room
	}{
		"texts are moderated":   {trtc.RoomIDString, trtctest.Text("123"), trtctest.Number(123)},
		"numbers are moderated": {trtc.RoomIDNumber, trtctest.Number(123), trtctest.Text("123")},
	} {
		t.Run(name, func(t *testing.T) {
			tencent := trtctest.NewServer(trtctest.WithRateLimit(0))
			defer tencent.Close()
			client := tencent.Client(trtc.WithLimiter(nil))
			provider := trtc.NewProvider(client, trtc.CreateCloudModerationRequest{RoomIDType: test.ours})
			m, err := moderator.New(provider)
			require.NoError(t, err)
			handler, err := trtccallback.NewHandler(trtctest.CallbackKey, provider.Handle(m, ""), callback.WithClock(tencent.Now))
			require.NoError(t, err)
			receiver := httptest.NewServer(handler)
			defer receiver.Close()
			tencent.SetCallbackURL(receiver.URL)

			// Anybody can enter a room of the other type.
			require.NoError(t, tencent.OpenRoom(test.another, "mallory").Wait(t.Context()))
			require.NoError(t, tencent.Publish(test.another, "mallory").Wait(t.Context()))
			tencent.Advance(time.Second)
			require.Empty(t, tencent.Tasks(), "the other room is not moderated")

			require.NoError(t, tencent.OpenRoom(test.room, "host").Wait(t.Context()))
			tencent.Publish(test.room, "host")
			tencent.Advance(time.Second)
			require.Len(t, tencent.Running(), 1)
			task := tencent.Running()[0]
			assert.Equal(t, test.ours, task.RoomIDType)

			require.NoError(t, tencent.OpenRoom(test.another, "mallory").Wait(t.Context()))
			require.NoError(t, tencent.CloseRoom(test.another).Wait(t.Context()))
			tencent.Advance(time.Second)
			require.Len(t, tencent.Running(), 1, "the other room's end is not this one's")

			// Another program moderates the other room, which is dismissed.
			theirs := trtc.RoomIDNumber + trtc.RoomIDString - test.ours
			_, err = client.CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "123", RoomIDType: theirs})
			require.NoError(t, err)
			tencent.Advance(time.Second)
			require.Len(t, tencent.Running(), 2, "its task is not taken for a second one")
			require.NoError(t, tencent.DismissRoom(test.another).Wait(t.Context()))
			tencent.Advance(time.Second)
			require.Len(t, tencent.Running(), 1)
			assert.Equal(t, task.ID, tencent.Running()[0].ID)
			assert.Len(t, tencent.Tasks(), 2)

			require.NoError(t, tencent.CloseRoom(test.room).Wait(t.Context()))
			tencent.Advance(time.Second)
			assert.Empty(t, tencent.Running())
		})
	}

	t.Run("one moderator has rooms of both types", func(t *testing.T) {
		tencent := trtctest.NewServer(trtctest.WithRateLimit(0))
		defer tencent.Close()
		client := tencent.Client(trtc.WithLimiter(nil))
		numbers := trtc.NewProvider(client, trtc.CreateCloudModerationRequest{RoomIDType: trtc.RoomIDNumber})
		texts := trtc.NewProvider(client, trtc.CreateCloudModerationRequest{RoomIDType: trtc.RoomIDString})
		m, err := moderator.New(moderator.Vendors{"trtc-number": numbers, "trtc-text": texts})
		require.NoError(t, err)
		toNumbers, toTexts := numbers.Handle(m, "trtc-number"), texts.Handle(m, "trtc-text")
		handler, err := trtccallback.NewHandler(trtctest.CallbackKey, func(ctx context.Context, e trtccallback.Event) error {
			return errors.Join(toNumbers(ctx, e), toTexts(ctx, e))
		}, callback.WithClock(tencent.Now))
		require.NoError(t, err)
		receiver := httptest.NewServer(handler)
		defer receiver.Close()
		tencent.SetCallbackURL(receiver.URL)
		for _, room := range []trtctest.Room{trtctest.Number(123), trtctest.Text("123")} {
			require.NoError(t, tencent.OpenRoom(room, "host").Wait(t.Context()))
			tencent.Publish(room, "host")
		}
		tencent.Advance(time.Minute)
		require.Len(t, tencent.Running(), 2)
		assert.NotEqual(t, tencent.Running()[0].UserID, tencent.Running()[1].UserID)
		require.NoError(t, tencent.CloseRoom(trtctest.Number(123)).Wait(t.Context()))
		tencent.Advance(time.Minute)
		require.Len(t, tencent.Running(), 1)
		assert.Equal(t, trtc.RoomIDString, tencent.Running()[0].RoomIDType)
		assert.Len(t, tencent.Tasks(), 2)
	})

	t.Run("the robot says which room a task is in", func(t *testing.T) {
		tencent := trtctest.NewServer()
		defer tencent.Close()
		numbers := trtc.NewProvider(tencent.Client(), trtc.CreateCloudModerationRequest{})
		m, err := moderator.New(numbers)
		require.NoError(t, err)
		handle := numbers.Handle(m, "")
		found := func(task, robot string, isNumber bool) int {
			require.NoError(t, handle(t.Context(), &trtccallback.Result{Header: trtccallback.Header{RoomID: "123", RoomIDIsNumber: isNumber, TaskID: task, UserID: robot, EventAt: time.Now()}}))
			known, err := m.Tasks(t.Context())
			require.NoError(t, err)
			return len(known)
		}
		require.NoError(t, handle(t.Context(), &trtccallback.RoomCreated{Header: trtccallback.Header{RoomID: "123", RoomIDIsNumber: true, EventAt: time.Now()}}))
		require.Len(t, tencent.Running(), 1)
		task := tencent.Running()[0]
		require.NoError(t, handle(t.Context(), &trtccallback.TaskExited{Header: trtccallback.Header{RoomID: "123", TaskID: task.ID, EventAt: time.Now()}}))
		assert.Equal(t, 1, found(task.ID, trtc.RobotUserID("123", trtc.RoomIDString), true))
		assert.Len(t, tencent.Tasks(), 1, "of a text room's robot, and of no robot with a text: ignored")
		require.NoError(t, handle(t.Context(), &trtccallback.TaskExited{Header: trtccallback.Header{RoomID: "123", TaskID: task.ID, UserID: task.UserID, EventAt: time.Now()}}))
		assert.Len(t, tencent.Tasks(), 2, "of the room's robot, though with a text as in Tencent's samples")
	})
}

// TestEventsWithoutARoomPassBy.
func TestEventsWithoutARoomPassBy(t *testing.T) {
	f := newFleet(t)
	handle := f.provider.Handle(f.moderator, "trtc")
	for _, e := range []trtccallback.Event{&trtccallback.UnknownEvent{}, &trtccallback.RoomCreated{}, &trtccallback.Result{Header: trtccallback.Header{RoomID: "r"}}} {
		assert.NoError(t, handle(context.Background(), e))
	}
	assert.Empty(t, f.tencent.Requests())
}
