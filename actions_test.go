package zegocensor_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

func TestActionsOnTheWire(t *testing.T) {
	ctx := context.Background()
	fullAudio := &zegocensor.StartCensorAudioV2Request{
		RoomID: "r&<>\"é", EventID: zegocensor.EventLiveStreaming, AudioLanguage: zegocensor.LanguageChinese,
		RiskTypeList:      []zegocensor.RiskType{zegocensor.RiskNationalAnthem},
		BusinessTypeList:  []zegocensor.BusinessType{zegocensor.BusinessMinor},
		ResultCallbackURL: "https://a.example/r?x=1&y=2", StatusCallbackURL: "http://a.example/s",
		IsMixingEnabled: true, LabelLanguage: zegocensor.LanguageEnglish,
		ReturnAllText: true, ReturnPreText: true, ReturnPreAudio: true, ReturnFinishInfo: true,
	}
	fullVideo := &zegocensor.StartCensorVideoV2Request{
		RoomID: "r", EventID: zegocensor.EventPrivateChat, Language: zegocensor.LanguageHindi,
		AudioParam: &zegocensor.AudioParam{
			RiskTypeList:     []zegocensor.RiskType{zegocensor.RiskBannedSongInVideo},
			BusinessTypeList: []zegocensor.BusinessType{zegocensor.BusinessSinging},
			AudioLanguage:    zegocensor.LanguageThai,
			ReturnAllText:    true, ReturnPreText: true, ReturnPreAudio: true,
			ResultCallbackURL: "https://a.example/ar", StatusCallbackURL: "https://a.example/as",
		},
		VideoParam: zegocensor.VideoParam{
			RiskTypeList:     []zegocensor.RiskType{zegocensor.RiskQRCode},
			BusinessTypeList: []zegocensor.BusinessType{zegocensor.BusinessAge},
			ReturnAllImg:     true, DetectFrequency: 60 * time.Second,
			ResultCallbackURL: "https://a.example/vr", StatusCallbackURL: "https://a.example/vs",
		},
		ReturnFinishInfo: true,
	}
	tests := map[string]struct {
		call   func(c *zegocensor.Client) (any, error)
		action string
		method string
		query  url.Values // beside the public parameters
		body   string
	}{
		"audio, minimal": {
			call:   func(c *zegocensor.Client) (any, error) { return c.StartCensorAudioV2(ctx, audioRequest()) },
			action: "StartCensorAudioV2", method: "POST",
			body: `{"RoomId":"room_1","EventId":"audio_room","AudioLanguage":"en","RiskTypeList":["EROTIC","DIRTY"]}`,
		},
		"audio, full": {
			call:   func(c *zegocensor.Client) (any, error) { return c.StartCensorAudioV2(ctx, fullAudio) },
			action: "StartCensorAudioV2", method: "POST",
			body: `{"RoomId":"r&<>\"é","EventId":"live_streaming","AudioLanguage":"zh","RiskTypeList":["ANTHEN"],"BusinessTypeList":["MOINIR"],
				"ResultCallbackUrl":"https://a.example/r?x=1&y=2","StatusCallbackUrl":"http://a.example/s","IsMixingEnabled":1,"LabelLanguage":"en",
				"ReturnAllText":1,"ReturnPreText":1,"ReturnPreAudio":1,"ReturnFinishInfo":1}`,
		},
		"audio, business types only": {
			call: func(c *zegocensor.Client) (any, error) {
				r := audioRequest()
				r.RiskTypeList, r.BusinessTypeList = nil, []zegocensor.BusinessType{zegocensor.BusinessVoice}
				return c.StartCensorAudioV2(ctx, r)
			},
			action: "StartCensorAudioV2", method: "POST",
			body: `{"RoomId":"room_1","EventId":"audio_room","AudioLanguage":"en","RiskTypeList":[],"BusinessTypeList":["VOICE"]}`,
		},
		"audio, stop": {
			call: func(c *zegocensor.Client) (any, error) {
				return c.StopCensorAudioV2(ctx, &zegocensor.StopCensorAudioV2Request{TaskID: "T1"})
			},
			action: "StopCensorAudioV2", method: "POST", body: `{"TaskId":"T1"}`,
		},
		"video, minimal": {
			call:   func(c *zegocensor.Client) (any, error) { return c.StartCensorVideoV2(ctx, videoRequest()) },
			action: "StartCensorVideoV2", method: "POST",
			body: `{"RoomId":"room_1","EventId":"live_streaming","VideoParam":{"RiskTypeList":["EROTIC"]}}`,
		},
		"video, full": {
			call:   func(c *zegocensor.Client) (any, error) { return c.StartCensorVideoV2(ctx, fullVideo) },
			action: "StartCensorVideoV2", method: "POST",
			body: `{"RoomId":"r","EventId":"private_chat","Language":"hi",
				"AudioParam":{"RiskTypeList":["BANEDAUDIO"],"BusinessTypeList":["SING"],"AudioLanguage":"th","ReturnAllText":1,"ReturnPreText":1,"ReturnPreAudio":1,
					"ResultCallbackUrl":"https://a.example/ar","StatusCallbackUrl":"https://a.example/as"},
				"VideoParam":{"RiskTypeList":["QRCODE"],"BusinessTypeList":["AGE"],"ReturnAllImg":1,"DetectFrequency":60,
					"ResultCallbackUrl":"https://a.example/vr","StatusCallbackUrl":"https://a.example/vs"},
				"ReturnFinishInfo":1}`,
		},
		"video, stop": {
			call: func(c *zegocensor.Client) (any, error) {
				return c.StopCensorVideoV2(ctx, &zegocensor.StopCensorVideoV2Request{TaskID: "T1"})
			},
			action: "StopCensorVideoV2", method: "POST", body: `{"TaskId":"T1"}`,
		},
		"token, nil request": {
			call:   func(c *zegocensor.Client) (any, error) { return c.GenerateIdentifyToken(ctx, nil) },
			action: "GenerateIdentifyToken", method: "GET",
		},
		"token, 30 days": {
			call: func(c *zegocensor.Client) (any, error) {
				return c.GenerateIdentifyToken(ctx, &zegocensor.GenerateIdentifyTokenRequest{EffectiveTime: 30 * 24 * time.Hour})
			},
			action: "GenerateIdentifyToken", method: "GET", query: url.Values{"EffectiveTime": {"2592000"}},
		},
		"Do, GET with a list": {
			call: func(c *zegocensor.Client) (any, error) {
				return c.Do(ctx, zegocensor.Action{Name: "KickoutUser", Method: "GET"}, struct {
					RoomID string   `url:"RoomId"`
					UserID []string `url:"UserId,brackets"`
				}{"r", []string{"u1", "u 2"}}, nil, nil)
			},
			action: "KickoutUser", method: "GET", query: url.Values{"RoomId": {"r"}, "UserId[]": {"u1", "u 2"}},
		},
		"Do, POST with query": {
			call: func(c *zegocensor.Client) (any, error) {
				return c.Do(ctx, zegocensor.Action{Name: "Some", Method: "POST", Idempotent: true}, url.Values{"A": {"b"}}, map[string]int{"N": 1}, nil)
			},
			action: "Some", method: "POST", query: url.Values{"A": {"b"}}, body: `{"N":1}`,
		},
		"Do, POST without body": {
			call: func(c *zegocensor.Client) (any, error) {
				return c.Do(ctx, zegocensor.Action{Name: "Some", Method: "POST"}, nil, nil, nil)
			},
			action: "Some", method: "POST", body: `{}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			mock := httpmock.NewMockTransport()
			w := &wire{answer: func(_ int, r *http.Request) (*http.Response, error) { return mock.RoundTrip(r) }}
			mock.RegisterResponder(tt.method, "=~^https://rtc-api-sgp\\.zego\\.im/", httpmock.NewStringResponder(200, okBody))
			c := newClient(t, w, zegocensor.WithRegion(zegocensor.RegionSingapore), zegocensor.WithUserAgent("myapp/1"))
			resp, err := tt.call(c)
			require.NoError(t, err)
			require.NotNil(t, resp)
			require.Equal(t, 1, w.count())
			r := w.seen[0]

			q := r.URL.Query()
			assert.Equal(t, tt.action, q.Get("Action"))
			assert.Equal(t, "1234567890", q.Get("AppId"))
			assert.Regexp(t, "^[0-9a-f]{16}$", q.Get("SignatureNonce"))
			assert.Equal(t, "2.0", q.Get("SignatureVersion"))
			assert.False(t, q.Has("IsTest"))
			assertSigned(t, q)
			for _, name := range []string{"Action", "AppId", "SignatureNonce", "Timestamp", "Signature", "SignatureVersion"} {
				assert.Len(t, q[name], 1, name)
				q.Del(name)
			}
			if tt.query == nil {
				tt.query = url.Values{}
			}
			assert.Equal(t, tt.query, q)

			assert.Equal(t, "myapp/1 zegocensor-go/"+zegocensor.Version, r.UserAgent())
			if tt.method == "POST" {
				assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
				assert.JSONEq(t, tt.body, w.bodies[0])
				assert.EqualValues(t, len(w.bodies[0]), r.ContentLength)
				assert.Nil(t, r.GetBody)
			} else {
				assert.Empty(t, w.bodies[0])
				assert.Empty(t, r.Header.Get("Content-Type"))
			}
		})
	}
}

func TestResponses(t *testing.T) {
	ctx := context.Background()
	c := newClient(t, &wire{}, zegocensor.WithEnvironment(zegocensor.EnvironmentTest))
	envelope := zegocensor.Response{RequestID: "R1", Message: "success", HTTPStatus: 200, Attempts: 1}

	start, err := c.StartCensorAudioV2(ctx, audioRequest())
	require.NoError(t, err)
	assert.Equal(t, &zegocensor.StartCensorAudioV2Response{Response: envelope, TaskID: "T1"}, start)

	video, err := c.StartCensorVideoV2(ctx, videoRequest())
	require.NoError(t, err)
	assert.Equal(t, &zegocensor.StartCensorVideoV2Response{Response: envelope, TaskID: "T1"}, video)

	token, err := c.GenerateIdentifyToken(ctx, nil)
	require.NoError(t, err)
	assert.Equal(t, &zegocensor.GenerateIdentifyTokenResponse{Response: envelope, IdentifyToken: zegocensor.NewSecret("tok"), RemainTime: time.Minute}, token)

	var data struct{ RemainTime int }
	resp, err := c.Do(ctx, zegocensor.Action{Name: "Any", Method: "GET"}, nil, nil, &data)
	require.NoError(t, err)
	assert.Equal(t, &envelope, resp)
	assert.Equal(t, 60, data.RemainTime)
}

func TestInvalidRequests(t *testing.T) {
	ctx := context.Background()
	audio := func(change func(r *zegocensor.StartCensorAudioV2Request)) func(c *zegocensor.Client) error {
		return func(c *zegocensor.Client) error {
			r := audioRequest()
			change(r)
			_, err := c.StartCensorAudioV2(ctx, r)
			return err
		}
	}
	video := func(change func(r *zegocensor.StartCensorVideoV2Request)) func(c *zegocensor.Client) error {
		return func(c *zegocensor.Client) error {
			r := videoRequest()
			change(r)
			_, err := c.StartCensorVideoV2(ctx, r)
			return err
		}
	}
	token := func(d time.Duration) func(c *zegocensor.Client) error {
		return func(c *zegocensor.Client) error {
			_, err := c.GenerateIdentifyToken(ctx, &zegocensor.GenerateIdentifyTokenRequest{EffectiveTime: d})
			return err
		}
	}
	do := func(a zegocensor.Action, query, body, data any) func(c *zegocensor.Client) error {
		return func(c *zegocensor.Client) error { _, err := c.Do(ctx, a, query, body, data); return err }
	}
	get := zegocensor.Action{Name: "A", Method: "GET"}
	var noContext context.Context
	tests := map[string]struct {
		call   func(c *zegocensor.Client) error
		fields []string
	}{
		"audio nil":  {func(c *zegocensor.Client) error { _, err := c.StartCensorAudioV2(ctx, nil); return err }, []string{"req"}},
		"video nil":  {func(c *zegocensor.Client) error { _, err := c.StartCensorVideoV2(ctx, nil); return err }, []string{"req"}},
		"stop nil":   {func(c *zegocensor.Client) error { _, err := c.StopCensorAudioV2(ctx, nil); return err }, []string{"req"}},
		"stop video": {func(c *zegocensor.Client) error { _, err := c.StopCensorVideoV2(ctx, nil); return err }, []string{"req"}},
		"stop empty": {func(c *zegocensor.Client) error {
			_, err := c.StopCensorAudioV2(ctx, &zegocensor.StopCensorAudioV2Request{})
			return err
		}, []string{"TaskID"}},
		"nil context": {func(c *zegocensor.Client) error { _, err := c.GenerateIdentifyToken(noContext, nil); return err }, []string{"ctx"}},
		"audio, everything": {audio(func(r *zegocensor.StartCensorAudioV2Request) {
			*r = zegocensor.StartCensorAudioV2Request{ResultCallbackURL: "a.example/x", StatusCallbackURL: "ftp://a.example"}
		}), []string{"RoomID", "EventID", "AudioLanguage", "RiskTypeList", "ResultCallbackURL", "StatusCallbackURL"}},
		"room not UTF-8":      {audio(func(r *zegocensor.StartCensorAudioV2Request) { r.RoomID = "a\xff" }), []string{"RoomID"}},
		"room with line feed": {audio(func(r *zegocensor.StartCensorAudioV2Request) { r.RoomID = "a\nb" }), []string{"RoomID"}},
		"empty risk":          {audio(func(r *zegocensor.StartCensorAudioV2Request) { r.RiskTypeList[1] = "" }), []string{"RiskTypeList[1]"}},
		"callback w/o host":   {audio(func(r *zegocensor.StartCensorAudioV2Request) { r.ResultCallbackURL = "https:///x" }), []string{"ResultCallbackURL"}},
		"video, lists empty":  {video(func(r *zegocensor.StartCensorVideoV2Request) { r.VideoParam = zegocensor.VideoParam{} }), []string{"VideoParam.RiskTypeList"}},
		"audio param empty":   {video(func(r *zegocensor.StartCensorVideoV2Request) { r.AudioParam = &zegocensor.AudioParam{} }), []string{"AudioParam.RiskTypeList"}},
		"frequency 61 s":      {video(func(r *zegocensor.StartCensorVideoV2Request) { r.VideoParam.DetectFrequency = 61 * time.Second }), []string{"VideoParam.DetectFrequency"}},
		"frequency 1.5 s":     {video(func(r *zegocensor.StartCensorVideoV2Request) { r.VideoParam.DetectFrequency = 1500 * time.Millisecond }), []string{"VideoParam.DetectFrequency"}},
		"frequency negative":  {video(func(r *zegocensor.StartCensorVideoV2Request) { r.VideoParam.DetectFrequency = -time.Second }), []string{"VideoParam.DetectFrequency"}},
		"token, negative":     {token(-time.Second), []string{"EffectiveTime"}},
		"token, 31 days":      {token(31 * 24 * time.Hour), []string{"EffectiveTime"}},
		"token, 1.5 s":        {token(1500 * time.Millisecond), []string{"EffectiveTime"}},
		"do, no action":       {do(zegocensor.Action{}, nil, nil, nil), []string{"Action.Name", "Action.Method"}},
		"do, action injects":  {do(zegocensor.Action{Name: "A&AppId=2", Method: "GET"}, nil, nil, nil), []string{"Action.Name"}},
		"do, GET with body":   {do(get, nil, map[string]int{}, nil), []string{"body"}},
		"do, body no object":  {do(zegocensor.Action{Name: "A", Method: "POST"}, nil, []int{1}, nil), []string{"body"}},
		"do, body no JSON":    {do(zegocensor.Action{Name: "A", Method: "POST"}, nil, make(chan int), nil), []string{"body"}},
		"do, query no struct": {do(get, 7, nil, nil), []string{"query"}},
		"do, public query":    {do(get, url.Values{"Signature": {"x"}, "IsTest": {"true"}}, nil, nil), []string{"query", "query"}},
		"do, data no pointer": {do(get, nil, nil, struct{}{}), []string{"data"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := &wire{}
			err := tt.call(newClient(t, w))
			var invalid *zegocensor.InvalidRequestError
			require.ErrorAs(t, err, &invalid)
			require.ErrorIs(t, err, zegocensor.ErrInvalidRequest)
			var fields []string
			for _, f := range invalid.Faults {
				fields = append(fields, f.Field)
				assert.NotEmpty(t, f.Reason)
			}
			assert.Equal(t, tt.fields, fields)
			assert.NotContains(t, err.Error(), "\n")
			assert.Zero(t, w.count(), "nothing may be sent")
		})
	}
}

func TestNewClientReportsEveryFault(t *testing.T) {
	_, err := zegocensor.NewClient(0, "",
		nil,
		zegocensor.WithBaseURL("http://rtc-api.zego.im"),
		zegocensor.WithBaseURL("rtc-api.zego.im"),
		zegocensor.WithBaseURL("https://user:hunter2@h/"),
		zegocensor.WithBaseURL("https://h/?a=b"),
		zegocensor.WithBaseURL("ftp://h/"),
		zegocensor.WithBaseURL("https://%zz"),
		zegocensor.WithRegion("mars"),
		zegocensor.WithHTTPClient(nil),
		zegocensor.WithUserAgent("a\r\nb: c"),
		zegocensor.WithEnvironment(""),
		zegocensor.WithEnvironment("Test"),
		zegocensor.WithAttemptTimeout(0),
		zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: -1, MinBackoff: -1}),
		zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MinBackoff: 2, MaxBackoff: 1}),
		zegocensor.WithClock(nil),
		zegocensor.WithInterceptor(nil),
		zegocensor.WithLimiter(nil), zegocensor.WithLogger(nil), // these may be nil
	)
	var invalid *zegocensor.InvalidRequestError
	require.ErrorAs(t, err, &invalid)
	assert.Equal(t, "NewClient", invalid.Action)
	assert.Len(t, invalid.Faults, 20)
	assert.NotContains(t, err.Error(), "hunter2")
	assert.False(t, strings.Contains(err.Error(), "\n"))
}

func TestOptionsThatPass(t *testing.T) {
	for _, u := range []string{"https://rtc-api.zego.im", "http://127.0.0.1:80/", "http://localhost", "http://[::1]:8080", "https://proxy.example/zego/"} {
		_, err := zegocensor.NewClient(1, "s", zegocensor.WithBaseURL(u))
		assert.NoError(t, err, u)
	}
	for _, r := range []zegocensor.Region{zegocensor.RegionGlobal, zegocensor.RegionShanghai, zegocensor.RegionHongKong, zegocensor.RegionFrankfurt,
		zegocensor.RegionCalifornia, zegocensor.RegionMumbai, zegocensor.RegionSingapore} {
		_, err := zegocensor.NewClient(1, "s", zegocensor.WithRegion(r))
		assert.NoError(t, err, r)
	}
	own := &http.Client{}
	_, err := zegocensor.NewClient(1, "s", zegocensor.WithHTTPClient(own), zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	assert.Equal(t, http.Client{}, *own, "the caller's client stays as it was")
}
