package callback_test

import (
	"fmt"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/callback"
)

const isForm = "application/x-www-form-urlencoded"

func newVerifier(t *testing.T) *callback.Verifier {
	t.Helper()
	v, err := callback.NewVerifier(secret, callback.WithClock(clock))
	require.NoError(t, err)
	return v
}

// signedForm is the beginning of a form.
func signedForm(event string) string {
	now := strconv.FormatInt(at.Unix(), 10)
	return "event=" + event + "&appid=5&timestamp=" + now + "&nonce=77&signature=" + callback.Sign(secret, now, "77")
}

func TestVerifier_Parse_forms(t *testing.T) {
	parse := func(t *testing.T, form string) (callback.Event, error) {
		return newVerifier(t).Parse(t.Context(), isForm, []byte(form))
	}
	two, one := []string{"https://a.example/x?s=%2F", "b"}, []string{"https://a.example/x"}
	for name, tt := range map[string]struct {
		rest string
		want []string
	}{
		"the key twice":        {"&hls_url=https%3A%2F%2Fa.example%2Fx%3Fs%3D%252F&hls_url=b", two},
		"the key with []":      {"&hls_url%5B%5D=https%3A%2F%2Fa.example%2Fx%3Fs%3D%252F&hls_url[]=b", two},
		"the key with indices": {"&hls_url[0]=https%3A%2F%2Fa.example%2Fx%3Fs%3D%252F&hls_url%5B1%5D=b", two},
		"JSON":                 {"&hls_url=" + url.QueryEscape(`["https://a.example/x?s=%2F","b"]`), two},
		"one":                  {"&hls_url=https://a.example/x", one},
		"one with []":          {"&hls_url[]=https://a.example/x", one},
		"empty":                {"&hls_url=", nil},
		"none":                 {"", nil},
	} {
		t.Run("list/"+name, func(t *testing.T) {
			e, err := parse(t, signedForm("stream_create")+tt.rest+"&room_id=r%2Bs&user_name=a+b")
			require.NoError(t, err)
			stream := e.(*callback.StreamCreated)
			assert.Equal(t, tt.want, stream.HLSURL)
			assert.Equal(t, "r+s", stream.RoomID)
			assert.Equal(t, "a b", stream.UserName)
		})
	}
	t.Run("signed members are unique", func(t *testing.T) {
		longIndex := "[" + strings.Repeat("0", 40) + "]"
		for _, more := range []string{
			"&nonce=78", "&nonce=", "&Nonce=77", "&nonce[]=77", "&nonce%5B0%5D=77", "&%6eonce=77", "&event=room_close", "&timestamp=1", "&signature=x", "&appid=5",
			"&event" + longIndex + "=room_create", "&Nonce" + longIndex + "=78", "&appid" + url.QueryEscape(longIndex) + "=6", "&signature%5B" + strings.Repeat("%30", 20) + "%5D=x",
		} {
			for _, form := range []string{signedForm("room_close") + more, strings.TrimPrefix(more, "&") + "&" + signedForm("room_close")} {
				if form[0] == '%' {
					continue // JSON that was escaped as a whole
				}
				_, err := parse(t, form)
				assert.ErrorIs(t, err, callback.ErrMalformed, form)
			}
		}
	})
	t.Run("signed members are no lists", func(t *testing.T) {
		for _, key := range []string{"nonce[]", "nonce[0]", "nonce%5B%5D"} {
			_, err := parse(t, strings.Replace(signedForm("room_close"), "nonce", key, 1))
			assert.ErrorIs(t, err, callback.ErrMalformed, key)
		}
	})
	t.Run("at most 100 keys and 1000 values", func(t *testing.T) {
		form := signedForm("room_close")
		for i := range 95 {
			form += fmt.Sprintf("&k%d=&k%d=2", i, i)
		}
		_, err := parse(t, form)
		assert.NoError(t, err)
		_, err = parse(t, form+"&one_more=")
		assert.ErrorIs(t, err, callback.ErrMalformed)
		_, err = parse(t, signedForm("room_close")+strings.Repeat("&k=", 996))
		assert.ErrorIs(t, err, callback.ErrMalformed, "nor more than 1000 values")
	})
	t.Run("an escape that is none", func(t *testing.T) {
		_, err := parse(t, signedForm("room_close")+"&room_id=%zz")
		assert.ErrorIs(t, err, callback.ErrMalformed)
		_, err = parse(t, strings.Replace(signedForm("room_close"), "nonce=77", "nonce=78", 1)+"&room_id=%zz")
		assert.ErrorIs(t, err, callback.ErrSignature, "it is not decoded before the signature is verified")
	})
}

func TestVerifier_Parse_escapedAsAWhole(t *testing.T) {
	for name, payload := range payloads {
		body := sign(payload)
		want, err := newVerifier(t).Parse(t.Context(), isJSON, []byte(body))
		require.NoError(t, err)
		for _, escape := range []func(string) string{url.QueryEscape, url.PathEscape, func(s string) string { return " \n" + url.QueryEscape(" "+s+"\n") + "\n" }} {
			escaped := escape(body)
			if strings.TrimSpace(escaped)[0] != '%' {
				escaped = "%20" + strings.TrimSpace(escaped)[1:] // a blank that became a plus
			}
			for _, contentType := range []string{isJSON, isForm, ""} {
				got, err := newVerifier(t).Parse(t.Context(), contentType, []byte(escaped))
				require.NoError(t, err, name)
				assert.Equal(t, want, got)
			}
		}
	}
	for name, body := range map[string]string{"no JSON": "%5B%5D", "escaped twice": url.QueryEscape(url.QueryEscape(sign(payloads["room_close"]))), "no escape": "%zz", "a form": "%65vent=" + signedForm("room_close")[len("event="):]} {
		_, err := newVerifier(t).Parse(t.Context(), isForm, []byte(body))
		assert.ErrorIs(t, err, callback.ErrMalformed, name)
	}
}

func TestVerifier_Parse_milliseconds(t *testing.T) {
	parse := func(signed, sent string) (callback.Event, error) {
		return newVerifier(t).Parse(t.Context(), isJSON, fmt.Appendf(nil, `{"event":"asr","timestamp":%s,"nonce":"1","signature":%q}`, sent, callback.Sign(secret, signed, "1")))
	}
	for _, offset := range []time.Duration{0, 123 * time.Millisecond, -10 * time.Minute, 10 * time.Minute} {
		ms := strconv.FormatInt(at.Add(offset).UnixMilli(), 10)
		for _, sent := range []string{ms, strconv.Quote(ms)} {
			e, err := parse(ms, sent)
			require.NoError(t, err)
			assert.True(t, e.Head().Timestamp.Equal(at.Add(offset)))
		}
	}
	for _, offset := range []time.Duration{-10*time.Minute - time.Millisecond, 10*time.Minute + time.Millisecond} {
		ms := strconv.FormatInt(at.Add(offset).UnixMilli(), 10)
		_, err := parse(ms, ms)
		assert.ErrorIs(t, err, callback.ErrStale)
	}
	ms := strconv.FormatInt(at.UnixMilli(), 10)
	_, err := parse(ms[:10], ms)
	assert.ErrorIs(t, err, callback.ErrSignature, "the signature is over the digits as sent")
	for _, digits := range []string{ms[:12], ms + "0", ms + "000"} {
		_, err = parse(digits, digits)
		assert.ErrorIs(t, err, callback.ErrStale, digits)
	}
}

func TestVerifier_Parse_longMembers(t *testing.T) {
	now, escaped := strconv.FormatInt(at.Unix(), 10), strings.Repeat(`\u0037`, 128)
	body := func(event, nonce, signed string) string {
		return `{"event":"` + event + `","timestamp":` + now + `,"nonce":"` + nonce + `","signature":"` + callback.Sign(secret, now, signed) + `"}`
	}
	e, err := newVerifier(t).Parse(t.Context(), isJSON, []byte(body("x", escaped, strings.Repeat("7", 128))))
	require.NoError(t, err, "the longest nonce, all of it in escapes")
	assert.Equal(t, strings.Repeat("7", 128), e.Head().Nonce)
	for name, body := range map[string]string{
		"event":      body(strings.Repeat("e", 10_000), "7", "7"),
		"nonce":      body("x", escaped+"7", strings.Repeat("7", 129)),
		"form event": strings.Replace(signedForm("room_close"), "room_close", strings.Repeat("e", 10_000), 1),
		"form nonce": strings.Replace(signedForm("room_close"), "nonce=77", "nonce="+strings.Repeat("7", 10_000), 1),
	} {
		_, err := newVerifier(t).Parse(t.Context(), isForm, []byte(body))
		assert.ErrorIs(t, err, callback.ErrMalformed, name)
	}
}

// cost returns what Parse allocates for a body.
func cost(t *testing.T, contentType, body string) (bytes, objects uint64, err error) {
	t.Helper()
	v, raw := newVerifier(t), []byte(body)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	_, err = v.Parse(t.Context(), contentType, raw)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	bytes, objects = after.TotalAlloc-before.TotalAlloc, after.Mallocs-before.Mallocs
	t.Logf("%v, %d KiB in %d objects: %v", took.Round(100*time.Microsecond), bytes>>10, objects, err)
	return bytes, objects, err
}

// TestVerifier_Parse_unsignedGarbage sends 1 MiB that nobody signed.
func TestVerifier_Parse_unsignedGarbage(t *testing.T) {
	const most = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, most/len(s)) }
	keys := ""
	for i := range 10_000 {
		keys += fmt.Sprintf("k%d=&", i)
	}
	unsigned := strings.Replace(signedForm("room_close"), "nonce=77", "nonce=78", 1)
	for name, tt := range map[string]struct{ contentType, body string }{
		"JSON text":                    {isJSON, `{"a":"` + fill("x") + `"}`},
		"JSON lists":                   {isJSON, `{"a":[` + fill("0,") + `0]}`},
		"JSON events":                  {isJSON, `{` + fill(`"Event":"\u0041",`) + `"a":0}`},
		"JSON event of escapes":        {isJSON, `{"Event":"` + fill(`\u0041`) + `"}`},
		"JSON event of invalid UTF-8":  {isJSON, `{"Event":"` + fill("\xff") + `"}`},
		"escaped event of escapes":     {isJSON, `%7b"Event":"` + fill(`\u0041`) + `"}`},
		"form of control characters":   {isForm, "a=" + fill("\x01")},
		"form of invalid UTF-8":        {isForm, "a=" + fill("\xff")},
		"form of <":                    {isForm, "a=" + fill("<")},
		"form of escapes":              {isForm, "a=" + fill("%3c")},
		"form of keys":                 {isForm, keys},
		"form of escaped keys":         {isForm, fill("%41=%41&")[1:]},
		"form of nonces":               {isForm, fill("nonce=%41&")},
		"form with a wrong signature":  {isForm, unsigned + "&a=" + fill("\x01")},
		"escaped":                      {isJSON, fill("%7b")},
		"escaped, with what cannot be": {isJSON, "%7b" + fill("\x01")},
	} {
		t.Run(name, func(t *testing.T) {
			bytes, objects, err := cost(t, tt.contentType, tt.body)
			require.Error(t, err)
			assert.Less(t, bytes, uint64(3<<20))
			assert.Less(t, objects, uint64(1100))
		})
	}
}

// TestVerifier_Parse_amplification sends 1 MiB of what takes much memory when it is
// decoded, with a signature that was seen elsewhere.
func TestVerifier_Parse_amplification(t *testing.T) {
	const most = 1_000_000
	fill := func(s string) string { return strings.Repeat(s, most/len(s)) }
	result := func(event, detail string) string {
		return strings.Replace(sign(`{"Event":"`+event+`",%s,"Detail":@}`), "@", detail, 1)
	}
	faces := `{"RiskDetail":{"FaceInfoList":[` + strings.TrimSuffix(strings.Repeat("{},", 900), ",") + `]}},`
	for name, body := range map[string]string{
		"lists repeated":     result("censor_audio_v2_result", `{`+fill(`"RiskInfoList":[{},{},{},{},{}],`)+`"x":0}`),
		"details repeated":   strings.Replace(sign(`{"Event":"censor_audio_v2_result",%s,@"x":0}`), "@", fill(`"Detail":{"RiskInfoList":[{},{},{}]},`), 1),
		"one long list":      result("censor_video_v2_img_result", `{"RiskInfoList":[`+fill("{},")+`{}]}`),
		"lists in lists":     result("censor_video_v2_img_result", `{"RiskInfoList":[`+fill(faces)+`{}]}`),
		"names":              result("censor_video_v2_img_result", `{"RiskDetail":{"FaceInfoList":[`+fill(`"",`)+`""]}}`),
		"escapes":            result("censor_video_v2_img_result", `{`+fill(`"ImgUrl":"\n",`)+`"x":0}`),
		"one long escape":    result("censor_video_v2_img_result", `{"ImgUrl":"`+fill(`\n`)+`"}`),
		"URLs":               strings.Replace(sign(`{"event":"stream_create",%s,@"x":0}`), "@", fill(`"hls_url":["",""],`), 1),
		"form with a list":   signedForm("stream_create") + strings.Repeat("&hls_url=", 990) + "&title=" + fill("x"),
		"form of characters": signedForm("stream_create") + "&title=" + fill("\x01"),
	} {
		t.Run(name, func(t *testing.T) {
			contentType := isJSON
			if strings.HasPrefix(name, "form") {
				contentType = isForm
			}
			bytes, _, err := cost(t, contentType, body)
			require.NoError(t, err)
			assert.Less(t, bytes, uint64(40<<20), "SECURITY.md says so")
		})
	}
}
