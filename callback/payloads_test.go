package callback_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/callback"
)

// payloads are bodies in the documented shapes; sign completes them.
var payloads = map[string]string{
	"censor_audio_v2_result": `{"Event":"censor_audio_v2_result",%s,"Code":7,"Message":"m","TaskId":"T","ResultTaskId":"T_u_1_3",
		"Detail":{"RiskLevel":"REJECT","AudioText":"hello","AudioUrl":"https://a.example/x%2Fy?s=%3D","PreAudioUrl":"https://a.example/p","RiskDescription":"d",
			"RiskLabel1":"l1","RiskLabel2":"l2","RiskLabel3":"l3","VadStatus":1,
			"RiskDetail":{"RiskSource":1001,"AudioText":"bad","MatchedLists":[{"Name":"list"}]},
			"RiskInfoList":[{"RiskLevel":"REVIEW","RiskDescription":"rd","RiskLabel1":"r1","RiskLabel2":"r2","RiskLabel3":"r3","RiskDetail":{"RiskSource":1003,"MatchedLists":null}}],
			"BusinessInfoList":[{"BusinessDescription":"bd","BusinessLabel1":"b1","BusinessLabel2":"b2","BusinessLabe3":"b3","ConfidenceLevel":2,"Probability":0.5}],"New":{}},
		"AuxInfo":{"RoomId":"r","ProcessBeginTime":1724743250123,"ProcessFinishTime":1724743251123,"UserId":"u"}}`,
	"censor_video_v2_audio_result": `{"Event":"censor_video_v2_audio_result",%s,"Code":7,"Message":"m","TaskId":"T","ResultTaskId":"T_s_1_3",
		"Detail":{"RiskLevel":"PASS","Content":"hello","RiskInfoList":null,"VadStatus":0},"AuxInfo":{"RoomId":"r","StreamId":"s_1"}}`,
	"censor_video_v2_img_result": `{"Event":"censor_video_v2_img_result",%s,"Code":7,"Message":"m","TaskId":"T","ResultTaskId":"T_s_3",
		"Detail":{"RiskLevel":"REVIEW","ImgUrl":"https://a.example/i","RiskDescription":"d","RiskLabel1":"l1","RiskLabel2":"l2","RiskLabel3":"l3",
			"RiskDetail":{"RiskSource":1002,"FaceInfoList":[{"Name":"n","Id":"9","FaceRatio":0.25,"Probability":0.75,"Location":[1,2,3,4]}],"OcrInfo":{"Text":"t","MatchedLists":[{"Name":"list"}]}},
			"RiskInfoList":[{"RiskLevel":"REVIEW","Probability":0.5}],
			"BusinessInfoList":[{"BusinessLabel3":"b3","BusinessDetail":{"FaceInfoList":[{"Name":"n"}]}}]},
		"AuxInfo":{"RoomId":"r","ImgTime":"2024-08-27 15:20:50.125","StreamId":"s"}}`,
	"censor_audio_v2_status":       `{"Event":"censor_audio_v2_status",%s,"Code":7,"Message":"m","TaskId":"T","Status":3,"AuxInfo":{"RoomId":"r","CensorStreamTime":90}}`,
	"censor_video_v2_audio_status": `{"Event":"censor_video_v2_audio_status",%s,"Code":7,"Message":"m","TaskId":"T","Status":3,"AuxInfo":{"RoomId":"r","CensorStreamTime":90}}`,
	"censor_video_v2_img_status":   `{"Event":"censor_video_v2_img_status",%s,"Code":7,"Message":"m","TaskId":"T","Status":3,"AuxInfo":{"RoomId":"r","CensorStreamTime":90}}`,
	"room_create":                  `{"event":"room_create",%s,"room_id":"r","room_session_id":18446744073709551615,"room_create_time":"1724743250123","id_name":"u"}`,
	"room_close":                   `{"event":"room_close",%s,"room_id":"r","room_session_id":18446744073709551615,"close_reason":2,"room_close_time":"1724743250123"}`,
	"stream_create": `{"event":"stream_create",%s,"room_id":"r","room_session_id":"18446744073709551615","user_id":"u","user_name":"n","channel_id":"c","stream_id":"s",
		"stream_sid":"s-115205136669740000000000104","title":"t","stream_alias":"a","stream_attr":"{\"cid\": 0}","stream_seq":"01","create_time":"1724743250","create_time_ms":"1724743250123",
		"extra_info":"x","recreate":"1","publish_id":"p","publish_name":"pn","rtmp_url":["rtmp://a.example/s","rtmp://b.example/s"],"hls_url":["https://a.example/s.m3u8","https://b.example/s.m3u8"],
		"hdl_url":["https://a.example/s.flv","https://b.example/s.flv"],"pic_url":["https://a.example/s.jpg"]}`,
	"stream_close": `{"event":"stream_close",%s,"room_id":"r","room_session_id":"18446744073709551615","user_id":"u","user_name":"n","channel_id":"c","type":"4","stream_alias":"a","stream_id":"s",
		"stream_sid":"s-115205136669740000000000104","stream_seq":"700","third_define_data":"{\"u\":\"x\"}","create_time_ms":"1724743250123","destroy_timemillis":"1724743251123"}`,
	"room_login": `{"event":"room_login",%s,"room_id":"r","room_name":"rn","room_seq":"18446744073709551615","user_account":"u","user_nickname":"n","session_id":"792148503087288320",
		"login_time":"1724743250123","user_role":"4","auth_level":"4","relogin":"1","user_update_seq":"12","callback_data":"d","term_type":"7"}`,
	"room_logout": `{"event":"room_logout",%s,"room_id":"r","room_seq":"18446744073709551615","user_account":"u","user_nickname":"n","session_id":"792148503087288320",
		"login_time":"1724743250123","logout_time":"1724743251123","reason":"3","user_role":"4","user_update_seq":"13"}`,
	"room_renamed": `{"event":"room_renamed",%s,"room_id":"r"}`,
}

func sign(payload string) string {
	now := strconv.FormatInt(at.Unix(), 10)
	common := `"AppId":5,"Timestamp":` + now + `,"Nonce":"77","Signature":"` + callback.Sign(secret, now, "77") + `"`
	if strings.HasPrefix(payload, `{"event"`) {
		common = strings.NewReplacer("AppId", "appid", "Timestamp", "timestamp", "Nonce", "nonce", "Signature", "signature").Replace(common)
	}
	return strings.Replace(payload, "%s", common, 1)
}

func TestEveryDocumentedField(t *testing.T) {
	task := callback.Task{Code: 7, Message: "m", TaskID: "T"}
	status := callback.AudioStatus{Task: task, Status: 3, AuxInfo: callback.StatusAuxInfo{RoomID: "r", CensorStreamTime: 90 * time.Second}}
	videoAudioStatus, videoImageStatus := callback.VideoAudioStatus(status), callback.VideoImageStatus(status)
	ms := time.UnixMilli(1724743250123)
	const session = 18446744073709551615
	want := map[string]callback.Event{
		"censor_audio_v2_result": &callback.AudioResult{Task: task, ResultTaskID: "T_u_1_3",
			Detail: callback.AudioDetail{RiskLevel: callback.Reject, Text: "hello", AudioURL: "https://a.example/x%2Fy?s=%3D", PreAudioURL: "https://a.example/p",
				RiskDescription: "d", RiskLabel1: "l1", RiskLabel2: "l2", RiskLabel3: "l3", Voice: true,
				RiskDetail: callback.RiskDetail{RiskSource: 1001, AudioText: "bad", MatchedLists: []string{"list"}},
				RiskInfoList: []callback.RiskInfo{{RiskLevel: callback.Review, RiskDescription: "rd", RiskLabel1: "r1", RiskLabel2: "r2", RiskLabel3: "r3",
					RiskDetail: callback.RiskDetail{RiskSource: 1003}}},
				BusinessInfoList: []callback.BusinessInfo{{BusinessDescription: "bd", BusinessLabel1: "b1", BusinessLabel2: "b2", BusinessLabel3: "b3", ConfidenceLevel: 2, Probability: 0.5}}},
			AuxInfo: callback.AudioAuxInfo{RoomID: "r", ProcessBeginTime: ms, ProcessFinishTime: ms.Add(time.Second), UserID: "u"}},
		"censor_video_v2_audio_result": &callback.VideoAudioResult{Task: task, ResultTaskID: "T_s_1_3",
			Detail: callback.AudioDetail{RiskLevel: callback.Pass, Text: "hello"}, AuxInfo: callback.AudioAuxInfo{RoomID: "r", StreamID: "s_1"}},
		"censor_video_v2_img_result": &callback.VideoImageResult{Task: task, ResultTaskID: "T_s_3",
			Detail: callback.ImageDetail{RiskLevel: callback.Review, ImgURL: "https://a.example/i", RiskDescription: "d", RiskLabel1: "l1", RiskLabel2: "l2", RiskLabel3: "l3",
				RiskDetail: callback.RiskDetail{RiskSource: 1002, FaceInfoList: []callback.FaceInfo{{Name: "n", ID: "9", FaceRatio: 0.25, Probability: 0.75, Location: [4]float64{1, 2, 3, 4}}},
					OcrInfo: callback.OcrInfo{Text: "t", MatchedLists: []string{"list"}}},
				RiskInfoList:     []callback.RiskInfo{{RiskLevel: callback.Review, Probability: 0.5}},
				BusinessInfoList: []callback.BusinessInfo{{BusinessLabel3: "b3", FaceInfoList: []callback.FaceInfo{{Name: "n"}}}}},
			AuxInfo: callback.ImageAuxInfo{RoomID: "r", StreamID: "s", ImgTime: time.Date(2024, 8, 27, 7, 20, 50, 125e6, time.UTC)}},
		"censor_audio_v2_status":       &status,
		"censor_video_v2_audio_status": &videoAudioStatus,
		"censor_video_v2_img_status":   &videoImageStatus,
		"room_create":                  &callback.RoomCreated{RoomID: "r", RoomSessionID: session, CreateTime: ms, UserID: "u"},
		"room_close":                   &callback.RoomClosed{RoomID: "r", RoomSessionID: session, CloseReason: 2, CloseTime: ms},
		"stream_create": &callback.StreamCreated{RoomID: "r", RoomSessionID: session, StreamID: "s", UserID: "u", UserName: "n", ChannelID: "c", StreamAlias: "a", PublishID: "p", PublishName: "pn",
			StreamSID: "s-115205136669740000000000104", StreamSeq: 1, StreamAttr: `{"cid": 0}`, Title: "t", ExtraInfo: "x", CreateTime: ms, Recreate: true,
			RTMPURL: []string{"rtmp://a.example/s", "rtmp://b.example/s"}, HLSURL: []string{"https://a.example/s.m3u8", "https://b.example/s.m3u8"},
			HDLURL: []string{"https://a.example/s.flv", "https://b.example/s.flv"}, PicURL: []string{"https://a.example/s.jpg"}},
		"stream_close": &callback.StreamClosed{RoomID: "r", RoomSessionID: session, StreamID: "s", UserID: "u", UserName: "n", ChannelID: "c", StreamAlias: "a",
			StreamSID: "s-115205136669740000000000104", StreamSeq: 700, Type: callback.StreamCloseDisconnected, CreateTime: ms, CloseTime: ms.Add(time.Second), ThirdDefineData: `{"u":"x"}`},
		"room_login": &callback.UserLoggedIn{RoomID: "r", RoomName: "rn", RoomSessionID: session, UserID: "u", UserName: "n", SessionID: "792148503087288320", LoginTime: ms,
			UserRole: callback.RoleAdmin, UserUpdateSeq: 12, AuthLevel: 4, Relogin: true, CallbackData: "d", TermType: callback.TermMiniProgram},
		"room_logout": &callback.UserLoggedOut{RoomID: "r", RoomSessionID: session, UserID: "u", UserName: "n", SessionID: "792148503087288320", LoginTime: ms, LogoutTime: ms.Add(time.Second),
			Reason: callback.LogoutKicked, UserRole: callback.RoleAdmin, UserUpdateSeq: 13},
		"room_renamed": &callback.UnknownEvent{},
	}
	require.Len(t, want, len(payloads))
	numbers := regexp.MustCompile(`([:\[,])(\d[\d.]*)`)
	for name, payload := range payloads {
		for form, body := range map[string]string{"documented": sign(payload), "numbers as strings": numbers.ReplaceAllString(sign(payload), `$1"$2"`)} {
			t.Run(name+"/"+form, func(t *testing.T) {
				if form != "documented" && strings.Contains(body, `2024-08-27 15:"`) {
					body = strings.NewReplacer(`15:"20":"50.125"`, `15:20:50.125`).Replace(body)
				}
				v, err := callback.NewVerifier(secret, callback.WithClock(clock))
				require.NoError(t, err)
				got, err := v.Parse(t.Context(), isJSON, []byte(body))
				require.NoError(t, err, body)
				h := got.Head()
				assert.Equal(t, body, string(h.Raw))
				assert.Equal(t, callback.Header{Event: name, AppID: 5, Timestamp: at, Nonce: "77", Raw: h.Raw}, *h)
				if image, ok := got.(*callback.VideoImageResult); ok {
					image.AuxInfo.ImgTime = image.AuxInfo.ImgTime.UTC()
				}
				*h = callback.Header{}
				assert.Equal(t, want[name], got)
			})
		}
	}
}

func TestStreamHint(t *testing.T) {
	for resultTaskID, want := range map[string]string{
		"T_s_1_1": "s_1", "T_0001_12": "0001", "T_3": "", "T": "", "": "", "X_s_1": "", "T__1": "", "T_s_x": "", "T_s_": "",
	} {
		r := callback.AudioResult{ResultTaskID: resultTaskID}
		r.TaskID = "T"
		assert.Equal(t, want, r.StreamHint(), resultTaskID)
	}
}
