package callback

import (
	"time"

	"github.com/zegocensor/zegocensor-go/internal/rawjson"
)

// beijing is the zone of ImgTime; it has no summer time.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// decode makes the event out of a body whose signature was verified. What is
// missing or of another type than documented is left empty: new forms appear
// without notice, and a callback that is refused is lost.
func decode(h Header, text string) Event {
	d := decoder{rawjson.NewBudget()}
	switch h.Event {
	case "censor_audio_v2_result":
		return d.audioResult(h, text)
	case "censor_video_v2_audio_result":
		return (*VideoAudioResult)(d.audioResult(h, text))
	case "censor_video_v2_img_result":
		return d.imageResult(h, text)
	case "censor_audio_v2_status":
		return status(h, text)
	case "censor_video_v2_audio_status":
		return (*VideoAudioStatus)(status(h, text))
	case "censor_video_v2_img_status":
		return (*VideoImageStatus)(status(h, text))
	case "room_create":
		if e, ok := roomCreated(h, text); ok {
			return e
		}
	case "room_close":
		return roomClosed(h, text)
	case "stream_create":
		return d.streamCreated(h, text)
	case "stream_close":
		return streamClosed(h, text)
	case "room_login":
		return userLoggedIn(h, text)
	case "room_logout":
		return userLoggedOut(h, text)
	}
	return &UnknownEvent{h}
}

// decoder decodes one body. Of a list that an object has twice, it reads the last.
type decoder struct{ budget rawjson.Budget }

// field reads a member that all moderation events have.
func (t *Task) field(key string, v string) {
	switch key {
	case "Code":
		t.Code = rawjson.Code(v)
	case "Message":
		t.Message = rawjson.Text(v)
	case "TaskId":
		t.TaskID = rawjson.Text(v)
	}
}

func (d *decoder) audioResult(h Header, text string) *AudioResult {
	e := &AudioResult{Header: h}
	for k, v := range rawjson.Members(text) {
		switch k {
		case "ResultTaskId":
			e.ResultTaskID = rawjson.Text(v)
		case "Detail":
			d.audioDetail(&e.Detail, v)
		case "AuxInfo":
			for k, v := range rawjson.Members(v) {
				switch k {
				case "RoomId":
					e.AuxInfo.RoomID = rawjson.Text(v)
				case "ProcessBeginTime":
					e.AuxInfo.ProcessBeginTime = milliseconds(v)
				case "ProcessFinishTime":
					e.AuxInfo.ProcessFinishTime = milliseconds(v)
				case "UserId":
					e.AuxInfo.UserID = rawjson.Text(v)
				case "StreamId":
					e.AuxInfo.StreamID = rawjson.Text(v)
				}
			}
		default:
			e.Task.field(k, v)
		}
	}
	return e
}

// verdict reads a member that all have that judge something.
func verdict(key, v string, level *RiskLevel, description, label1, label2, label3 *string) {
	switch key {
	case "RiskLevel":
		*level = RiskLevel(rawjson.Text(v))
	case "RiskDescription":
		*description = rawjson.Text(v)
	case "RiskLabel1":
		*label1 = rawjson.Text(v)
	case "RiskLabel2":
		*label2 = rawjson.Text(v)
	case "RiskLabel3":
		*label3 = rawjson.Text(v)
	}
}

func (d *decoder) audioDetail(detail *AudioDetail, raw string) {
	var risks, businesses string
	for k, v := range rawjson.Members(raw) {
		switch k {
		case "AudioText", "Content":
			if s := rawjson.Text(v); s != "" {
				detail.Text = s
			}
		case "AudioUrl":
			detail.AudioURL = rawjson.Text(v)
		case "PreAudioUrl":
			detail.PreAudioURL = rawjson.Text(v)
		case "VadStatus":
			detail.Voice = rawjson.Integer(v) != 0
		case "RiskDetail":
			d.riskDetail(&detail.RiskDetail, v)
		case "RiskInfoList":
			risks = v
		case "BusinessInfoList":
			businesses = v
		default:
			verdict(k, v, &detail.RiskLevel, &detail.RiskDescription, &detail.RiskLabel1, &detail.RiskLabel2, &detail.RiskLabel3)
		}
	}
	if risks != "" {
		detail.RiskInfoList = rawjson.ListOf(risks, &d.budget, d.riskInfo)
	}
	if businesses != "" {
		detail.BusinessInfoList = rawjson.ListOf(businesses, &d.budget, d.businessInfo)
	}
}

func (d *decoder) imageResult(h Header, text string) *VideoImageResult {
	e := &VideoImageResult{Header: h}
	for k, v := range rawjson.Members(text) {
		switch k {
		case "ResultTaskId":
			e.ResultTaskID = rawjson.Text(v)
		case "Detail":
			d.imageDetail(&e.Detail, v)
		case "AuxInfo":
			for k, v := range rawjson.Members(v) {
				switch k {
				case "RoomId":
					e.AuxInfo.RoomID = rawjson.Text(v)
				case "ImgTime":
					e.AuxInfo.ImgTime, _ = time.ParseInLocation("2006-01-02 15:04:05", rawjson.Text(v), beijing)
				case "StreamId":
					e.AuxInfo.StreamID = rawjson.Text(v)
				}
			}
		default:
			e.Task.field(k, v)
		}
	}
	return e
}

func (d *decoder) imageDetail(detail *ImageDetail, raw string) {
	var risks, businesses string
	for k, v := range rawjson.Members(raw) {
		switch k {
		case "ImgUrl":
			detail.ImgURL = rawjson.Text(v)
		case "RiskDetail":
			d.riskDetail(&detail.RiskDetail, v)
		case "RiskInfoList":
			risks = v
		case "BusinessInfoList":
			businesses = v
		default:
			verdict(k, v, &detail.RiskLevel, &detail.RiskDescription, &detail.RiskLabel1, &detail.RiskLabel2, &detail.RiskLabel3)
		}
	}
	if risks != "" {
		detail.RiskInfoList = rawjson.ListOf(risks, &d.budget, d.riskInfo)
	}
	if businesses != "" {
		detail.BusinessInfoList = rawjson.ListOf(businesses, &d.budget, d.businessInfo)
	}
}

func status(h Header, text string) *AudioStatus {
	e := &AudioStatus{Header: h, Status: -1}
	for k, v := range rawjson.Members(text) {
		switch k {
		case "Status":
			if rawjson.Text(v) != "" { // nothing is not 0
				e.Status = int(rawjson.Code(v))
			}
		case "AuxInfo":
			for k, v := range rawjson.Members(v) {
				switch k {
				case "RoomId":
					e.AuxInfo.RoomID = rawjson.Text(v)
				case "CensorStreamTime":
					if s := rawjson.Integer(v); s >= 0 && s < int64(1<<63-1)/int64(time.Second) {
						e.AuxInfo.CensorStreamTime = time.Duration(s) * time.Second
					}
				}
			}
		default:
			e.Task.field(k, v)
		}
	}
	return e
}

func (d *decoder) riskInfo(i *RiskInfo, raw string) {
	for k, v := range rawjson.Members(raw) {
		switch k {
		case "Probability":
			i.Probability = rawjson.Float(v)
		case "RiskDetail":
			d.riskDetail(&i.RiskDetail, v)
		default:
			verdict(k, v, &i.RiskLevel, &i.RiskDescription, &i.RiskLabel1, &i.RiskLabel2, &i.RiskLabel3)
		}
	}
}

func (d *decoder) riskDetail(detail *RiskDetail, raw string) {
	var matched, faces, inOCR string
	for k, v := range rawjson.Members(raw) {
		switch k {
		case "RiskSource":
			detail.RiskSource = RiskSource(rawjson.Integer(v))
		case "AudioText":
			detail.AudioText = rawjson.Text(v)
		case "MatchedLists":
			matched = v
		case "FaceInfoList":
			faces = v
		case "OcrInfo":
			for k, v := range rawjson.Members(v) {
				switch k {
				case "Text":
					detail.OcrInfo.Text = rawjson.Text(v)
				case "MatchedLists":
					inOCR = v
				}
			}
		}
	}
	if matched != "" {
		detail.MatchedLists = rawjson.ListOf(matched, &d.budget, name)
	}
	if faces != "" {
		detail.FaceInfoList = d.faces(faces)
	}
	if inOCR != "" {
		detail.OcrInfo.MatchedLists = rawjson.ListOf(inOCR, &d.budget, name)
	}
}

func (d *decoder) businessInfo(i *BusinessInfo, raw string) {
	var faces string
	for k, v := range rawjson.Members(raw) {
		switch k {
		case "BusinessDescription":
			i.BusinessDescription = rawjson.Text(v)
		case "BusinessLabel1":
			i.BusinessLabel1 = rawjson.Text(v)
		case "BusinessLabel2":
			i.BusinessLabel2 = rawjson.Text(v)
		case "BusinessLabel3", "BusinessLabe3": // ZEGO's tables and samples differ
			i.BusinessLabel3 = rawjson.Text(v)
		case "ConfidenceLevel":
			i.ConfidenceLevel = int(rawjson.Integer(v))
		case "Probability":
			i.Probability = rawjson.Float(v)
		case "BusinessDetail":
			for k, v := range rawjson.Members(v) {
				if k == "FaceInfoList" {
					faces = v
				}
			}
		}
	}
	if faces != "" {
		i.FaceInfoList = d.faces(faces)
	}
}

// faces takes objects, as ZEGO's samples have them, and names, as its tables do.
func (d *decoder) faces(raw string) []FaceInfo {
	var list []FaceInfo
	for v := range rawjson.Elements(raw) {
		if v[0] != '{' && v[0] != '"' {
			continue
		}
		if !d.budget.Take() {
			break
		}
		list = append(list, FaceInfo{})
		if f := &list[len(list)-1]; v[0] == '"' {
			f.Name = rawjson.Text(v)
		} else {
			faceInfo(f, v)
		}
	}
	return list
}

func faceInfo(f *FaceInfo, raw string) {
	for k, v := range rawjson.Members(raw) {
		switch k {
		case "Name":
			f.Name = rawjson.Text(v)
		case "Id":
			f.ID = rawjson.Text(v)
		case "FaceRatio":
			f.FaceRatio = rawjson.Float(v)
		case "Probability":
			f.Probability = rawjson.Float(v)
		case "Location":
			i := 0
			for v := range rawjson.Elements(v) {
				if i < len(f.Location) {
					f.Location[i] = rawjson.Float(v)
				}
				i++
			}
		}
	}
}

func name(s *string, raw string) {
	for k, v := range rawjson.Members(raw) {
		if k == "Name" {
			*s = rawjson.Text(v)
		}
	}
}
