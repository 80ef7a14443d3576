package zegotest_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
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
	assert.Empty(t, do("GET", "state", "", 200)["Requests"])

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
	s := newServer(t)
	for name, change := range map[string]func(*http.Request){
		"cross-site":    func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"origin":        func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") },
		"DNS rebinding": func(r *http.Request) { r.Host = "evil.example" },
	} {
		r, err := http.NewRequest("POST", s.URL()+"/_/api/rooms", strings.NewReader(`{"RoomId":"r"}`))
		require.NoError(t, err)
		change(r)
		w, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		w.Body.Close()
		assert.Equal(t, 403, w.StatusCode, name)
	}
	assert.Empty(t, s.Rooms())
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
