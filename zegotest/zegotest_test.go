package zegotest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// signed is a right query for s, made without the client.
func signed(s *zegotest.Server, action string) url.Values {
	const nonce = "c6b3e1f0a2d49788"
	ts := time.Now().Unix()
	return url.Values{
		"Action": {action}, "AppId": {strconv.Itoa(int(s.AppID()))}, "SignatureNonce": {nonce},
		"Timestamp": {strconv.FormatInt(ts, 10)}, "SignatureVersion": {"2.0"},
		"Signature": {zegocensor.Sign(s.AppID(), s.ServerSecret(), nonce, ts)},
	}
}

type envelope struct {
	Code      zegocensor.Code
	Message   string
	RequestID string `json:"RequestId"`
	Data      map[string]any
}

func call(t *testing.T, s *zegotest.Server, method string, q url.Values, body string) envelope {
	t.Helper()
	req, err := http.NewRequest(method, s.URL()+"/?"+q.Encode(), strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	var e envelope
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&e))
	assert.NotEmpty(t, e.RequestID)
	assert.NotEmpty(t, e.Message)
	return e
}

const audio = `{"RoomId":"r","EventId":"audio_room","AudioLanguage":"en","RiskTypeList":["EROTIC"]}`

func TestGatewayCodes(t *testing.T) {
	s := zegotest.NewServer()
	t.Cleanup(s.Close)
	set := func(name string, values ...string) func(url.Values) {
		return func(q url.Values) { q[name] = values }
	}
	drop := func(name string) func(url.Values) { return func(q url.Values) { q.Del(name) } }
	for name, tt := range map[string]struct {
		change func(url.Values)
		code   zegocensor.Code
	}{
		"right":                {func(url.Values) {}, 0},
		"AppId empty":          {set("AppId", ""), 100000001},
		"Timestamp empty":      {set("Timestamp", ""), 100000002},
		"Action empty":         {set("Action", ""), 100000006},
		"nonce empty":          {set("SignatureNonce", ""), 100000008},
		"signature empty":      {set("Signature", ""), 100000009},
		"version empty":        {set("SignatureVersion", ""), 100000013},
		"nothing at all":       {func(q url.Values) { clear(q) }, 100000001},
		"Timestamp overflow":   {set("Timestamp", "99999999999999999999"), 100000003},
		"Timestamp twice":      {func(q url.Values) { q.Add("Timestamp", q.Get("Timestamp")) }, 100000003},
		"Action twice":         {func(q url.Values) { q.Add("Action", q.Get("Action")) }, 100000007},
		"version twice":        {set("SignatureVersion", "2.0", "2.0"), 100000014},
		"nonce twice":          {func(q url.Values) { q.Add("SignatureNonce", q.Get("SignatureNonce")) }, 100000005},
		"AppId missing":        {drop("AppId"), 100000001},
		"AppId text":           {set("AppId", "x"), 100000001},
		"AppId too large":      {set("AppId", "4294967296"), 100000001},
		"AppId negative":       {set("AppId", "-1"), 100000001},
		"AppId twice":          {set("AppId", "1234567890", "1234567890"), 100000001},
		"Timestamp missing":    {drop("Timestamp"), 100000002},
		"Timestamp text":       {set("Timestamp", "now"), 100000003},
		"Timestamp fraction":   {set("Timestamp", "1.5"), 100000003},
		"Action missing":       {drop("Action"), 100000006},
		"Action unknown":       {set("Action", "StartCensorAudioV3"), 100000007},
		"Action of GET":        {set("Action", "GenerateIdentifyToken"), 100000007},
		"nonce missing":        {drop("SignatureNonce"), 100000008},
		"signature missing":    {drop("Signature"), 100000009},
		"version missing":      {drop("SignatureVersion"), 100000013},
		"version 1.0":          {set("SignatureVersion", "1.0"), 100000014},
		"another AppId":        {set("AppId", "5"), 100000011},
		"old":                  {set("Timestamp", strconv.FormatInt(time.Now().Unix()-660, 10)), 100000004},
		"from the future":      {set("Timestamp", strconv.FormatInt(time.Now().Unix()+660, 10)), 100000004},
		"Timestamp changed":    {func(q url.Values) { q.Set("Timestamp", strconv.FormatInt(time.Now().Unix()-60, 10)) }, 100000005},
		"nonce changed":        {set("SignatureNonce", "d6b3e1f0a2d49788"), 100000005},
		"signature changed":    {set("Signature", strings.Repeat("0", 32)), 100000005},
		"signature upper case": {func(q url.Values) { q.Set("Signature", strings.ToUpper(q.Get("Signature"))) }, 100000005},
		"signature twice":      {func(q url.Values) { q.Add("Signature", q.Get("Signature")) }, 100000005},
		"IsTest":               {set("IsTest", "TRUE"), 0},
		"IsTest malformed":     {set("IsTest", "1"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			q := signed(s, "StartCensorAudioV2")
			tt.change(q)
			assert.Equal(t, tt.code, call(t, s, "POST", q, audio).Code)
		})
	}
	for name, tt := range map[string]struct {
		opts   []zegotest.Option
		change func(url.Values)
		code   zegocensor.Code
	}{
		"not in production":           {[]zegotest.Option{zegotest.WithTestEnvironment()}, drop("IsTest"), 100000016},
		"not in production, IsTest":   {[]zegotest.Option{zegotest.WithTestEnvironment()}, set("IsTest", "true"), 0},
		"service not enabled":         {[]zegotest.Option{zegotest.WithNotEnabled("StartCensorAudioV2")}, func(url.Values) {}, 100000017},
		"another service not enabled": {[]zegotest.Option{zegotest.WithNotEnabled("StartCensorVideoV2")}, func(url.Values) {}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, tt.opts...)
			q := signed(s, "StartCensorAudioV2")
			tt.change(q)
			assert.Equal(t, tt.code, call(t, s, "POST", q, audio).Code)
		})
	}
	t.Run("gateway breaks", func(t *testing.T) {
		s := newServer(t)
		s.HandleAction("Break", "GET", func(zegotest.Request) (any, zegocensor.Code) { panic("broken") })
		assert.EqualValues(t, 100000015, call(t, s, "GET", signed(s, "Break"), "").Code)
	})
	t.Run("Host", func(t *testing.T) {
		for host, code := range map[string]zegocensor.Code{"": 0, "localhost:80": 0, "[::1]:80": 0, "rtc-api-sha.zego.im": 0, "RTC-API.zego.im": 0,
			"example.com": 100000000, "zego.im": 100000000, "rtc-api.zego.im.example.com": 100000000, "10.0.0.1": 0, "localhost.evil.example": 100000000} {
			req, err := http.NewRequest("GET", s.URL()+"/?"+signed(s, "GenerateIdentifyToken").Encode(), nil)
			require.NoError(t, err)
			req.Host = host
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			var e envelope
			assert.NoError(t, json.NewDecoder(resp.Body).Decode(&e))
			resp.Body.Close()
			assert.Equal(t, code, e.Code, host)
		}
	})
	t.Run("no secret for the AppId", func(t *testing.T) {
		s := zegotest.NewServer(zegotest.WithServerSecret(""))
		defer s.Close()
		assert.EqualValues(t, 100000010, call(t, s, "POST", signed(s, "StartCensorAudioV2"), audio).Code)
	})
}

func TestParameters(t *testing.T) {
	s := zegotest.NewServer(zegotest.WithRateLimit(0))
	t.Cleanup(s.Close)
	const video = `{"RoomId":"r","EventId":"live_streaming","VideoParam":{"RiskTypeList":["EROTIC"]%s}%s}`
	for name, tt := range map[string]struct {
		action, body string
		code         zegocensor.Code
	}{
		"no JSON":            {"StartCensorAudioV2", `{`, 8},
		"list":               {"StartCensorAudioV2", `[]`, 8},
		"null":               {"StartCensorAudioV2", `null`, 8},
		"two objects":        {"StartCensorAudioV2", audio + `{}`, 8},
		"too large":          {"StartCensorAudioV2", `{"a":"` + strings.Repeat("x", 1<<20) + `"}`, 100000012},
		"no room":            {"StartCensorAudioV2", `{"EventId":"audio_room","AudioLanguage":"en","RiskTypeList":["EROTIC"]}`, 2},
		"empty room":         {"StartCensorAudioV2", strings.Replace(audio, `"r"`, `""`, 1), 2},
		"no language":        {"StartCensorAudioV2", strings.Replace(audio, `"AudioLanguage":"en",`, ``, 1), 2},
		"no risk list":       {"StartCensorAudioV2", strings.Replace(audio, `,"RiskTypeList":["EROTIC"]`, `,"BusinessTypeList":["SING"]`, 1), 2},
		"risk list null":     {"StartCensorAudioV2", strings.Replace(audio, `["EROTIC"]`, `null,"BusinessTypeList":["SING"]`, 1), 2},
		"business only":      {"StartCensorAudioV2", strings.Replace(audio, `["EROTIC"]`, `[],"BusinessTypeList":["SING"]`, 1), 0},
		"both empty":         {"StartCensorAudioV2", strings.Replace(audio, `["EROTIC"]`, `[]`, 1), 2},
		"boolean for a bit":  {"StartCensorAudioV2", strings.Replace(audio, `}`, `,"IsMixingEnabled":true}`, 1), 2},
		"2 for a bit":        {"StartCensorAudioV2", strings.Replace(audio, `}`, `,"ReturnAllText":2}`, 1), 2},
		"bit":                {"StartCensorAudioV2", strings.Replace(audio, `}`, `,"ReturnAllText":1}`, 1), 0},
		"callback w/o host":  {"StartCensorAudioV2", strings.Replace(audio, `}`, `,"ResultCallbackUrl":"x"}`, 1), 2},
		"unknown field":      {"StartCensorAudioV2", strings.Replace(audio, `}`, `,"New":true}`, 1), 0},
		"video":              {"StartCensorVideoV2", fmt.Sprintf(video, ``, ``), 0},
		"video, 61 s":        {"StartCensorVideoV2", fmt.Sprintf(video, `,"DetectFrequency":61`, ``), 2},
		"video, audio wrong": {"StartCensorVideoV2", fmt.Sprintf(video, ``, `,"AudioParam":{"ReturnAllText":true}`), 2},
		"video, audio":       {"StartCensorVideoV2", fmt.Sprintf(video, ``, `,"AudioParam":{"RiskTypeList":["MOAN"]}`), 0},
		"video, no param":    {"StartCensorVideoV2", `{"RoomId":"r","EventId":"live_streaming"}`, 2},
		"stop nothing":       {"StopCensorAudioV2", `{}`, 2},
		"stop unknown":       {"StopCensorAudioV2", `{"TaskId":"x"}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := call(t, s, "POST", signed(s, tt.action), tt.body)
			assert.Equal(t, tt.code, e.Code, e.Message)
		})
	}
	for value, code := range map[string]zegocensor.Code{"": 2, "0": 2, "-5": 2, "x": 2, "2592001": 2, "2592000": 0} {
		q := signed(s, "GenerateIdentifyToken")
		q.Set("EffectiveTime", value)
		assert.Equal(t, code, call(t, s, "GET", q, "").Code, "EffectiveTime %q", value)
	}
	for n, code := range map[int]zegocensor.Code{0: 2, 1: 0, 5: 0, 6: 50011} {
		q := signed(s, "KickoutUser")
		q.Set("RoomId", "r")
		for i := range n {
			q.Add("UserId[]", strconv.Itoa(i))
		}
		assert.Equal(t, code, call(t, s, "GET", q, "").Code, "%d users", n)
	}
}

func TestTasks(t *testing.T) {
	s := zegotest.NewServer()
	t.Cleanup(s.Close)
	id := call(t, s, "POST", signed(s, "StartCensorAudioV2"), audio).Data["TaskId"].(string)
	require.Len(t, s.Tasks(), 1)
	task := s.Tasks()[0]
	assert.Equal(t, id, task.ID)
	assert.Equal(t, "r", task.RoomID)
	assert.Equal(t, "audio_room", task.EventID)
	assert.JSONEq(t, audio, string(task.Body))
	assert.True(t, task.Running())

	assert.EqualValues(t, 2, call(t, s, "POST", signed(s, "StopCensorVideoV2"), `{"TaskId":"`+id+`"}`).Code)
	assert.Len(t, s.Running(), 1)
	assert.EqualValues(t, 0, call(t, s, "POST", signed(s, "StopCensorAudioV2"), `{"TaskId":"`+id+`"}`).Code)
	assert.Empty(t, s.Running())
	stopped := s.Tasks()[0].Stopped
	assert.EqualValues(t, 0, call(t, s, "POST", signed(s, "StopCensorAudioV2"), `{"TaskId":"`+id+`"}`).Code)
	assert.Equal(t, stopped, s.Tasks()[0].Stopped)
}

func TestTokens(t *testing.T) {
	var ahead time.Duration
	s := zegotest.NewServer(zegotest.WithClock(func() time.Time { return time.Now().Add(ahead) }))
	t.Cleanup(s.Close)
	e := call(t, s, "GET", signed(s, "GenerateIdentifyToken"), "")
	assert.EqualValues(t, 3600, e.Data["RemainTime"])
	token := e.Data["IdentifyToken"].(string)
	require.NoError(t, s.RedeemToken(token))
	assert.ErrorIs(t, s.RedeemToken(token), zegotest.ErrTokenUsed)
	assert.ErrorIs(t, s.RedeemToken("x"), zegotest.ErrTokenUnknown)

	q := signed(s, "GenerateIdentifyToken")
	q.Set("EffectiveTime", "60")
	token = call(t, s, "GET", q, "").Data["IdentifyToken"].(string)
	ahead = time.Minute
	assert.ErrorIs(t, s.RedeemToken(token), zegotest.ErrTokenExpired)
}

func TestRateLimit(t *testing.T) {
	var ahead time.Duration
	start := time.Now()
	s := zegotest.NewServer(zegotest.WithRateLimit(2), zegotest.WithClock(func() time.Time { return start.Add(ahead) }))
	t.Cleanup(s.Close)
	code := func(action, body string) zegocensor.Code {
		return call(t, s, "POST", signed(s, action), body).Code
	}
	assert.EqualValues(t, 0, code("StartCensorAudioV2", audio))
	assert.EqualValues(t, 0, code("StartCensorAudioV2", audio))
	assert.EqualValues(t, 206, code("StartCensorAudioV2", audio))
	assert.EqualValues(t, 0, code("StopCensorAudioV2", `{"TaskId":"x"}`), "each action has its own")
	ahead = time.Second
	assert.EqualValues(t, 0, code("StartCensorAudioV2", audio))
}

func TestFaults(t *testing.T) {
	get := func(s *zegotest.Server) (*http.Response, string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, "POST", s.URL()+"/?"+signed(s, "StartCensorAudioV2").Encode(), strings.NewReader(audio))
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return resp, string(b), err
	}
	for name, tt := range map[string]struct {
		fault  zegotest.Fault
		fails  bool
		status int
		body   string // what it contains
		tasks  int
		check  func(t *testing.T, resp *http.Response)
	}{
		"code":            {fault: zegotest.Fault{Code: 104}, status: 200, body: `"Code":104`},
		"code and status": {fault: zegotest.Fault{Code: 50006, HTTPStatus: 500, Message: "why"}, status: 500, body: `"Message":"why"`},
		"page":            {fault: zegotest.Fault{HTTPStatus: 502}, status: 502, body: "<html>"},
		"body":            {fault: zegotest.Fault{Body: "x", HTTPStatus: 201}, status: 201, body: "x"},
		"429": {fault: zegotest.Fault{HTTPStatus: 429, RetryAfter: "7", Header: http.Header{"x-a": {"b"}}}, status: 429, body: "<html>",
			check: func(t *testing.T, resp *http.Response) {
				assert.Equal(t, "7", resp.Header.Get("Retry-After"))
				assert.Equal(t, "b", resp.Header.Get("X-A"))
			}},
		"latency":      {fault: zegotest.Fault{Latency: time.Millisecond}, status: 200, body: "TaskId", tasks: 1},
		"hang":         {fault: zegotest.Fault{Hang: true}, fails: true},
		"cut, before":  {fault: zegotest.Fault{Cut: zegotest.CutBeforeRead}, fails: true},
		"cut, after":   {fault: zegotest.Fault{Cut: zegotest.CutAfterRead}, fails: true, tasks: 1},
		"cut, body":    {fault: zegotest.Fault{Cut: zegotest.CutBody}, fails: true, tasks: 1},
		"other action": {fault: zegotest.Fault{Action: "StopCensorAudioV2", Code: 104}, status: 200, body: "TaskId", tasks: 1},
		"other rule":   {fault: zegotest.Fault{Match: func(r zegotest.Request) bool { return len(r.Body) == 0 }, Code: 104}, status: 200, body: "TaskId", tasks: 1},
		"skew": {fault: zegotest.Fault{ClockSkew: 25 * time.Minute}, status: 200, body: `"Code":100000004`, check: func(t *testing.T, resp *http.Response) {
			date, err := http.ParseTime(resp.Header.Get("Date"))
			require.NoError(t, err)
			assert.WithinDuration(t, time.Now().Add(25*time.Minute), date, 5*time.Second)
		}},
		"no Date": {fault: zegotest.Fault{Date: "-"}, status: 200, body: "TaskId", tasks: 1, check: func(t *testing.T, resp *http.Response) {
			assert.Empty(t, resp.Header.Values("Date"))
		}},
		"odd Date": {fault: zegotest.Fault{Date: "yesterday"}, status: 200, body: "TaskId", tasks: 1, check: func(t *testing.T, resp *http.Response) {
			assert.Equal(t, "yesterday", resp.Header.Get("Date"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := zegotest.NewServer()
			defer s.Close()
			tt.fault.Times = 1
			s.Inject(tt.fault)
			resp, body, err := get(s)
			assert.Equal(t, tt.fails, err != nil, "%v", err)
			if err == nil {
				assert.Equal(t, tt.status, resp.StatusCode)
				assert.Contains(t, body, tt.body)
				if tt.check != nil {
					tt.check(t, resp)
				}
			}
			assert.Len(t, s.Tasks(), tt.tasks)
			require.Len(t, s.Requests(), 1)
			if tt.fault.Action == "" && tt.fault.Match == nil {
				_, body, err = get(s)
				require.NoError(t, err)
				assert.Contains(t, body, "TaskId", "only once")
			}
		})
	}
	t.Run("until removed, merged", func(t *testing.T) {
		s := zegotest.NewServer()
		defer s.Close()
		remove := s.Inject(zegotest.Fault{Code: 104})
		defer s.Inject(zegotest.Fault{RetryAfter: "3"})()
		for range 3 {
			resp, body, err := get(s)
			require.NoError(t, err)
			assert.Contains(t, body, `"Code":104`)
			assert.Equal(t, "3", resp.Header.Get("Retry-After"))
		}
		remove()
		remove()
		_, body, err := get(s)
		require.NoError(t, err)
		assert.Contains(t, body, "TaskId")
	})
	t.Run("nonsense panics", func(t *testing.T) {
		s := zegotest.NewServer()
		defer s.Close()
		for _, f := range []zegotest.Fault{{Times: -1}, {Latency: -1}, {Cut: 9}, {HTTPStatus: 100}} {
			assert.Panics(t, func() { s.Inject(f) })
		}
		assert.Panics(t, func() { zegotest.NewServer(zegotest.WithAppID(0)) })
	})
}

func TestRequestsAreDecoded(t *testing.T) {
	s := zegotest.NewServer()
	t.Cleanup(s.Close)
	q := signed(s, "KickoutUser")
	q.Set("RoomId", "r 1")
	q.Add("UserId[]", "u")
	q.Set("IsTest", "true")
	call(t, s, "GET", q, "")
	r := s.Requests()[0]
	assert.Equal(t, "KickoutUser", r.Action)
	assert.Equal(t, "GET", r.Method)
	assert.Equal(t, s.AppID(), r.AppID)
	assert.Equal(t, q.Get("SignatureNonce"), r.Nonce)
	assert.Equal(t, q.Get("Signature"), r.Signature)
	assert.Equal(t, q.Get("Timestamp"), strconv.FormatInt(r.Timestamp.Unix(), 10))
	assert.True(t, r.IsTest)
	assert.Equal(t, url.Values{"RoomId": {"r 1"}, "UserId[]": {"u"}}, r.Query)
	assert.Equal(t, 200, r.HTTPStatus)
	assert.Zero(t, r.Code)
	s.Reset()
	assert.Empty(t, s.Requests())

	resp, err := http.Get(s.URL() + "/other")
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, 404, resp.StatusCode)
}

func TestGuesses(t *testing.T) {
	start := func(t *testing.T, s *zegotest.Server, room string) envelope {
		return call(t, s, "POST", signed(s, "StartCensorAudioV2"), strings.Replace(audio, `"r"`, `"`+room+`"`, 1))
	}
	t.Run("second Start", func(t *testing.T) {
		for how, want := range map[zegotest.SecondStart]struct {
			code    zegocensor.Code
			running int
		}{zegotest.SecondStartNewTask: {0, 2}, zegotest.SecondStartSameTask: {0, 1}, zegotest.SecondStartRefused: {1, 1}} {
			s := newServer(t, zegotest.WithSecondStart(how))
			first, second := start(t, s, "r"), start(t, s, "r")
			assert.Zero(t, first.Code)
			assert.Equal(t, want.code, second.Code)
			assert.Len(t, s.Running(), want.running)
			if how == zegotest.SecondStartSameTask {
				assert.Equal(t, first.Data, second.Data)
			}
			assert.Zero(t, start(t, s, "another").Code)
			assert.Zero(t, call(t, s, "POST", signed(s, "StopCensorAudioV2"), `{"TaskId":"`+first.Data["TaskId"].(string)+`"}`).Code)
			assert.Zero(t, start(t, s, "another room").Code)
		}
	})
	t.Run("unknown task", func(t *testing.T) {
		for _, refused := range []bool{false, true} {
			var opts []zegotest.Option
			var code zegocensor.Code
			if refused {
				opts, code = append(opts, zegotest.WithUnknownTaskRefused()), 2
			}
			s := newServer(t, opts...)
			stop := func(id string) zegocensor.Code {
				return call(t, s, "POST", signed(s, "StopCensorAudioV2"), `{"TaskId":"`+id+`"}`).Code
			}
			id := start(t, s, "r").Data["TaskId"].(string)
			assert.Equal(t, code, stop("never was"))
			assert.Zero(t, stop(id))
			assert.Equal(t, code, stop(id))
		}
	})
	t.Run("missing room", func(t *testing.T) {
		s := newServer(t, zegotest.WithMissingRoomRefused())
		assert.EqualValues(t, 104, start(t, s, "r").Code)
		s.OpenRoom("r", "u")
		assert.Zero(t, start(t, s, "r").Code)
		s.CloseRoom("r", 0)
		assert.EqualValues(t, 104, start(t, s, "r").Code)
	})
	t.Run("status of refusals", func(t *testing.T) {
		s := newServer(t, zegotest.WithRefusalStatus(403), zegotest.WithNotEnabled("GenerateIdentifyToken"))
		_, err := s.Client().GenerateIdentifyToken(t.Context(), nil)
		assert.ErrorIs(t, err, zegocensor.ErrNotEnabled)
		assert.Equal(t, 403, s.Requests()[0].HTTPStatus)
	})
}

func TestListen(t *testing.T) {
	taken := newServer(t)
	for name, tt := range map[string]struct {
		address string
		opts    []zegotest.Option
		want    []string
	}{
		"taken":       {strings.TrimPrefix(taken.URL(), "http://"), nil, []string{"in use"}},
		"no port":     {"127.0.0.1", nil, []string{"missing port"}},
		"all options": {"127.0.0.1:0", []zegotest.Option{zegotest.WithAppID(0), zegotest.WithCallbackSecret(""), zegotest.WithRateLimit(-1), zegotest.WithHistory(-1), zegotest.WithClock(nil), zegotest.WithSecondStart(9), zegotest.WithRefusalStatus(0)}, []string{"WithAppID", "WithCallbackSecret", "WithRateLimit", "WithHistory", "WithClock", "WithSecondStart", "WithRefusalStatus"}},
	} {
		_, err := zegotest.Listen(tt.address, tt.opts...)
		require.Error(t, err, name)
		for _, want := range tt.want {
			assert.ErrorContains(t, err, want, name)
		}
	}
	assert.Panics(t, func() { zegotest.NewServer(zegotest.WithAppID(0)) })

	s, err := zegotest.Listen("0.0.0.0:0", zegotest.WithHistory(3), zegotest.WithHosts("zego.internal"))
	require.NoError(t, err)
	defer s.Close()
	req, err := http.NewRequest("GET", strings.Replace(s.URL(), "[::]", "127.0.0.1", 1)+"/?"+signed(s, "GenerateIdentifyToken").Encode(), nil)
	require.NoError(t, err)
	req.Host = "zego.internal"
	for range 10 {
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, 200, resp.StatusCode)
	}
	for range 4 {
		s.OpenRoom("r", "u")
		s.CloseRoom("r", 0)
	}
	require.Len(t, s.Requests(), 3)
	assert.Zero(t, s.Requests()[0].Code)
	assert.Len(t, s.Callbacks(), 3)
}

func TestRoomsCanBeAskedFor(t *testing.T) {
	s := newServer(t)
	s.OpenRoom("r", "u")
	s.OpenStream("r", "s1", "u")
	s.OpenStream("r", "s2", "u")
	s.OpenStream("r", "s3", "v")
	q := signed(s, "DescribeUserNum")
	assert.EqualValues(t, 2, call(t, s, "GET", q, "").Code)
	q["RoomId[]"] = []string{"r", "nobody"}
	assert.Equal(t, []any{map[string]any{"RoomId": "r", "UserCount": 2.0, "AdminUserCount": 0.0}, map[string]any{"RoomId": "nobody", "UserCount": 0.0, "AdminUserCount": 0.0}},
		call(t, s, "GET", q, "").Data["UserCountList"])
	q = signed(s, "DescribeSimpleStreamList")
	assert.EqualValues(t, 2, call(t, s, "GET", q, "").Code)
	q.Set("RoomId", "r")
	list := call(t, s, "GET", q, "").Data["StreamList"].([]any)
	require.Len(t, list, 3)
	assert.Equal(t, "s3", list[2].(map[string]any)["StreamId"])
	assert.Equal(t, "v", list[2].(map[string]any)["UserId"])
}

// TestParallelServersDoNotMeet runs two servers at the same time with different
// secrets, tasks and faults.
func TestParallelServersDoNotMeet(t *testing.T) {
	for i := range 2 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			s := newServer(t, zegotest.WithServerSecret("secret-of-"+strconv.Itoa(i)), zegotest.WithRateLimit(0))
			if i == 0 {
				s.Inject(zegotest.Fault{Code: 1, Action: "GenerateIdentifyToken"})
			}
			for n := range 200 {
				s.OpenRoom(strconv.Itoa(n), "u")
				startAudio(t, s, func(r *zegocensor.StartCensorAudioV2Request) { r.RoomID = strconv.Itoa(n) })
				_, err := s.Client().GenerateIdentifyToken(t.Context(), nil)
				assert.Equal(t, i == 0, err != nil)
			}
			assert.Len(t, s.Requests(), 400)
			assert.Len(t, s.Tasks(), 200)
			assert.Len(t, s.Rooms(), 200)
		})
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			s := zegotest.NewServer()
			s.Inject(zegotest.Fault{Hang: true})
			c := s.Client(zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1}))
			var hanging sync.WaitGroup
			hanging.Go(func() { _, _ = c.GenerateIdentifyToken(context.Background(), nil) })
			for len(s.Requests()) == 0 {
				runtime.Gosched()
			}
			s.Close()
			s.Close()
			hanging.Wait()
			_, err := http.Get(s.URL())
			assert.Error(t, err, "the port is free")
		})
	}
	all.Wait()
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 }, 5*time.Second, 10*time.Millisecond)
}
