package zegotest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"time"

	"github.com/zegocensor/zegocensor-go/callback"
)

// fields are the members of a callback's JSON object.
type fields = map[string]any

// stamp is what a callback is signed by.
type stamp struct {
	timestamp int64
	nonce     string
	signature string
}

// encode writes an event as ZEGO is documented to: moderation events with
// capitalised keys, those of rooms with numbers for IDs and strings for times,
// those of streams and users with strings throughout. The signature is left to signed.
func encode(e callback.Event) fields {
	h := e.Head()
	switch e := e.(type) {
	case *callback.AudioResult:
		f := audioResultFields(e)
		detail := f["Detail"].(fields)
		detail["AudioText"] = e.Detail.Text
		return f
	case *callback.VideoAudioResult:
		f := audioResultFields((*callback.AudioResult)(e))
		detail := f["Detail"].(fields)
		detail["Content"] = e.Detail.Text
		return f
	case *callback.VideoImageResult:
		return imageResultFields(e)
	case *callback.AudioStatus:
		return statusFields(e)
	case *callback.VideoAudioStatus:
		return statusFields((*callback.AudioStatus)(e))
	case *callback.VideoImageStatus:
		return statusFields((*callback.AudioStatus)(e))
	case *callback.RoomCreated:
		return roomFields(h, fields{"room_id": e.RoomID, "room_session_id": e.RoomSessionID,
			"room_create_time": decimal(e.CreateTime.UnixMilli()), "id_name": e.UserID})
	case *callback.RoomClosed:
		return roomFields(h, fields{"room_id": e.RoomID, "room_session_id": e.RoomSessionID,
			"room_close_time": decimal(e.CloseTime.UnixMilli()), "close_reason": e.CloseReason})
	case *callback.StreamCreated:
		return textFields(h, fields{"room_id": e.RoomID, "room_session_id": unsigned(e.RoomSessionID), "channel_id": e.ChannelID,
			"user_id": e.UserID, "user_name": e.UserName, "publish_id": e.PublishID, "publish_name": e.PublishName,
			"stream_id": e.StreamID, "stream_alias": e.StreamAlias, "stream_sid": e.StreamSID, "stream_seq": unsigned(e.StreamSeq), "stream_attr": e.StreamAttr,
			"title": e.Title, "extra_info": e.ExtraInfo, "recreate": strconv.Itoa(number(e.Recreate)),
			"create_time": decimal(e.CreateTime.Unix()), "create_time_ms": decimal(e.CreateTime.UnixMilli()),
			"rtmp_url": e.RTMPURL, "hls_url": e.HLSURL, "hdl_url": e.HDLURL, "pic_url": e.PicURL})
	case *callback.StreamClosed:
		return textFields(h, fields{"room_id": e.RoomID, "room_session_id": unsigned(e.RoomSessionID), "channel_id": e.ChannelID,
			"user_id": e.UserID, "user_name": e.UserName,
			"stream_id": e.StreamID, "stream_alias": e.StreamAlias, "stream_sid": e.StreamSID, "stream_seq": unsigned(e.StreamSeq),
			"type": strconv.Itoa(int(e.Type)), "third_define_data": e.ThirdDefineData,
			"create_time_ms": decimal(e.CreateTime.UnixMilli()), "destroy_timemillis": decimal(e.CloseTime.UnixMilli())})
	case *callback.UserLoggedIn:
		return textFields(h, fields{"room_id": e.RoomID, "room_name": e.RoomName, "room_seq": unsigned(e.RoomSessionID),
			"user_account": e.UserID, "user_nickname": e.UserName, "session_id": e.SessionID, "login_time": decimal(e.LoginTime.UnixMilli()),
			"user_role": strconv.Itoa(int(e.UserRole)), "user_update_seq": unsigned(e.UserUpdateSeq), "auth_level": strconv.Itoa(e.AuthLevel),
			"relogin": strconv.Itoa(number(e.Relogin)), "callback_data": e.CallbackData, "term_type": strconv.Itoa(int(e.TermType))})
	case *callback.UserLoggedOut:
		return textFields(h, fields{"room_id": e.RoomID, "room_seq": unsigned(e.RoomSessionID),
			"user_account": e.UserID, "user_nickname": e.UserName, "session_id": e.SessionID, "login_time": decimal(e.LoginTime.UnixMilli()),
			"logout_time": decimal(e.LogoutTime.UnixMilli()), "reason": strconv.Itoa(int(e.Reason)),
			"user_role": strconv.Itoa(int(e.UserRole)), "user_update_seq": unsigned(e.UserUpdateSeq)})
	}
	panic(fmt.Sprintf("zegotest: cannot encode a %T", e))
}

// eventName is how ZEGO names an event of this type.
func eventName(e callback.Event) string {
	switch e.(type) {
	case *callback.AudioResult:
		return "censor_audio_v2_result"
	case *callback.AudioStatus:
		return "censor_audio_v2_status"
	case *callback.VideoAudioResult:
		return "censor_video_v2_audio_result"
	case *callback.VideoAudioStatus:
		return "censor_video_v2_audio_status"
	case *callback.VideoImageResult:
		return "censor_video_v2_img_result"
	case *callback.VideoImageStatus:
		return "censor_video_v2_img_status"
	case *callback.RoomCreated:
		return "room_create"
	case *callback.RoomClosed:
		return "room_close"
	case *callback.StreamCreated:
		return "stream_create"
	case *callback.StreamClosed:
		return "stream_close"
	case *callback.UserLoggedIn:
		return "room_login"
	case *callback.UserLoggedOut:
		return "room_logout"
	}
	panic(fmt.Sprintf("zegotest: no name for a %T", e))
}

func taskFields(h *callback.Header, t callback.Task) fields {
	return fields{"Event": h.Event, "AppId": h.AppID, "Code": t.Code, "Message": t.Message, "TaskId": t.TaskID}
}

func roomFields(h *callback.Header, f fields) fields {
	f["event"], f["appid"] = h.Event, h.AppID
	return f
}

// textFields are those of events whose scalars are all strings.
func textFields(h *callback.Header, f fields) fields {
	f["event"], f["appid"] = h.Event, unsigned(uint64(h.AppID))
	return f
}

// writeAs2023 takes out what ZEGO's pages of 2023 do not have.
func writeAs2023(f fields) {
	delete(f, "room_session_id")
	if event := f["event"]; event != "stream_create" && event != "stream_close" {
		return
	}
	f["publish_id"], f["publish_name"] = f["user_id"], f["user_name"]
	for _, name := range []string{"room_id", "user_id", "user_name", "stream_id", "create_time_ms", "destroy_timemillis", "recreate"} {
		delete(f, name)
	}
}

// signed is a body with a signature, in the manner of its other members.
func signed(body fields, s stamp) fields {
	f := maps.Clone(body)
	if _, capitalised := f["Event"]; capitalised {
		f["Timestamp"], f["Nonce"], f["Signature"] = s.timestamp, s.nonce, s.signature
		return f
	}
	f["timestamp"], f["nonce"], f["signature"] = s.timestamp, s.nonce, s.signature
	if _, text := f["appid"].(string); text {
		f["timestamp"] = decimal(s.timestamp)
	}
	return f
}

func statusFields(e *callback.AudioStatus) fields {
	f := taskFields(&e.Header, e.Task)
	f["Status"] = e.Status
	f["AuxInfo"] = fields{"RoomId": e.AuxInfo.RoomID, "CensorStreamTime": int64(e.AuxInfo.CensorStreamTime / time.Second)}
	return f
}

func audioResultFields(e *callback.AudioResult) fields {
	f := taskFields(&e.Header, e.Task)
	f["ResultTaskId"] = e.ResultTaskID
	d := &e.Detail
	detail := fields{"AudioUrl": d.AudioURL, "RiskLevel": d.RiskLevel, "RiskDescription": d.RiskDescription,
		"RiskLabel1": d.RiskLabel1, "RiskLabel2": d.RiskLabel2, "RiskLabel3": d.RiskLabel3, "VadStatus": number(d.Voice),
		"RiskDetail": riskDetailFields(d.RiskDetail), "RiskInfoList": listOf(d.RiskInfoList, riskFields),
		"BusinessInfoList": listOf(d.BusinessInfoList, businessFields)}
	set(detail, "PreAudioUrl", d.PreAudioURL)
	f["Detail"] = detail
	a := &e.AuxInfo
	aux := fields{"RoomId": a.RoomID, "ProcessBeginTime": a.ProcessBeginTime.UnixMilli(), "ProcessFinishTime": a.ProcessFinishTime.UnixMilli()}
	set(aux, "UserId", a.UserID)
	set(aux, "StreamId", a.StreamID)
	f["AuxInfo"] = aux
	return f
}

// beijing is the zone of ImgTime.
var beijing = time.FixedZone("UTC+8", 8*60*60)

func imageResultFields(e *callback.VideoImageResult) fields {
	f := taskFields(&e.Header, e.Task)
	f["ResultTaskId"] = e.ResultTaskID
	d := &e.Detail
	f["Detail"] = fields{"ImgUrl": d.ImgURL, "RiskLevel": d.RiskLevel, "RiskDescription": d.RiskDescription,
		"RiskLabel1": d.RiskLabel1, "RiskLabel2": d.RiskLabel2, "RiskLabel3": d.RiskLabel3,
		"RiskDetail": riskDetailFields(d.RiskDetail), "RiskInfoList": listOf(d.RiskInfoList, riskFields),
		"BusinessInfoList": listOf(d.BusinessInfoList, businessFields)}
	aux := fields{"RoomId": e.AuxInfo.RoomID, "ImgTime": e.AuxInfo.ImgTime.In(beijing).Format("2006-01-02 15:04:05.000")}
	set(aux, "StreamId", e.AuxInfo.StreamID)
	f["AuxInfo"] = aux
	return f
}

func riskFields(i callback.RiskInfo) fields {
	f := fields{"RiskLevel": i.RiskLevel, "RiskDescription": i.RiskDescription,
		"RiskLabel1": i.RiskLabel1, "RiskLabel2": i.RiskLabel2, "RiskLabel3": i.RiskLabel3, "RiskDetail": riskDetailFields(i.RiskDetail)}
	set(f, "Probability", i.Probability)
	return f
}

func riskDetailFields(d callback.RiskDetail) fields {
	f := fields{"RiskSource": d.RiskSource, "MatchedLists": listOf(d.MatchedLists, nameFields)}
	set(f, "AudioText", d.AudioText)
	if d.FaceInfoList != nil {
		f["FaceInfoList"] = listOf(d.FaceInfoList, faceFields)
	}
	if d.OcrInfo.Text != "" || d.OcrInfo.MatchedLists != nil {
		f["OcrInfo"] = fields{"Text": d.OcrInfo.Text, "MatchedLists": listOf(d.OcrInfo.MatchedLists, nameFields)}
	}
	return f
}

func businessFields(i callback.BusinessInfo) fields {
	f := fields{"BusinessDescription": i.BusinessDescription,
		"BusinessLabel1": i.BusinessLabel1, "BusinessLabel2": i.BusinessLabel2, "BusinessLabel3": i.BusinessLabel3}
	set(f, "ConfidenceLevel", i.ConfidenceLevel)
	set(f, "Probability", i.Probability)
	if i.FaceInfoList != nil {
		f["BusinessDetail"] = fields{"FaceInfoList": listOf(i.FaceInfoList, faceFields)}
	}
	return f
}

func faceFields(i callback.FaceInfo) fields {
	return fields{"Name": i.Name, "Id": i.ID, "FaceRatio": i.FaceRatio, "Probability": i.Probability, "Location": i.Location}
}

func nameFields(name string) fields { return fields{"Name": name} }

// listOf keeps nil, which ZEGO writes as null.
func listOf[T any](list []T, write func(T) fields) []fields {
	if list == nil {
		return nil
	}
	all := make([]fields, len(list))
	for i, item := range list {
		all[i] = write(item)
	}
	return all
}

// set adds a member that ZEGO leaves out when there is nothing to say.
func set[T comparable](f fields, name string, value T) {
	var zero T
	if value != zero {
		f[name] = value
	}
}

func unsigned(n uint64) string { return strconv.FormatUint(n, 10) }

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// form is the form body that ZEGO's support can switch on: scalars as text, lists of
// text as a key that is repeated, the rest as JSON.
func form(f fields) url.Values {
	values := make(url.Values, len(f))
	for name, v := range f {
		switch v := v.(type) {
		case string:
			values.Set(name, v)
		case []string:
			values[name] = v
		default:
			b, _ := json.Marshal(v)
			values.Set(name, string(b))
		}
	}
	return values
}
