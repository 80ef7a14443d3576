package zegotest

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/url"
	"strconv"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/internal/fake"
)

// kind is the form that a field of a body must have.
type kind int

const (
	identifier kind = iota // a string that is not empty
	optional               // a string
	bit                    // 0 or 1
	list                   // strings
	address                // an absolute http(s) URL, or empty
	seconds                // 1 to 60
)

type object map[string]json.RawMessage

// body reads the JSON object of a POST request.
func body(r Request) (object, zegocensor.Code) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var o object
	if err != nil || media != "application/json" || len(r.Body) > fake.MaxBody || json.Unmarshal(r.Body, &o) != nil || o == nil {
		return nil, zegocensor.CodeDecodingFailed
	}
	return o, zegocensor.CodeOK
}

// fault names the first field of o that is not of its kind.
func (o object) fault(fields map[string]kind) string {
	for name, k := range fields {
		raw, given := o[name]
		if given && !k.fits(raw) || !given && k == identifier {
			return name
		}
	}
	return ""
}

func (k kind) fits(raw json.RawMessage) bool {
	switch k {
	case bit:
		return string(raw) == "0" || string(raw) == "1"
	case seconds:
		n, err := strconv.Atoi(string(raw))
		return err == nil && n > 0 && n <= 60
	case list:
		var v []string
		return json.Unmarshal(raw, &v) == nil && v != nil && !bytes.Contains(raw, []byte("null"))
	}
	var v *string
	if json.Unmarshal(raw, &v) != nil || v == nil {
		return false
	}
	switch k {
	case identifier:
		return *v != ""
	case address:
		u, err := url.Parse(*v)
		return *v == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
	}
	return true
}

// empty reports whether both lists of o are.
func (o object) empty() bool {
	var risks, businesses []string
	_ = json.Unmarshal(o["RiskTypeList"], &risks)
	_ = json.Unmarshal(o["BusinessTypeList"], &businesses)
	return len(risks)+len(businesses) == 0
}

func (o object) text(name string) string {
	var v string
	_ = json.Unmarshal(o[name], &v)
	return v
}

// is reports whether a bit is set.
func (o object) is(name string) bool { return string(o[name]) == "1" }
