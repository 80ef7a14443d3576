package conformance

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

const reference = "core_products/real-time-voice-video/en/server/api-reference/"

// folder is the one that ZEGO's files are in.
func folder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("ZEGO_OPENAPI_DIR")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "spec", "zego")
	}
	dir, err := filepath.Abs(filepath.Join(dir, filepath.FromSlash(reference)))
	require.NoError(t, err)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("ZEGO's OpenAPI files are not here (set ZEGO_OPENAPI_DIR): %v", err)
	}
	return dir
}

// load reads one of ZEGO's files.
func load(t *testing.T, name string) *openapi3.T {
	t.Helper()
	file := filepath.Join(folder(t), filepath.FromSlash(name))
	loader := openapi3.NewLoader()
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, u *url.URL) ([]byte, error) {
		b, err := os.ReadFile(filepath.FromSlash(u.Path))
		// OpenAPI knows no reference for servers, which the tests do not need.
		return bytes.Replace(b, []byte("servers:\n  $ref: '../shared-components.yaml#/servers'\n"), nil, 1), err
	}
	doc, err := loader.LoadFromFile(file)
	require.NoError(t, err)
	for _, schema := range doc.Components.Schemas {
		forbidUnknown(schema)
	}
	// Some files have lost the brackets of a list, which ZEGO's other pages have.
	if operation := doc.Paths.Value("/").Get; operation != nil {
		for _, p := range operation.Parameters {
			if name := p.Value.Name; p.Value.Schema.Value.Type.Is("array") && !strings.HasSuffix(name, "[]") {
				p.Value.Name = name + "[]"
			}
		}
	}
	return doc
}

// forbidUnknown makes a field that the schema does not name a fault.
func forbidUnknown(s *openapi3.SchemaRef) {
	if s == nil || s.Value == nil {
		return
	}
	if len(s.Value.Properties) > 0 {
		no := false
		s.Value.AdditionalProperties.Has = &no
	}
	for _, p := range s.Value.Properties {
		forbidUnknown(p)
	}
}

// exchange is a request and its answer, as the wire had them.
type exchange struct {
	request        *http.Request
	body, response []byte
	status         int
	header         http.Header
}

// recorder keeps what passes.
type recorder struct{ last exchange }

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.last = exchange{request: req}
	if req.Body != nil {
		r.last.body, _ = io.ReadAll(req.Body)
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(r.last.body))
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	r.last.response, err = io.ReadAll(resp.Body)
	r.last.status, r.last.header = resp.StatusCode, resp.Header
	resp.Body = io.NopCloser(bytes.NewReader(r.last.response))
	return resp, err
}

// check holds an exchange to a file.
func check(t *testing.T, doc *openapi3.T, e exchange) error {
	item := doc.Paths.Value("/")
	require.NotNil(t, item)
	operation := item.GetOperation(e.request.Method)
	require.NotNil(t, operation, "method %s", e.request.Method)

	known := map[string]bool{"IsTest": true} // a public parameter that the files leave out
	for _, p := range operation.Parameters {
		known[p.Value.Name] = true
	}
	for name := range e.request.URL.Query() {
		assert.True(t, known[name], "query parameter %s", name)
	}
	req := e.request.Clone(context.Background())
	req.Body = nil
	if len(e.body) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(e.body))
	}
	input := &openapi3filter.RequestValidationInput{
		Request: req,
		Route:   &routers.Route{Spec: doc, Path: "/", PathItem: item, Method: req.Method, Operation: operation},
		Options: &openapi3filter.Options{MultiError: true},
	}
	if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
		return err
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: e.status, Header: e.header, Body: io.NopCloser(bytes.NewReader(e.response)),
	})
}

var (
	minimalAudio = zegocensor.StartCensorAudioV2Request{RoomID: "r", EventID: zegocensor.EventAudioRoom, AudioLanguage: zegocensor.LanguageEnglish,
		RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}}
	fullAudio = zegocensor.StartCensorAudioV2Request{RoomID: "r", EventID: zegocensor.EventLiveStreaming, AudioLanguage: zegocensor.LanguageRussian,
		RiskTypeList:      []zegocensor.RiskType{zegocensor.RiskAbuse, zegocensor.RiskNationalAnthem},
		BusinessTypeList:  []zegocensor.BusinessType{zegocensor.BusinessMinor},
		ResultCallbackURL: "https://a.example/r?a=b&c=d", StatusCallbackURL: "https://a.example/s",
		IsMixingEnabled: true, LabelLanguage: zegocensor.LanguageEnglish,
		ReturnAllText: true, ReturnPreText: true, ReturnPreAudio: true, ReturnFinishInfo: true}
	minimalVideo = zegocensor.StartCensorVideoV2Request{RoomID: "r", EventID: zegocensor.EventLiveStreaming,
		VideoParam: zegocensor.VideoParam{BusinessTypeList: []zegocensor.BusinessType{zegocensor.BusinessAge}}}
	fullVideo = zegocensor.StartCensorVideoV2Request{RoomID: "r", EventID: zegocensor.EventPrivateChat, Language: zegocensor.LanguageMalay,
		AudioParam: &zegocensor.AudioParam{
			RiskTypeList:     []zegocensor.RiskType{zegocensor.RiskBannedSongInVideo},
			BusinessTypeList: []zegocensor.BusinessType{zegocensor.BusinessVoice},
			//lint:ignore SA1019 the form on the wire is held against ZEGO's file
			AudioLanguage: zegocensor.LanguageThai,
			ReturnAllText: true, ReturnPreText: true, ReturnPreAudio: true,
			ResultCallbackURL: "https://a.example/ar", StatusCallbackURL: "https://a.example/as"},
		VideoParam: zegocensor.VideoParam{
			RiskTypeList:     []zegocensor.RiskType{zegocensor.RiskImageText},
			BusinessTypeList: []zegocensor.BusinessType{zegocensor.BusinessBeauty},
			ReturnAllImg:     true, DetectFrequency: time.Minute,
			ResultCallbackURL: "https://a.example/vr", StatusCallbackURL: "https://a.example/vs"},
		ReturnFinishInfo: true}
)

func TestClientAndFakeKeepToTheFiles(t *testing.T) {
	ctx := context.Background()
	for name, tt := range map[string]struct {
		file string
		call func(c *zegocensor.Client) error
	}{
		"audio, minimal": {"moderation/start-censor-audio.yaml", func(c *zegocensor.Client) error { _, err := c.StartCensorAudioV2(ctx, &minimalAudio); return err }},
		"audio, full":    {"moderation/start-censor-audio.yaml", func(c *zegocensor.Client) error { _, err := c.StartCensorAudioV2(ctx, &fullAudio); return err }},
		"audio, stop": {"moderation/stop-censor-audio.yaml", func(c *zegocensor.Client) error {
			_, err := c.StopCensorAudioV2(ctx, &zegocensor.StopCensorAudioV2Request{TaskID: "t"})
			return err
		}},
		"video, minimal": {"moderation/start-censor-video.yaml", func(c *zegocensor.Client) error { _, err := c.StartCensorVideoV2(ctx, &minimalVideo); return err }},
		"video, full":    {"moderation/start-censor-video.yaml", func(c *zegocensor.Client) error { _, err := c.StartCensorVideoV2(ctx, &fullVideo); return err }},
		"video, stop": {"moderation/stop-censor-video.yaml", func(c *zegocensor.Client) error {
			_, err := c.StopCensorVideoV2(ctx, &zegocensor.StopCensorVideoV2Request{TaskID: "t"})
			return err
		}},
		"token, minimal": {"moderation/generate-identify-token.yaml", func(c *zegocensor.Client) error { _, err := c.GenerateIdentifyToken(ctx, nil); return err }},
		"token, full": {"moderation/generate-identify-token.yaml", func(c *zegocensor.Client) error {
			_, err := c.GenerateIdentifyToken(ctx, &zegocensor.GenerateIdentifyTokenRequest{EffectiveTime: 720 * time.Hour})
			return err
		}},
		"forbid a stream": {"media-service/forbid-rtc-stream.yaml", func(c *zegocensor.Client) error {
			_, err := c.Do(ctx, zegocensor.Action{Name: "ForbidRTCStream", Method: "GET"},
				url.Values{"StreamId": {"zegotest-1234567890-s"}, "Sequence": {strconv.FormatInt(time.Now().UnixMilli(), 10)}}, nil, nil)
			return err
		}},
		"kick a user": {"room/kick-out-user.yaml", func(c *zegocensor.Client) error {
			_, err := c.Do(ctx, zegocensor.Action{Name: "KickoutUser", Method: "GET"},
				url.Values{"RoomId": {"r"}, "UserId[]": {"u1", "u2"}}, nil, nil)
			return err
		}},
	} {
		for _, opts := range [][]zegocensor.Option{nil, {zegocensor.WithEnvironment(zegocensor.EnvironmentTest)}} {
			t.Run(name, func(t *testing.T) {
				doc := load(t, tt.file)
				zego := zegotest.NewServer()
				defer zego.Close()
				rec := &recorder{}
				require.NoError(t, tt.call(zego.Client(append(opts, zegocensor.WithHTTPClient(&http.Client{Transport: rec}))...)))
				assert.NoError(t, check(t, doc, rec.last))
			})
		}
	}
}

// The schema asks for at least one risk type, its own text only for one of the
// two lists not to be empty. The client sends the empty list that both require.
func TestBusinessTypesOnly(t *testing.T) {
	doc := load(t, "moderation/start-censor-audio.yaml")
	risks := doc.Components.Schemas["StartCensorAudioRequest"].Value.Properties["RiskTypeList"].Value
	require.EqualValues(t, 1, risks.MinItems)
	risks.MinItems = 0
	zego := zegotest.NewServer()
	defer zego.Close()
	rec := &recorder{}
	req := minimalAudio
	req.RiskTypeList, req.BusinessTypeList = nil, []zegocensor.BusinessType{zegocensor.BusinessSinging}
	_, err := zego.Client(zegocensor.WithHTTPClient(&http.Client{Transport: rec})).StartCensorAudioV2(context.Background(), &req)
	require.NoError(t, err)
	assert.NoError(t, check(t, doc, rec.last))
	assert.Contains(t, string(rec.last.body), `"RiskTypeList":[]`)
}

// A check that refuses nothing would prove nothing.
func TestTheCheckRefuses(t *testing.T) {
	doc := load(t, "moderation/start-censor-audio.yaml")
	zego := zegotest.NewServer()
	defer zego.Close()
	rec := &recorder{}
	_, err := zego.Client(zegocensor.WithHTTPClient(&http.Client{Transport: rec})).StartCensorAudioV2(context.Background(), &fullAudio)
	require.NoError(t, err)
	for name, change := range map[string][2]string{
		"boolean":       {`"IsMixingEnabled":1`, `"IsMixingEnabled":true`},
		"no room":       {`"RoomId":"r",`, ``},
		"unknown field": {`"RoomId":"r"`, `"RoomId":"r","RoomID":"r"`},
		"language":      {`"AudioLanguage":"ru"`, `"AudioLanguage":"xx"`},
	} {
		t.Run(name, func(t *testing.T) {
			bad := rec.last
			bad.body = []byte(strings.Replace(string(bad.body), change[0], change[1], 1))
			require.NotEqual(t, string(rec.last.body), string(bad.body))
			assert.Error(t, check(t, doc, bad))
		})
	}
}
