package trtc_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentyun/tls-sig-api-v2-golang/tencentyun"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/trtc"
	"github.com/zegocensor/zegocensor-go/trtc/trtctest"
)

// TestDocumentedExample has the example of CreateCloudModeration's documentation,
// with keys of our own.
func TestDocumentedExample(t *testing.T) {
	const want = `{
		"SdkAppId": 200806, "RoomId": "150", "RoomIdType": 1, "UserId": "inspect", "UserSig": "eJwszc3K-example",
		"ModerationParams": {
			"ModerationType": 1, "MaxIdleTime": 30, "SliceAudio": 15, "SliceVideo": 5, "ModerationSupplier": "ace",
			"ModerationSupplierParam": {"AppID": "2501", "SecretId": "ace_ugc_20521", "SecretKey": "637ae34f-example", "AudioBizType": "2001", "ImageBizType": "2002"},
			"SaveModerationFile": 0, "CallbackAllResults": 0
		},
		"ModerationStorageParams": {"CloudModerationStorage": {"Vendor": 0, "Region": "ap-guangzhou", "Bucket": "av-recover-prod-1258344699",
			"AccessKey": "AKID-example", "SecretKey": "91w4-example", "FileNamePrefix": ["testname"]}},
		"ResourceExpiredHour": 72
	}`
	w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
		return answer(200, `{"Response": {"RequestId": "6c8eac0c-a46e-4002-893a-935160b43b34", "TaskId": "-npVqpdU7qidKD61us+k9KlbamMCLrDbczWnLoK-2OqyoZWQndib8Ma8fbGq2JxnW26LgE."}}`), nil
	}}
	c, err := trtc.NewClient(200806, common.NewCredential(testSecretID, testSecretKey), trtc.WithHTTPClient(&http.Client{Transport: w}))
	require.NoError(t, err)
	resp, err := c.CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{
		RoomID: "150", UserID: "inspect", UserSig: zegocensor.NewSecret("eJwszc3K-example"),
		ModerationParams: trtc.ModerationParams{
			ModerationType: trtc.ModerationAudio, MaxIdleTime: 30 * time.Second, SliceAudio: 15 * time.Second, SliceVideo: 5 * time.Second,
			ModerationSupplier:      trtc.SupplierACE,
			ModerationSupplierParam: trtc.ModerationSupplierParam{AppID: "2501", SecretID: "ace_ugc_20521", SecretKey: zegocensor.NewSecret("637ae34f-example"), AudioBizType: "2001", ImageBizType: "2002"},
		},
		CloudModerationStorage: trtc.CloudModerationStorage{Vendor: trtc.StorageCOS, Region: "ap-guangzhou", Bucket: "av-recover-prod-1258344699",
			AccessKey: zegocensor.NewSecret("AKID-example"), SecretKey: zegocensor.NewSecret("91w4-example"), FileNamePrefix: []string{"testname"}},
		ResourceExpiredHour: 72,
	})
	require.NoError(t, err)
	assert.JSONEq(t, want, w.bodies[0])
	assert.Equal(t, "-npVqpdU7qidKD61us+k9KlbamMCLrDbczWnLoK-2OqyoZWQndib8Ma8fbGq2JxnW26LgE.", resp.TaskID)
	assert.Equal(t, trtc.Response{RequestID: "6c8eac0c-a46e-4002-893a-935160b43b34", HTTPStatus: 200, Attempts: 1}, resp.Response)

	r := w.seen[0]
	assert.Equal(t, "https://trtc.intl.tencentcloudapi.com/", r.URL.String())
	assert.Equal(t, "CreateCloudModeration", r.Header.Get("X-TC-Action"))
	assert.Equal(t, "2019-07-22", r.Header.Get("X-TC-Version"))
	assert.Equal(t, "ap-singapore", r.Header.Get("X-TC-Region"))
	assert.Empty(t, r.Header.Values("X-TC-Token"))
	assert.Nil(t, r.GetBody, "net/http must not send it a second time")
}

// TestWireForms are what is sent where most is left open, and where nothing is.
func TestWireForms(t *testing.T) {
	for want, req := range map[string]*trtc.CreateCloudModerationRequest{
		`{"SdkAppId": 1400000001, "RoomId": "1", "RoomIdType": 1, "UserId": "u", "UserSig": "s",
			"ModerationParams": {"ModerationType": 1, "SaveModerationFile": 0, "CallbackAllResults": 0}, "ModerationStorageParams": {}}`: {RoomID: "1", UserID: "u", UserSig: zegocensor.NewSecret("s")},
		`{"SdkAppId": 1400000001, "RoomId": "a", "RoomIdType": 0, "UserId": "u", "UserSig": "s",
			"ModerationParams": {"ModerationType": 3, "MaxIdleTime": 1800, "SliceAudio": 60, "SliceVideo": 1, "ModerationSupplier": "shumei", "SaveModerationFile": 2, "CallbackAllResults": 1,
				"SubscribeStreamUserIds": {"SubscribeAudioUserIds": ["a"], "UnSubscribeVideoUserIds": ["b.*$"]}},
			"ModerationStorageParams": {"CloudModerationStorage": {"Vendor": 2, "Region": "r", "Bucket": "b", "AccessKey": "a", "SecretKey": "k"}}, "ResourceExpiredHour": 6}`: {
			RoomID: "a", RoomIDType: trtc.RoomIDString, UserID: "u", UserSig: zegocensor.NewSecret("s"), ResourceExpiredHour: 6,
			ModerationParams: trtc.ModerationParams{ModerationType: trtc.ModerationAudioVideo, MaxIdleTime: 30 * time.Minute, SliceAudio: time.Minute, SliceVideo: time.Second,
				ModerationSupplier: trtc.SupplierShuMei, SaveModerationFile: trtc.SaveHits, CallbackHitsOnly: true,
				SubscribeStreamUserIDs: trtc.SubscribeModerationUserIDs{SubscribeAudioUserIDs: []string{"a"}, UnSubscribeVideoUserIDs: []string{"b.*$"}}},
			CloudModerationStorage: trtc.CloudModerationStorage{Vendor: trtc.StorageOSS, Region: "r", Bucket: "b", AccessKey: zegocensor.NewSecret("a"), SecretKey: zegocensor.NewSecret("k")},
		},
	} {
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
			return answer(200, `{"Response":{"TaskId":"T"}}`), nil
		}}
		_, err := newClient(t, w).CreateCloudModeration(t.Context(), req)
		require.NoError(t, err)
		assert.JSONEq(t, want, w.bodies[0])
	}
	w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
		return answer(200, `{"Response":{"TaskId":"T"}}`), nil
	}}
	_, err := newClient(t, w).ModifyCloudModeration(t.Context(), &trtc.ModifyCloudModerationRequest{TaskID: "T"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"SdkAppId": 1400000001, "TaskId": "T", "SubscribeStreamUserIds": {}}`, w.bodies[0])
}

func TestDescribeDecodes(t *testing.T) {
	for name, body := range map[string]string{
		"documented": `{"Response": {"TaskId": "T", "Status": "InProgress", "RequestId": "R", "SubscribeStreamUserIds": {
			"SubscribeAudioUserIds": ["a", "b"], "UnSubscribeAudioUserIds": [], "SubscribeVideoUserIds": [], "UnSubscribeVideoUserIds": ["c"]}}}`,
		"other types": `{"Response": {"TaskId": "T", "Status": "InProgress", "RequestId": "R", "New": [1], "SubscribeStreamUserIds": {
			"SubscribeAudioUserIds": ["a", "b"], "UnSubscribeAudioUserIds": null, "UnSubscribeVideoUserIds": ["c"]}}, "Also": 1}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return answer(200, body), nil }}
			resp, err := newClient(t, w).DescribeCloudModeration(t.Context(), &trtc.DescribeCloudModerationRequest{TaskID: "T"})
			require.NoError(t, err)
			assert.Equal(t, trtc.StatusInProgress, resp.Status)
			assert.Equal(t, "T", resp.TaskID)
			assert.Equal(t, trtc.SubscribeModerationUserIDs{SubscribeAudioUserIDs: []string{"a", "b"}, UnSubscribeVideoUserIDs: []string{"c"}}, resp.SubscribeStreamUserIDs)
			assert.JSONEq(t, `{"SdkAppId": 1400000001, "TaskId": "T"}`, w.bodies[0])
		})
	}
}

// TestLifecycle goes through the life of a task at the fake.
func TestLifecycle(t *testing.T) {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	c := tencent.Client()
	rooms := map[string]trtctest.Room{"number": trtctest.Number(4294967295), "text": trtctest.Text("房间 1")}
	for name, req := range map[string]*trtc.CreateCloudModerationRequest{
		"number": {RoomID: "4294967295", ResourceExpiredHour: 6},
		"text":   {RoomID: "房间 1", RoomIDType: trtc.RoomIDString, ModerationParams: trtc.ModerationParams{CallbackHitsOnly: true}, ResourceExpiredHour: 6},
	} {
		t.Run(name, func(t *testing.T) {
			task, err := c.CreateCloudModeration(t.Context(), req)
			require.NoError(t, err)
			describe := &trtc.DescribeCloudModerationRequest{TaskID: task.TaskID}
			got, err := c.DescribeCloudModeration(t.Context(), describe)
			require.NoError(t, err)
			assert.Equal(t, trtc.StatusIdle, got.Status)
			tencent.Publish(rooms[name], "host")
			users := trtc.SubscribeModerationUserIDs{SubscribeAudioUserIDs: []string{"host", "guest.*$"}}
			_, err = c.ModifyCloudModeration(t.Context(), &trtc.ModifyCloudModerationRequest{TaskID: task.TaskID, SubscribeStreamUserIDs: users})
			require.NoError(t, err)
			got, err = c.DescribeCloudModeration(t.Context(), describe)
			require.NoError(t, err)
			assert.Equal(t, trtc.StatusInProgress, got.Status)
			assert.Equal(t, users, got.SubscribeStreamUserIDs)
			_, err = c.DeleteCloudModeration(t.Context(), &trtc.DeleteCloudModerationRequest{TaskID: task.TaskID})
			require.NoError(t, err)
			assert.Empty(t, tencent.Running())
			_, err = c.DescribeCloudModeration(t.Context(), describe)
			assert.ErrorIs(t, err, trtc.ErrTaskNotFound)
			assert.ErrorIs(t, err, zegocensor.ErrRoomNotFound)
		})
	}
	first := tencent.Requests()[0]
	assert.Contains(t, string(first.Body), `"UserId":"moderator`)
}

func TestExpiredIDs(t *testing.T) {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	tencent.Publish(trtctest.Number(1), "host")
	c := tencent.Client(trtc.WithClock(tencent.Now))
	task, err := c.CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "1", ResourceExpiredHour: 6})
	require.NoError(t, err)
	tencent.Advance(6 * time.Hour)
	_, err = c.DeleteCloudModeration(t.Context(), &trtc.DeleteCloudModerationRequest{TaskID: task.TaskID})
	assert.ErrorIs(t, err, trtc.ErrTaskNotFound)
	assert.Len(t, tencent.Running(), 1, "it goes on")
	_, err = c.CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "1"})
	require.NoError(t, err)
	assert.Len(t, tencent.Running(), 1, "the same robot interrupts it")
}

func TestRequestsAreChecked(t *testing.T) {
	c := newClient(t, &wire{})
	long := strings.Repeat("x", 33)
	tests := map[string]struct {
		change func(*trtc.CreateCloudModerationRequest)
		fields []string
	}{
		"no room":          {func(r *trtc.CreateCloudModerationRequest) { r.RoomID = "" }, []string{"RoomID"}},
		"no number":        {func(r *trtc.CreateCloudModerationRequest) { r.RoomID = "room_1" }, []string{"RoomID"}},
		"number with sign": {func(r *trtc.CreateCloudModerationRequest) { r.RoomID = "+1" }, []string{"RoomID"}},
		"number too large": {func(r *trtc.CreateCloudModerationRequest) { r.RoomID = "4294967296" }, []string{"RoomID"}},
		"number 0":         {func(r *trtc.CreateCloudModerationRequest) { r.RoomID = "0" }, []string{"RoomID"}},
		"type":             {func(r *trtc.CreateCloudModerationRequest) { r.RoomIDType = 7 }, []string{"RoomIDType"}},
		"empty text":       {func(r *trtc.CreateCloudModerationRequest) { r.RoomIDType, r.RoomID = trtc.RoomIDString, "" }, []string{"RoomID"}},
		"long text":        {func(r *trtc.CreateCloudModerationRequest) { r.RoomIDType, r.RoomID = trtc.RoomIDString, long+long }, []string{"RoomID"}},
		"robot":            {func(r *trtc.CreateCloudModerationRequest) { r.UserID = "a b" }, []string{"UserID"}},
		"long robot":       {func(r *trtc.CreateCloudModerationRequest) { r.UserID = long }, []string{"UserID"}},
		"durations": {func(r *trtc.CreateCloudModerationRequest) {
			r.ModerationParams.MaxIdleTime, r.ModerationParams.SliceAudio, r.ModerationParams.SliceVideo = 4*time.Second, 61*time.Second, 1500*time.Millisecond
		}, []string{"ModerationParams.MaxIdleTime", "ModerationParams.SliceAudio", "ModerationParams.SliceVideo"}},
		"hours":      {func(r *trtc.CreateCloudModerationRequest) { r.ResourceExpiredHour = 73 }, []string{"ResourceExpiredHour"}},
		"no storage": {func(r *trtc.CreateCloudModerationRequest) { r.CloudModerationStorage = trtc.CloudModerationStorage{} }, []string{"CloudModerationStorage"}},
		"storage": {func(r *trtc.CreateCloudModerationRequest) {
			r.CloudModerationStorage = trtc.CloudModerationStorage{Vendor: -1, FileNamePrefix: []string{"a", "b/c"}}
		}, []string{"CloudModerationStorage.Vendor", "CloudModerationStorage.Region", "CloudModerationStorage.Bucket", "CloudModerationStorage.AccessKey", "CloudModerationStorage.SecretKey", "CloudModerationStorage.FileNamePrefix[1]"}},
		"supplier": {func(r *trtc.CreateCloudModerationRequest) {
			r.UserSig = zegocensor.NewSecret("sig\n")
			r.ModerationParams.ModerationType, r.ModerationParams.ModerationSupplier = -1, "a\x00"
			r.ModerationParams.ModerationSupplierParam = trtc.ModerationSupplierParam{AppID: "\xff", SecretKey: zegocensor.NewSecret("\xff")}
		}, []string{"UserSig", "ModerationParams.ModerationType", "ModerationParams.ModerationSupplier", "ModerationParams.ModerationSupplierParam.AppID", "ModerationParams.ModerationSupplierParam.SecretKey"}},
		"users": {func(r *trtc.CreateCloudModerationRequest) {
			r.ModerationParams.SubscribeStreamUserIDs = trtc.SubscribeModerationUserIDs{SubscribeAudioUserIDs: []string{"", "a"}, UnSubscribeAudioUserIDs: make33(), SubscribeVideoUserIDs: []string{"a"}, UnSubscribeVideoUserIDs: []string{"a"}}
		}, []string{"ModerationParams.SubscribeStreamUserIDs.SubscribeAudioUserIDs[0]", "ModerationParams.SubscribeStreamUserIDs.UnSubscribeAudioUserIDs",
			"ModerationParams.SubscribeStreamUserIDs.SubscribeAudioUserIDs", "ModerationParams.SubscribeStreamUserIDs.SubscribeVideoUserIDs"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			req := request()
			test.change(req)
			_, err := c.CreateCloudModeration(t.Context(), req)
			var invalid *zegocensor.InvalidRequestError
			require.ErrorAs(t, err, &invalid)
			assert.ErrorIs(t, err, zegocensor.ErrInvalidRequest)
			var fields []string
			for _, f := range invalid.Faults {
				fields = append(fields, f.Field)
			}
			assert.Equal(t, test.fields, fields)
			assert.Equal(t, "CreateCloudModeration", invalid.Action)
		})
	}
	for name, call := range map[string]func() error{
		"nil Create":   func() error { _, err := c.CreateCloudModeration(t.Context(), nil); return err },
		"nil Describe": func() error { _, err := c.DescribeCloudModeration(t.Context(), nil); return err },
		"nil Modify":   func() error { _, err := c.ModifyCloudModeration(t.Context(), nil); return err },
		"nil Delete":   func() error { _, err := c.DeleteCloudModeration(t.Context(), nil); return err },
		"no task": func() error {
			_, err := c.DeleteCloudModeration(t.Context(), &trtc.DeleteCloudModerationRequest{})
			return err
		},
		"nil context": func() error {
			var none context.Context
			_, err := c.CreateCloudModeration(none, request())
			return err
		},
	} {
		assert.ErrorIs(t, call(), zegocensor.ErrInvalidRequest, name)
	}
}

func make33() (ids []string) {
	for range 33 {
		ids = append(ids, "u")
	}
	return ids
}

func TestRobot(t *testing.T) {
	text := func(roomID string) string { return trtc.RobotUserID(roomID, trtc.RoomIDString) }
	assert.Equal(t, "moderator_150", trtc.RobotUserID("150", trtc.RoomIDNumber))
	assert.Equal(t, "moderator_a-b_C9", text("a-b_C9"))
	assert.Equal(t, "moderator_0150", text("0150"), "no number is written so")
	for _, room := range []string{"房间", "150", "4294967295", strings.Repeat("x", 64)} {
		assert.Regexp(t, `^moderator-[0-9a-f]{22}$`, text(room))
	}
	assert.NotEqual(t, text("房间"), text("房间2"))
	assert.NotEqual(t, text("房间"), text(strings.TrimPrefix(text("房间"), "moderator-")), "a room's name must not give it another's robot")

	w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
		return answer(200, `{"Response":{"TaskId":"T"}}`), nil
	}}
	_, err := newClient(t, w).CreateCloudModeration(t.Context(), request())
	require.NoError(t, err)
	_, sig, _ := strings.Cut(w.bodies[0], `"UserSig":"`)
	sig, _, _ = strings.Cut(sig, `"`)
	now := time.Now()
	assert.NoError(t, tencentyun.VerifyUserSig(1400000001, testSDKKey, "moderator_150", sig, now.Add(trtc.UserSigValidity-time.Minute)))
	assert.Error(t, tencentyun.VerifyUserSig(1400000001, testSDKKey, "moderator_150", sig, now.Add(trtc.UserSigValidity+time.Minute)))

	noKey, err := trtc.NewClient(1, common.NewCredential("a", "b"))
	require.NoError(t, err)
	_, err = noKey.CreateCloudModeration(t.Context(), request())
	assert.ErrorContains(t, err, "WithSDKSecretKey")
}

func TestNewClientReportsAllFaults(t *testing.T) {
	_, err := trtc.NewClient(0, common.NewCredential("", ""), nil, trtc.WithBaseURL("http://user:hunter2@example.com"), trtc.WithBaseURL("https://example.com/path"), trtc.WithBaseURL("https://bücher.example"),
		trtc.WithEndpoint("x"), trtc.WithRegion("a b"), trtc.WithSDKSecretKey(""), trtc.WithHTTPClient(nil), trtc.WithAttemptTimeout(0),
		trtc.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: -1}), trtc.WithClock(nil), trtc.WithInterceptor(nil))
	var invalid *zegocensor.InvalidRequestError
	require.ErrorAs(t, err, &invalid)
	var fields []string
	for _, f := range invalid.Faults {
		fields = append(fields, f.Field)
	}
	assert.Equal(t, []string{"sdkAppID", "credential", "opts[0]", "WithBaseURL", "WithBaseURL", "WithBaseURL", "WithEndpoint", "WithRegion", "WithSDKSecretKey", "WithHTTPClient",
		"WithAttemptTimeout", "WithRetryPolicy", "WithClock", "WithInterceptor"}, fields)
	assert.NotContains(t, err.Error(), "hunter2")
	_, err = trtc.NewClient(1, nil)
	assert.ErrorContains(t, err, "credential")
}

func TestEndpoints(t *testing.T) {
	for name, test := range map[string]struct {
		opts         []trtc.Option
		host, region string
	}{
		"default":  {nil, "trtc.intl.tencentcloudapi.com", "ap-singapore"},
		"mainland": {[]trtc.Option{trtc.WithEndpoint(trtc.EndpointMainland)}, "trtc.tencentcloudapi.com", "ap-shanghai"},
		"upper":    {[]trtc.Option{trtc.WithBaseURL("https://TRTC.tencentcloudapi.com:443")}, "TRTC.tencentcloudapi.com:443", "ap-shanghai"},
		"nearest":  {[]trtc.Option{trtc.WithBaseURL("https://trtc.ap-guangzhou.tencentcloudapi.com")}, "trtc.ap-guangzhou.tencentcloudapi.com", "ap-shanghai"},
		"proxy":    {[]trtc.Option{trtc.WithBaseURL("https://proxy.example")}, "proxy.example", "ap-singapore"},
		"both":     {[]trtc.Option{trtc.WithRegion("ap-beijing"), trtc.WithEndpoint(trtc.EndpointMainland)}, "trtc.tencentcloudapi.com", "ap-beijing"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
				return answer(200, `{"Response":{"TaskId":"T"}}`), nil
			}}
			require.NoError(t, calls["Delete"](t.Context(), newClient(t, w, test.opts...)))
			assert.Equal(t, test.host, w.seen[0].Host)
			assert.Equal(t, test.region, w.seen[0].Header.Get("X-TC-Region"))
			assert.Equal(t, testToken, w.seen[0].Header.Get("X-TC-Token"))
		})
	}
}

func TestDo(t *testing.T) {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	tencent.HandleAction("DismissRoomByStrRoomId", func(r trtctest.Request) (any, trtc.Code) {
		if !strings.Contains(string(r.Body), `"RoomId":"a"`) {
			return nil, trtc.CodeRoomNotExist
		}
		return map[string]int{"Kicked": 3}, ""
	})
	c := tencent.Client()
	type dismiss struct {
		SdkAppID uint32 `json:"SdkAppId"`
		RoomID   string `json:"RoomId"`
	}
	var out struct{ Kicked int }
	action := trtc.Action{Name: "DismissRoomByStrRoomId", Idempotent: true}
	resp, err := c.Do(t.Context(), action, dismiss{trtctest.SdkAppID, "a"}, &out)
	require.NoError(t, err)
	assert.Equal(t, 3, out.Kicked)
	assert.NotEmpty(t, resp.RequestID)
	_, err = c.Do(t.Context(), action, dismiss{trtctest.SdkAppID, "b"}, nil)
	assert.ErrorIs(t, err, zegocensor.ErrRoomNotFound)
	_, err = c.Do(t.Context(), trtc.Action{Name: "a b"}, []int{1}, out)
	var invalid *zegocensor.InvalidRequestError
	require.ErrorAs(t, err, &invalid)
	assert.Len(t, invalid.Faults, 3)
}
