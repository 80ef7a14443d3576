package zegocensor

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/rawjson"
)

// generateIdentifyToken may be repeated: a token that nobody received harms
// nobody and expires.
var generateIdentifyToken = Action{Name: "GenerateIdentifyToken", Method: http.MethodGet, Idempotent: true}

// maxEffectiveTime is the longest validity of a token.
const maxEffectiveTime = 30 * 24 * time.Hour

// GenerateIdentifyTokenRequest asks for a token.
type GenerateIdentifyTokenRequest struct {
	// EffectiveTime is how long the token can be used to start a moderation:
	// whole seconds, at most 30 days. 0 leaves it to ZEGO, which takes one hour.
	EffectiveTime time.Duration
}

// GenerateIdentifyTokenResponse brings the token. The fmt verbs and log/slog
// show it without the token, as it is a secret; its fields are plain, and so is
// its JSON.
type GenerateIdentifyTokenResponse struct {
	Response
	IdentifyToken string        // good for one moderation request to one vendor
	RemainTime    time.Duration // how long it can be used
}

// GenerateIdentifyToken issues the token with which a third party (ShuMei,
// NetEase Yidun, TuPu, YiTu, Volcengine) may pull the streams of the project to
// moderate them itself. Each moderation request needs a token of its own. req
// may be nil. Errors: [*InvalidRequestError], [*Error], [*TransportError],
// [*ResponseError], or that of ctx.
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/moderation/generate-identify-token
func (c *Client) GenerateIdentifyToken(ctx context.Context, req *GenerateIdentifyTokenRequest) (*GenerateIdentifyTokenResponse, error) {
	resp := new(GenerateIdentifyTokenResponse)
	if err := c.call(ctx, generateIdentifyToken, req.payload(), resp, &resp.Response); err != nil {
		return nil, err
	}
	return resp, nil
}

func (r *GenerateIdentifyTokenRequest) payload() payload {
	if r == nil || r.EffectiveTime == 0 {
		return payload{}
	}
	var f faults
	if f.seconds("EffectiveTime", r.EffectiveTime, maxEffectiveTime); f != nil {
		return payload{faults: f}
	}
	return queryOf(struct {
		EffectiveTime int64
	}{int64(r.EffectiveTime / time.Second)})
}

func (r *GenerateIdentifyTokenResponse) decode(data string) {
	for k, v := range rawjson.Members(data) {
		switch k {
		case "IdentifyToken":
			r.IdentifyToken = rawjson.Text(v)
		case "RemainTime":
			seconds, _ := strconv.ParseInt(rawjson.Text(v), 10, 64)
			// A hostile number stays within what a duration holds.
			r.RemainTime = time.Duration(min(max(seconds, 0), math.MaxInt64/int64(time.Second))) * time.Second
		}
	}
}

func (r *GenerateIdentifyTokenResponse) missing() string {
	if r.IdentifyToken == "" {
		return "IdentifyToken"
	}
	return ""
}

// String tells all but the token.
func (r GenerateIdentifyTokenResponse) String() string {
	return fmt.Sprintf("IdentifyToken(withheld), remains %v, request %q", r.RemainTime, r.RequestID)
}

// Format writes String for every verb, so that none shows the token.
func (r GenerateIdentifyTokenResponse) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, r.String())
}

// LogValue keeps the token out of logs.
func (r GenerateIdentifyTokenResponse) LogValue() slog.Value { return slog.StringValue(r.String()) }
