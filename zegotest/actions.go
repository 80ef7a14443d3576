package zegotest

import (
	"net/http"
	"time"

	"github.com/zegocensor/zegocensor-go"
)

// action is one action of the gateway. do returns the Data of the answer, or a
// code and why.
type action struct {
	method string
	do     func(now time.Time, r Request) (data any, code zegocensor.Code, why string)

	throttled zegocensor.Code // the code for too many calls a second
}

// HandleAction adds an action, for [zegocensor.Client.Do], or replaces one. h
// returns the Data of the answer, or a code that is not 0. It is called when the
// gateway has accepted the request, for several requests at a time.
func (s *Server) HandleAction(name, method string, h func(Request) (data any, code zegocensor.Code)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actions[name] = action{method, func(_ time.Time, r Request) (any, zegocensor.Code, string) {
		data, code := h(r)
		return data, code, ""
	}, zegocensor.CodeAppRateLimited}
}

func (s *Server) addBuiltinActions() {
	add := func(name, method string, throttled zegocensor.Code, do func(time.Time, Request) (any, zegocensor.Code, string)) {
		s.actions[name] = action{method, do, throttled}
	}
	const get, post = http.MethodGet, http.MethodPost
	const room, media = zegocensor.CodeAppRateLimited, zegocensor.CodeMediaRateLimited3

	add(startAudio, post, room, s.startAudio)
	add(startVideo, post, room, s.startVideo)
	add("StopCensorAudioV2", post, room, s.stopTask(startAudio))
	add("StopCensorVideoV2", post, room, s.stopTask(startVideo))
	add("GenerateIdentifyToken", get, room, s.issueToken)

	add("KickoutUser", get, room, s.kickoutUser)
	add("CloseRoom", get, room, s.closeRoomAction)
	add("DescribeUserNum", get, room, s.describeUserNum)
	add("DescribeUserList", get, room, s.describeUserList)
	add("DescribeSimpleStreamList", get, room, s.describeSimpleStreamList)
	add("SendCustomCommand", get, room, s.sendCustomCommand)
	add("AddStream", get, room, s.addStream)
	add("DeleteStream", get, room, s.deleteStream)

	add("SetForbidStreamRule", get, room, s.enabled(s.setForbidStreamRule))
	add("DelForbidStreamRule", get, room, s.enabled(s.delForbidStreamRule))
	add("DescribeForbidStreamRules", get, room, s.enabled(s.describeForbidStreamRules))
	add("SetForbidUserRule", get, room, s.enabled(s.setForbidUserRule))
	add("DelForbidUserRule", get, room, s.enabled(s.delForbidUserRule))
	add("DescribeForbidUserRules", get, room, s.enabled(s.describeForbidUserRules))

	add("ForbidRTCStream", get, media, s.forbidRTCStream(true, false))
	add("ForbidRTCStreams", get, media, s.forbidRTCStream(true, true))
	add("ResumeRTCStream", get, media, s.forbidRTCStream(false, false))
	add("ResumeRTCStreams", get, media, s.forbidRTCStream(false, true))

	add("StartMix", post, room, startMix)
}

func invalid(why string) (any, zegocensor.Code, string) {
	return nil, zegocensor.CodeInvalidParameter, why
}

// startMix takes the request that ZEGO's samples of a POST make, and mixes
// nothing.
func startMix(_ time.Time, r Request) (any, zegocensor.Code, string) {
	o, code := body(r)
	if code != zegocensor.CodeOK {
		return nil, code, ""
	}
	for _, name := range []string{"TaskId", "Sequence", "MixInput", "MixOutput"} {
		if _, given := o[name]; !given {
			return invalid(name)
		}
	}
	return nil, zegocensor.CodeOK, ""
}
