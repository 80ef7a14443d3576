package zegocensor

import (
	"context"
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

// GenerateIdentifyTokenResponse contains the token, whose text IdentifyToken.Reveal
// returns. Nothing that is printed, logged or encoded shows it.
type GenerateIdentifyTokenResponse struct {
	Response
	IdentifyToken Secret        // good for one moderation request to one vendor
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
			r.IdentifyToken = NewSecret(rawjson.Text(v))
		case "RemainTime":
			seconds, _ := strconv.ParseInt(rawjson.Text(v), 10, 64)
			// A hostile number stays within what a duration holds.
			r.RemainTime = time.Duration(min(max(seconds, 0), math.MaxInt64/int64(time.Second))) * time.Second
		}
	}
}

func (r *GenerateIdentifyTokenResponse) missing() string {
	if r.IdentifyToken == (Secret{}) {
		return "IdentifyToken"
	}
	return ""
}
