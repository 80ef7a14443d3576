package zegocensor

import "strconv"

// Code is a return code of ZEGO's server API. Only 0 is success. The same
// number can mean something else for other ZEGO products: the constants and
// texts here are those of the real-time audio and video family.
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/return-codes
type Code int32

// The documented return codes. Three of them say the same of a room, two the
// same of a user and of a rate: use the sentinels with [errors.Is] rather than
// a single code.
const (
	CodeOK Code = 0

	CodeWrongHost                   Code = 100000000
	CodeAppIDMalformed              Code = 100000001
	CodeTimestampMissing            Code = 100000002
	CodeTimestampMalformed          Code = 100000003
	CodeSignatureExpired            Code = 100000004
	CodeSignatureWrong              Code = 100000005
	CodeActionMissing               Code = 100000006
	CodeActionUnsupported           Code = 100000007
	CodeNonceMissing                Code = 100000008
	CodeSignatureMissing            Code = 100000009
	CodeNoServerSecret              Code = 100000010
	CodeAppNotConfigured            Code = 100000011
	CodeSignatureVersionMissing     Code = 100000013
	CodeSignatureVersionUnsupported Code = 100000014
	CodeGatewayInternal             Code = 100000015
	CodeProductionNotConfigured     Code = 100000016
	CodeServiceNotEnabled           Code = 100000017

	CodeRequestFailed         Code = 1
	CodeInvalidParameter      Code = 2
	CodeParameterTooLong      Code = 3
	CodeDecodingFailed        Code = 8
	CodePermissionDenied      Code = 9
	CodeRoomNotFound          Code = 104
	CodeUserNotFound          Code = 105
	CodeAppRateLimited        Code = 206
	CodeRoomRateLimited       Code = 207
	CodeRoomNotFound2         Code = 5024
	CodeRoomNotFound3         Code = 50001
	CodeUserOffline           Code = 50003
	CodeBackendRequestFailed  Code = 50006
	CodeBackendRequestFailed2 Code = 50007
	CodeModerationFailed      Code = 50009
	CodeShuMeiNotEnabled      Code = 50117
)

type codeInfo struct {
	meaning, advice string
	class           error // the sentinel it matches; nil = none
}

const (
	askZEGO    = "contact ZEGO with the request ID"
	fixRequest = "fix the request; the client sends this parameter right by itself, so a proxy in between may have changed it"
	slowDown   = "slow down"
	later      = "try again later; ZEGO suggests after 300 s"
)

var codes = map[Code]codeInfo{
	CodeOK: {"success", "nothing to do", nil},

	CodeWrongHost:                   {"wrong Host header", "fix the address: use WithRegion, or WithBaseURL with one of ZEGO's addresses", ErrInvalidRequest},
	CodeAppIDMalformed:              {"AppId malformed", fixRequest, ErrInvalidRequest},
	CodeTimestampMissing:            {"Timestamp missing", fixRequest, ErrInvalidRequest},
	CodeTimestampMalformed:          {"Timestamp malformed", fixRequest, ErrInvalidRequest},
	CodeSignatureExpired:            {"signature expired", "set the clock of this machine: it is more than 10 minutes wrong", ErrSignatureExpired},
	CodeSignatureWrong:              {"signature wrong", "check that the ServerSecret is the one of this AppID", ErrUnauthenticated},
	CodeActionMissing:               {"Action missing", fixRequest, ErrInvalidRequest},
	CodeActionUnsupported:           {"Action unsupported", "check the name of the action and its HTTP method", ErrInvalidRequest},
	CodeNonceMissing:                {"SignatureNonce missing", fixRequest, ErrInvalidRequest},
	CodeSignatureMissing:            {"Signature missing", fixRequest, ErrInvalidRequest},
	CodeNoServerSecret:              {"no ServerSecret for this AppID", "check the AppID", ErrUnauthenticated},
	CodeAppNotConfigured:            {"no configuration for this AppID", "check the AppID", ErrUnauthenticated},
	CodeSignatureVersionMissing:     {"SignatureVersion missing", fixRequest, ErrInvalidRequest},
	CodeSignatureVersionUnsupported: {"SignatureVersion unsupported", fixRequest, ErrInvalidRequest},
	CodeGatewayInternal:             {"gateway internal error", askZEGO, ErrUnavailable},
	CodeProductionNotConfigured:     {"production environment not configured", "a project that is still in the test environment needs WithEnvironment(EnvironmentTest)", ErrNotEnabled},
	CodeServiceNotEnabled:           {"service not enabled for this app", askZEGO, ErrNotEnabled},

	CodeRequestFailed:         {"request failed", askZEGO, nil},
	CodeInvalidParameter:      {"input parameter error", "fix the parameters of the request", ErrInvalidRequest},
	CodeParameterTooLong:      {"input parameter too long", "shorten the parameters of the request", ErrInvalidRequest},
	CodeDecodingFailed:        {"decoding failed", "fix the parameters of the request", ErrInvalidRequest},
	CodePermissionDenied:      {"no permission for this interface", askZEGO, ErrPermissionDenied},
	CodeRoomNotFound:          {"room does not exist", "check the room: it vanishes when the last user leaves", ErrRoomNotFound},
	CodeUserNotFound:          {"user does not exist", "check the user", nil},
	CodeAppRateLimited:        {"rate of the app exceeded", slowDown, ErrRateLimited},
	CodeRoomRateLimited:       {"rate of the room exceeded", slowDown, ErrRateLimited},
	CodeRoomNotFound2:         {"room does not exist", "check the room: it vanishes when the last user leaves", ErrRoomNotFound},
	CodeRoomNotFound3:         {"room does not exist", "check the room: it vanishes when the last user leaves", ErrRoomNotFound},
	CodeUserOffline:           {"user not online", "check the user", nil},
	CodeBackendRequestFailed:  {"HTTP request to the moderation backend failed", later, ErrUnavailable},
	CodeBackendRequestFailed2: {"HTTP request to the moderation backend failed", later, ErrUnavailable},
	CodeModerationFailed:      {"moderation failed", later, ErrUnavailable},
	CodeShuMeiNotEnabled:      {"ShuMei permission not enabled", "enable ShuMei content moderation for the project in ZEGO's console", ErrNotEnabled},
}

// String returns the meaning of the code, in English.
func (c Code) String() string {
	if i, ok := codes[c]; ok {
		return i.meaning
	}
	return "undocumented code " + strconv.Itoa(int(c))
}

// Advice says in one line what a caller can do about the code.
func (c Code) Advice() string {
	if i, ok := codes[c]; ok {
		return i.advice
	}
	return "look the code up in ZEGO's list of return codes"
}
