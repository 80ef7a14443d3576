package zegotest_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// control does what curl does.
func control(t *testing.T, s *zegotest.Server, method, path, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequest(method, s.URL()+"/_/api/"+path, strings.NewReader(body))
	require.NoError(t, err)
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	var answer map[string]any
	require.NoError(t, json.NewDecoder(w.Body).Decode(&answer))
	return w.StatusCode, answer
}

func TestControl(t *testing.T) {
	s := newServer(t)
	r := receive(t, s)
	s.SetCallbackURL("")
	do := func(method, path, body string, want int) map[string]any {
		t.Helper()
		status, answer := control(t, s, method, path, body)
		assert.Equal(t, want, status, answer)
		return answer
	}
	do("PUT", "callback-url", `{"Url":"`+r.url+`"}`, 200)

	assert.Equal(t, "room_create", do("POST", "rooms", `{"RoomId":"room_1","UserId":"u"}`, 200)["Event"])
	assert.Contains(t, do("POST", "rooms", `{"RoomId":"room_1"}`, 409)["Error"], "is open")
	do("POST", "rooms/room_1/streams", `{"StreamId":"s/1","UserId":"u"}`, 200)
	do("POST", "rooms/room_1/streams", `{"StreamId":"s/1"}`, 409)
	task := startAudio(t, s, nil)
	video := startVideo(t, s, nil)
	do("POST", "tasks/"+task+"/results", `{"RiskLevel":"REJECT","Text":"an insult","RiskLabel1":"dirty","UserId":"u"}`, 200)
	do("POST", "tasks/"+video+"/results", `{"RiskLevel":"PASS","StreamId":"s/1"}`, 200)
	do("POST", "tasks/"+video+"/results", `{"RiskLevel":"REVIEW","StreamId":"s/1","Image":true}`, 200)
	do("POST", "clock", `{}`, 200)
	do("DELETE", "rooms/room_1/streams/s%2F1", "", 200)
	do("DELETE", "rooms/room_1?reason=2", "", 200)
	s.Advance(0)
	require.Len(t, r.handled(), 7)
	got := map[string]callback.Event{}
	for _, e := range r.handled() {
		got[e.Head().Event] = e
	}
	audio := got["censor_audio_v2_result"].(*callback.AudioResult)
	assert.Equal(t, callback.Reject, audio.Detail.RiskLevel)
	assert.Equal(t, "an insult", audio.Detail.Text)
	assert.Equal(t, "u", audio.AuxInfo.UserID)
	assert.Equal(t, callback.Review, got["censor_video_v2_img_result"].(*callback.VideoImageResult).Detail.RiskLevel)
	assert.EqualValues(t, 2, got["room_close"].(*callback.RoomClosed).CloseReason)

	fault := do("POST", "faults", `{"Action":"GenerateIdentifyToken","Code":9,"Times":2,"Latency":"1ms"}`, 200)["Id"].(float64)
	_, err := s.Client().GenerateIdentifyToken(t.Context(), nil)
	assert.ErrorIs(t, err, zegocensor.ErrPermissionDenied)
	do("POST", "deliveries", `{"Event":"room_close","Delay":"3s","Copies":1}`, 200)
	state := do("GET", "state", "", 200)
	assert.Equal(t, []any{map[string]any{"Id": fault, "Action": "GenerateIdentifyToken", "Code": 9.0, "Times": 1.0, "Latency": "1ms"}}, state["Faults"])
	assert.Equal(t, "3s", state["Deliveries"].([]any)[0].(map[string]any)["Delay"])
	assert.Len(t, state["Callbacks"], 7)
	assert.Equal(t, "GenerateIdentifyToken", state["Requests"].([]any)[0].(map[string]any)["Action"], "the newest first")
	assert.Len(t, state["Tasks"], 2)
	do("DELETE", "faults/1", "", 200)
	do("DELETE", "faults/1", "", 404)
	do("DELETE", "deliveries/2", "", 200)
	_, err = s.Client().GenerateIdentifyToken(t.Context(), nil)
	assert.NoError(t, err)

	before := s.Now()
	do("POST", "clock", `{"Advance":"5m"}`, 200)
	assert.GreaterOrEqual(t, s.Now().Sub(before), 5*time.Minute)
	assert.Empty(t, s.Running(), "their room closed five minutes ago")
	do("POST", "reset", "", 200)
	empty := do("GET", "state", "", 200)
	for _, list := range []string{"Rooms", "Tasks", "Requests", "Callbacks", "Faults", "Deliveries", "Plays"} {
		assert.Empty(t, empty[list], list)
	}
	assert.Equal(t, "0s", empty["Turned"])

	task = startAudio(t, s, nil)
	for _, wrong := range []struct{ method, path, body string }{
		{"POST", "rooms", `{"RoomId":""}`}, {"POST", "rooms", `{"Room":"r"}`}, {"POST", "rooms", `[]`}, {"POST", "rooms", `{} {}`}, {"POST", "rooms", `{`},
		{"DELETE", "rooms/r?reason=x", ""}, {"POST", "rooms/r/streams", `{}`}, {"POST", "clock", `{"Advance":"-1s"}`}, {"POST", "clock", `{"Advance":5}`}, {"POST", "clock", `{"Advance":"soon"}`},
		{"POST", "faults", `{"Cut":"somewhere"}`}, {"POST", "faults", `{"Times":-1}`}, {"POST", "faults", `{"HTTPStatus":99}`}, {"POST", "faults", `{"Latency":"-1s"}`},
		{"POST", "deliveries", `{"Copies":-1}`}, {"POST", "deliveries", `{"Match":1}`}, {"PUT", "callback-url", `{"URI":""}`},
		{"POST", "tasks/" + task + "/results", `{"Image":true}`}, {"POST", "tasks/" + task + "/results", `{"Level":"PASS"}`},
		{"POST", "rooms", `{"RoomId":"` + strings.Repeat("x", 1<<20) + `"}`},
	} {
		assert.NotEmpty(t, do(wrong.method, wrong.path, wrong.body, 400)["Error"], wrong)
	}
	do("POST", "tasks/none/results", `{}`, 404)
	do("DELETE", "faults/x", "", 404)
	do("DELETE", "rooms/none", "", 409)
}

// TestControlIsGuarded plays the page of another site in the same browser.
func TestControlIsGuarded(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", ":0"} {
		for name, tt := range map[string]struct {
			change func(*http.Request)
			status int
		}{
			"cross-site":     {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
			"origin":         {func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, 403},
			"DNS rebinding":  {func(r *http.Request) { r.Host = "evil.example" }, 403},
			"like localhost": {func(r *http.Request) { r.Host = "localhost.evil.example:80" }, 403},
			"ZEGO's name":    {func(r *http.Request) { r.Host = "rtc-api.zego.im" }, 403},
			"WithHosts":      {func(r *http.Request) { r.Host = "Zego.Internal:8686" }, 200},
			"localhost":      {func(r *http.Request) { r.Host = "localhost:8686" }, 200},
			"an IP address":  {func(r *http.Request) { r.Host = "192.0.2.1:8686" }, 200},
			"IPv6":           {func(r *http.Request) { r.Host = "[2001:db8::1]" }, 200},
		} {
			t.Run(address+" "+name, func(t *testing.T) {
				s, err := zegotest.Listen(address, zegotest.WithHosts("zego.internal"))
				require.NoError(t, err)
				defer s.Close()
				r, err := http.NewRequest("POST", s.URL()+"/_/api/rooms", strings.NewReader(`{"RoomId":"r"}`))
				require.NoError(t, err)
				tt.change(r)
				w, err := http.DefaultClient.Do(r)
				require.NoError(t, err)
				w.Body.Close()
				assert.Equal(t, tt.status, w.StatusCode)
				assert.Equal(t, tt.status == 200, len(s.Rooms()) == 1)
			})
		}
	}
}

// TestGatewayIsGuarded has the page of another site call an action with the secret
// that everybody knows.
func TestGatewayIsGuarded(t *testing.T) {
	for name, tt := range map[string]struct {
		change  func(*http.Request)
		refused bool
	}{
		"cross-site":       {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, true},
		"another port":     {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, true},
		"origin":           {func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, true},
		"no origin":        {func(r *http.Request) { r.Header.Set("Origin", "null") }, true},
		"DNS rebinding":    {func(r *http.Request) { r.Host = "evil.example" }, true},
		"own origin":       {func(r *http.Request) { r.Header.Set("Origin", "http://"+r.Host) }, false},
		"the address line": {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") }, false},
		"no browser":       {func(*http.Request) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.Inject(zegotest.Fault{Code: 104, Times: 1})
			r, err := http.NewRequest("GET", s.URL()+"/?"+signed(s, "GenerateIdentifyToken").Encode(), nil)
			require.NoError(t, err)
			tt.change(r)
			w, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			w.Body.Close()
			_, state := control(t, s, "GET", "state", "")
			if tt.refused {
				assert.Empty(t, s.Requests())
				assert.Len(t, state["Faults"], 1)
				return
			}
			assert.EqualValues(t, 104, s.Requests()[0].Code)
			assert.Empty(t, state["Faults"])
		})
	}
}

func TestRequestState_faults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   zegotest.Fault
		meaning string
		fails   bool
	}{
		"a proxy's page": {zegotest.Fault{HTTPStatus: 502}, "injected fault", true},
		"a code":         {zegotest.Fault{Code: 104}, "injected fault: room does not exist", true},
		"a body":         {zegotest.Fault{Body: "x"}, "injected fault", true},
		"a cut":          {zegotest.Fault{Cut: zegotest.CutBody}, "injected fault", true},
		"an early cut":   {zegotest.Fault{Cut: zegotest.CutBeforeRead}, "injected fault", true},
		"a wrong clock":  {zegotest.Fault{ClockSkew: time.Hour}, "injected fault: signature expired", true},
		"latency":        {zegotest.Fault{Latency: time.Millisecond}, "success", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.Inject(tt.fault)
			w, err := http.Get(s.URL() + "/?" + signed(s, "GenerateIdentifyToken").Encode())
			if err == nil {
				w.Body.Close()
			}
			_, state := control(t, s, "GET", "state", "")
			shown := state["Requests"].([]any)[0].(map[string]any)
			assert.Equal(t, tt.meaning, shown["Meaning"])
			assert.Equal(t, tt.fails, shown["Fault"] == true)
			assert.Equal(t, tt.fails, s.Requests()[0].Fault)
		})
	}
}

// TestWithHistory_callbacks has callbacks that are never tried.
func TestWithHistory_callbacks(t *testing.T) {
	s := newServer(t, zegotest.WithHistory(1000), zegotest.WithRateLimit(0))
	task := startAudio(t, s, func(r *zegocensor.StartCensorAudioV2Request) { r.ReturnAllText = false })
	for level, why := range map[string]string{"REJECT": "given up", "PASS": "withheld"} {
		for range 40 {
			status, answer := control(t, s, "POST", "tasks/"+task+"/results", `{"RiskLevel":"`+level+`","Text":"`+strings.Repeat("x", 1<<20-100)+`"}`)
			require.Equal(t, 200, status)
			require.Equal(t, why, answer["State"])
		}
		assert.Len(t, s.Callbacks(), 31, why)
	}
}

func TestWithHistory(t *testing.T) {
	s := newServer(t, zegotest.WithHistory(20), zegotest.WithRateLimit(0), zegotest.WithClock(still))
	receive(t, s)
	large := strings.Repeat("x", 1<<20-100)
	for range 50 { // unsigned
		w, err := http.Post(s.URL()+"/?Action=StartCensorAudioV2", "application/json", strings.NewReader(large))
		require.NoError(t, err)
		w.Body.Close()
	}
	require.Len(t, s.Requests(), 20)

	many := newServer(t, zegotest.WithHistory(1000))
	for range 50 {
		w, err := http.Post(many.URL()+"/?Action=StartCensorAudioV2&a="+strings.Repeat("y", 1<<19), "application/json", strings.NewReader(large))
		require.NoError(t, err)
		w.Body.Close()
	}
	bytes := 0
	for _, r := range many.Requests() {
		bytes += len(r.Body) + len(r.Query.Get("a"))
	}
	assert.Less(t, bytes, 32<<20)
	assert.Greater(t, bytes, 30<<20)

	client := s.Client(zegocensor.WithClock(s.Now), zegocensor.WithLimiter(nil))
	for i := range 50 {
		id := strconv.Itoa(i)
		s.OpenRoom(id, "u")
		task := startAudio(t, s, func(r *zegocensor.StartCensorAudioV2Request) { r.RoomID, r.ReturnFinishInfo = id, true })
		if i < 5 {
			continue // runs, in a room that is open
		}
		if i > 8 {
			_, err := client.StopCensorAudioV2(t.Context(), &zegocensor.StopCensorAudioV2Request{TaskID: task})
			require.NoError(t, err)
		}
		s.CloseRoom(id, 0)
		_, err := client.GenerateIdentifyToken(t.Context(), nil)
		require.NoError(t, err)
	}
	assert.Len(t, s.Running(), 9)
	assert.Len(t, s.Tasks(), 29)
	assert.Len(t, s.Rooms(), 5+4+20, "those that are open or moderated, and the last 20")
	assert.Len(t, s.Callbacks(), 20)
	s.Advance(5 * time.Minute)
	assert.Empty(t, s.Running(), "the idle tasks end with their rooms")
}

func TestWithLogger(t *testing.T) {
	var log strings.Builder
	s := newServer(t, zegotest.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	s.Advance(10 * time.Minute)
	_, state := control(t, s, "GET", "state", "")
	assert.NotContains(t, state, "Warning")
	assert.Empty(t, log.String())
	_, answer := control(t, s, "POST", "clock", `{"Advance":"1s"}`)
	assert.Contains(t, answer["Warning"], "10m ahead")
	_, state = control(t, s, "GET", "state", "")
	assert.Contains(t, state["Warning"], "10m ahead")
	s.Advance(time.Hour)
	assert.Equal(t, 1, strings.Count(log.String(), "10m ahead"), "once is enough")
	s.Reset()
	_, state = control(t, s, "GET", "state", "")
	assert.NotContains(t, state, "Warning")
}

func TestServer_Reset(t *testing.T) {
	s := newServer(t, zegotest.WithRateLimit(2))
	r := receive(t, s)
	r.fail = func(int) error { return errors.New("away") }
	s.HandleAction("Own", "GET", func(zegotest.Request) (any, zegocensor.Code) { return nil, 0 })
	s.Play(zegotest.Play{})
	pending := s.OpenRoom("room_1", "u")
	s.InjectDelivery(zegotest.Delivery{Event: "stream_create", Delay: time.Hour})
	delayed := s.OpenStream("room_1", "s", "u")
	startAudio(t, s, nil)
	token, err := s.Client().GenerateIdentifyToken(t.Context(), nil)
	require.NoError(t, err)
	require.EqualValues(t, 0, get(t, s, "SetForbidStreamRule", "RoomId=room_1&StreamId=s&DisableAudio=1").Code)
	require.EqualValues(t, 0, get(t, s, "ForbidRTCStream", "StreamId=s&Sequence=9").Code)
	s.Advance(15 * time.Minute)
	begin := s.Now()

	s.Reset()
	assert.Less(t, s.Now(), begin.Add(-14*time.Minute))
	require.ErrorContains(t, delayed.Wait(t.Context()), "Reset")
	require.ErrorContains(t, pending.Wait(t.Context()), "given up after 6 attempts")
	r.fail = func(int) error { return nil }
	assert.Empty(t, s.Rooms())
	assert.Empty(t, s.Tasks())
	assert.Empty(t, s.Requests())
	assert.Empty(t, s.Callbacks())
	assert.Empty(t, s.ForbiddenStreams())
	require.ErrorIs(t, s.RedeemToken(token.IdentifyToken.Reveal()), zegotest.ErrTokenUnknown)
	before := len(r.handled())
	s.Advance(2 * time.Hour)
	assert.Len(t, r.handled(), before, "nothing of before is sent any more")
	s.Reset()

	assert.EqualValues(t, 0, get(t, s, "ForbidRTCStream", "StreamId=s&Sequence=1").Code, "no sequence is known")
	assert.EqualValues(t, 0, get(t, s, "Own", "").Code, "settings stay")
	require.NoError(t, s.OpenRoom("room_1", "u").Wait(t.Context()), "the callback URL is one")
}

func TestControlTellsNoSecret(t *testing.T) {
	s := newServer(t)
	r := receive(t, s)
	task := startAudio(t, s, nil)
	require.NoError(t, s.EmitAudioResult(task, callback.AudioResult{}).Wait(t.Context()))
	_ = r
	w, err := http.Get(s.URL() + "/_/api/state")
	require.NoError(t, err)
	defer w.Body.Close()
	told, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	require.Contains(t, string(told), task)
	for _, secret := range []string{s.ServerSecret(), s.CallbackSecret(), s.Requests()[0].Signature, s.Requests()[0].Nonce, "Signature"} {
		assert.NotContains(t, string(told), secret)
	}
}

func TestEventsFollowTheState(t *testing.T) {
	s := newServer(t)
	w, err := http.Get(s.URL() + "/_/api/events")
	require.NoError(t, err)
	defer w.Body.Close()
	assert.Equal(t, "text/event-stream", w.Header.Get("Content-Type"))
	lines := bufio.NewScanner(w.Body)
	lines.Buffer(nil, 1<<20)
	next := func() string {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return data
			}
		}
		return ""
	}
	assert.Contains(t, next(), `"Rooms":[]`)
	s.OpenRoom("room_1", "u")
	assert.Contains(t, next(), `"RoomId":"room_1"`)
	s.Close()
	assert.Empty(t, next(), "the stream ends with the server")
}

func TestPageIsServed(t *testing.T) {
	s := newServer(t)
	for path, want := range map[string]string{"": "text/html", "page.js": "javascript", "page.css": "text/css"} {
		w, err := http.Get(s.URL() + "/_/" + path)
		require.NoError(t, err)
		w.Body.Close()
		assert.Equal(t, 200, w.StatusCode)
		assert.Contains(t, w.Header.Get("Content-Type"), want)
		assert.Contains(t, w.Header.Get("Content-Security-Policy"), "default-src 'self'")
	}
	w, err := http.Get(s.URL() + "/_/none")
	require.NoError(t, err)
	w.Body.Close()
	assert.Equal(t, 404, w.StatusCode)
}
