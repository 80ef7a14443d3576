package zegotest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

func TestServer_EmitAudioResult(t *testing.T) {
	type options = []zegotest.Option
	asked := func(r *zegocensor.StartCensorAudioV2Request) { r.ReturnAllText = true }
	notAsked := func(r *zegocensor.StartCensorAudioV2Request) { r.ReturnAllText = false }
	mixed := func(r *zegocensor.StartCensorAudioV2Request) { r.IsMixingEnabled = true }
	passes := callback.AudioDetail{RiskLevel: callback.Pass, Voice: true}
	for name, tt := range map[string]struct {
		options  options
		start    func(*zegocensor.StartCensorAudioV2Request)
		result   callback.AudioResult
		withheld string // "" = it is sent
	}{
		"what passes, asked for":           {nil, asked, callback.AudioResult{Detail: passes}, ""},
		"what passes, not asked for":       {nil, notAsked, callback.AudioResult{Detail: passes}, "ReturnAllText"},
		"what passes, never sent":          {options{zegotest.WithoutPassResults()}, asked, callback.AudioResult{Detail: passes}, "WithoutPassResults"},
		"no level":                         {nil, notAsked, callback.AudioResult{}, "ReturnAllText"},
		"REVIEW":                           {nil, notAsked, callback.AudioResult{Detail: callback.AudioDetail{RiskLevel: callback.Review}}, ""},
		"REJECT, PASS never sent":          {options{zegotest.WithoutPassResults()}, notAsked, callback.AudioResult{Detail: callback.AudioDetail{RiskLevel: callback.Reject}}, ""},
		"a moderation that failed":         {nil, notAsked, callback.AudioResult{Task: callback.Task{Code: 50009}}, ""},
		"silence, asked for":               {nil, asked, callback.AudioResult{}, ""},
		"silence, never sent":              {options{zegotest.WithoutSilentResults()}, asked, callback.AudioResult{}, "WithoutSilentResults"},
		"speech, silence never sent":       {options{zegotest.WithoutSilentResults()}, asked, callback.AudioResult{Detail: passes}, ""},
		"a user who opted out":             {nil, asked, callback.AudioResult{AuxInfo: callback.AudioAuxInfo{UserID: "hidden"}}, "opted out"},
		"a REJECT of one who opted out":    {nil, asked, callback.AudioResult{Detail: callback.AudioDetail{RiskLevel: callback.Reject}, AuxInfo: callback.AudioAuxInfo{UserID: "hidden"}}, "opted out"},
		"a stream that opted out":          {nil, asked, callback.AudioResult{AuxInfo: callback.AudioAuxInfo{StreamID: "dark", UserID: "both"}}, "opted out"},
		"another stream of the user":       {nil, asked, callback.AudioResult{AuxInfo: callback.AudioAuxInfo{StreamID: "light", UserID: "both"}}, ""},
		"a user with one that opted out":   {nil, asked, callback.AudioResult{AuxInfo: callback.AudioAuxInfo{UserID: "both"}}, ""},
		"somebody who is not there":        {nil, asked, callback.AudioResult{AuxInfo: callback.AudioAuxInfo{UserID: "gone"}}, ""},
		"mixed, and one of them opted out": {nil, mixed, callback.AudioResult{AuxInfo: callback.AudioAuxInfo{UserID: "hidden"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, tt.options...)
			r := receive(t, s)
			require.NoError(t, s.OpenRoom("room_1", "both").Wait(t.Context()))
			require.NoError(t, s.OpenStream("room_1", "shy", "hidden", zegotest.Unmoderated).Wait(t.Context()))
			require.NoError(t, s.OpenStream("room_1", "dark", "both", zegotest.Unmoderated).Wait(t.Context()))
			require.NoError(t, s.OpenStream("room_1", "light", "both").Wait(t.Context()))
			before := len(r.handled())
			c := s.EmitAudioResult(startAudio(t, s, tt.start), tt.result)
			if tt.withheld == "" {
				require.NoError(t, c.Wait(t.Context()))
				assert.Len(t, r.handled(), before+1)
				return
			}
			<-c.Done()
			require.ErrorIs(t, c.Wait(t.Context()), zegotest.ErrWithheld)
			require.ErrorContains(t, c.Err(), tt.withheld)
			assert.Empty(t, c.Tries())
			s.Advance(2 * time.Minute)
			assert.Len(t, r.handled(), before)
			all := s.Callbacks()
			assert.Same(t, c, all[len(all)-1])
			_, state := control(t, s, "GET", "state", "")
			listed := state["Callbacks"].([]any)[0].(map[string]any)
			assert.Equal(t, "withheld", listed["State"])
			assert.Contains(t, listed["Error"], tt.withheld)
		})
	}

	t.Run("withheld results use no Delivery up", func(t *testing.T) {
		s := newServer(t)
		receive(t, s)
		s.InjectDelivery(zegotest.Delivery{Drop: true, Times: 1})
		task := startAudio(t, s, notAsked)
		require.ErrorIs(t, s.EmitAudioResult(task, callback.AudioResult{}).Wait(t.Context()), zegotest.ErrWithheld)
		err := s.EmitAudioResult(task, callback.AudioResult{Detail: callback.AudioDetail{RiskLevel: callback.Reject}}).Wait(t.Context())
		require.ErrorContains(t, err, "dropped")
	})
	t.Run("a room in which all opted out", func(t *testing.T) {
		s := newServer(t)
		s.OpenRoom("room_1", "u")
		s.OpenStream("room_1", "s", "u", zegotest.Unmoderated)
		task := startAudio(t, s, mixed)
		require.ErrorIs(t, s.EmitAudioResult(task, callback.AudioResult{}).Wait(t.Context()), zegotest.ErrWithheld)
	})
}

func TestServer_EmitVideoImageResult(t *testing.T) {
	for _, asked := range []bool{false, true} {
		t.Run(fmt.Sprintf("ReturnAllImg %v", asked), func(t *testing.T) {
			s := newServer(t)
			receive(t, s)
			task := startVideo(t, s, func(r *zegocensor.StartCensorVideoV2Request) { r.VideoParam.ReturnAllImg = asked })
			err := s.EmitVideoImageResult(task, callback.VideoImageResult{}).Wait(t.Context())
			if asked {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, zegotest.ErrWithheld)
			}
			require.NoError(t, s.EmitVideoImageResult(task, callback.VideoImageResult{Detail: callback.ImageDetail{RiskLevel: callback.Reject}}).Wait(t.Context()))
		})
	}
}

func TestServer_EmitVideoAudioResult(t *testing.T) {
	s := newServer(t)
	receive(t, s)
	asked := startVideo(t, s, nil)
	require.NoError(t, s.EmitVideoAudioResult(asked, callback.VideoAudioResult{}).Wait(t.Context()))
	silent := startVideo(t, s, func(r *zegocensor.StartCensorVideoV2Request) { r.AudioParam.ReturnAllText = false })
	require.ErrorIs(t, s.EmitVideoAudioResult(silent, callback.VideoAudioResult{}).Wait(t.Context()), zegotest.ErrWithheld)
	deaf := startVideo(t, s, func(r *zegocensor.StartCensorVideoV2Request) { r.AudioParam = nil })
	err := s.EmitVideoAudioResult(deaf, callback.VideoAudioResult{Detail: callback.AudioDetail{RiskLevel: callback.Reject}}).Wait(t.Context())
	require.ErrorIs(t, err, zegotest.ErrWithheld)
	require.ErrorContains(t, err, "does not moderate")
}

// results counts the results that were handled, by event and by who is named.
func results(events []callback.Event) map[string]int {
	n := make(map[string]int)
	for _, e := range events {
		switch e := e.(type) {
		case *callback.AudioResult:
			n["audio "+e.AuxInfo.UserID]++
		case *callback.VideoAudioResult:
			n["video audio "+e.AuxInfo.StreamID]++
		case *callback.VideoImageResult:
			n["image "+e.AuxInfo.StreamID]++
		}
	}
	return n
}

func TestServer_Play(t *testing.T) {
	// room has two streams that are moderated, and one that is not.
	room := func(t *testing.T, opts ...zegotest.Option) (*zegotest.Server, *receiver) {
		s := newServer(t, append([]zegotest.Option{zegotest.WithClock(still)}, opts...)...)
		r := receive(t, s)
		s.OpenRoom("room_1", "u1")
		s.OpenStream("room_1", "s1", "u1")
		s.OpenStream("room_1", "s2", "u2")
		s.OpenStream("room_1", "s3", "u3", zegotest.Unmoderated)
		s.Advance(0)
		return s, r
	}
	audio := func(change func(*zegocensor.StartCensorAudioV2Request)) func(*testing.T, *zegotest.Server) string {
		return func(t *testing.T, s *zegotest.Server) string { return startAudio(t, s, change) }
	}
	for name, tt := range map[string]struct {
		options []zegotest.Option
		start   func(*testing.T, *zegotest.Server) string
		want    map[string]int // in a minute
	}{
		"audio":                   {nil, audio(nil), map[string]int{"audio u1": 6, "audio u2": 6}},
		"audio, PASS not asked":   {nil, audio(func(r *zegocensor.StartCensorAudioV2Request) { r.ReturnAllText = false }), map[string]int{}},
		"audio, PASS never":       {[]zegotest.Option{zegotest.WithoutPassResults()}, audio(nil), map[string]int{}},
		"audio, silence withheld": {[]zegotest.Option{zegotest.WithoutSilentResults()}, audio(nil), map[string]int{"audio u1": 6, "audio u2": 6}},
		"mixed":                   {nil, audio(func(r *zegocensor.StartCensorAudioV2Request) { r.IsMixingEnabled = true }), map[string]int{"audio ": 6}},
		"video":                   {nil, func(t *testing.T, s *zegotest.Server) string { return startVideo(t, s, nil) }, map[string]int{"video audio s1": 6, "video audio s2": 6, "image s1": 20, "image s2": 20}},
		"video, a frame each 30 s": {nil, func(t *testing.T, s *zegotest.Server) string {
			return startVideo(t, s, func(r *zegocensor.StartCensorVideoV2Request) {
				r.AudioParam, r.VideoParam.DetectFrequency = nil, 30*time.Second
			})
		}, map[string]int{"image s1": 2, "image s2": 2}},
		"another room": {nil, audio(func(r *zegocensor.StartCensorAudioV2Request) { r.RoomID = "unknown" }), map[string]int{"audio ": 6}},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := room(t, tt.options...)
			s.Play(zegotest.Play{})
			tt.start(t, s)
			s.Advance(time.Minute)
			assert.Equal(t, tt.want, results(r.handled()))
		})
	}

	t.Run("of everything that begins later, and until it ends", func(t *testing.T) {
		s, r := room(t)
		task := startAudio(t, s, nil)
		s.Advance(time.Hour)
		assert.Empty(t, results(r.handled()), "nothing is played yet")
		stop := s.Play(zegotest.Play{})
		s.Advance(5 * time.Second)
		s.OpenStream("room_1", "s4", "u4")
		s.Advance(10 * time.Second)
		assert.Equal(t, map[string]int{"audio u1": 1, "audio u2": 1, "audio u4": 1}, results(r.handled()))
		s.CloseStream("room_1", "s1")
		s.OpenStream("room_1", "s1", "u5") // another one, with 10 s of its own
		s.Advance(9 * time.Second)
		assert.Equal(t, map[string]int{"audio u1": 1, "audio u2": 2, "audio u4": 1}, results(r.handled()))
		s.Advance(time.Second)
		assert.Equal(t, map[string]int{"audio u1": 1, "audio u2": 2, "audio u4": 2, "audio u5": 1}, results(r.handled()))
		_, err := s.Client(zegocensor.WithClock(s.Now)).StopCensorAudioV2(t.Context(), &zegocensor.StopCensorAudioV2Request{TaskID: task})
		require.NoError(t, err)
		s.Advance(time.Minute)
		startAudio(t, s, nil)
		s.Advance(10 * time.Second)
		stop()
		s.Advance(time.Minute)
		assert.Equal(t, map[string]int{"audio u1": 1, "audio u2": 3, "audio u4": 3, "audio u5": 2}, results(r.handled()))
	})

	t.Run("five minutes without a stream end the task", func(t *testing.T) {
		s, r := room(t)
		s.Play(zegotest.Play{})
		startAudio(t, s, func(r *zegocensor.StartCensorAudioV2Request) { r.IsMixingEnabled = true })
		s.Advance(time.Minute)
		s.CloseRoom("room_1", 0)
		s.Advance(4 * time.Minute)
		require.Len(t, s.Running(), 1)
		s.Advance(time.Minute)
		require.Empty(t, s.Running())
		assert.Equal(t, map[string]int{"audio ": 6}, results(r.handled()))
	})

	t.Run("what the test finds", func(t *testing.T) {
		s, r := room(t)
		var begins []time.Duration
		started := s.Now()
		s.Play(zegotest.Play{})
		s.Play(zegotest.Play{RoomID: "room_1",
			Audio: func(g zegotest.Segment) callback.AudioDetail {
				begins = append(begins, g.Begin.Sub(started))
				if g.StreamID == "s2" && g.End.Sub(started) == 20*time.Second {
					return callback.AudioDetail{RiskLevel: callback.Reject, Text: "an insult", Voice: true}
				}
				return callback.AudioDetail{}
			},
			Image: func(g zegotest.Segment) callback.ImageDetail {
				assert.Equal(t, g.Begin, g.End)
				return callback.ImageDetail{RiskLevel: callback.Review}
			}})
		startAudio(t, s, func(r *zegocensor.StartCensorAudioV2Request) { r.ReturnAllText = false })
		startVideo(t, s, func(r *zegocensor.StartCensorVideoV2Request) {
			r.AudioParam, r.VideoParam.DetectFrequency, r.VideoParam.ReturnAllImg = nil, 60*time.Second, false
		})
		s.Advance(time.Minute)
		assert.Equal(t, map[string]int{"audio u2": 1, "image s1": 1, "image s2": 1}, results(r.handled()))
		assert.Len(t, begins, 12)
		assert.Equal(t, []time.Duration{0, 0, 10 * time.Second}, begins[:3])
		for _, e := range r.handled() {
			if found, ok := e.(*callback.AudioResult); ok {
				assert.Equal(t, "an insult", found.Detail.Text)
				assert.Equal(t, 10*time.Second, found.AuxInfo.ProcessFinishTime.Sub(found.AuxInfo.ProcessBeginTime))
				assert.Equal(t, "u2", found.StreamHint())
			}
		}
	})

	t.Run("by the control API", func(t *testing.T) {
		s, r := room(t)
		status, play := control(t, s, "POST", "plays", `{}`)
		require.Equal(t, 200, status)
		startAudio(t, s, nil)
		s.Advance(10 * time.Second)
		_, state := control(t, s, "GET", "state", "")
		assert.Len(t, state["Plays"], 1)
		status, _ = control(t, s, "DELETE", fmt.Sprintf("plays/%v", play["Id"]), "")
		require.Equal(t, 200, status)
		s.Advance(time.Minute)
		assert.Equal(t, map[string]int{"audio u1": 1, "audio u2": 1}, results(r.handled()))
	})

	t.Run("hours in seconds", func(t *testing.T) {
		s := newServer(t, zegotest.WithClock(still), zegotest.WithHistory(100))
		r := receive(t, s)
		for i := range 5 {
			id := fmt.Sprint("room_", i)
			s.OpenRoom(id, "u")
			s.OpenStream(id, "s", "u")
			startAudio(t, s, func(r *zegocensor.StartCensorAudioV2Request) { r.RoomID = id })
			startVideo(t, s, func(r *zegocensor.StartCensorVideoV2Request) {
				r.RoomID, r.AudioParam, r.VideoParam.ReturnAllImg = id, nil, false
			})
		}
		s.Play(zegotest.Play{})
		begin := time.Now()
		s.Advance(2 * time.Hour) // 3600 results of audio that are sent, and 12000 frames that are not
		assert.Less(t, time.Since(begin), 30*time.Second)
		assert.Equal(t, map[string]int{"audio u": 3600}, results(r.handled()))
		t.Logf("two hours of five rooms took %v", time.Since(begin))
	})
}
