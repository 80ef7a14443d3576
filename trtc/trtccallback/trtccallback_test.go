package trtccallback_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/trtc/trtccallback"
)

const key = "callbackKey0123456789"

// at is when the callbacks of these tests are sent and received.
var at = time.UnixMilli(1726750309161)

func clock() time.Time { return at }

// documented are callbacks as Tencent's documentation has them, and what they say.
// https://www.tencentcloud.com/document/product/647/73394
var documented = map[string]struct {
	body string
	want trtccallback.Event
}{
	"1101": {`{"EventGroupId":11,"EventType":1101,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"960025","EventTs":1726125338,"EventMsTs":1726125338219,"UserId":"inspect","TaskId":"-npV.","Payload":{"Status":0}}}`,
		&trtccallback.TaskStarted{Header: head(1101, "960025", "inspect", "-npV.", 1726125338219)}},
	"1101, failed": {`{"EventGroupId":11,"EventType":1101,"CallbackTs":1726750309161,"EventInfo":{"RoomId":960025,"EventMsTs":1726125338219,"UserId":"inspect","TaskId":"-npV.","Payload":{"Status":1}}}`,
		&trtccallback.TaskStarted{Header: head(1101, "960025", "inspect", "-npV.", 1726125338219), Status: 1}},
	"1102": {`{"EventGroupId":11,"EventType":1102,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"975626","EventTs":"1729601782","EventMsTs":1729601782073,"UserId":"robot","TaskId":"-nHR.","Payload":{"LeaveCode":99}}}`,
		&trtccallback.TaskExited{Header: head(1102, "975626", "robot", "-nHR.", 1729601782073), LeaveCode: trtccallback.LeaveIdle}},
	"1102, seconds": {`{"EventGroupId":11,"EventType":1102,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"975626","EventTs":"1729601782","UserId":"robot","TaskId":"-nHR.","Payload":{"LeaveCode":0}}}`,
		&trtccallback.TaskExited{Header: head(1102, "975626", "robot", "-nHR.", 1729601782000)}},
	"1103": {`{"EventGroupId":11,"EventType":1103,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"295210","EventTs":1726750023,"EventMsTs":1726750023538,"UserId":"inspect","TaskId":"-nHw.","Payload":{"Status":0}}}`,
		&trtccallback.SendingStarted{Header: head(1103, "295210", "inspect", "-nHw.", 1726750023538)}},
	"1105": {`{"EventGroupId":11,"EventType":1105,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"295211","EventTs":1726751347,"EventMsTs":1726751347072,"UserId":"inspect","TaskId":"-nHw.","Payload":{"Status":0}}}`,
		&trtccallback.SendingStopped{Header: head(1105, "295211", "inspect", "-nHw.", 1726751347072)}},
	"1106": {`{"EventGroupId":11,"EventType":1106,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"295211","EventTs":1726751347,"EventMsTs":1726751347072,"UserId":"inspect","TaskId":"-nHw.","Payload":{"Code":10002,"Message":"BadRequest"}}}`,
		&trtccallback.UploadError{Header: head(1106, "295211", "inspect", "-nHw.", 1726751347072), Code: 10002, Message: "BadRequest"}},
	"1104, audio": {`{"EventGroupId":11,"EventType":1104,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"963239","EventTs":1735872251,"EventMsTs":1735872251524,"UserId":"robot","StreamerUserId":"user0","TaskId":"-m9.","Payload":{
		"DataId":"547512114953106866","RequestId":"","MediaType":1,"Suggest":2,"Label":"Polity","Image":"","Rate":100,"Audio":"https://x.xx.com/547512114835666354.ogg?sign=a%2Fb","AudioText":"xxxxxx.",
		"CheckDetail":[{"Label":"Polity","Suggest":2,"Keywords":["XXX"],"Score":100,"Desc":"","AudioSegments":{"a":1},"ImageLocation":{}}]}}}`,
		&trtccallback.Result{Header: head(1104, "963239", "robot", "-m9.", 1735872251524), StreamerUserID: "user0", DataID: "547512114953106866", MediaType: trtccallback.MediaAudio,
			Suggest: trtccallback.SuggestBlock, Label: "Polity", Rate: 100, Audio: "https://x.xx.com/547512114835666354.ogg?sign=a%2Fb", AudioText: "xxxxxx.",
			CheckDetail: []trtccallback.CheckDetail{{Label: "Polity", Suggest: trtccallback.SuggestBlock, Keywords: []string{"XXX"}, Score: 100, AudioSegments: json.RawMessage(`{"a":1}`), ImageLocation: json.RawMessage(`{}`)}}}},
	"1104, image": {`{"EventGroupId":11,"EventType":1104,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"963239","EventTs":1735872251,"EventMsTs":1735872251524,"UserId":"robot","StreamerUserId":"user0","TaskId":"-m9.","Payload":{
		"DataId":"554678038156038407","RequestId":"a82e0175","MediaType":2,"Suggest":1,"Label":"Ad","Image":"https://b/i.png","ImageOcr":"Movable Type","Rate":90.5,"Audio":"","AudioText":"",
		"CheckDetail":{"Scene":"Ad","Label":"Normal","Suggest":1,"Keywords":[],"Score":90}}}}`,
		&trtccallback.Result{Header: head(1104, "963239", "robot", "-m9.", 1735872251524), StreamerUserID: "user0", DataID: "554678038156038407", RequestID: "a82e0175", MediaType: trtccallback.MediaImage,
			Suggest: trtccallback.SuggestReview, Label: "Ad", Rate: 90.5, Image: "https://b/i.png", ImageOCR: "Movable Type",
			CheckDetail: []trtccallback.CheckDetail{{Scene: "Ad", Label: "Normal", Suggest: trtccallback.SuggestReview, Score: 90}}}},
	"1104, nothing to read": {`{"EventGroupId":11,"EventType":1104,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"1","TaskId":"T","EventMsTs":1735872251524,"UserId":"u","Payload":{"Suggest":{},"CheckDetail":[7,{}]}}}`,
		&trtccallback.Result{Header: head(1104, "1", "u", "T", 1735872251524), Suggest: trtccallback.SuggestUnknown, CheckDetail: []trtccallback.CheckDetail{{Suggest: trtccallback.SuggestUnknown}}}},
	"101": {`{"EventGroupId":1,"EventType":101,"CallbackTs":1726750309161,"EventInfo":{"RoomId":12345,"EventTs":1687770730,"EventMsTs":1687770730160,"UserId":"test"}}`,
		&trtccallback.RoomCreated{Header: group(1, head(101, "12345", "test", "", 1687770730160))}},
	"102": {`{"EventGroupId":1,"EventType":102,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"12345","EventTs":1687771618,"EventMsTs":1687771618457}}`,
		&trtccallback.RoomDismissed{Header: group(1, head(102, "12345", "", "", 1687771618457))}},
	"203": {`{"EventGroupId":2,"EventType":203,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"a","EventMsTs":1687771618457,"UserId":"u"}}`,
		&trtccallback.MediaStarted{Header: group(2, head(203, "a", "u", "", 1687771618457))}},
	"104": {`{"EventGroupId":1,"EventType":104,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"a","EventMsTs":1687771618457,"UserId":"u"}}`,
		&trtccallback.UnknownEvent{Header: group(1, head(104, "a", "u", "", 1687771618457))}},
	"no EventInfo": {`{"EventGroupId":99,"EventType":9901,"CallbackTs":1726750309161}`,
		&trtccallback.UnknownEvent{Header: trtccallback.Header{EventGroupID: 99, EventType: 9901, SdkAppID: 1400000001, SentAt: at}}},
}

func head(eventType int, room, user, task string, ms int64) trtccallback.Header {
	return trtccallback.Header{EventGroupID: 11, EventType: eventType, SdkAppID: 1400000001, SentAt: at, RoomID: room, UserID: user, TaskID: task, EventAt: time.UnixMilli(ms)}
}

func group(id int, h trtccallback.Header) trtccallback.Header {
	h.EventGroupID = id
	return h
}

func headers(body string) http.Header {
	return http.Header{"Sign": {trtccallback.Sign(key, []byte(body))}, "Sdkappid": {"1400000001"}, "Content-Type": {"application/json"}}
}

func verifier(t testing.TB, opts ...callback.Option) *trtccallback.Verifier {
	t.Helper()
	v, err := trtccallback.NewVerifier(key, append([]callback.Option{callback.WithClock(clock)}, opts...)...)
	require.NoError(t, err)
	return v
}

// TestSign has a value that was made by: printf '{"a":1}' | openssl dgst -sha256
// -hmac 123654 -binary | base64.
func TestSign(t *testing.T) {
	assert.Equal(t, "Q2QjX6W9h5g1IHkg/OoT2jdQxrfuCwfHIBn8izJsy9g=", trtccallback.Sign("123654", []byte(`{"a":1}`)))
}

func TestDocumentedCallbacks(t *testing.T) {
	for name, test := range documented {
		// Every number can come as a string.
		for variant, body := range map[string]string{"": test.body, "/strings": regexp.MustCompile(`:(\d+(\.\d+)?)`).ReplaceAllString(test.body, `:"$1"`)} {
			t.Run(name+variant, func(t *testing.T) {
				if variant != "" {
					body = strings.Replace(body, `{"a":"1"}`, `{"a":1}`, 1) // kept as it stands
				}
				got, err := verifier(t).Parse(t.Context(), headers(body), []byte(body))
				require.NoError(t, err)
				assert.JSONEq(t, body, string(got.Head().Raw))
				got.Head().Raw = nil
				test.want.Head().RoomIDIsNumber = regexp.MustCompile(`"RoomId":\d`).MatchString(body)
				wantJSON, _ := json.Marshal(test.want)
				gotJSON, _ := json.Marshal(got)
				assert.IsType(t, test.want, got)
				assert.JSONEq(t, string(wantJSON), string(gotJSON))
			})
		}
	}
}

func TestForgeriesAreRefused(t *testing.T) {
	body := documented["1104, audio"].body
	change := func(k, v string) http.Header {
		h := headers(body)
		h.Set(k, v)
		return h
	}
	remade := func(old, new string) string { return strings.Replace(body, old, new, 1) }
	sign := headers(body).Get("Sign")
	for name, test := range map[string]struct {
		header http.Header
		body   string
		opts   []callback.Option
		want   int
	}{
		"genuine":               {headers(body), body, nil, 200},
		"another body":          {headers(body), remade(`"Suggest":2`, `"Suggest":0`), nil, 403},
		"no signature":          {http.Header{}, body, nil, 403},
		"empty signature":       {change("Sign", ""), body, nil, 403},
		"short signature":       {change("Sign", sign[:40]), body, nil, 403},
		"hex":                   {change("Sign", strings.Repeat("a", 64)), body, nil, 403},
		"another key":           {change("Sign", trtccallback.Sign("x", []byte(body))), body, nil, 403},
		"the previous key":      {change("Sign", trtccallback.Sign("previous", []byte(body))), body, []callback.Option{callback.WithPreviousSecret("previous")}, 200},
		"too old":               {headers(remade("1726750309161", "1726749309161")), remade("1726750309161", "1726749309161"), nil, 403},
		"too far ahead":         {headers(remade("1726750309161", "1726751309161")), remade("1726750309161", "1726751309161"), nil, 403},
		"in seconds":            {headers(remade("1726750309161", "1726750309")), remade("1726750309161", "1726750309"), nil, 200},
		"the other name":        {headers(remade("CallbackTs", "CallbackMsTs")), remade("CallbackTs", "CallbackMsTs"), nil, 200},
		"no time":               {headers(remade("CallbackTs", "X")), remade("CallbackTs", "X"), nil, 400},
		"negative time":         {headers(remade("1726750309161", "-1")), remade("1726750309161", "-1"), nil, 400},
		"no type":               {headers(remade("EventType", "X")), remade("EventType", "X"), nil, 400},
		"no JSON":               {headers("x"), "x", nil, 400},
		"cut short":             {headers(body[:100]), body[:100], nil, 400},
		"a list":                {headers("[]"), "[]", nil, 400},
		"another application":   {headers(body), body, []callback.Option{callback.WithAppID(7)}, 403},
		"the application":       {headers(body), body, []callback.Option{callback.WithAppID(1400000001)}, 200},
		"no application":        {http.Header{"Sign": {sign}}, body, []callback.Option{callback.WithAppID(1400000001)}, 403},
		"malformed application": {change("SdkAppId", "x"), body, nil, 200},
		"another's, malformed":  {change("SdkAppId", "x"), body, []callback.Option{callback.WithAppID(7)}, 403},
		"two times":             {headers(remade("{", `{"CallbackMsTs":null,`)), remade("{", `{"CallbackMsTs":null,`), nil, 200},
		"a fraction":            {headers(remade("1726750309161", "1726750309161.0")), remade("1726750309161", "1726750309161.0"), nil, 200},
		"too large":             {headers(body), body, []callback.Option{callback.WithMaxBody(100)}, 413},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			handled := 0
			h, err := trtccallback.NewHandler(key, func(context.Context, trtccallback.Event) error { handled++; return nil },
				append(test.opts, callback.WithClock(clock), callback.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))...)
			require.NoError(t, err)
			assert.Equal(t, test.want, post(h, test.header, test.body))
			assert.Equal(t, test.want == 200, handled == 1)
			shown := log.String() + fmt.Sprintf("%v %+v %#v", h, h, h)
			assert.NotContains(t, shown, key)
			assert.NotContains(t, shown, trtccallback.Sign(key, []byte(test.body)))
			assert.NotContains(t, shown, "a%2Fb", "the address of a recording")
		})
	}
	w := httptest.NewRecorder()
	h, err := trtccallback.NewHandler(key, func(context.Context, trtccallback.Event) error { return nil })
	require.NoError(t, err)
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, 405, w.Code)
}

func post(h http.Handler, header http.Header, body string) int {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header = header.Clone()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// TestOnceEach sends the same callback at once, again, and again in another body.
func TestOnceEach(t *testing.T) {
	var handled atomic.Int32
	var fail atomic.Bool
	h, err := trtccallback.NewHandler(key, func(context.Context, trtccallback.Event) error {
		if fail.Load() {
			return errors.New("not now")
		}
		handled.Add(1)
		return nil
	}, callback.WithClock(clock), callback.WithDeduplication())
	require.NoError(t, err)
	body := documented["1104, audio"].body
	fail.Store(true)
	assert.Equal(t, 500, post(h, headers(body), body))
	fail.Store(false)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { assert.Contains(t, []int{200, 503}, post(h, headers(body), body)) })
	}
	all.Wait()
	assert.EqualValues(t, 1, handled.Load())
	again := strings.Replace(body, "1726750309161", "1726750309999", 1) // sent anew
	assert.Equal(t, 200, post(h, headers(again), again))
	assert.EqualValues(t, 1, handled.Load())
	other := strings.Replace(body, "547512114953106866", "547512114953106867", 1)
	assert.Equal(t, 200, post(h, headers(other), other))
	assert.EqualValues(t, 2, handled.Load(), "another result of the same moment")
	other = strings.Replace(body, `"StreamerUserId":"user0"`, `"StreamerUserId":"user1"`, 1)
	assert.Equal(t, 200, post(h, headers(other), other))
	assert.EqualValues(t, 3, handled.Load(), "of another user")
}

// TestHandler_ServeHTTP_skew delivers a body to one receiver, and again to another until
// long after, while the clocks of the two and that of the store differ.
func TestHandler_ServeHTTP_skew(t *testing.T) {
	const tolerance = 10 * time.Minute
	body := documented["1104, audio"].body
	for _, a := range []time.Duration{-tolerance, -2 * time.Second, 0, 2 * time.Second, tolerance} {
		for _, b := range []time.Duration{-tolerance, -2 * time.Second, 0, 2 * time.Second, tolerance} {
			for _, store := range []time.Duration{-time.Hour, 0, time.Hour} {
				now, handled := at, 0
				nonces := callback.NewMemoryNonceStore(func() time.Time { return now.Add(store) })
				receiver := func(skew time.Duration) *trtccallback.Handler {
					h, err := trtccallback.NewHandler(key, func(context.Context, trtccallback.Event) error { handled++; return nil },
						callback.WithNonceStore(nonces), callback.WithTolerance(tolerance), callback.WithClock(func() time.Time { return now.Add(skew) }))
					require.NoError(t, err)
					return h
				}
				first, second := receiver(a), receiver(b)
				require.Equal(t, 200, post(first, headers(body), body))
				for ; now.Before(at.Add(time.Hour)); now = now.Add(10 * time.Second) {
					post(second, headers(body), body)
				}
				assert.Equal(t, 1, handled, "a %v, b %v, store %v", a, b, store)
			}
		}
	}
}

// TestVerifier_Parse_lists has a body whose lists are long, and given many times.
func TestVerifier_Parse_lists(t *testing.T) {
	const begin = `{"EventGroupId":11,"EventType":1104,"CallbackTs":1726750309161,"EventInfo":{"RoomId":"1","EventMsTs":1735872251524,"Payload":{`
	for name, body := range map[string]string{
		"repeated": begin + strings.Repeat(`"CheckDetail":[{},{},{}],`, 40_000) + `"CheckDetail":[{"Label":"a","Keywords":["b","c"]}]}}}`,
		"long":     begin + `"CheckDetail":[` + strings.Repeat(`{"Keywords":["a","b"]},`, 40_000) + `{}]}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			v, header, raw := verifier(t), headers(body), []byte(body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			e, err := v.Parse(t.Context(), header, raw)
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))
			details := e.(*trtccallback.Result).CheckDetail
			if name == "repeated" {
				assert.Equal(t, []trtccallback.CheckDetail{{Label: "a", Suggest: trtccallback.SuggestUnknown, Keywords: []string{"b", "c"}}}, details, "the last")
				return
			}
			elements := 0
			for _, d := range details {
				elements += 1 + len(d.Keywords)
			}
			assert.Equal(t, 1000, elements)
		})
	}
}

func TestQueueAndShutdown(t *testing.T) {
	release := make(chan struct{})
	h, err := trtccallback.NewHandler(key, func(context.Context, trtccallback.Event) error { <-release; return nil },
		callback.WithClock(clock), callback.WithQueue(2, 1))
	require.NoError(t, err)
	send := func(i int) int {
		body := strings.Replace(documented["1103"].body, "295210", fmt.Sprint(i), 1)
		return post(h, headers(body), body)
	}
	require.Equal(t, 200, send(1))
	require.Eventually(t, func() bool { return send(2) == 200 && send(3) == 200 }, time.Second, time.Millisecond) // the worker has taken the first
	assert.Equal(t, 503, send(4), "full")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	var left *trtccallback.ShutdownError
	require.ErrorAs(t, h.Shutdown(ctx), &left)
	assert.Len(t, left.Unhandled, 2)
	assert.ErrorIs(t, left, context.DeadlineExceeded)
	assert.Equal(t, 503, send(5))
	close(release)
	require.NoError(t, h.Shutdown(t.Context()))
}

func TestArgumentsAreChecked(t *testing.T) {
	_, err := trtccallback.NewHandler("", nil, nil, callback.WithTolerance(-1))
	require.Error(t, err)
	for _, want := range []string{"trtccallback: key: must not be empty", "trtccallback: handle: must not be nil", "trtccallback: an option must not be nil", "WithTolerance"} {
		assert.ErrorContains(t, err, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, test := range documented {
		f.Add(test.body)
	}
	v := verifier(f)
	f.Fuzz(func(t *testing.T, body string) {
		e, err := v.Parse(context.Background(), headers(body), []byte(body))
		if err != nil {
			return
		}
		if !json.Valid([]byte(body)) {
			t.Fatal("accepted what is no JSON")
		}
		if _, err := json.Marshal(e); err != nil {
			t.Fatal(err)
		}
	})
}
