package zegocensor

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
	"github.com/zegocensor/zegocensor-go/internal/rawjson"
	"github.com/zegocensor/zegocensor-go/internal/redact"
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
	text := strings.TrimPrefix(string(body), redact.BOM)
	if !rawjson.Valid(text) {
		if redact.LooksLikeJSON(text) {
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

// requestWords are in every signed request.
var requestWords = redact.New("signature=", "signaturenonce", "action=")

// cause is why an attempt failed, without the signed request.
func (t *try) cause(parent context.Context, limit time.Duration, err error) error {
	return attempt.Cause(parent, limit, err, &t.secrets, t.client.http.Transport, t.client.base)
}

// excerpt is the beginning of an answer that is not ZEGO's. An answer to
// GenerateIdentifyToken is left out, as it may contain a token in whatever form.
func (t *try) excerpt(status int, body []byte) string {
	if t.action.Name == generateIdentifyToken.Name {
		return ""
	}
	t.secrets.AddProxy(t.client.http.Transport, t.client.base)
	return t.secrets.Excerpt(status, string(body))
}

// keepTokens keeps the tokens that an answer brings out of its other texts.
func (t *try) keepTokens(data string) {
	if data == "" {
		return
	}
	for k, v := range rawjson.Members(data) {
		if strings.Contains(strings.ToLower(k), "token") {
			t.secrets.Add(rawjson.Text(v))
		}
	}
}
