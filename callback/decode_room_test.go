package callback_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/callback"
)

func TestVerifier_Parse_rooms(t *testing.T) {
	parse := func(t *testing.T, payload string) callback.Event {
		t.Helper()
		e, err := newVerifier(t).Parse(t.Context(), isJSON, []byte(sign(payload)))
		require.NoError(t, err)
		*e.Head() = callback.Header{}
		return e
	}
	t.Run("a room of in-app Chat is another product's", func(t *testing.T) {
		assert.Equal(t, &callback.UnknownEvent{}, parse(t, `{"event":"room_create",%s,"room_id":"r","operator_account":"u","room_name":"n","attributes":[{"key":"k","value":"v","auto_delete":1}]}`))
		for _, sibling := range []string{"room_destroy", "room_enter", "room_exit"} {
			assert.Equal(t, &callback.UnknownEvent{}, parse(t, `{"event":"`+sibling+`",%s,"room_id":"r","user_ids":["u"]}`))
		}
	})
	t.Run("any member of a session makes it a room", func(t *testing.T) {
		assert.Equal(t, &callback.RoomCreated{RoomID: "r", RoomSessionID: 7}, parse(t, `{"event":"room_create",%s,"room_id":"r","room_session_id":7}`))
		assert.Equal(t, &callback.RoomCreated{RoomID: "r", CreateTime: time.UnixMilli(1724743250123)}, parse(t, `{"event":"room_create",%s,"room_id":"r","room_create_time":"1724743250123"}`))
		assert.Equal(t, &callback.RoomCreated{RoomID: "r", UserID: "u"}, parse(t, `{"event":"room_create",%s,"room_id":"r","id_name":"u"}`))
	})
	t.Run("as the pages of 2023 have them, without a session", func(t *testing.T) {
		assert.Equal(t, &callback.RoomClosed{RoomID: "r", CloseReason: callback.RoomCloseLastUserLeft}, parse(t, `{"event":"room_close",%s,"room_id":"r","close_reason":2}`))
		assert.Equal(t, &callback.StreamCreated{RoomID: "c", StreamID: "a", UserID: "p", UserName: "pn", ChannelID: "c", StreamAlias: "a", PublishID: "p", PublishName: "pn", CreateTime: time.Unix(1724743250, 0)},
			parse(t, `{"event":"stream_create",%s,"channel_id":"c","stream_alias":"a","publish_id":"p","publish_name":"pn","create_time":"1724743250"}`))
		assert.Equal(t, &callback.StreamClosed{RoomID: "c", StreamID: "a", UserID: "p", UserName: "pn", ChannelID: "c", StreamAlias: "a", PublishID: "p", PublishName: "pn", Type: callback.StreamCloseDeleted},
			parse(t, `{"event":"stream_close",%s,"type":"100","channel_id":"c","stream_alias":"a","publish_id":"p","publish_name":"pn"}`))
	})
	t.Run("names in the order of what is documented", func(t *testing.T) {
		for _, payload := range []string{
			`{"event":"stream_close",%s,"stream_id":"s","stream_alias":"a","room_id":"r","channel_id":"c","user_id":"u","publish_id":"p","user_name":"n","publish_name":"pn"}`,
			`{"event":"stream_close",%s,"stream_alias":"a","stream_id":"s","channel_id":"c","room_id":"r","publish_id":"p","user_id":"u","publish_name":"pn","user_name":"n"}`,
		} {
			e := parse(t, payload).(*callback.StreamClosed)
			assert.Equal(t, []string{"s", "r", "u", "n"}, []string{e.StreamID, e.RoomID, e.UserID, e.UserName})
		}
	})
	t.Run("one URL is a list of one", func(t *testing.T) {
		e := parse(t, `{"event":"stream_create",%s,"rtmp_url":"rtmp://a.example/s","hls_url":["a","b"],"hdl_url":null,"pic_url":"[\"a\",\"b\"]"}`).(*callback.StreamCreated)
		assert.Equal(t, [][]string{{"rtmp://a.example/s"}, {"a", "b"}, nil, {"a", "b"}}, [][]string{e.RTMPURL, e.HLSURL, e.HDLURL, e.PicURL})
	})
}

func TestVerifier_Parse_faces(t *testing.T) {
	body := sign(`{"Event":"censor_video_v2_img_result",%s,"Detail":{"RiskDetail":{"FaceInfoList":["a",{"Name":"b","Id":"1"},7]},"BusinessInfoList":[{"BusinessDetail":{"FaceInfoList":["c"]}}]}}`)
	e, err := newVerifier(t).Parse(t.Context(), isJSON, []byte(body))
	require.NoError(t, err)
	detail := e.(*callback.VideoImageResult).Detail
	assert.Equal(t, []callback.FaceInfo{{Name: "a"}, {Name: "b", ID: "1"}}, detail.RiskDetail.FaceInfoList)
	assert.Equal(t, []callback.FaceInfo{{Name: "c"}}, detail.BusinessInfoList[0].FaceInfoList)
}
