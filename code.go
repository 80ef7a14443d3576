package zegocensor

import "strconv"

// Code is a return code of ZEGO's server API. Only 0 is success.
//
// The codes of the gateway, from [CodeWrongHost] on, mean the same for every action.
// The smaller ones belong to a family of actions, and the same number means something
// else in another family: 3 is [CodeParameterTooLong] for the actions on moderation
// and rooms, and [CodeMediaUnauthenticated] for those on media streams. So
// [Code.Meaning] and [Code.Advice] need the action. For an action in neither family
// only the codes of the gateway have a meaning here.
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/return-codes
type Code int32

// CodeOK is success.
const CodeOK Code = 0

// The codes of ZEGO's gateway, for every action. A call that is answered with one of
// them was not carried out, except that nobody knows it for [CodeGatewayInternal].
const (
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
	CodeBodyUnreadable              Code = 100000012
	CodeSignatureVersionMissing     Code = 100000013
	CodeSignatureVersionUnsupported Code = 100000014
	CodeGatewayInternal             Code = 100000015
	CodeProductionNotConfigured     Code = 100000016
	CodeServiceNotEnabled           Code = 100000017
)

// The codes of the actions on moderation and on rooms, such as StartCensorAudioV2
// and KickoutUser. Several codes report the same condition: use the sentinels with
// [errors.Is] rather than a single code.
const (
	CodeRequestFailed         Code = 1
	CodeInvalidParameter      Code = 2
	CodeParameterTooLong      Code = 3
	CodeDecodingFailed        Code = 8
	CodePermissionDenied      Code = 9
	CodeRoomNotFound          Code = 104
	CodeUserNotFound          Code = 105
	CodeMessageNotSaved       Code = 121
	CodeNoMessageID           Code = 122
	CodeStreamNotSet          Code = 123
	CodeStreamNotDeleted      Code = 124
	CodeStreamNotFound        Code = 138
	CodeMessageNotPushed      Code = 151
	CodeListFailed            Code = 154
	CodeAppRateLimited        Code = 206
	CodeRoomRateLimited       Code = 207
	CodeMessageEmpty          Code = 1008
	CodeStreamInUse           Code = 1012
	CodeRoomDestroyed         Code = 5018
	CodeRoomNotFound2         Code = 5024
	CodeMessageNotEncoded     Code = 5201
	CodeNoMessageID2          Code = 5202
	CodeRoomNotFound3         Code = 50001
	CodeUserOffline           Code = 50003
	CodeBackendRequestFailed  Code = 50006
	CodeBackendRequestFailed2 Code = 50007
	CodeModerationFailed      Code = 50009
	CodeTooManyUsers          Code = 50011
	CodeMessageTooLong        Code = 50012
	CodeCommandNotSent        Code = 50013
	CodeShuMeiNotEnabled      Code = 50117
	CodeTooManyRules          Code = 50123
	CodeRuleNotFound          Code = 50124
)

// The codes of the actions on media streams, such as ForbidRTCStream and
// DescribeRTCStreamState.
const (
	CodeMediaFailed             Code = 1
	CodeMediaInvalidParameter   Code = 2
	CodeMediaUnauthenticated    Code = 3
	CodeMediaDispatchFailed     Code = 1001
	CodeMediaNoNode             Code = 1002
	CodeMediaNoNode2            Code = 1003
	CodeMediaAppOffline         Code = 1005
	CodeMediaInvalidParameter2  Code = 1006
	CodeMediaRateLimited        Code = 1010
	CodeMediaInvalidApp         Code = 3000
	CodeMediaInternal           Code = 3001
	CodeMediaTimestampWrong     Code = 3002
	CodeMediaTokenNotConfigured Code = 3003
	CodeMediaInternal2          Code = 5000
	CodeMediaInternal3          Code = 5001
	CodeMediaInternal4          Code = 5002
	CodeMediaUnauthenticated2   Code = 5003
	CodeMediaInvalidCDN         Code = 5004
	CodeMediaInvalidRequest     Code = 5005
	CodeMediaInternal5          Code = 5006
	CodeMediaRateLimited2       Code = 5007
	CodeMediaInvalidCDN2        Code = 30001
	CodeMediaRateLimited3       Code = 30002
	CodeMediaInternal6          Code = 30003
	CodeMediaInvalidIsTest      Code = 30004
	CodeMediaInvalidAppID       Code = 30005
	CodeMediaInvalidStreamIDs   Code = 30006
	CodeMediaInvalidStreamID    Code = 30009
	CodeMediaInvalidParameter3  Code = 30010
	CodeMediaInvalidParameter4  Code = 30011
	CodeMediaUnauthenticated3   Code = 40005
	CodeMediaLiveNotFound       Code = 41001
	CodeMediaLiveNotFound2      Code = 41002
	CodeMediaLiveNotFound3      Code = 41003
	CodeMediaStreamNotFound     Code = 41004
	// CodeMediaStreamClosed answers DescribeRTCStreamState: the query succeeded, the
	// stream exists, and nobody publishes it. ZEGO counts it as a success. [Client.Do]
	// returns an [*Error] for it, as for every code except 0.
	CodeMediaStreamClosed  Code = 41006
	CodeMediaForbidFailed  Code = 42001
	CodeMediaResumeFailed  Code = 42002
	CodeMediaForbidFailed2 Code = 42003
	CodeMediaResumeFailed2 Code = 42004
)

// Meaning returns what the code means in an answer to the action, in English, and ""
// if the code is not documented for it.
func (c Code) Meaning(action string) string { return c.in(action).meaning }

// Advice returns in one line what a caller can do about the code in an answer to the
// action, and "" if the code is not documented for it.
func (c Code) Advice(action string) string { return c.in(action).advice }

// String returns the meaning of 0 and of the gateway's codes, and the number of any
// other code: its meaning depends on the action, see [Code.Meaning].
func (c Code) String() string {
	if meaning := c.Meaning(""); meaning != "" {
		return meaning
	}
	return strconv.Itoa(int(c))
}
