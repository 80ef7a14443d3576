package callback_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/callback"
)

func TestVerifier_Parse_reasons(t *testing.T) {
	const secret = "callback-secret-0123456789abcdef"
	now := time.Unix(1724743250, 0)
	v, err := callback.NewVerifier(secret, callback.WithAppID(42), callback.WithClock(func() time.Time { return now }))
	require.NoError(t, err)
	body := func(timestamp, rest string) string {
		return fmt.Sprintf(`{"Timestamp":"%s","Nonce":"9","Signature":"%s"%s}`, timestamp, callback.Sign(secret, timestamp, "9"), rest)
	}
	const genuine = `,"Event":"e","AppId":42`
	at := func(d time.Duration) string { return body(fmt.Sprint(now.Add(d).Unix()), genuine) }
	for name, tt := range map[string]struct {
		body, contentType string
		is                error
		text              string
	}{
		"empty":          {" ", "", callback.ErrMalformed, "the body is empty"},
		"html":           {"<html>", "application/json", callback.ErrMalformed, "the body is no JSON object, and the Content-Type says that it is JSON"},
		"broken":         {`{"Event":`, "", callback.ErrMalformed, "the body is no valid JSON"},
		"escaped":        {"%7", "", callback.ErrMalformed, "the body begins with % and is no escaped JSON object"},
		"twice":          {at(0)[:len(at(0))-1] + `,"Nonce":"9"}`, "", callback.ErrMalformed, "Event, AppId, Timestamp, Nonce or Signature occurs twice"},
		"long":           {`{"Nonce":"` + strings.Repeat("9", 1000) + `"}`, "", callback.ErrMalformed, "Event, AppId, Timestamp, Nonce or Signature is too long"},
		"form":           {strings.Repeat("a=1&", 1100), "", callback.ErrMalformed, "the form has too many values"},
		"no event":       {body("1724743250", ""), "", callback.ErrMalformed, "no Event"},
		"no timestamp":   {`{"Event":"e"}`, "", callback.ErrMalformed, "Timestamp is missing, or no number of seconds or milliseconds"},
		"no nonce":       {`{"Event":"e","Timestamp":1}`, "", callback.ErrMalformed, "Nonce is missing, or no printable text of up to 128 characters"},
		"no signature":   {`{"Event":"e","Timestamp":1,"Nonce":"1"}`, "", callback.ErrMalformed, "Signature is missing, or has not 40 characters"},
		"odd project":    {body("1724743250", `,"Event":"e","AppId":"x"`), "", callback.ErrMalformed, "AppId is no unsigned 32-bit number"},
		"wrong project":  {body("1724743250", `,"Event":"e","AppId":41`), "", callback.ErrWrongApp, "41, not 42"},
		"old":            {at(-11 * time.Minute), "", callback.ErrStale, "it is 11m0s old, and the tolerance is 10m0s"},
		"ahead":          {at(601 * time.Second), "", callback.ErrStale, "it is 10m1s ahead of this clock, and the tolerance is 10m0s"},
		"far in future":  {body("9223372036854775807", genuine), "", callback.ErrStale, "the tolerance is 10m0s"},
		"year 280000000": {body("8888888888888888", genuine), "", callback.ErrStale, "ahead of this clock"},
		"the epoch":      {body("0", genuine), "", callback.ErrStale, "old, and the tolerance is 10m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := v.Parse(context.Background(), tt.contentType, []byte(tt.body))
			assert.Nil(t, e)
			require.ErrorIs(t, err, tt.is)
			assert.ErrorContains(t, err, tt.text)
			assert.NotContains(t, err.Error(), callback.Sign(secret, "1724743250", "9"))
		})
	}
	t.Run("genuine", func(t *testing.T) {
		_, err := v.Parse(context.Background(), "", []byte(at(0)))
		assert.NoError(t, err)
	})
}
