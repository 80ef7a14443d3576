package zegocensor

import "github.com/zegocensor/zegocensor-go/internal/rawjson"

// What the censor actions have in common. The string types are open: ZEGO
// grants other values on request, so that a value without a constant passes.

// EventID is a kind of room. It decides how strict the moderation is.
type EventID string

// The documented kinds of room.
const (
	EventLiveStreaming EventID = "live_streaming"
	EventAudioRoom     EventID = "audio_room" // audio moderation only
	EventPrivateChat   EventID = "private_chat"
)

// Language is the language of what is said or of a label.
type Language string

// The documented languages.
const (
	LanguageChinese    Language = "zh"
	LanguageJapanese   Language = "ja"
	LanguageKorean     Language = "ko"
	LanguageThai       Language = "th"
	LanguageVietnamese Language = "vi"
	LanguageMalay      Language = "ms"
	LanguageFilipino   Language = "tl"
	LanguageIndonesian Language = "id"
	LanguageHindi      Language = "hi"
	LanguageArabic     Language = "ar"
	LanguageTurkish    Language = "tr"
	LanguageEnglish    Language = "en"
	LanguageSpanish    Language = "es"
	LanguagePortuguese Language = "pt"
	LanguageItalian    Language = "it"
	LanguageFrench     Language = "fr"
	LanguageGerman     Language = "de"
	LanguageRussian    Language = "ru"
)

// RiskType is a kind of violation to look for. The spellings are ZEGO's.
type RiskType string

// The documented risks. The first two groups are for audio: StartCensorAudioV2 takes
// all of them except RiskBannedSongInVideo, and AudioParam of StartCensorVideoV2 all
// except RiskBannedSong. ZEGO's list for AudioParam also lacks RiskAdvertisingLaw and
// RiskAudioPolitical, which its example contains. VideoParam takes the last group,
// RiskPolitics, RiskPornography, RiskViolence and RiskAdvertisement.
const (
	// The semantics of what is said.
	RiskAdvertisingLaw RiskType = "ADLAW"  // violations of advertising law
	RiskPornography    RiskType = "EROTIC" // in VideoParam sexy content too
	RiskAbuse          RiskType = "DIRTY"
	RiskPolitics       RiskType = "POLITY"
	RiskProhibited     RiskType = "BAN"
	RiskViolence       RiskType = "VIOLENT" // violence and terrorism; in VideoParam prohibited goods too
	RiskAdvertisement  RiskType = "ADVERT"

	// The features of a sound.
	RiskMoaning        RiskType = "MOAN"
	RiskNationalAnthem RiskType = "ANTHEN"
	// RiskBannedSong is for StartCensorAudioV2, RiskBannedSongInVideo for
	// AudioParam of StartCensorVideoV2: ZEGO spells them differently.
	RiskBannedSong        RiskType = "BANDAUDIO"
	RiskBannedSongInVideo RiskType = "BANEDAUDIO"
	RiskAudioPolitical    RiskType = "AUDIOPOLITICAL" // ask ZEGO what it covers

	// RiskImageText and RiskQRCode are for VideoParam only.
	RiskImageText RiskType = "IMGTEXTRISK" // offending text in the picture
	RiskQRCode    RiskType = "QRCODE"
)

// BusinessType is something to recognise that is no violation. The spellings
// are ZEGO's.
type BusinessType string

// The documented business types: the first four for audio, the others for
// VideoParam.
const (
	BusinessMinor    BusinessType = "MOINIR" // a minor, by what is said
	BusinessSinging  BusinessType = "SING"
	BusinessLanguage BusinessType = "LANGUAGE"
	BusinessVoice    BusinessType = "VOICE" // gender, age and timbre of a voice

	BusinessAge           BusinessType = "AGE"               // a minor, by the picture
	BusinessLogo          BusinessType = "PHOTOMATERIALLOGO" // logos of copyright holders
	BusinessFaceDetection BusinessType = "FACEDETECTION"
	BusinessBeauty        BusinessType = "BEAUTY"
)

// taskID reads the TaskId out of the Data of a Start.
func taskID(data string) (id string) {
	for k, v := range rawjson.Members(data) {
		if k == "TaskId" {
			id = rawjson.Text(v)
		}
	}
	return id
}

func missingTaskID(id string) string {
	if id == "" {
		return "TaskId"
	}
	return ""
}

// stopTask is the payload of a Stop.
func stopTask(taskID string) payload {
	var f faults
	if f.text("TaskID", taskID); f != nil {
		return payload{faults: f}
	}
	return bodyOf(&struct {
		TaskID string `json:"TaskId"`
	}{taskID})
}

// bit is a flag as the wire has it.
func bit(b bool) int32 {
	if b {
		return 1
	}
	return 0
}
