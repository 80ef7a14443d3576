package trtctest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
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
	"github.com/tencentyun/tls-sig-api-v2-golang/tencentyun"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/trtc"
	"github.com/zegocensor/zegocensor-go/trtc/trtccallback"
	"github.com/zegocensor/zegocensor-go/trtc/trtctest"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

const contentType = "application/json; charset=utf-8"

// send makes a request by hand, signs it, and lets a test spoil it. It returns the
// error code of the answer.
func send(t *testing.T, s *trtctest.Server, action, body string, spoil func(*http.Request)) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL(), strings.NewReader(body))
	require.NoError(t, err)
	now := s.Now().Unix()
	day := time.Unix(now, 0).UTC().Format(time.DateOnly)
	r.Header = http.Header{}
	for k, v := range map[string]string{
		"Content-Type": contentType, "X-TC-Action": action, "X-TC-Version": "2019-07-22", "X-TC-Region": "ap-singapore", "X-TC-Timestamp": strconv.FormatInt(now, 10),
		"Authorization": "TC3-HMAC-SHA256 Credential=" + trtctest.SecretID + "/" + day + "/trtc/tc3_request, SignedHeaders=content-type;host, Signature=" +
			trtc.Sign(trtctest.SecretKey, "trtc", r.URL.Host, contentType, now, []byte(body)),
	} {
		r.Header.Set(k, v)
	}
	if spoil != nil {
		spoil(r)
	}
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	var v struct {
		Response struct {
			Error     struct{ Code string }
			RequestID string `json:"RequestId"`
		}
	}
	require.NoError(t, json.NewDecoder(w.Body).Decode(&v))
	assert.Equal(t, 200, w.StatusCode)
	assert.NotEmpty(t, v.Response.RequestID)
	return v.Response.Error.Code
}

func TestRequestsAreChecked(t *testing.T) {
	s := trtctest.NewServer(trtctest.WithRateLimit(0))
	defer s.Close()
	set := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	replace := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		}
	}
	for name, test := range map[string]struct {
		spoil func(*http.Request)
		want  string
	}{
		"genuine":           {nil, "ResourceNotFound"},
		"GET":               {func(r *http.Request) { r.Method = "GET" }, "UnsupportedProtocol"},
		"a path":            {func(r *http.Request) { r.URL.Path = "/x" }, "UnsupportedProtocol"},
		"a form":            {set("Content-Type", "application/x-www-form-urlencoded"), "UnsupportedProtocol"},
		"no timestamp":      {set("X-TC-Timestamp", ""), "MissingParameter.Timestamp"},
		"old":               {set("X-TC-Timestamp", "1551113065"), "AuthFailure.SignatureExpire"},
		"no authorization":  {set("Authorization", ""), "AuthFailure.InvalidAuthorization"},
		"another algorithm": {replace("TC3-HMAC-SHA256", "HmacSHA1"), "AuthFailure.InvalidAuthorization"},
		"the host unsigned": {replace("content-type;host", "content-type"), "AuthFailure.InvalidAuthorization"},
		"another key":       {replace(trtctest.SecretID, "AKIDother"), "AuthFailure.SecretIdNotFound"},
		"another service":   {replace("/trtc/", "/cvm/"), "AuthFailure.SignatureFailure"},
		"another signature": {replace("Signature=", "Signature=0"), "AuthFailure.SignatureFailure"},
		"another type":      {set("Content-Type", "application/json"), "AuthFailure.SignatureFailure"},
		"another body": {func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(`{"SdkAppId":1400000001,"TaskId":"U"}`))
		}, "AuthFailure.SignatureFailure"},
		"another version": {set("X-TC-Version", "2020-01-01"), "NoSuchVersion"},
		"another action":  {set("X-TC-Action", "X"), "InvalidAction"},
		"no region":       {set("X-TC-Region", ""), "MissingParameter.Region"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, send(t, s, "DeleteCloudModeration", `{"SdkAppId":1400000001,"TaskId":"T"}`, test.spoil))
		})
	}
}

func TestParametersAreChecked(t *testing.T) {
	s := trtctest.NewServer(trtctest.WithRateLimit(0))
	defer s.Close()
	sig, err := tencentyun.GenUserSig(int(trtctest.SdkAppID), trtctest.SDKSecretKey, "robot", 600)
	require.NoError(t, err)
	good := map[string]any{"SdkAppId": trtctest.SdkAppID, "RoomId": "1", "UserId": "robot", "UserSig": sig, "ModerationParams": map[string]any{"MaxIdleTime": 5}}
	storage := map[string]any{"CloudModerationStorage": map[string]any{"Region": "r", "Bucket": "b", "AccessKey": "a"}}
	for name, test := range map[string]struct {
		key  string
		v    any
		want string
	}{
		"genuine":       {"RoomId", "1", ""},
		"no SdkAppId":   {"SdkAppId", 0, "MissingParameter.SdkAppId"},
		"other":         {"SdkAppId", 1, "InvalidParameter.SdkAppId"},
		"no room":       {"RoomId", "", "MissingParameter.RoomId"},
		"a number":      {"RoomId", 1, "InvalidParameter"},
		"no number":     {"RoomId", "abc", "InvalidParameter.RoomId"},
		"zeros":         {"RoomId", "007", "InvalidParameter.RoomId"},
		"no user":       {"UserId", "", "MissingParameter.UserId"},
		"no sig":        {"UserSig", "", "MissingParameter.UserSig"},
		"another's sig": {"UserId", "robot2", "InvalidParameter.UserSig"},
		"no params":     {"ModerationParams", nil, "MissingParameter.SliceParams"},
		"idle":          {"ModerationParams", map[string]any{"MaxIdleTime": 4}, "InvalidParameter.OutOfRange"},
		"slice":         {"ModerationParams", map[string]any{"SliceAudio": 61}, "InvalidParameter.OutOfRange"},
		"hours":         {"ResourceExpiredHour", 5, "InvalidParameter.OutOfRange"},
		"no storage":    {"ModerationParams", map[string]any{"SaveModerationFile": 1}, "MissingParameter.SliceStorageParams"},
		"no secret":     {"ModerationStorageParams", storage, "MissingParameter.SecretKey"},
		"empty storage": {"ModerationStorageParams", map[string]any{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := map[string]any{}
			for k, v := range good {
				m[k] = v
			}
			m[test.key] = test.v
			body, err := json.Marshal(m)
			require.NoError(t, err)
			assert.Equal(t, test.want, send(t, s, "CreateCloudModeration", string(body), nil))
		})
	}
	for body, want := range map[string]string{"{": "InvalidParameter", "{}": "MissingParameter.SdkAppId", `{"SdkAppId":1400000001}`: "MissingParameter.TaskId", `{"SdkAppId":1,"TaskId":"T"}`: "InvalidParameter.SdkAppId"} {
		assert.Equal(t, want, send(t, s, "ModifyCloudModeration", body, nil), body)
	}
}

// TestWithRequiredStorage has a Create by hand without what the client always sends.
func TestWithRequiredStorage(t *testing.T) {
	s := trtctest.NewServer(trtctest.WithRequiredStorage())
	defer s.Close()
	sig, err := tencentyun.GenUserSig(int(trtctest.SdkAppID), trtctest.SDKSecretKey, "robot", 600)
	require.NoError(t, err)
	body := `{"SdkAppId":1400000001,"RoomId":"1","UserId":"robot","UserSig":"` + sig + `","ModerationParams":{}`
	assert.Equal(t, "MissingParameter.SliceStorageParams", send(t, s, "CreateCloudModeration", body+"}", nil))
	assert.Empty(t, send(t, s, "CreateCloudModeration", body+`,"ModerationStorageParams":{}}`, nil))
	_, err = s.Client().CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "2"})
	assert.NoError(t, err)
	_, err = s.Client().CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "3", ModerationParams: trtc.ModerationParams{SaveModerationFile: trtc.SaveHits},
		CloudModerationStorage: trtc.CloudModerationStorage{Region: "r", Bucket: "b", AccessKey: zegocensor.NewSecret("a"), SecretKey: zegocensor.NewSecret("s")}})
	assert.NoError(t, err)
}

func TestLimits(t *testing.T) {
	s := trtctest.NewServer(trtctest.WithMaxTasks(2), trtctest.WithRateLimit(5))
	defer s.Close()
	c := s.Client(trtc.WithLimiter(nil), trtc.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1}))
	var got []string
	for i := range 6 {
		_, err := c.CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: strconv.Itoa(min(i+1, 4))})
		code := ""
		if err != nil {
			code = string(err.(*trtc.Error).Code)
		}
		got = append(got, code)
	}
	assert.Equal(t, []string{"", "", "FailedOperation.RestrictedConcurrency", "FailedOperation.RestrictedConcurrency", "FailedOperation.RestrictedConcurrency", "RequestLimitExceeded"}, got)
	s.Advance(time.Second)
	_, err := c.CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "2"})
	assert.NoError(t, err, "it interrupts the one that runs")
	assert.Len(t, s.Running(), 2)
}

// receiver notes what arrives, and answers with a status.
type receiver struct {
	*httptest.Server
	status atomic.Int32
	mu     sync.Mutex
	events []string
}

func newReceiver(t *testing.T, s *trtctest.Server) *receiver {
	t.Helper()
	r := &receiver{}
	r.status.Store(200)
	v, err := trtccallback.NewVerifier(trtctest.CallbackKey)
	require.NoError(t, err)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		assert.NoError(t, err)
		e, err := v.Parse(req.Context(), req.Header, body)
		r.mu.Lock()
		defer r.mu.Unlock()
		if assert.NoError(t, err) {
			r.events = append(r.events, fmt.Sprintf("%d %T %s", e.Head().EventType, e, e.Head().RoomID))
		}
		w.WriteHeader(int(r.status.Load()))
	}))
	t.Cleanup(r.Close)
	s.SetCallbackURL(r.URL)
	return r
}

func TestCallbacksOfATask(t *testing.T) {
	s := trtctest.NewServer()
	defer s.Close()
	r := newReceiver(t, s)
	require.NoError(t, s.OpenRoom(trtctest.Number(1), "host").Wait(t.Context()))
	task, err := s.Client().CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "1"})
	require.NoError(t, err)
	s.Advance(0)
	s.Publish(trtctest.Number(1), "host")
	s.Advance(0)
	require.NoError(t, s.EmitResult(task.TaskID, trtccallback.Result{Suggest: trtccallback.SuggestBlock}).Wait(t.Context()))
	require.NoError(t, s.EmitUploadError(task.TaskID, 10002, "BadRequest").Wait(t.Context()))
	require.NoError(t, s.CloseRoom(trtctest.Number(1)).Wait(t.Context()))
	s.Advance(30 * time.Second)
	assert.ElementsMatch(t, []string{"101 *trtccallback.RoomCreated 1", "1101 *trtccallback.TaskStarted 1", "1103 *trtccallback.SendingStarted 1", "203 *trtccallback.MediaStarted 1",
		"1104 *trtccallback.Result 1", "1106 *trtccallback.UploadError 1", "102 *trtccallback.RoomDismissed 1", "1105 *trtccallback.SendingStopped 1", "1102 *trtccallback.TaskExited 1"}, r.events)
	assert.Equal(t, trtccallback.LeaveIdle, s.Tasks()[0].LeaveCode)
	assert.Panics(t, func() { s.EmitResult("x", trtccallback.Result{}) })
}

// TestSchedule is Tencent's: at once, and then every ten seconds for a minute.
func TestSchedule(t *testing.T) {
	s := trtctest.NewServer()
	defer s.Close()
	r := newReceiver(t, s)
	r.status.Store(201) // 200 alone will do
	c := s.OpenRoom(trtctest.Number(1), "u")
	s.Advance(2 * time.Minute)
	assert.ErrorContains(t, c.Wait(t.Context()), "given up after 8 attempts")
	var at []time.Duration
	tries := c.Tries()
	for _, try := range tries {
		at = append(at, try.Time.Sub(tries[0].Time).Round(time.Second))
	}
	s10 := 10 * time.Second
	assert.Equal(t, []time.Duration{0, 0, s10, 2 * s10, 3 * s10, 4 * s10, 5 * s10, 6 * s10}, at)
	assert.NotEqual(t, tries[1].Header.Get("Sign"), tries[2].Header.Get("Sign"), "each is sent anew")
}

func TestDeliveries(t *testing.T) {
	s := trtctest.NewServer()
	defer s.Close()
	r := newReceiver(t, s)
	s.InjectDelivery(trtctest.Delivery{EventType: 102, Drop: true, Times: 1})
	s.InjectDelivery(trtctest.Delivery{EventType: 101, Copies: 2, Delay: time.Second, Times: 1})
	remove := s.InjectDelivery(trtctest.Delivery{EventType: 203, Drop: true})
	assert.ErrorContains(t, s.CloseRoom(trtctest.Number(0)).Wait(t.Context()), "dropped")
	assert.ErrorContains(t, s.Publish(trtctest.Number(0), "u").Wait(t.Context()), "dropped")
	remove()
	s.OpenRoom(trtctest.Number(1), "u")
	require.NoError(t, s.CloseRoom(trtctest.Number(2)).Wait(t.Context()))
	require.NoError(t, s.Publish(trtctest.Number(3), "u").Wait(t.Context()))
	s.Advance(time.Second)
	assert.Equal(t, []string{"102 *trtccallback.RoomDismissed 2", "203 *trtccallback.MediaStarted 3", "101 *trtccallback.RoomCreated 1", "101 *trtccallback.RoomCreated 1", "101 *trtccallback.RoomCreated 1"}, r.events)
	assert.Len(t, s.Callbacks(), 7)
	s.Reset()
	assert.Empty(t, s.Callbacks())
}

// TestFaults of one room, by what is in the body.
func TestFaults(t *testing.T) {
	s := trtctest.NewServer()
	defer s.Close()
	remove := s.Inject(trtctest.Fault{Code: "InternalError"})
	s.Reset()
	s.Inject(trtctest.Fault{Match: func(r trtctest.Request) bool { return strings.Contains(string(r.Body), `"RoomId":"2"`) }, Code: trtc.CodeFailedOperation})
	remove() // what Reset has forgotten
	for room, want := range map[string]bool{"1": false, "2": true} {
		_, err := s.Client().CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: room})
		assert.Equal(t, want, err != nil, room)
	}
	s.HandleAction("X", func(trtctest.Request) (any, trtc.Code) { return map[string]any(nil), "" })
	_, err := s.Client().Do(t.Context(), trtc.Action{Name: "X"}, nil, nil)
	assert.NoError(t, err)
	s.HandleAction("X", func(trtctest.Request) (any, trtc.Code) { return []int{1}, "" })
	_, err = s.Client(trtc.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1})).Do(t.Context(), trtc.Action{Name: "X"}, nil, nil)
	assert.ErrorContains(t, err, "no JSON object")
	assert.Len(t, s.Requests(), 4)
}

// TestIdleTime begins when the last one stops publishing, and not again.
func TestIdleTime(t *testing.T) {
	s := trtctest.NewServer()
	defer s.Close()
	s.Publish(trtctest.Number(1), "host")
	_, err := s.Client().CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "1"})
	require.NoError(t, err)
	s.Unpublish(trtctest.Number(1), "guest")
	s.Advance(time.Minute)
	require.Len(t, s.Running(), 1)
	s.Unpublish(trtctest.Number(1), "host")
	s.Advance(20 * time.Second)
	s.CloseRoom(trtctest.Number(1))
	s.Unpublish(trtctest.Number(1), "host")
	s.Advance(11 * time.Second)
	assert.Empty(t, s.Running())
}

func TestWrongUse(t *testing.T) {
	s := trtctest.NewServer()
	assert.Panics(t, func() { trtctest.NewServer(trtctest.WithRateLimit(-1)) })
	assert.Panics(t, func() { s.Inject(trtctest.Fault{Times: -1}) })
	assert.Panics(t, func() { s.Inject(trtctest.Fault{Cut: zegotest.Cut(9)}) })
	assert.Panics(t, func() { s.Inject(trtctest.Fault{HTTPStatus: 99}) })
	task, err := s.Client().CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "1"})
	require.NoError(t, err)
	assert.Panics(t, func() { s.EmitResult(task.TaskID, trtccallback.Result{Rate: math.NaN()}) })
	assert.Panics(t, func() { s.InjectDelivery(trtctest.Delivery{Copies: -1}) })
	assert.Panics(t, func() { s.Advance(-1) })
	assert.Panics(t, func() { s.Client(nil) })
	assert.ErrorContains(t, s.OpenRoom(trtctest.Number(1), "u").Wait(t.Context()), "SetCallbackURL")
	remove := s.Inject(trtctest.Fault{Code: "InternalError"})
	remove()
	_, err = s.Client().DeleteCloudModeration(t.Context(), &trtc.DeleteCloudModerationRequest{TaskID: "t"})
	assert.ErrorIs(t, err, trtc.ErrTaskNotFound)
	s.Close()
	s.Close()
}
