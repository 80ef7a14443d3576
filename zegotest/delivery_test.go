package zegotest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// receiver is what a backend has: a callback.Handler behind an HTTP server. It
// keeps what was handled.
type receiver struct {
	url string

	mu     sync.Mutex
	events []callback.Event
	fail   func(tries int) error // decides on each call of handle
	calls  int
}

func (r *receiver) handled() []callback.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events
}

func receive(t *testing.T, s *zegotest.Server, opts ...callback.Option) *receiver {
	t.Helper()
	r := &receiver{fail: func(int) error { return nil }}
	h, err := callback.NewHandler(s.CallbackSecret(), func(_ context.Context, e callback.Event) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls++
		if err := r.fail(r.calls); err != nil {
			return err
		}
		r.events = append(r.events, e)
		return nil
	}, append([]callback.Option{callback.WithAppID(s.AppID()), callback.WithClock(s.Now)}, opts...)...)
	require.NoError(t, err)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	r.url = server.URL
	s.SetCallbackURL(r.url)
	return r
}

func newServer(t *testing.T, opts ...zegotest.Option) *zegotest.Server {
	t.Helper()
	s := zegotest.NewServer(opts...)
	t.Cleanup(s.Close)
	return s
}

// still is a clock that only Advance turns.
func still() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) }

func startAudio(t *testing.T, s *zegotest.Server, change func(*zegocensor.StartCensorAudioV2Request)) string {
	t.Helper()
	req := &zegocensor.StartCensorAudioV2Request{RoomID: "room_1", EventID: zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish, RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}, ReturnAllText: true}
	if change != nil {
		change(req)
	}
	task, err := s.Client(zegocensor.WithClock(s.Now)).StartCensorAudioV2(t.Context(), req)
	require.NoError(t, err)
	return task.TaskID
}

func startVideo(t *testing.T, s *zegotest.Server, change func(*zegocensor.StartCensorVideoV2Request)) string {
	t.Helper()
	req := &zegocensor.StartCensorVideoV2Request{RoomID: "room_1", EventID: zegocensor.EventLiveStreaming,
		AudioParam: &zegocensor.AudioParam{RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}, ReturnAllText: true},
		VideoParam: zegocensor.VideoParam{RiskTypeList: []zegocensor.RiskType{zegocensor.RiskQRCode}, ReturnAllImg: true}}
	if change != nil {
		change(req)
	}
	task, err := s.Client(zegocensor.WithClock(s.Now)).StartCensorVideoV2(t.Context(), req)
	require.NoError(t, err)
	return task.TaskID
}

func TestEveryEventArrivesAsItWasEmitted(t *testing.T) {
	for _, form := range []bool{false, true} {
		t.Run("form "+strconv.FormatBool(form), func(t *testing.T) {
			s := newServer(t)
			s.InjectDelivery(zegotest.Delivery{Form: form})
			r := receive(t, s)
			audioTask, videoTask := startAudio(t, s, nil), startVideo(t, s, nil)
			risks := callback.RiskDetail{RiskSource: 1001, AudioText: "bad", MatchedLists: []string{"list"},
				FaceInfoList: []callback.FaceInfo{{Name: "n", ID: "9", FaceRatio: 0.25, Probability: 0.75, Location: [4]float64{1, 2, 3, 4.5}}},
				OcrInfo:      callback.OcrInfo{Text: "t", MatchedLists: []string{"list"}}}
			businesses := []callback.BusinessInfo{{BusinessDescription: "bd", BusinessLabel1: "b1", BusinessLabel2: "b2", BusinessLabel3: "b3",
				ConfidenceLevel: 2, Probability: 0.5, FaceInfoList: risks.FaceInfoList}}
			infos := []callback.RiskInfo{{RiskLevel: callback.Review, RiskDescription: "rd", RiskLabel1: "r1", RiskLabel2: "r2", RiskLabel3: "r3", Probability: 0.5, RiskDetail: risks}}
			audio := callback.AudioDetail{RiskLevel: callback.Reject, Text: `<"hello"> & 你好`, AudioURL: "https://a.example/x%2Fy?s=%3D&t=+1", PreAudioURL: "https://a.example/p",
				RiskDescription: "d", RiskLabel1: "l1", RiskLabel2: "l2", RiskLabel3: "l3", Voice: true, RiskDetail: risks, RiskInfoList: infos, BusinessInfoList: businesses}
			image := callback.ImageDetail{RiskLevel: callback.Pass, ImgURL: "https://a.example/i", RiskDescription: "d", RiskLabel1: "l1", RiskLabel2: "l2", RiskLabel3: "l3",
				RiskDetail: risks, RiskInfoList: infos, BusinessInfoList: businesses}

			emit := []func() *zegotest.Callback{
				func() *zegotest.Callback { return s.OpenRoom("room_1", "user_1") },
				func() *zegotest.Callback { return s.OpenStream("room_1", "stream_1", "user_1") },
				func() *zegotest.Callback {
					return s.EmitAudioResult(audioTask, callback.AudioResult{Task: callback.Task{Code: 3, Message: "m"}, Detail: audio, AuxInfo: callback.AudioAuxInfo{UserID: "user_1"}})
				},
				func() *zegotest.Callback {
					return s.EmitVideoAudioResult(videoTask, callback.VideoAudioResult{Detail: audio, AuxInfo: callback.AudioAuxInfo{StreamID: "stream_1"}})
				},
				func() *zegotest.Callback {
					return s.EmitVideoImageResult(videoTask, callback.VideoImageResult{Detail: image, AuxInfo: callback.ImageAuxInfo{StreamID: "stream_1"}})
				},
				func() *zegotest.Callback { return s.EmitAudioResult(audioTask, callback.AudioResult{}) },
				func() *zegotest.Callback {
					return s.EmitAudioStatus(audioTask, callback.AudioStatus{Status: 1, AuxInfo: callback.StatusAuxInfo{CensorStreamTime: 90 * time.Second}})
				},
				func() *zegotest.Callback { return s.EmitVideoAudioStatus(videoTask, callback.VideoAudioStatus{}) },
				func() *zegotest.Callback { return s.EmitVideoImageStatus(videoTask, callback.VideoImageStatus{}) },
				func() *zegotest.Callback { return s.CloseStream("room_1", "stream_1") },
				func() *zegotest.Callback { return s.CloseRoom("room_1", 2) },
			}
			for i, do := range emit {
				c := do()
				require.NoError(t, c.Wait(t.Context()))
				require.Len(t, r.handled(), i+1)
				got := r.handled()[i]
				h := got.Head()
				assert.WithinDuration(t, time.Now(), h.Timestamp, 5*time.Second)
				assert.True(t, json.Valid(h.Raw))
				*h = callback.Header{Event: h.Event, AppID: h.AppID}
				want, err := json.Marshal(c.Event)
				require.NoError(t, err)
				have, err := json.Marshal(inUTC(got))
				require.NoError(t, err)
				assert.JSONEq(t, string(want), string(have))
			}
			result := s.Callbacks()[2].Event.(*callback.AudioResult)
			assert.Equal(t, "room_1", result.AuxInfo.RoomID)
			assert.Equal(t, "user_1", result.StreamHint())
			assert.Less(t, result.AuxInfo.ProcessFinishTime.Sub(result.AuxInfo.ProcessBeginTime), 10*time.Second, "it has not run for as long")
			s.Advance(time.Minute)
			result = s.EmitAudioResult(audioTask, callback.AudioResult{}).Event.(*callback.AudioResult)
			assert.Equal(t, 10*time.Second, result.AuxInfo.ProcessFinishTime.Sub(result.AuxInfo.ProcessBeginTime))
			assert.Greater(t, s.Rooms()[0].SessionID, uint64(1)<<53)
		})
	}
}

// inUTC writes the only time that callbacks tell in a zone as the others are
// written.
func inUTC(e callback.Event) callback.Event {
	if r, ok := e.(*callback.VideoImageResult); ok {
		r.AuxInfo.ImgTime = r.AuxInfo.ImgTime.Local()
	}
	return e
}

func TestRetrySchedule(t *testing.T) {
	t.Run("fails twice, then works", func(t *testing.T) {
		s := newServer(t, zegotest.WithClock(still))
		r := receive(t, s)
		r.fail = func(tries int) error {
			if tries <= 2 {
				return errors.New("not now")
			}
			return nil
		}
		c := s.OpenRoom("room_1", "u")
		s.Advance(0)
		require.Len(t, c.Tries(), 1)
		s.Advance(2*time.Second - 1)
		require.Len(t, c.Tries(), 1)
		s.Advance(1)
		require.Len(t, c.Tries(), 2)
		assert.Empty(t, r.handled())
		s.Advance(time.Hour)
		require.NoError(t, c.Wait(t.Context()))
		assert.Len(t, r.handled(), 1)
		var at []time.Duration
		var statuses []int
		for _, try := range c.Tries() {
			at = append(at, try.Time.Sub(still()))
			statuses = append(statuses, try.HTTPStatus)
		}
		assert.Equal(t, []time.Duration{0, 2 * time.Second, 6 * time.Second}, at)
		assert.Equal(t, []int{500, 500, 200}, statuses)
		assert.Equal(t, c.Tries()[0].Body, c.Tries()[2].Body, "signed once")
	})
	t.Run("panics once, then works", func(t *testing.T) {
		s := newServer(t, zegotest.WithClock(still))
		r := receive(t, s)
		r.fail = func(tries int) error {
			if tries == 1 {
				panic("a fault of the backend")
			}
			return nil
		}
		c := s.OpenRoom("room_1", "u")
		s.Advance(2 * time.Second)
		require.NoError(t, c.Wait(t.Context()))
		assert.Equal(t, 500, c.Tries()[0].HTTPStatus)
		assert.Len(t, r.handled(), 1)
	})
	t.Run("given up", func(t *testing.T) {
		s := newServer(t, zegotest.WithClock(still))
		r := receive(t, s)
		r.fail = func(int) error { return errors.New("never") }
		s.InjectDelivery(zegotest.Delivery{Resign: true})
		c := s.OpenRoom("room_1", "u")
		s.Advance(62 * time.Second)
		assert.ErrorContains(t, c.Wait(t.Context()), "after 6 attempts")
		var at []int
		for _, try := range c.Tries() {
			at = append(at, int(try.Time.Sub(still())/time.Second))
		}
		assert.Equal(t, []int{0, 2, 6, 14, 30, 62}, at)
		assert.NotEqual(t, c.Tries()[0].Body, c.Tries()[1].Body, "signed anew")
		s.Advance(time.Hour)
		assert.Len(t, c.Tries(), 6)
	})
	t.Run("nobody listens, then somebody does; a redirect is no success", func(t *testing.T) {
		s := newServer(t, zegotest.WithClock(still))
		var status atomic.Int32
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(int(status.Load()))
		}))
		defer server.Close()
		s.SetCallbackURL("http://" + server.Listener.Addr().String())
		address := server.Listener.Addr().String()
		require.NoError(t, server.Listener.Close())
		c := s.OpenRoom("room_1", "u")
		s.Advance(0)
		require.Error(t, c.Tries()[0].Err)
		assert.Zero(t, c.Tries()[0].HTTPStatus)

		again, err := net.Listen("tcp", address)
		require.NoError(t, err)
		server.Listener = again
		status.Store(302)
		server.Start()
		s.Advance(2 * time.Second)
		assert.Equal(t, 302, c.Tries()[1].HTTPStatus)
		status.Store(204)
		s.Advance(4 * time.Second)
		assert.NoError(t, c.Wait(t.Context()))
	})
	t.Run("as time passes", func(t *testing.T) {
		if testing.Short() {
			t.Skip("takes two seconds")
		}
		s := newServer(t)
		r := receive(t, s)
		r.fail = func(tries int) error {
			if tries == 1 {
				return errors.New("not now")
			}
			return nil
		}
		require.NoError(t, s.OpenRoom("room_1", "u").Wait(t.Context()))
		tries := s.Callbacks()[0].Tries()
		assert.GreaterOrEqual(t, tries[1].Time.Sub(tries[0].Time), 2*time.Second)
	})
	t.Run("as time passes after the clock was turned", func(t *testing.T) {
		s := newServer(t)
		r := receive(t, s)
		r.fail = func(int) error { return errors.New("never") }
		c := s.OpenRoom("room_1", "u")
		s.Advance(61 * time.Second)
		require.Len(t, c.Tries(), 5)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		assert.ErrorContains(t, c.Wait(ctx), "after 6 attempts", "a second later")
	})
}

func TestDelivery(t *testing.T) {
	t.Run("late", func(t *testing.T) {
		s := newServer(t, zegotest.WithClock(still))
		r := receive(t, s)
		s.InjectDelivery(zegotest.Delivery{Event: "room_create", Times: 1, Delay: 3 * time.Second})
		s.OpenRoom("room_1", "u")
		require.NoError(t, s.CloseRoom("room_1", 0).Wait(t.Context()))
		require.NoError(t, s.OpenRoom("room_1", "u").Wait(t.Context()))
		require.Len(t, r.handled(), 2)
		s.Advance(3 * time.Second)
		require.Len(t, r.handled(), 3)
		assert.IsType(t, &callback.RoomClosed{}, r.handled()[0])
		first, second := r.handled()[2].(*callback.RoomCreated), r.handled()[1].(*callback.RoomCreated)
		assert.Equal(t, r.handled()[0].(*callback.RoomClosed).RoomSessionID, first.RoomSessionID)
		assert.Greater(t, second.RoomSessionID, first.RoomSessionID)
	})
	t.Run("twice", func(t *testing.T) {
		s := newServer(t)
		r := receive(t, s)
		s.InjectDelivery(zegotest.Delivery{Copies: 2, Times: 1})
		s.OpenRoom("room_1", "u")
		s.Advance(2 * time.Second) // copies may have met one that was being handled
		require.Len(t, s.Callbacks(), 3)
		for _, c := range s.Callbacks() {
			require.NoError(t, c.Wait(t.Context()))
		}
		assert.Len(t, r.handled(), 1)
	})
	t.Run("twice, signed anew", func(t *testing.T) {
		for _, dedupe := range []bool{false, true} {
			s := newServer(t)
			var opts []callback.Option
			want := 2
			if dedupe {
				opts, want = append(opts, callback.WithDeduplication()), 1
			}
			r := receive(t, s, opts...)
			task := startAudio(t, s, nil)
			s.InjectDelivery(zegotest.Delivery{Copies: 1, Resign: true})
			s.EmitAudioResult(task, callback.AudioResult{})
			s.Advance(2 * time.Second)
			assert.Len(t, r.handled(), want)
		}
	})
	t.Run("lost", func(t *testing.T) {
		s := newServer(t)
		r := receive(t, s)
		remove := s.InjectDelivery(zegotest.Delivery{Drop: true, Match: func(e callback.Event) bool { return e.Head().Event == "room_close" }})
		s.OpenRoom("room_1", "u")
		c := s.CloseRoom("room_1", 0)
		assert.ErrorContains(t, c.Wait(t.Context()), "dropped")
		assert.Empty(t, c.Tries())
		remove()
		s.OpenRoom("room_1", "u")
		require.NoError(t, s.CloseRoom("room_1", 0).Wait(t.Context()))
		s.Advance(0)
		assert.Len(t, r.handled(), 3)
	})
	t.Run("where to", func(t *testing.T) {
		s := newServer(t)
		results, statuses := receive(t, s), receive(t, s)
		s.SetCallbackURL("")
		task := startAudio(t, s, func(r *zegocensor.StartCensorAudioV2Request) {
			r.ResultCallbackURL, r.StatusCallbackURL, r.ReturnFinishInfo, r.IsMixingEnabled = results.url, statuses.url, true, true
		})
		require.NoError(t, s.EmitAudioResult(task, callback.AudioResult{AuxInfo: callback.AudioAuxInfo{UserID: "u"}}).Wait(t.Context()))
		require.Len(t, results.handled(), 1)
		mixed := results.handled()[0].(*callback.AudioResult)
		assert.Empty(t, mixed.AuxInfo.UserID+mixed.StreamHint(), "nobody can be told apart")
		_, err := s.Client().StopCensorAudioV2(t.Context(), &zegocensor.StopCensorAudioV2Request{TaskID: task})
		require.NoError(t, err)
		s.Advance(0)
		require.Len(t, statuses.handled(), 1)
		assert.ErrorContains(t, s.OpenRoom("room_1", "u").Wait(t.Context()), "SetCallbackURL")
	})
	t.Run("closed", func(t *testing.T) {
		s := newServer(t)
		hang := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
		defer server.Close()
		defer close(hang)
		s.SetCallbackURL(server.URL)
		c := s.OpenRoom("room_1", "u")
		s.Close()
		assert.ErrorContains(t, c.Wait(t.Context()), "closed")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.Error(t, c.Wait(ctx))
	})
	t.Run("mistakes", func(t *testing.T) {
		s := newServer(t)
		s.OpenRoom("room_1", "u")
		s.OpenStream("room_1", "s", "u")
		audio := startAudio(t, s, nil)
		for name, do := range map[string]func(){
			`there is no task "t"`: func() { s.EmitAudioResult("t", callback.AudioResult{}) },
			"started by":           func() { s.EmitVideoImageResult(audio, callback.VideoImageResult{}) },
			`"room_1" is open`:     func() { s.OpenRoom("room_1", "u") },
			`"room_2" is not open`: func() { s.CloseRoom("room_2", 0) },
			`"room_3" is not open`: func() { s.OpenStream("room_3", "s", "u") },
			`stream "s" is open`:   func() { s.OpenStream("room_1", "s", "u") },
			`"t" is not open`:      func() { s.CloseStream("room_1", "t") },
			"Delay":                func() { s.InjectDelivery(zegotest.Delivery{Delay: -1}) },
			"Copies":               func() { s.InjectDelivery(zegotest.Delivery{Copies: -1}) },
			"Times":                func() { s.InjectDelivery(zegotest.Delivery{Times: -1}) },
			"Advance":              func() { s.Advance(-1) },
		} {
			func() {
				defer func() { assert.Contains(t, recover(), name) }()
				do()
			}()
		}
		_, err := s.Client().GenerateIdentifyToken(t.Context(), nil)
		assert.NoError(t, err, "it still works")
	})
}

func TestEndOfTasks(t *testing.T) {
	finish := func(r *zegocensor.StartCensorAudioV2Request) { r.ReturnFinishInfo = true }
	names := func(r *receiver) string {
		var all []string
		for _, e := range r.handled() {
			all = append(all, e.Head().Event)
		}
		return strings.Join(all, " ")
	}
	t.Run("Stop", func(t *testing.T) {
		s := newServer(t, zegotest.WithClock(still))
		r := receive(t, s)
		client := s.Client(zegocensor.WithClock(s.Now))
		asked, silent := startAudioWith(t, client, true), startAudioWith(t, client, false)
		s.Advance(95 * time.Second)
		for range 2 {
			_, err := client.StopCensorAudioV2(t.Context(), &zegocensor.StopCensorAudioV2Request{TaskID: asked})
			require.NoError(t, err)
		}
		_, err := client.StopCensorAudioV2(t.Context(), &zegocensor.StopCensorAudioV2Request{TaskID: silent})
		require.NoError(t, err)
		s.Advance(0)
		require.Len(t, r.handled(), 1, "once, and only for the task that asked")
		status := r.handled()[0].(*callback.AudioStatus)
		assert.Equal(t, asked, status.TaskID)
		assert.Zero(t, status.Status)
		assert.Equal(t, 95*time.Second, status.AuxInfo.CensorStreamTime)
	})
	t.Run("Stop of video", func(t *testing.T) {
		s := newServer(t)
		r := receive(t, s)
		for _, audio := range []bool{true, false} {
			task := startVideo(t, s, func(r *zegocensor.StartCensorVideoV2Request) {
				r.ReturnFinishInfo = true
				if !audio {
					r.AudioParam = nil
				}
			})
			_, err := s.Client().StopCensorVideoV2(t.Context(), &zegocensor.StopCensorVideoV2Request{TaskID: task})
			require.NoError(t, err)
		}
		s.Advance(0)
		assert.Equal(t, 1, strings.Count(names(r), "censor_video_v2_audio_status"))
		assert.Equal(t, 2, strings.Count(names(r), "censor_video_v2_img_status"))
	})
	t.Run("five empty minutes", func(t *testing.T) {
		s := newServer(t)
		r := receive(t, s)
		s.OpenRoom("room_1", "u")
		task := startAudio(t, s, finish)
		elsewhere := startAudio(t, s, func(r *zegocensor.StartCensorAudioV2Request) { r.RoomID = "never opened here" })
		s.Advance(4 * time.Minute)
		s.OpenStream("room_1", "s", "u")
		s.Advance(10 * time.Minute)
		require.Len(t, s.Running(), 2, "it has a stream")
		s.CloseStream("room_1", "s")
		s.Advance(4 * time.Minute)
		s.OpenStream("room_1", "s", "u")
		s.CloseStream("room_1", "s")
		s.Advance(5*time.Minute - time.Second)
		require.Len(t, s.Running(), 2, "not five minutes on end")
		s.Advance(time.Second)
		require.Len(t, s.Running(), 1)
		assert.Equal(t, elsewhere, s.Running()[0].ID)
		assert.True(t, s.Tasks()[0].Idle)
		s.Advance(0)
		assert.Contains(t, names(r), "censor_audio_v2_status")
		_, err := s.Client().StopCensorAudioV2(t.Context(), &zegocensor.StopCensorAudioV2Request{TaskID: task})
		assert.NoError(t, err)
	})
	t.Run("a closed room", func(t *testing.T) {
		s := newServer(t)
		receive(t, s)
		s.OpenRoom("room_1", "u")
		s.OpenStream("room_1", "s", "u")
		startAudio(t, s, finish)
		s.Advance(20 * time.Minute)
		require.Len(t, s.Running(), 1)
		s.CloseRoom("room_1", 0)
		s.Advance(time.Minute)
		startAudio(t, s, finish)
		s.Advance(4 * time.Minute)
		require.Len(t, s.Running(), 1, "the task that began later ends later")
		s.Advance(time.Minute)
		assert.Empty(t, s.Running())
	})
}

func startAudioWith(t *testing.T, client *zegocensor.Client, finish bool) string {
	t.Helper()
	task, err := client.StartCensorAudioV2(t.Context(), &zegocensor.StartCensorAudioV2Request{RoomID: "room_1", EventID: zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish, RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}, ReturnFinishInfo: finish})
	require.NoError(t, err)
	return task.TaskID
}

// TestAThousandSenders has 1000 callbacks on their way at the same time, each of
// them twice.
func TestAThousandSenders(t *testing.T) {
	const senders = 1000
	s := newServer(t)
	r := receive(t, s)
	task := startAudio(t, s, nil)
	s.InjectDelivery(zegotest.Delivery{Copies: 1})
	var all sync.WaitGroup
	for range senders {
		all.Go(func() { s.EmitAudioResult(task, callback.AudioResult{}) })
	}
	all.Wait()
	s.Advance(time.Minute)
	for _, c := range s.Callbacks() {
		require.NoError(t, c.Wait(t.Context()))
	}
	require.Len(t, s.Callbacks(), 2*senders)
	results := make(map[string]int)
	for _, e := range r.handled() {
		results[e.(*callback.AudioResult).ResultTaskID]++
	}
	assert.Len(t, results, senders, "nothing is lost")
	assert.Len(t, r.handled(), senders, "nothing is handled twice")
}
