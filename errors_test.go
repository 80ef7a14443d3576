package zegocensor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

// Programs make the errors themselves to test what they do about them.
func TestErrors_madeByPrograms(t *testing.T) {
	type waiter interface{ RetryAfter() time.Duration }
	for name, err := range map[string]error{
		"refusal":   &zegocensor.Error{Action: "StartCensorAudioV2", Code: zegocensor.CodeGatewayInternal, Wait: time.Minute, OutcomeUnknown: true},
		"transport": &zegocensor.TransportError{Action: "StartCensorAudioV2", Host: "h", Err: io.ErrUnexpectedEOF, OutcomeUnknown: true},
		"response":  &zegocensor.ResponseError{Action: "StartCensorAudioV2", HTTPStatus: 502, Err: errors.New("no envelope"), Wait: time.Minute, OutcomeUnknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
			assert.Equal(t, name == "refusal", errors.Is(err, zegocensor.ErrRefused))
			if w := waiter(nil); errors.As(err, &w) {
				assert.Equal(t, time.Minute, w.RetryAfter())
			} else {
				assert.Equal(t, "transport", name)
			}
			assert.Regexp(t, "^zegocensor: StartCensorAudioV2: ", err.Error())
		})
	}
}

func TestErrors_Package(t *testing.T) {
	for _, err := range []error{
		&zegocensor.TransportError{Package: "trtc", Action: "A", Err: io.EOF},
		&zegocensor.ResponseError{Package: "trtc", Action: "A", Err: io.EOF},
		&zegocensor.InvalidRequestError{Package: "trtc", Action: "A"},
	} {
		assert.Regexp(t, "^trtc: A: ", err.Error())
		assert.NotContains(t, err.Error(), "zegocensor")
	}
}

func TestErrors_LogValue(t *testing.T) {
	logged := func(err error) map[string]any {
		var b bytes.Buffer
		slog.New(slog.NewJSONHandler(&b, nil)).Error("m", "err", err)
		var record struct{ Err map[string]any }
		require.NoError(t, json.Unmarshal(b.Bytes(), &record))
		return record.Err
	}
	refused := &zegocensor.Error{Action: "KickoutUser", Code: 104, HTTPStatus: 200, RequestID: "r1"}
	assert.Equal(t, map[string]any{"action": "KickoutUser", "code": 104.0, "http_status": 200.0, "request_id": "r1",
		"outcome_unknown": false, "error": refused.Error()}, logged(refused))
	for _, err := range []error{
		&zegocensor.TransportError{Action: "KickoutUser", Host: "h", Err: io.EOF},
		&zegocensor.ResponseError{Action: "KickoutUser", HTTPStatus: 502, Err: io.EOF},
		&zegocensor.InvalidRequestError{Action: "KickoutUser"},
	} {
		assert.Equal(t, "KickoutUser", logged(err)["action"])
		assert.Equal(t, err.Error(), logged(err)["error"])
	}
}
