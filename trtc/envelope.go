package trtc

import (
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"strings"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
	"github.com/zegocensor/zegocensor-go/internal/rawjson"
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
	text := string(body)
	if !rawjson.Valid(text) {
		if attempt.LooksLikeJSON(body) {
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

// clean makes a text from outside fit to show, and gives nothing at all where it
// repeats a secret.
func (t *try) clean(s string, limit int) string {
	if s == "" || t.showsSecret(s) {
		return ""
	}
	return attempt.Printable(s, limit)
}

// shortSecret is the length below which a text may hold a secret by chance.
const shortSecret = 8

// showsSecret reports whether s holds a secret of this attempt or of the request,
// or looks like a part of a signed request at all.
func (t *try) showsSecret(s string) bool {
	for _, list := range [...][]string{t.secrets, t.payload.secrets} {
		for _, secret := range list {
			if len(secret) >= shortSecret && repeats(s, secret) {
				return true
			}
		}
	}
	for _, part := range [...]string{"signature=", "credential="} {
		if attempt.ContainsFold(s, part) {
			return true
		}
	}
	return false
}

// repeats reports whether s holds at least half of a secret, as it is or in one of
// the forms in which a program may show it.
func repeats(s, secret string) bool {
	quoted, _ := json.Marshal(secret) // a text has one
	for _, form := range [...]string{secret, string(quoted[1 : len(quoted)-1]), url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret)} {
		half := max(shortSecret, (len(form)+1)/2)
		if strings.Contains(s, form[:half]) || strings.Contains(s, form[len(form)-half:]) {
			return true
		}
	}
	return false
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
