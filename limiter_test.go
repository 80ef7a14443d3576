package zegocensor_test

import (
	"context"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

func TestLimitRequest(t *testing.T) {
	do := func(method string, query, body any) func(context.Context, *zegocensor.Client) error {
		return func(ctx context.Context, c *zegocensor.Client) error {
			_, err := c.Do(ctx, zegocensor.Action{Name: "Any", Method: method}, query, body, nil)
			return err
		}
	}
	type byRoom struct {
		RoomID string `url:"RoomId"`
	}
	for name, tt := range map[string]struct {
		call func(context.Context, *zegocensor.Client) error
		want zegocensor.LimitRequest
	}{
		"audio": {func(ctx context.Context, c *zegocensor.Client) error {
			_, err := c.StartCensorAudioV2(ctx, audioRequest())
			return err
		}, zegocensor.LimitRequest{Action: "StartCensorAudioV2", RoomID: "room_1"}},
		"video": {func(ctx context.Context, c *zegocensor.Client) error {
			_, err := c.StartCensorVideoV2(ctx, videoRequest())
			return err
		}, zegocensor.LimitRequest{Action: "StartCensorVideoV2", RoomID: "room_1"}},
		"a Stop has no room":            {stop, zegocensor.LimitRequest{Action: "StopCensorAudioV2"}},
		"a token has no room":           {token, zegocensor.LimitRequest{Action: "GenerateIdentifyToken"}},
		"GET, values":                   {do("GET", url.Values{"RoomId": {"r 1"}}, nil), zegocensor.LimitRequest{Action: "Any", RoomID: "r 1"}},
		"GET, struct":                   {do("GET", byRoom{"r"}, nil), zegocensor.LimitRequest{Action: "Any", RoomID: "r"}},
		"GET, several rooms":            {do("GET", url.Values{"RoomId[]": {"a", "b"}}, nil), zegocensor.LimitRequest{Action: "Any"}},
		"GET, nothing":                  {do("GET", nil, nil), zegocensor.LimitRequest{Action: "Any"}},
		"POST, body":                    {do("POST", nil, map[string]any{"A": map[string]string{"RoomId": "x"}, "RoomId": "é\n"}), zegocensor.LimitRequest{Action: "Any", RoomID: "é\n"}},
		"POST, number":                  {do("POST", nil, json.RawMessage(`{"RoomId":7}`)), zegocensor.LimitRequest{Action: "Any", RoomID: "7"}},
		"POST, no text":                 {do("POST", nil, json.RawMessage(`{"RoomId":[]}`)), zegocensor.LimitRequest{Action: "Any"}},
		"POST, nothing":                 {do("POST", nil, nil), zegocensor.LimitRequest{Action: "Any"}},
		"POST, the query comes first":   {do("POST", url.Values{"RoomId": {"q"}}, map[string]string{"RoomId": "b"}), zegocensor.LimitRequest{Action: "Any", RoomID: "q"}},
		"POST, the query has no RoomId": {do("POST", url.Values{"A": {"q"}}, map[string]string{"RoomId": "b"}), zegocensor.LimitRequest{Action: "Any", RoomID: "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []zegocensor.LimitRequest
			own := limiterFunc(func(_ context.Context, r zegocensor.LimitRequest) error { got = append(got, r); return nil })
			require.NoError(t, tt.call(t.Context(), newClient(t, &wire{}, zegocensor.WithLimiter(own))))
			assert.Equal(t, []zegocensor.LimitRequest{tt.want}, got)
		})
	}
}
