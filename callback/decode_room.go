package callback

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/rawjson"
)

// roomCreated reports false if the event is in-app Chat's, which has the same name
// and none of the members that identify a session.
func roomCreated(h Header, text string) (e *RoomCreated, ok bool) {
	e = &RoomCreated{Header: h}
	for k, v := range rawjson.Members(text) {
		switch k {
		case "room_id":
			e.RoomID = rawjson.Text(v)
		case "room_session_id":
			e.RoomSessionID, ok = unsigned(v), true
		case "room_create_time":
			e.CreateTime, ok = milliseconds(v), true
		case "id_name":
			e.UserID, ok = rawjson.Text(v), true
		}
	}
	return e, ok
}

func roomClosed(h Header, text string) *RoomClosed {
	e := &RoomClosed{Header: h}
	for k, v := range rawjson.Members(text) {
		switch k {
		case "room_id":
			e.RoomID = rawjson.Text(v)
		case "room_session_id":
			e.RoomSessionID = unsigned(v)
		case "close_reason":
			e.CloseReason = RoomCloseReason(rawjson.Integer(v))
		case "room_close_time":
			e.CloseTime = milliseconds(v)
		}
	}
	return e
}

func (d *decoder) streamCreated(h Header, text string) *StreamCreated {
	e := &StreamCreated{Header: h}
	var seconds time.Time
	var rtmp, hls, hdl, pic string
	for k, v := range rawjson.Members(text) {
		switch k {
		case "room_id":
			e.RoomID = rawjson.Text(v)
		case "room_session_id":
			e.RoomSessionID = unsigned(v)
		case "stream_id":
			e.StreamID = rawjson.Text(v)
		case "user_id":
			e.UserID = rawjson.Text(v)
		case "user_name":
			e.UserName = rawjson.Text(v)
		case "channel_id":
			e.ChannelID = rawjson.Text(v)
		case "stream_alias":
			e.StreamAlias = rawjson.Text(v)
		case "publish_id":
			e.PublishID = rawjson.Text(v)
		case "publish_name":
			e.PublishName = rawjson.Text(v)
		case "stream_sid":
			e.StreamSID = rawjson.Text(v)
		case "stream_seq":
			e.StreamSeq = unsigned(v)
		case "stream_attr":
			e.StreamAttr = rawjson.Text(v)
		case "title":
			e.Title = rawjson.Text(v)
		case "extra_info":
			e.ExtraInfo = rawjson.Text(v)
		case "create_time":
			if s := rawjson.Integer(v); s > 0 && s < maxMilliseconds/1000 {
				seconds = time.Unix(s, 0)
			}
		case "create_time_ms":
			e.CreateTime = milliseconds(v)
		case "recreate":
			e.Recreate = rawjson.Integer(v) != 0
		case "rtmp_url":
			rtmp = v
		case "hls_url":
			hls = v
		case "hdl_url":
			hdl = v
		case "pic_url":
			pic = v
		}
	}
	if e.CreateTime.IsZero() {
		e.CreateTime = seconds
	}
	e.RTMPURL, e.HLSURL, e.HDLURL, e.PicURL = d.texts(rtmp), d.texts(hls), d.texts(hdl), d.texts(pic)
	e.RoomID, e.StreamID = cmp.Or(e.RoomID, e.ChannelID), cmp.Or(e.StreamID, e.StreamAlias)
	e.UserID, e.UserName = cmp.Or(e.UserID, e.PublishID), cmp.Or(e.UserName, e.PublishName)
	return e
}

func streamClosed(h Header, text string) *StreamClosed {
	e := &StreamClosed{Header: h}
	for k, v := range rawjson.Members(text) {
		switch k {
		case "room_id":
			e.RoomID = rawjson.Text(v)
		case "room_session_id":
			e.RoomSessionID = unsigned(v)
		case "stream_id":
			e.StreamID = rawjson.Text(v)
		case "user_id":
			e.UserID = rawjson.Text(v)
		case "user_name":
			e.UserName = rawjson.Text(v)
		case "channel_id":
			e.ChannelID = rawjson.Text(v)
		case "stream_alias":
			e.StreamAlias = rawjson.Text(v)
		case "publish_id":
			e.PublishID = rawjson.Text(v)
		case "publish_name":
			e.PublishName = rawjson.Text(v)
		case "stream_sid":
			e.StreamSID = rawjson.Text(v)
		case "stream_seq":
			e.StreamSeq = unsigned(v)
		case "type":
			e.Type = StreamCloseType(rawjson.Integer(v))
		case "create_time_ms":
			e.CreateTime = milliseconds(v)
		case "destroy_timemillis":
			e.CloseTime = milliseconds(v)
		case "third_define_data":
			e.ThirdDefineData = rawjson.Text(v)
		}
	}
	e.RoomID, e.StreamID = cmp.Or(e.RoomID, e.ChannelID), cmp.Or(e.StreamID, e.StreamAlias)
	e.UserID, e.UserName = cmp.Or(e.UserID, e.PublishID), cmp.Or(e.UserName, e.PublishName)
	return e
}

func userLoggedIn(h Header, text string) *UserLoggedIn {
	e := &UserLoggedIn{Header: h}
	for k, v := range rawjson.Members(text) {
		switch k {
		case "room_id":
			e.RoomID = rawjson.Text(v)
		case "room_name":
			e.RoomName = rawjson.Text(v)
		case "room_seq":
			e.RoomSessionID = unsigned(v)
		case "user_account":
			e.UserID = rawjson.Text(v)
		case "user_nickname":
			e.UserName = rawjson.Text(v)
		case "session_id":
			e.SessionID = rawjson.Text(v)
		case "login_time":
			e.LoginTime = milliseconds(v)
		case "user_role":
			e.UserRole = UserRole(rawjson.Integer(v))
		case "user_update_seq":
			e.UserUpdateSeq = unsigned(v)
		case "auth_level":
			e.AuthLevel = int(rawjson.Integer(v))
		case "relogin":
			e.Relogin = rawjson.Integer(v) != 0
		case "callback_data":
			e.CallbackData = rawjson.Text(v)
		case "term_type":
			e.TermType = TermType(rawjson.Integer(v))
		}
	}
	return e
}

func userLoggedOut(h Header, text string) *UserLoggedOut {
	e := &UserLoggedOut{Header: h}
	for k, v := range rawjson.Members(text) {
		switch k {
		case "room_id":
			e.RoomID = rawjson.Text(v)
		case "room_seq":
			e.RoomSessionID = unsigned(v)
		case "user_account":
			e.UserID = rawjson.Text(v)
		case "user_nickname":
			e.UserName = rawjson.Text(v)
		case "session_id":
			e.SessionID = rawjson.Text(v)
		case "login_time":
			e.LoginTime = milliseconds(v)
		case "logout_time":
			e.LogoutTime = milliseconds(v)
		case "reason":
			e.Reason = LogoutReason(rawjson.Integer(v))
		case "user_role":
			e.UserRole = UserRole(rawjson.Integer(v))
		case "user_update_seq":
			e.UserUpdateSeq = unsigned(v)
		}
	}
	return e
}

// texts takes a list, the JSON of a list as text, as a form may have it, and a single
// text.
func (d *decoder) texts(raw string) []string {
	if raw == "" || raw[0] == '[' {
		return rawjson.Texts(cmp.Or(raw, "[]"), &d.budget)
	}
	text := rawjson.Text(raw)
	if strings.HasPrefix(text, "[") && rawjson.Valid(text) {
		return rawjson.Texts(text, &d.budget)
	}
	if text == "" {
		return nil
	}
	return []string{text}
}

func unsigned(raw string) uint64 {
	n, _ := strconv.ParseUint(rawjson.Text(raw), 10, 64)
	return n
}

// maxMilliseconds is the end of the year 9999, beyond which JSON has no times.
const maxMilliseconds = 253402300800000

// milliseconds is a point in time, or the zero time if there is none.
func milliseconds(raw string) time.Time {
	if ms := rawjson.Integer(raw); ms > 0 && ms < maxMilliseconds {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}
