package trtc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tencentyun/tls-sig-api-v2-golang/tencentyun"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/internal/check"
)

var createCloudModeration = Action{Name: "CreateCloudModeration"}

// RoomIDType is the type of a room's ID.
type RoomIDType int

// The types.
const (
	RoomIDNumber RoomIDType = iota // 1 to 4294967295; the vendor's default, too
	RoomIDString                   // a text, which clients enter as strRoomId
)

// ModerationType is what is moderated.
type ModerationType int

// The documented types. Streams, rather than slices of them, are moderated by
// suppliers that can do it. The mainland's site documents the first three only.
const (
	ModerationAudio            ModerationType = 1 // the default
	ModerationVideo            ModerationType = 2
	ModerationAudioVideo       ModerationType = 3
	ModerationAudioStream      ModerationType = 4
	ModerationAudioStreamVideo ModerationType = 5
)

// Supplier is who moderates. The list is open.
type Supplier string

// The documented suppliers. The mainland's site documents the last one only.
const (
	SupplierTianyu Supplier = "tianyu" // Tencent
	SupplierACE    Supplier = "ace"    // Tencent
	SupplierShuMei Supplier = "shumei"
	SupplierYidun  Supplier = "Yidun" // NetEase
	SupplierTRTC   Supplier = "trtc"  // TRTC itself, in mainland China
)

// SaveFiles is which files are kept in the cloud storage.
type SaveFiles int

// The documented values.
const (
	SaveNone SaveFiles = 0 // the default
	SaveAll  SaveFiles = 1
	SaveHits SaveFiles = 2 // those that did not pass
)

// StorageVendor is whose cloud storage it is.
type StorageVendor int

// The documented vendors.
const (
	StorageCOS StorageVendor = 0 // Tencent
	StorageS3  StorageVendor = 1 // AWS
	StorageOSS StorageVendor = 2 // Alibaba
)

// CreateCloudModerationRequest asks for the moderation of a room.
type CreateCloudModerationRequest struct {
	// RoomID is the room, and RoomIDType the type of its ID. Required.
	RoomID     string
	RoomIDType RoomIDType
	// UserID is the robot's: 1 to 32 letters, digits, "_" and "-". No user of the room
	// and no robot of another room may have it, and a second task with it interrupts
	// the first. If it is empty, it is [RobotUserID] of the room.
	UserID string
	// UserSig lets the robot in. If it is empty, one is made with the key of
	// [WithSDKSecretKey].
	UserSig zegocensor.Secret

	ModerationParams ModerationParams
	// CloudModerationStorage is where files are kept. It is required unless
	// SaveModerationFile is SaveNone. Tencent does not document whether an account of
	// the international site needs one for SaveNone too. If so, a request without it is
	// refused with MissingParameter.SliceStorageParams, MissingParameter.Bucket or
	// another code that begins with MissingParameter: then set a storage.
	CloudModerationStorage CloudModerationStorage
	// ResourceExpiredHour is for how many hours the task can be described, modified
	// and deleted by its ID: 6 to 72. 0 leaves it to Tencent, which takes 24. The
	// task itself does not end then.
	ResourceExpiredHour int
}

// ModerationParams is how a room is moderated.
type ModerationParams struct {
	// ModerationType is what is moderated. 0 is ModerationAudio.
	ModerationType ModerationType
	// MaxIdleTime is after how long without anybody publishing the task ends by
	// itself: whole seconds, 5 to 1800. 0 leaves it to Tencent, which takes 30.
	MaxIdleTime time.Duration
	// SliceAudio is the length of a slice of audio: whole seconds, 15 to 60. 0
	// leaves it to Tencent, which takes 15.
	SliceAudio time.Duration
	// SliceVideo is the time from a frame to the next: whole seconds, 1 to 60. 0
	// leaves it to Tencent, which takes 5.
	SliceVideo time.Duration
	// ModerationSupplier is who moderates, and ModerationSupplierParam your account
	// there, which SupplierTRTC does not need.
	ModerationSupplier      Supplier
	ModerationSupplierParam ModerationSupplierParam
	// SaveModerationFile is which files are kept.
	SaveModerationFile SaveFiles
	// CallbackHitsOnly limits results to those that did not pass. By default all are
	// sent. (Tencent's name for it is CallbackAllResults, where 0 is all.) A
	// moderator.Moderator then cannot take silence for the end of a task, and does
	// not find the task of a Create without an answer until it reports a hit.
	CallbackHitsOnly bool
	// SubscribeStreamUserIDs is whose streams are moderated. By default all are, up
	// to 25 at a time.
	SubscribeStreamUserIDs SubscribeModerationUserIDs
}

// ModerationSupplierParam is an account with a supplier.
type ModerationSupplierParam struct {
	AppID        string
	SecretID     string
	SecretKey    zegocensor.Secret
	AudioBizType string // the policy for audio
	ImageBizType string // the policy for frames
}

// SubscribeModerationUserIDs are lists of users whose streams are moderated, or are
// not: of each medium one of the two, with 32 users at most. An ID that ends in
// ".*$" stands for all that begin with what is before it.
type SubscribeModerationUserIDs struct {
	SubscribeAudioUserIDs   []string
	UnSubscribeAudioUserIDs []string
	SubscribeVideoUserIDs   []string
	UnSubscribeVideoUserIDs []string
}

// CloudModerationStorage is a place in a cloud storage.
type CloudModerationStorage struct {
	Vendor    StorageVendor
	Region    string
	Bucket    string
	AccessKey zegocensor.Secret
	SecretKey zegocensor.Secret
	// FileNamePrefix are the folders below which files are kept, the outermost
	// first: letters, digits, "_" and "-".
	FileNamePrefix []string
}

// CreateCloudModerationResponse tells the task that was started.
type CreateCloudModerationResponse struct {
	Response
	TaskID string // needed to stop the task; callbacks carry it too
}

// CreateCloudModeration starts a moderation task for a room. The results arrive as
// callbacks, at the address that is set in TRTC's console. The task keeps moderating,
// and is charged for what it moderates, until it is deleted, or until nobody has
// published for MaxIdleTime. TRTC charges for slices and frames, the supplier for
// their moderation.
//
// An application can have 500 streams moderated simultaneously, unless Tencent's
// support has set more. Beyond that a Create is refused with
// [CodeRestrictedConcurrency], which matches [zegocensor.ErrRateLimited]: waiting for
// seconds does not help, another task has to end first.
//
// A Create that may have arrived is never sent again: the error then matches
// [zegocensor.ErrOutcomeUnknown]. Errors: *zegocensor.InvalidRequestError, [*Error],
// *zegocensor.TransportError, *zegocensor.ResponseError, or that of ctx.
//
// https://www.tencentcloud.com/document/api/647/72648
func (c *Client) CreateCloudModeration(ctx context.Context, req *CreateCloudModerationRequest) (*CreateCloudModerationResponse, error) {
	id, resp, err := c.taskCall(ctx, createCloudModeration, req.payload(c))
	if err != nil {
		return nil, err
	}
	return &CreateCloudModerationResponse{*resp, id}, nil
}

// UserSigValidity is for how long a UserSig can be used that a [Client] makes. The
// robot needs it for as long as its task runs, as it may have to enter again.
const UserSigValidity = 7 * 24 * time.Hour

func (r *CreateCloudModerationRequest) payload(c *Client) payload {
	if r == nil {
		return nilRequest
	}
	var f faults
	roomIDType := 0
	if r.RoomIDType == RoomIDNumber {
		roomIDType = 1
		f.check(isRoomNumber(r.RoomID), "RoomID", "must be a number from 1 to 4294967295, unless RoomIDType is RoomIDString")
	} else {
		f.check(r.RoomIDType == RoomIDString, "RoomIDType", "must be one of the constants")
		f.reason("RoomID", check.Text(r.RoomID))
		f.check(len(r.RoomID) <= 64, "RoomID", "must be at most 64 bytes long")
	}
	userID, userSig := r.UserID, r.UserSig
	if userID == "" {
		userID = RobotUserID(r.RoomID, r.RoomIDType)
	}
	f.check(isUserID(userID), "UserID", `must be 1 to 32 letters, digits, "_" and "-"`)
	if userSig == (zegocensor.Secret{}) && f.check(c.sdkSecretKey != nil, "UserSig", "must not be empty, unless the client has WithSDKSecretKey") {
		// It has no way to fail: it encodes a fixed form into memory.
		sig, err := tencentyun.GenUserSig(int(c.sdkAppID), c.sdkSecretKey(), userID, int(UserSigValidity/time.Second))
		f.check(err == nil, "UserSig", "cannot be made")
		userSig = zegocensor.NewSecret(sig)
	}
	p := r.ModerationParams
	f.optionalText("UserSig", userSig.Reveal())
	f.check(p.ModerationType >= 0, "ModerationParams.ModerationType", "must not be negative")
	f.optionalText("ModerationParams.ModerationSupplier", string(p.ModerationSupplier))
	p.ModerationSupplierParam.check(&f)
	f.seconds("ModerationParams.MaxIdleTime", p.MaxIdleTime, 5*time.Second, 1800*time.Second)
	f.seconds("ModerationParams.SliceAudio", p.SliceAudio, 15*time.Second, 60*time.Second)
	f.seconds("ModerationParams.SliceVideo", p.SliceVideo, time.Second, 60*time.Second)
	f.check(p.SaveModerationFile >= SaveNone && p.SaveModerationFile <= SaveHits, "ModerationParams.SaveModerationFile", "must be one of the constants")
	f.check(p.SaveModerationFile == SaveNone || !r.CloudModerationStorage.empty(), "CloudModerationStorage", "must not be empty where SaveModerationFile is not SaveNone")
	f.check(r.ResourceExpiredHour == 0 || r.ResourceExpiredHour >= 6 && r.ResourceExpiredHour <= 72, "ResourceExpiredHour", "must be 6 to 72, or 0 for the default")
	p.SubscribeStreamUserIDs.check(&f, "ModerationParams.SubscribeStreamUserIDs.")
	r.CloudModerationStorage.check(&f)
	if f != nil {
		return payload{faults: f}
	}

	wire := wireCreate{
		SdkAppID:   c.sdkAppID,
		RoomID:     r.RoomID,
		RoomIDType: roomIDType,
		UserID:     userID,
		UserSig:    userSig.Reveal(),
		ModerationParams: wireModerationParams{
			ModerationType:         p.ModerationType,
			MaxIdleTime:            int(p.MaxIdleTime / time.Second),
			SliceAudio:             int(p.SliceAudio / time.Second),
			SliceVideo:             int(p.SliceVideo / time.Second),
			ModerationSupplier:     p.ModerationSupplier,
			SaveModerationFile:     p.SaveModerationFile,
			SubscribeStreamUserIDs: p.SubscribeStreamUserIDs.wire(),
		},
		ResourceExpiredHour: r.ResourceExpiredHour,
	}
	if wire.ModerationParams.ModerationType == 0 {
		wire.ModerationParams.ModerationType = ModerationAudio
	}
	if p.CallbackHitsOnly {
		wire.ModerationParams.CallbackAllResults = 1
	}
	if s := p.ModerationSupplierParam; s != (ModerationSupplierParam{}) {
		wire.ModerationParams.ModerationSupplierParam = &wireSupplierParam{s.AppID, s.SecretID, s.SecretKey.Reveal(), s.AudioBizType, s.ImageBizType}
	}
	if s := r.CloudModerationStorage; !s.empty() {
		wire.ModerationStorageParams.CloudModerationStorage = &wireStorage{s.Vendor, s.Region, s.Bucket, s.AccessKey.Reveal(), s.SecretKey.Reveal(), s.FileNamePrefix}
	}
	return payloadOf(&wire)
}

// The forms of the wire.
type (
	wireCreate struct {
		SdkAppID                uint32 `json:"SdkAppId"`
		RoomID                  string `json:"RoomId"`
		RoomIDType              int    `json:"RoomIdType"`
		UserID                  string `json:"UserId"`
		UserSig                 string
		ModerationParams        wireModerationParams
		ModerationStorageParams wireStorageParams // Tencent documents it as required, also if nothing is in it
		ResourceExpiredHour     int               `json:",omitempty"`
	}
	wireModerationParams struct {
		ModerationType          ModerationType
		MaxIdleTime             int                `json:",omitempty"`
		SliceAudio              int                `json:",omitempty"`
		SliceVideo              int                `json:",omitempty"`
		ModerationSupplier      Supplier           `json:",omitempty"`
		ModerationSupplierParam *wireSupplierParam `json:",omitempty"`
		SaveModerationFile      SaveFiles
		CallbackAllResults      int
		SubscribeStreamUserIDs  *wireUserIDs `json:"SubscribeStreamUserIds,omitempty"`
	}
	wireSupplierParam struct {
		AppID        string `json:",omitempty"`
		SecretID     string `json:"SecretId,omitempty"`
		SecretKey    string `json:",omitempty"`
		AudioBizType string `json:",omitempty"`
		ImageBizType string `json:",omitempty"`
	}
	wireUserIDs struct {
		SubscribeAudioUserIDs   []string `json:"SubscribeAudioUserIds,omitempty"`
		UnSubscribeAudioUserIDs []string `json:"UnSubscribeAudioUserIds,omitempty"`
		SubscribeVideoUserIDs   []string `json:"SubscribeVideoUserIds,omitempty"`
		UnSubscribeVideoUserIDs []string `json:"UnSubscribeVideoUserIds,omitempty"`
	}
	wireStorageParams struct {
		CloudModerationStorage *wireStorage `json:",omitempty"`
	}
	wireStorage struct {
		Vendor         StorageVendor
		Region         string
		Bucket         string
		AccessKey      string
		SecretKey      string
		FileNamePrefix []string `json:",omitempty"`
	}
)

const (
	robotPrefix = "moderator_"
	hashPrefix  = "moderator-" // another, so that no room's ID can be chosen to have another room's robot
	maxUserID   = 32
	maxPerList  = 32
)

// RobotUserID returns the UserId of a room's robot if a request names none. Each room
// has its own: "moderator_" and the room's ID, or "moderator-" and a hash of it if the
// ID is not fit for a UserId, or is a text that is written as a number of another room.
func RobotUserID(roomID string, roomIDType RoomIDType) string {
	if id := robotPrefix + roomID; isUserID(id) && (roomIDType == RoomIDNumber || !isRoomNumber(roomID)) {
		return id
	}
	sum := sha256.Sum256([]byte(roomID))
	return hashPrefix + hex.EncodeToString(sum[:])[:maxUserID-len(hashPrefix)]
}

// isRoomNumber reports whether id is written as a room's number is.
func isRoomNumber(id string) bool {
	n, err := strconv.ParseUint(id, 10, 32)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == id
}

func isUserID(s string) bool { return len(s) <= maxUserID && isName(s) }

func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !isAlphanumeric(r) && r != '_' && r != '-' })
}

func (f *faults) seconds(field string, d, least, most time.Duration) {
	if d != 0 {
		f.reason(field, check.Seconds(d, least, most))
	}
}

func (f *faults) optionalText(field, value string) {
	if value != "" {
		f.reason(field, check.Text(value))
	}
}

func (s ModerationSupplierParam) check(f *faults) {
	const prefix = "ModerationParams.ModerationSupplierParam."
	f.optionalText(prefix+"AppID", s.AppID)
	f.optionalText(prefix+"SecretID", s.SecretID)
	f.optionalText(prefix+"SecretKey", s.SecretKey.Reveal())
	f.optionalText(prefix+"AudioBizType", s.AudioBizType)
	f.optionalText(prefix+"ImageBizType", s.ImageBizType)
}

func (s SubscribeModerationUserIDs) check(f *faults, prefix string) {
	list := func(name string, ids []string) {
		f.check(len(ids) <= maxPerList, prefix+name, "must have at most 32 users")
		for i, id := range ids {
			f.reason(fmt.Sprintf("%s%s[%d]", prefix, name, i), check.Text(id))
		}
	}
	list("SubscribeAudioUserIDs", s.SubscribeAudioUserIDs)
	list("UnSubscribeAudioUserIDs", s.UnSubscribeAudioUserIDs)
	list("SubscribeVideoUserIDs", s.SubscribeVideoUserIDs)
	list("UnSubscribeVideoUserIDs", s.UnSubscribeVideoUserIDs)
	f.check(len(s.SubscribeAudioUserIDs) == 0 || len(s.UnSubscribeAudioUserIDs) == 0, prefix+"SubscribeAudioUserIDs", "and UnSubscribeAudioUserIDs must not both be set")
	f.check(len(s.SubscribeVideoUserIDs) == 0 || len(s.UnSubscribeVideoUserIDs) == 0, prefix+"SubscribeVideoUserIDs", "and UnSubscribeVideoUserIDs must not both be set")
}

func (s SubscribeModerationUserIDs) wire() *wireUserIDs {
	if len(s.SubscribeAudioUserIDs)+len(s.UnSubscribeAudioUserIDs)+len(s.SubscribeVideoUserIDs)+len(s.UnSubscribeVideoUserIDs) == 0 {
		return nil
	}
	w := wireUserIDs(s)
	return &w
}

func (s CloudModerationStorage) empty() bool {
	return s.Vendor == 0 && s.Region == "" && s.Bucket == "" && s.AccessKey == (zegocensor.Secret{}) && s.SecretKey == (zegocensor.Secret{}) && len(s.FileNamePrefix) == 0
}

func (s CloudModerationStorage) check(f *faults) {
	if s.empty() {
		return
	}
	f.check(s.Vendor >= 0, "CloudModerationStorage.Vendor", "must not be negative")
	f.reason("CloudModerationStorage.Region", check.Text(s.Region))
	f.reason("CloudModerationStorage.Bucket", check.Text(s.Bucket))
	f.reason("CloudModerationStorage.AccessKey", check.Text(s.AccessKey.Reveal()))
	f.reason("CloudModerationStorage.SecretKey", check.Text(s.SecretKey.Reveal()))
	for i, name := range s.FileNamePrefix {
		f.check(isName(name), fmt.Sprintf("CloudModerationStorage.FileNamePrefix[%d]", i), `must be letters, digits, "_" and "-"`)
	}
}
