package zegocensor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// envelope is what every answer of ZEGO comes in.
type envelope struct {
	code               Code
	message, requestID string
	data               json.RawMessage
}

var errNoEnvelope = errors.New("not ZEGO's JSON envelope")

// parseEnvelope reads an answer. No error repeats what it read: the answer may
// hold a token.
func parseEnvelope(body []byte) (envelope, error) {
	var strict struct {
		Code      *int32
		Message   string
		RequestID string `json:"RequestId"`
		Data      json.RawMessage
	}
	err := json.Unmarshal(body, &strict)
	if err == nil && strict.Code != nil {
		return envelope{Code(*strict.Code), strict.Message, strict.RequestID, strict.Data}, nil
	}
	var loose struct {
		Code, Message, RequestID, Data json.RawMessage
	}
	if json.Unmarshal(body, &loose) != nil || loose.Code == nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) && looksLikeJSON(body) {
			return envelope{}, fmt.Errorf("JSON broken or cut short at byte %d", syntax.Offset)
		}
		return envelope{}, errNoEnvelope
	}
	// The types are documented, but not seen: numbers and strings may be
	// swapped.
	code, err := strconv.ParseInt(scalar(loose.Code), 10, 32)
	if err != nil {
		return envelope{}, errors.New("the Code of the envelope is no int32")
	}
	return envelope{Code(code), scalar(loose.Message), scalar(loose.RequestID), loose.Data}, nil
}

// scalar is the text of a JSON string or number, and "" of anything else.
func scalar(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// decodeData decodes Data into v and asks v, where it can tell, whether what it
// needs has come.
func (e *envelope) decodeData(v any) error {
	if data := string(bytes.TrimSpace(e.data)); data != "" && data != "null" {
		err := json.Unmarshal(e.data, v)
		// "" and [] are how some encoders write an object without members.
		if err != nil && data != `""` && data != "[]" {
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

func looksLikeJSON(body []byte) bool {
	b := bytes.TrimSpace(body)
	return len(b) > 0 && (b[0] == '{' || b[0] == '[' || b[0] == '"')
}

// excerpt is the beginning of an answer that is no JSON, on one line. JSON is
// left out, as it may hold a token.
func (t *try) excerpt(body []byte) string {
	if looksLikeJSON(body) {
		return ""
	}
	return t.clean(string(body), 120)
}

// clean makes a text from outside fit to show: at most limit bytes of printable
// runes, blanks folded, and nothing at all where the text repeats what only the
// signed request holds.
func (t *try) clean(s string, limit int) string {
	if s == "" || t.repeatsRequest(s) {
		return ""
	}
	plain := true
	for i := 0; i < len(s); i++ {
		plain = plain && s[i] > ' ' && s[i] <= '~'
	}
	if plain && len(s) <= limit {
		return s
	}
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}

// repeatsRequest reports whether s holds a secret of this attempt, or looks like
// the query of a signed request at all.
func (t *try) repeatsRequest(s string) bool {
	if strings.Contains(s, t.client.secret()) {
		return true
	}
	s = strings.ToLower(s)
	for _, part := range [...]string{t.nonce, t.signature, "signature=", "signaturenonce", "action="} {
		if part != "" && strings.Contains(s, part) {
			return true
		}
	}
	return false
}
