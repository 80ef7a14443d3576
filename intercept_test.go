package zegocensor_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

func TestInterceptors(t *testing.T) {
	type next = func(context.Context) error
	fast := zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MinBackoff: 1, MaxBackoff: 1})

	t.Run("order, context and what they see", func(t *testing.T) {
		type key struct{}
		var order []string
		var seen zegocensor.Call
		w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
			order = append(order, r.Context().Value(key{}).(string))
			if n == 1 {
				return page(429)()
			}
			return refusal(104)()
		}}
		c := newClient(t, w, fast, zegocensor.WithInterceptor(
			func(ctx context.Context, call *zegocensor.Call, next next) error {
				order = append(order, "outer")
				err := next(context.WithValue(ctx, key{}, "sent"))
				seen = *call
				return err
			},
			func(ctx context.Context, call *zegocensor.Call, next next) error {
				order = append(order, "inner")
				assert.Equal(t, zegocensor.Call{Action: "StartCensorAudioV2", Host: "rtc-api.zego.im"}, *call)
				return next(ctx)
			}))
		require.ErrorIs(t, start(t.Context(), c), zegocensor.ErrRoomNotFound)
		assert.Equal(t, []string{"outer", "inner", "sent", "sent"}, order)
		assert.Equal(t, zegocensor.Call{Action: "StartCensorAudioV2", Host: "rtc-api.zego.im", RequestID: "R1", Attempts: 2, HTTPStatus: 200, Code: 104}, seen)
	})

	for name, tt := range map[string]struct {
		intercept zegocensor.Interceptor
		code      int
		sent      int
		wantErr   bool
	}{
		"next twice":        {func(ctx context.Context, _ *zegocensor.Call, next next) error { _ = next(ctx); return next(ctx) }, 0, 1, true},
		"next never":        {func(context.Context, *zegocensor.Call, next) error { return nil }, 0, 0, true},
		"refuses":           {func(context.Context, *zegocensor.Call, next) error { return errors.New("policy") }, 0, 0, true},
		"swallows an error": {func(ctx context.Context, _ *zegocensor.Call, next next) error { _ = next(ctx); return nil }, 104, 1, true},
		"passes":            {func(ctx context.Context, _ *zegocensor.Call, next next) error { return next(ctx) }, 0, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
				if tt.code != 0 {
					return refusal(tt.code)()
				}
				return answer(200, okBody), nil
			}}
			err := start(t.Context(), newClient(t, w, zegocensor.WithInterceptor(tt.intercept)))
			assert.Equal(t, tt.wantErr, err != nil, "%v", err)
			assert.Equal(t, tt.sent, w.count())
		})
	}
}

func TestLogger(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w := &wire{answer: func(n int, _ *http.Request) (*http.Response, error) {
		switch n {
		case 1:
			return page(429)()
		case 3:
			return refusal(104)()
		}
		return answer(200, okBody), nil
	}}
	c := newClient(t, w, zegocensor.WithLogger(logger), zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MinBackoff: 1, MaxBackoff: 1}))
	require.NoError(t, start(t.Context(), c))
	require.Error(t, start(t.Context(), c))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 3)
	assert.Contains(t, lines[0], "level=INFO")
	assert.Contains(t, lines[1], "level=DEBUG")
	assert.Contains(t, lines[1], "action=StartCensorAudioV2 host=rtc-api.zego.im attempts=2 http_status=200 code=0 request_id=R1")
	assert.Contains(t, lines[2], "level=WARN")
	assert.Contains(t, lines[2], "code=104")
	assert.NotContains(t, log.String(), "room_1")
}
