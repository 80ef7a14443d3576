package zegocensor

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
	"github.com/zegocensor/zegocensor-go/internal/rawjson"
)

// envelope is what every answer of ZEGO comes in.
type envelope struct {
	code               Code
	message, requestID string
	data               string // as it stands in the answer; "" = none
}

var errNoEnvelope = errors.New("not ZEGO's JSON envelope")

// parseEnvelope reads an answer. The types are documented, but not seen: a
// number may come as a string, and a string as a number. No error repeats what
// was read: it may be a token.
func parseEnvelope(body []byte) (envelope, error) {
	var e envelope
	text := string(body)
	if !rawjson.Valid(text) {
		if attempt.LooksLikeJSON(body) {
			return e, errors.New("JSON broken or cut short")
		}
		return e, errNoEnvelope
	}
	var code string
	for key, value := range rawjson.Members(text) {
		switch key {
		case "Code":
			code = value
		case "Message":
			e.message = rawjson.Text(value)
		case "RequestId":
			e.requestID = rawjson.Text(value)
		case "Data":
			e.data = value
		}
	}
	if code == "" || code == "null" {
		return e, errNoEnvelope
	}
	n, err := strconv.ParseInt(strings.Trim(code, `"`), 10, 32)
	if err != nil {
		return e, errors.New("the Code of the envelope is no int32")
	}
	e.code = Code(n)
	return e, nil
}

// decodeData decodes Data into v and asks v, where it can tell, whether what it
// needs has come.
func (e *envelope) decodeData(v any) error {
	if own, ok := v.(interface{ decode(data string) }); ok {
		if e.data != "" {
			own.decode(e.data)
		}
	} else if e.data != "" && e.data != "null" {
		err := json.Unmarshal([]byte(e.data), v)
		// "" and [] are how some encoders write an object without members.
		if err != nil && e.data != `""` && e.data != "[]" {
			return errors.New("Code is 0, but Data is not of the documented form")
		}
	}
	if c, ok := v.(interface{ missing() string }); ok {
		if field := c.missing(); field != "" {
			return errors.New("Code is 0, but Data has no " + field)
		}
	}
	return nil
}

// excerpt is the beginning of an answer that is no JSON, on one line. JSON is
// left out, as it may hold a token.
func (t *try) excerpt(body []byte) string {
	if attempt.LooksLikeJSON(body) {
		return ""
	}
	return t.clean(string(body), 120)
}

// clean makes a text from outside fit to show, and gives nothing at all where it
// repeats what only the signed request holds.
func (t *try) clean(s string, limit int) string {
	if s == "" || t.repeatsRequest(s) {
		return ""
	}
	return attempt.Printable(s, limit)
}

// shortSecret is the length below which a text may hold the ServerSecret by
// chance. ZEGO's have 32 characters.
const shortSecret = 8

// repeatsRequest reports whether s holds a secret of this attempt, or looks like
// the query of a signed request at all.
func (t *try) repeatsRequest(s string) bool {
	if secret := t.client.secret(); len(secret) >= shortSecret && strings.Contains(s, secret) {
		return true
	}
	for _, part := range [...]string{t.nonce, t.signature, "signature=", "signaturenonce", "action="} {
		if part != "" && attempt.ContainsFold(s, part) {
			return true
		}
	}
	return false
}
