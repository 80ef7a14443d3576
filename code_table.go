package zegocensor

import (
	"time"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
)

// codeInfo is what a code means in one family. The zero value is that of a code
// without documentation.
type codeInfo struct {
	meaning, advice string
	class           error           // the sentinel that it matches; nil = none
	outcome         attempt.Outcome // of the attempt; most codes are refusals
	retryAfter      time.Duration   // that ZEGO suggests; 0 = none
}

// in returns what the code means in an answer to the action.
func (c Code) in(action string) codeInfo {
	if info, ok := gatewayCodes[c]; ok {
		return info
	}
	return families[action][c]
}

const (
	askZEGO    = "contact ZEGO with the request ID"
	fixRequest = "fix the request; the client sends this parameter right by itself, so a proxy in between may have changed it"
	fixParams  = "fix the parameters of the request"
	checkRoom  = "check the room: it vanishes when the last user leaves"
	checkUser  = "check the user"
	slowDown   = "slow down"
	again      = "try again, and contact ZEGO with the request ID if it fails again"
	later      = "try again later; ZEGO suggests after 300 s"
	fixStream  = "check the StreamId; in the test environment it must be zegotest-<AppId>-<id>"
)

const suggestedWait = 5 * time.Minute

var gatewayCodes = map[Code]codeInfo{
	CodeOK: {meaning: "success", advice: "nothing to do"},

	CodeWrongHost:                   {meaning: "wrong Host header", advice: "fix the address: use WithRegion, or WithBaseURL with one of ZEGO's addresses", class: ErrInvalidRequest},
	CodeAppIDMalformed:              {meaning: "AppId malformed", advice: fixRequest, class: ErrInvalidRequest},
	CodeTimestampMissing:            {meaning: "Timestamp missing", advice: fixRequest, class: ErrInvalidRequest},
	CodeTimestampMalformed:          {meaning: "Timestamp malformed", advice: fixRequest, class: ErrInvalidRequest},
	CodeSignatureExpired:            {meaning: "signature expired", advice: "set the clock of this machine: it is more than 10 minutes wrong", class: ErrSignatureExpired, outcome: attempt.Expired},
	CodeSignatureWrong:              {meaning: "signature wrong", advice: "check that the ServerSecret is the one of this AppID", class: ErrUnauthenticated},
	CodeActionMissing:               {meaning: "Action missing", advice: fixRequest, class: ErrInvalidRequest},
	CodeActionUnsupported:           {meaning: "Action unsupported", advice: "check the name of the action and its HTTP method", class: ErrInvalidRequest},
	CodeNonceMissing:                {meaning: "SignatureNonce missing", advice: fixRequest, class: ErrInvalidRequest},
	CodeSignatureMissing:            {meaning: "Signature missing", advice: fixRequest, class: ErrInvalidRequest},
	CodeNoServerSecret:              {meaning: "no ServerSecret for this AppID", advice: "check the AppID", class: ErrUnauthenticated},
	CodeAppNotConfigured:            {meaning: "no configuration for this AppID", advice: "check the AppID", class: ErrUnauthenticated},
	CodeBodyUnreadable:              {meaning: "request body could not be read", advice: "call again: nothing was carried out; if it fails again, a proxy in between may have changed the request"},
	CodeSignatureVersionMissing:     {meaning: "SignatureVersion missing", advice: fixRequest, class: ErrInvalidRequest},
	CodeSignatureVersionUnsupported: {meaning: "SignatureVersion unsupported", advice: fixRequest, class: ErrInvalidRequest},
	CodeGatewayInternal:             {meaning: "gateway internal error", advice: askZEGO, class: ErrUnavailable, outcome: attempt.Lost},
	CodeProductionNotConfigured:     {meaning: "production environment not configured", advice: "a project that is still in the test environment needs WithEnvironment(EnvironmentTest)", class: ErrNotEnabled},
	CodeServiceNotEnabled:           {meaning: "service not enabled for this app", advice: askZEGO, class: ErrNotEnabled},
}

var roomCodes = map[Code]codeInfo{
	CodeRequestFailed:         {meaning: "request failed", advice: askZEGO},
	CodeInvalidParameter:      {meaning: "input parameter error", advice: fixParams, class: ErrInvalidRequest},
	CodeParameterTooLong:      {meaning: "input parameter too long", advice: "shorten the parameters of the request", class: ErrInvalidRequest},
	CodeDecodingFailed:        {meaning: "decoding failed", advice: fixParams, class: ErrInvalidRequest},
	CodePermissionDenied:      {meaning: "no permission for this interface", advice: askZEGO, class: ErrPermissionDenied},
	CodeRoomNotFound:          {meaning: "room does not exist", advice: checkRoom, class: ErrRoomNotFound},
	CodeUserNotFound:          {meaning: "user does not exist", advice: checkUser},
	CodeMessageNotSaved:       {meaning: "message not saved", advice: again, class: ErrUnavailable},
	CodeNoMessageID:           {meaning: "no message ID could be made", advice: again, class: ErrUnavailable},
	CodeStreamNotSet:          {meaning: "stream information not set", advice: again, class: ErrUnavailable},
	CodeStreamNotDeleted:      {meaning: "stream information not deleted", advice: again, class: ErrUnavailable},
	CodeStreamNotFound:        {meaning: "stream does not exist", advice: "check the stream: it may have ended"},
	CodeMessageNotPushed:      {meaning: "message not pushed", advice: again, class: ErrUnavailable},
	CodeListFailed:            {meaning: "list could not be read", advice: again, class: ErrUnavailable},
	CodeAppRateLimited:        {meaning: "rate of the app exceeded", advice: slowDown, class: ErrRateLimited, outcome: attempt.Throttled},
	CodeRoomRateLimited:       {meaning: "rate of the room exceeded", advice: slowDown, class: ErrRateLimited, outcome: attempt.Throttled},
	CodeMessageEmpty:          {meaning: "message is empty", advice: fixParams, class: ErrInvalidRequest},
	CodeStreamInUse:           {meaning: "several users act on one stream", advice: "check whose stream it is"},
	CodeRoomDestroyed:         {meaning: "room destroyed or does not exist", advice: checkRoom, class: ErrRoomNotFound},
	CodeRoomNotFound2:         {meaning: "room does not exist", advice: checkRoom, class: ErrRoomNotFound},
	CodeMessageNotEncoded:     {meaning: "message not encoded", advice: again, class: ErrUnavailable},
	CodeNoMessageID2:          {meaning: "no message ID could be made", advice: again, class: ErrUnavailable},
	CodeRoomNotFound3:         {meaning: "room does not exist", advice: checkRoom, class: ErrRoomNotFound},
	CodeUserOffline:           {meaning: "user not online", advice: checkUser},
	CodeBackendRequestFailed:  {meaning: "HTTP request to the moderation backend failed", advice: later, class: ErrUnavailable, retryAfter: suggestedWait},
	CodeBackendRequestFailed2: {meaning: "HTTP request to the moderation backend failed", advice: later, class: ErrUnavailable, retryAfter: suggestedWait},
	CodeModerationFailed:      {meaning: "moderation failed", advice: later, class: ErrUnavailable, retryAfter: suggestedWait},
	CodeTooManyUsers:          {meaning: "too many users in one request", advice: "name fewer users in one request", class: ErrInvalidRequest},
	CodeMessageTooLong:        {meaning: "message too long", advice: "shorten the message", class: ErrInvalidRequest},
	CodeCommandNotSent:        {meaning: "command not sent", advice: again, class: ErrUnavailable},
	CodeShuMeiNotEnabled:      {meaning: "ShuMei permission not enabled", advice: "enable ShuMei content moderation for the project in ZEGO's console", class: ErrNotEnabled},
	CodeTooManyRules:          {meaning: "too many rules are in force", advice: "delete rules that are no longer needed"},
	CodeRuleNotFound:          {meaning: "rule does not exist", advice: "nothing to delete: the rule is gone"},
}

var mediaCodes = map[Code]codeInfo{
	CodeMediaFailed:             {meaning: "request failed", advice: askZEGO},
	CodeMediaInvalidParameter:   {meaning: "parameter error", advice: fixParams, class: ErrInvalidRequest},
	CodeMediaUnauthenticated:    {meaning: "authentication failed", advice: "check the AppID and its ServerSecret", class: ErrUnauthenticated},
	CodeMediaDispatchFailed:     {meaning: "dispatch failed", advice: again, class: ErrUnavailable},
	CodeMediaNoNode:             {meaning: "no node available", advice: again, class: ErrUnavailable},
	CodeMediaNoNode2:            {meaning: "no node available", advice: again, class: ErrUnavailable},
	CodeMediaAppOffline:         {meaning: "app not online", advice: askZEGO, class: ErrNotEnabled},
	CodeMediaInvalidParameter2:  {meaning: "parameter error", advice: fixParams, class: ErrInvalidRequest},
	CodeMediaRateLimited:        {meaning: "called too often", advice: slowDown, class: ErrRateLimited, outcome: attempt.Throttled},
	CodeMediaInvalidApp:         {meaning: "app invalid", advice: askZEGO, class: ErrUnauthenticated},
	CodeMediaInternal:           {meaning: "internal error", advice: askZEGO, class: ErrUnavailable},
	CodeMediaTimestampWrong:     {meaning: "Timestamp wrong", advice: "set the clock of this machine", class: ErrSignatureExpired, outcome: attempt.Expired},
	CodeMediaTokenNotConfigured: {meaning: "app not configured for tokens", advice: askZEGO, class: ErrNotEnabled},
	CodeMediaInternal2:          {meaning: "internal error", advice: askZEGO, class: ErrUnavailable},
	CodeMediaInternal3:          {meaning: "internal error", advice: askZEGO, class: ErrUnavailable},
	CodeMediaInternal4:          {meaning: "internal error", advice: askZEGO, class: ErrUnavailable},
	CodeMediaUnauthenticated2:   {meaning: "authentication failed", advice: "check the AppID and its ServerSecret", class: ErrUnauthenticated},
	CodeMediaInvalidCDN:         {meaning: "CDN address invalid", advice: fixParams, class: ErrInvalidRequest},
	CodeMediaInvalidRequest:     {meaning: "request invalid", advice: fixParams, class: ErrInvalidRequest},
	CodeMediaInternal5:          {meaning: "internal error", advice: askZEGO, class: ErrUnavailable},
	CodeMediaRateLimited2:       {meaning: "called too often", advice: slowDown, class: ErrRateLimited, outcome: attempt.Throttled},
	CodeMediaInvalidCDN2:        {meaning: "CDN address invalid", advice: fixParams, class: ErrInvalidRequest},
	CodeMediaRateLimited3:       {meaning: "called too often", advice: slowDown, class: ErrRateLimited, outcome: attempt.Throttled},
	CodeMediaInternal6:          {meaning: "internal error", advice: askZEGO, class: ErrUnavailable},
	CodeMediaInvalidIsTest:      {meaning: "IsTest wrong", advice: "check WithEnvironment", class: ErrInvalidRequest},
	CodeMediaInvalidAppID:       {meaning: "AppId invalid", advice: "check the AppID", class: ErrUnauthenticated},
	CodeMediaInvalidStreamIDs:   {meaning: "list of StreamIds invalid", advice: fixStream, class: ErrInvalidRequest},
	CodeMediaInvalidStreamID:    {meaning: "StreamId invalid", advice: fixStream, class: ErrInvalidRequest},
	CodeMediaInvalidParameter3:  {meaning: "parameter error", advice: fixParams, class: ErrInvalidRequest},
	CodeMediaInvalidParameter4:  {meaning: "parameter error", advice: fixParams, class: ErrInvalidRequest},
	CodeMediaUnauthenticated3:   {meaning: "authentication failed", advice: "check the AppID and its ServerSecret", class: ErrUnauthenticated},
	CodeMediaLiveNotFound:       {meaning: "live stream not saved or does not exist", advice: "check the stream: it may have ended"},
	CodeMediaLiveNotFound2:      {meaning: "live stream not saved or does not exist", advice: "check the stream: it may have ended"},
	CodeMediaLiveNotFound3:      {meaning: "live stream not saved or does not exist", advice: "check the stream: it may have ended"},
	CodeMediaStreamNotFound:     {meaning: "stream does not exist", advice: "check the stream: it may have ended"},
	CodeMediaStreamClosed:       {meaning: "stream exists, and is closed", advice: "nothing to do: the query succeeded"},
	CodeMediaForbidFailed:       {meaning: "stream not forbidden", advice: again, class: ErrUnavailable},
	CodeMediaResumeFailed:       {meaning: "stream not resumed", advice: again, class: ErrUnavailable},
	CodeMediaForbidFailed2:      {meaning: "streams not forbidden", advice: again, class: ErrUnavailable},
	CodeMediaResumeFailed2:      {meaning: "streams not resumed", advice: again, class: ErrUnavailable},
}

// families are the tables of the actions that have one, as ZEGO's pages group them.
var families = map[string]map[Code]codeInfo{
	"GenerateIdentifyToken": roomCodes,
	"StartCensorAudioV2":    roomCodes,
	"StartCensorVideoV2":    roomCodes,
	"StopCensorAudioV2":     roomCodes,
	"StopCensorVideoV2":     roomCodes,

	"AddStream":                 roomCodes,
	"CloseRoom":                 roomCodes,
	"DelForbidStreamRule":       roomCodes,
	"DelForbidUserRule":         roomCodes,
	"DeleteStream":              roomCodes,
	"DescribeForbidStreamRules": roomCodes,
	"DescribeForbidUserRules":   roomCodes,
	"DescribeSimpleStreamList":  roomCodes,
	"DescribeUserList":          roomCodes,
	"DescribeUserNum":           roomCodes,
	"DescribeUsers":             roomCodes,
	"KickoutUser":               roomCodes,
	"SendBarrageMessage":        roomCodes,
	"SendBroadcastMessage":      roomCodes,
	"SendCustomCommand":         roomCodes,
	"SetForbidStreamRule":       roomCodes,
	"SetForbidUserRule":         roomCodes,

	"DescribeRTCStreamState":   mediaCodes,
	"ForbidCDNLiveStream":      mediaCodes,
	"ForbidRTCStream":          mediaCodes,
	"ForbidRTCStreams":         mediaCodes,
	"QueryForbidCDNLiveStream": mediaCodes,
	"RTMPDispatchV2":           mediaCodes,
	"ResumeCDNLiveStream":      mediaCodes,
	"ResumeRTCStream":          mediaCodes,
	"ResumeRTCStreams":         mediaCodes,
}
