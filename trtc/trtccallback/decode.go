package trtccallback

import (
	"cmp"
	"encoding/json"
	"iter"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/rawjson"
)

// decode makes the event out of a body whose signature was verified. What is
// missing or of another type than documented is left empty: new forms appear
// without notice, and a callback that is refused is lost.
func decode(h Header) Event {
	var eventTs time.Time
	var streamer string
	for k, v := range members(h.info) {
		switch k {
		case "RoomId":
			h.RoomID = rawjson.Text(v)
			h.RoomIDIsNumber = v[0] == '-' || v[0] >= '0' && v[0] <= '9'
		case "EventMsTs":
			h.EventAt = moment(rawjson.Integer(v))
		case "EventTs":
			eventTs = moment(rawjson.Integer(v))
		case "UserId":
			h.UserID = rawjson.Text(v)
		case "TaskId":
			h.TaskID = rawjson.Text(v)
		case "StreamerUserId":
			streamer = rawjson.Text(v)
		}
	}
	if h.EventAt.IsZero() {
		h.EventAt = eventTs
	}
	// code reads a member of the payload of which 0 can mean that all is well.
	code := func(key string) int {
		n := -1
		for k, v := range members(h.payload()) {
			if k == key && rawjson.Text(v) != "" {
				n = int(rawjson.Code(v))
			}
		}
		return n
	}
	switch h.EventType {
	case 101:
		return &RoomCreated{h}
	case 102:
		return &RoomDismissed{h}
	case 201, 203, 205:
		return &MediaStarted{h}
	case 1101:
		return &TaskStarted{h, code("Status")}
	case 1102:
		return &TaskExited{h, LeaveCode(code("LeaveCode"))}
	case 1103:
		return &SendingStarted{h, code("Status")}
	case 1104:
		r := &Result{Header: h, StreamerUserID: streamer, Suggest: SuggestUnknown}
		r.decode(h.payload())
		return r
	case 1105:
		return &SendingStopped{h, code("Status")}
	case 1106:
		e := &UploadError{Header: h, Code: code("Code")}
		for k, v := range members(h.payload()) {
			if k == "Message" {
				e.Message = rawjson.Text(v)
			}
		}
		return e
	}
	return &UnknownEvent{h}
}

// payload is the Payload of the event as it stands in the body, or "".
func (h *Header) payload() (p string) {
	for k, v := range members(h.info) {
		if k == "Payload" {
			p = v
		}
	}
	return p
}

// members are rawjson's, also of nothing.
func members(value string) iter.Seq2[string, string] { return rawjson.Members(cmp.Or(value, "{}")) }

func (r *Result) decode(payload string) {
	var details string
	for k, v := range members(payload) {
		switch k {
		case "DataId":
			r.DataID = rawjson.Text(v)
		case "RequestId":
			r.RequestID = rawjson.Text(v)
		case "MediaType":
			r.MediaType = MediaType(rawjson.Integer(v))
		case "Suggest":
			r.Suggest = suggest(v)
		case "Label":
			r.Label = rawjson.Text(v)
		case "Rate":
			r.Rate = rawjson.Float(v)
		case "Audio":
			r.Audio = rawjson.Text(v)
		case "AudioText":
			r.AudioText = rawjson.Text(v)
		case "Image":
			r.Image = rawjson.Text(v)
		case "ImageOcr":
			r.ImageOCR = rawjson.Text(v)
		case "CheckDetail":
			details = v
		}
	}
	d := decoder{rawjson.NewBudget()}
	switch {
	case details == "":
	case details[0] == '{': // as the table has it; the examples have a list
		r.CheckDetail = make([]CheckDetail, 1)
		d.detail(&r.CheckDetail[0], details)
	default:
		r.CheckDetail = rawjson.ListOf(details, &d.budget, d.detail)
	}
}

// decoder decodes the details of one body. Of a list that an object has twice, it
// reads the last.
type decoder struct{ budget rawjson.Budget }

func (dec *decoder) detail(d *CheckDetail, value string) {
	var keywords string
	d.Suggest = SuggestUnknown
	for k, v := range rawjson.Members(value) {
		switch k {
		case "Scene":
			d.Scene = rawjson.Text(v)
		case "Label":
			d.Label = rawjson.Text(v)
		case "Suggest":
			d.Suggest = suggest(v)
		case "Keywords":
			keywords = v
		case "Score":
			d.Score = rawjson.Float(v)
		case "Desc":
			d.Desc = rawjson.Text(v)
		case "AudioSegments":
			d.AudioSegments = json.RawMessage(v)
		case "ImageLocation":
			d.ImageLocation = json.RawMessage(v)
		}
	}
	if keywords != "" {
		d.Keywords = rawjson.Texts(keywords, &dec.budget)
	}
}

// suggest takes nothing for a pass that does not say so.
func suggest(value string) Suggest {
	if rawjson.Text(value) == "" {
		return SuggestUnknown
	}
	return Suggest(rawjson.Code(value))
}

// moment reads a Unix time. Tencent documents milliseconds in some places and
// seconds in others: what would be before 1973 in milliseconds is in seconds.
func moment(n int64) time.Time {
	const (
		inSeconds = 1e11
		most      = 253402300800000 // the end of the year 9999, beyond which JSON has no times
	)
	switch {
	case n <= 0 || n >= most:
		return time.Time{}
	case n < inSeconds:
		return time.Unix(n, 0)
	}
	return time.UnixMilli(n)
}
