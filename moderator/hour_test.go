package moderator_test

import (
	"context"
	"fmt"
	"net/http/httptest"
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

// hour is what comes of a room that lives for an hour.
type hour struct {
	starts, stops, running, most int // most tasks that ran simultaneously
	stats                        moderator.Stats
}

// play has a room live for an hour with an event every six minutes: a stream, or a list for
// Reconcile.
func play(t *testing.T, zego *zegotest.Server, provider func(*zegocensor.Client) moderator.Provider, reconcile bool, opts ...zegotest.StreamOption) (h hour) {
	t.Helper()
	defer zego.Close()
	m, err := moderator.New(provider(zego.Client(zegocensor.WithClock(zego.Now), zegocensor.WithLimiter(nil))), moderator.WithClock(zego.Now))
	require.NoError(t, err)
	handler, err := callback.NewHandler(zego.CallbackSecret(), m.Handle, callback.WithClock(zego.Now))
	require.NoError(t, err)
	backend := httptest.NewServer(handler)
	defer backend.Close()
	zego.SetCallbackURL(backend.URL)
	defer zego.Play(zegotest.Play{Audio: func(s zegotest.Segment) callback.AudioDetail {
		return callback.AudioDetail{Voice: s.UserID != "mute"}
	}})()

	require.NoError(t, zego.OpenRoom("r", "host").Wait(t.Context()))
	began := zego.Now()
	require.NoError(t, zego.OpenStream("r", "s", "mute", opts...).Wait(t.Context()))
	for i := range 10 {
		for range 12 {
			zego.Advance(30 * time.Second)
			zego.Advance(0)
			once, cancel := context.WithCancel(t.Context())
			cancel()
			require.ErrorIs(t, m.Run(once), context.Canceled) // what has fallen due
			h.most = max(h.most, len(zego.Running()))
		}
		if reconcile {
			room := moderator.Room{ID: "r", SessionID: zego.Rooms()[0].SessionID, CreatedAt: began}
			require.NoError(t, m.Reconcile(t.Context(), slices.Values([]moderator.Room{room})))
		} else {
			require.NoError(t, zego.OpenStream("r", fmt.Sprintf("s_%d", i), "mute", opts...).Wait(t.Context()))
		}
		h.most = max(h.most, len(zego.Running()))
	}
	h.starts, h.running, h.stats = len(zego.Tasks()), len(zego.Running()), m.Stats()
	for _, r := range zego.Requests() {
		if r.Action == "StopCensorAudioV2" || r.Action == "StopCensorVideoV2" {
			h.stops++
		}
	}
	return h
}

// TestModerator has a room in which nothing offends.
func TestModerator(t *testing.T) {
	audio := func(c *zegocensor.Client) moderator.Provider { return moderator.Audio(c, template) }
	mixed := func(c *zegocensor.Client) moderator.Provider {
		req := template
		req.IsMixingEnabled = true
		return moderator.Audio(c, req)
	}
	unasked := func(c *zegocensor.Client) moderator.Provider {
		return moderator.Audio(c, template, moderator.WithoutPassResults())
	}
	images := zegocensor.StartCensorVideoV2Request{EventID: zegocensor.EventLiveStreaming, Language: zegocensor.LanguageEnglish,
		VideoParam: zegocensor.VideoParam{RiskTypeList: []zegocensor.RiskType{zegocensor.RiskQRCode}}}
	video := func(c *zegocensor.Client) moderator.Provider {
		req := images
		req.AudioParam = &zegocensor.AudioParam{RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}}
		return moderator.Video(c, req)
	}
	imagesOnly := func(c *zegocensor.Client) moderator.Provider { return moderator.Video(c, images) }
	vendors := func(c *zegocensor.Client) moderator.Provider {
		return moderator.Vendors{"": audio(c), "other": unasked(c)}
	}

	for name, test := range map[string]struct {
		provider func(*zegocensor.Client) moderator.Provider
		zego     []zegotest.Option
		stream   []zegotest.StreamOption
		restarts int  // for silence
		results  bool // there are some
	}{
		"audio":                                  {audio, nil, nil, 0, true},
		"audio, mixed":                           {mixed, nil, nil, 0, true},
		"audio, and silence is not told":         {audio, []zegotest.Option{zegotest.WithoutSilentResults()}, nil, 1, false},
		"audio, and what passes is not told":     {audio, []zegotest.Option{zegotest.WithoutPassResults()}, nil, 1, false},
		"audio, and all have opted out":          {audio, nil, []zegotest.StreamOption{zegotest.Unmoderated}, 1, false},
		"audio, and what passes is not wanted":   {unasked, nil, nil, 0, false},
		"video":                                  {video, nil, nil, 0, true},
		"video, and what passes is not told":     {video, []zegotest.Option{zegotest.WithoutPassResults()}, nil, 1, false},
		"images":                                 {imagesOnly, nil, nil, 0, false},
		"images, and what passes is not told":    {imagesOnly, []zegotest.Option{zegotest.WithoutPassResults()}, nil, 0, false},
		"one of two vendors":                     {vendors, nil, nil, 0, true},
		"one of two, and nothing passes is told": {vendors, []zegotest.Option{zegotest.WithoutPassResults()}, nil, 1, false},
	} {
		for _, reconcile := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, reconcile %v", name, reconcile), func(t *testing.T) {
				h := play(t, zegotest.NewServer(append([]zegotest.Option{zegotest.WithRateLimit(0)}, test.zego...)...), test.provider, reconcile, test.stream...)
				assert.Equal(t, 1+test.restarts, h.starts, "Starts")
				assert.Equal(t, test.restarts, h.stops, "Stops")
				assert.Equal(t, 1, h.most)
				assert.Equal(t, moderator.Stats{Starts: int64(h.starts), Stops: int64(h.stops), SilenceRestarts: int64(test.restarts)}, h.stats)
			})
			t.Run(fmt.Sprintf("%s, reconcile %v, and a Start had no answer", name, reconcile), func(t *testing.T) {
				zego := zegotest.NewServer(append([]zegotest.Option{zegotest.WithRateLimit(0)}, test.zego...)...)
				zego.Inject(zegotest.Fault{Cut: zegotest.CutAfterRead, Times: 1})
				h := play(t, zego, test.provider, reconcile, test.stream...)
				assert.EqualValues(t, 1, h.stats.UnknownStarts)
				if test.results {
					assert.Equal(t, []int{1, 0, 1}, []int{h.starts, h.stops, h.most})
					return
				}
				assert.EqualValues(t, 1, h.stats.StartsAfterUnknown)
				assert.Equal(t, 2, h.most)
				assert.Equal(t, 2, h.running)
			})
		}
	}
}
