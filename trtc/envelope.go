package trtc

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
	"github.com/zegocensor/zegocensor-go/internal/rawjson"
	"github.com/zegocensor/zegocensor-go/internal/redact"
)

// envelope is what every answer of Tencent comes in.
type envelope struct {
	response  string // as it stands in the answer
	requestID string
	code      Code // "" = success
	message   string
}

var errNoEnvelope = errors.New("not Tencent's JSON envelope")

// parseEnvelope reads an answer. No error repeats what was read.
func parseEnvelope(body []byte) (e envelope, err error) {
	text := strings.TrimPrefix(string(body), redact.BOM)
	if !rawjson.Valid(text) {
		if redact.LooksLikeJSON(text) {
			return e, errors.New("JSON broken or cut short")
		}
		return e, errNoEnvelope
	}
	for k, v := range rawjson.Members(text) {
		if k == "Response" && v[0] == '{' {
			e.response = v
		}
	}
	if e.response == "" {
		return e, errNoEnvelope
	}
	for k, v := range rawjson.Members(e.response) {
		switch k {
		case "RequestId":
			e.requestID = rawjson.Text(v)
		case "Error":
			if v == "null" {
				continue
			}
			e.code = codeUnknown // an error all the same, whatever its form
			for k, v := range rawjson.Members(v) {
				switch text := rawjson.Text(v); {
				case k == "Code" && text != "":
					e.code = Code(text)
				case k == "Message":
					e.message = text
				}
			}
		}
	}
	return e, nil
}

// requestWords are in every signed request.
var requestWords = redact.New("signature=", "credential=")

// cause is why an attempt failed, without the signed request.
func (t *try) cause(parent context.Context, limit time.Duration, err error) error {
	return attempt.Cause(parent, limit, err, &t.secrets, t.client.http.Transport, t.client.base)
}

// secretsIn adds the texts in a JSON value whose names say that they are secret,
// in Tencent's words: UserSig, SecretKey, AccessKey, Token, Password …
func secretsIn(all []string, name, value string) []string {
	switch value[0] {
	case '{':
		for k, v := range rawjson.Members(value) {
			all = secretsIn(all, strings.ToLower(k), v)
		}
	case '[':
		for v := range rawjson.Elements(value) {
			all = secretsIn(all, name, v)
		}
	case '"':
		for _, word := range [...]string{"sig", "secret", "key", "token", "password"} {
			if strings.Contains(name, word) {
				return append(all, rawjson.Text(value))
			}
		}
	}
	return all
}
