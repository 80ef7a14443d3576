package zegocensor_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/zegocensor/zegocensor-go"
)

var errNone = errors.New("no class")

// The classes of the codes, by an action of each family; "" stands for an action that
// is in none.
var classes = map[string]map[error][]zegocensor.Code{
	"": {
		zegocensor.ErrInvalidRequest:   {100000000, 100000001, 100000002, 100000003, 100000006, 100000007, 100000008, 100000009, 100000013, 100000014},
		zegocensor.ErrUnauthenticated:  {100000005, 100000010, 100000011},
		zegocensor.ErrSignatureExpired: {100000004},
		zegocensor.ErrNotEnabled:       {100000016, 100000017},
		zegocensor.ErrUnavailable:      {100000015},
		errNone:                        {100000012},
	},
	"StartCensorAudioV2": {
		zegocensor.ErrInvalidRequest:   {2, 3, 8, 1008, 50011, 50012, 100000000},
		zegocensor.ErrUnauthenticated:  {100000005},
		zegocensor.ErrPermissionDenied: {9},
		zegocensor.ErrNotEnabled:       {50117, 100000016},
		zegocensor.ErrRoomNotFound:     {104, 5018, 5024, 50001},
		zegocensor.ErrRateLimited:      {206, 207},
		zegocensor.ErrUnavailable:      {121, 122, 123, 124, 151, 154, 5201, 5202, 50006, 50007, 50009, 50013, 100000015},
		errNone:                        {1, 105, 138, 1012, 50003, 50123, 50124, 100000012},
	},
	"ForbidRTCStream": {
		zegocensor.ErrInvalidRequest:   {2, 1006, 5004, 5005, 30001, 30004, 30006, 30009, 30010, 30011},
		zegocensor.ErrUnauthenticated:  {3, 3000, 5003, 30005, 40005},
		zegocensor.ErrSignatureExpired: {3002, 100000004},
		zegocensor.ErrNotEnabled:       {1005, 3003},
		zegocensor.ErrRateLimited:      {1010, 5007, 30002},
		zegocensor.ErrUnavailable:      {1001, 1002, 1003, 3001, 5000, 5001, 5002, 5006, 30003, 42001, 42002, 42003, 42004},
		errNone:                        {1, 41001, 41002, 41003, 41004, 41006},
	},
}

// unnamed are codes without a meaning for the action of a family.
var unnamed = map[string][]zegocensor.Code{
	"":                   {1, 2, 3, 9, 104, 206, 1010, 5007, 30002, 50001, 110200001, -1},
	"StartCensorAudioV2": {77, 1010, 3002, 30002, 41006, 110200190},
	"ForbidRTCStream":    {9, 104, 206, 207, 5024, 50001, 50117, 110200190},
}

func TestError_Is(t *testing.T) {
	for action, table := range classes {
		for class, list := range table {
			for _, code := range list {
				err := error(&zegocensor.Error{Action: action, Code: code, RequestID: "R9"})
				for _, other := range []error{zegocensor.ErrInvalidRequest, zegocensor.ErrUnauthenticated, zegocensor.ErrSignatureExpired, zegocensor.ErrPermissionDenied,
					zegocensor.ErrNotEnabled, zegocensor.ErrRoomNotFound, zegocensor.ErrRateLimited, zegocensor.ErrUnavailable, zegocensor.ErrOutcomeUnknown} {
					assert.Equal(t, other == class, errors.Is(err, other), "%q, %d is %v", action, code, other)
				}
				assert.NotEmpty(t, code.Meaning(action), "%q, %d", action, code)
				assert.NotEmpty(t, code.Advice(action), "%q, %d", action, code)
				assert.Contains(t, err.Error(), "refused: "+code.Meaning(action)+" (code "+strconv.Itoa(int(code))+", ")
				assert.Contains(t, err.Error(), "): "+code.Advice(action))
				assert.Contains(t, err.Error(), "R9")
			}
		}
	}
}

func TestCode_Meaning(t *testing.T) {
	t.Run("an undocumented code has no name, advice or class", func(t *testing.T) {
		for action, list := range unnamed {
			for _, code := range list {
				assert.Empty(t, code.Meaning(action), "%q, %d", action, code)
				assert.Empty(t, code.Advice(action), "%q, %d", action, code)
				err := &zegocensor.Error{Action: action, Code: code, HTTPStatus: 200}
				assert.Equal(t, fmt.Sprintf("zegocensor: %s: refused: (code %d, HTTP 200)", action, code), err.Error())
				for _, class := range []error{zegocensor.ErrInvalidRequest, zegocensor.ErrUnauthenticated, zegocensor.ErrRoomNotFound, zegocensor.ErrRateLimited, zegocensor.ErrUnavailable} {
					assert.NotErrorIs(t, err, class, "%q, %d", action, code)
				}
				assert.Zero(t, err.RetryAfter())
			}
		}
	})
	t.Run("the number alone tells the gateway's codes", func(t *testing.T) {
		assert.Equal(t, "success", zegocensor.CodeOK.String())
		assert.Equal(t, "signature wrong", zegocensor.CodeSignatureWrong.String())
		assert.Equal(t, "206", zegocensor.CodeAppRateLimited.String())
		assert.Equal(t, "110200001", zegocensor.Code(110200001).String())
		assert.Equal(t, "success", zegocensor.CodeOK.Meaning("StartMix"))
	})
	t.Run("the same number, two meanings", func(t *testing.T) {
		assert.Equal(t, "input parameter too long", zegocensor.Code(3).Meaning("KickoutUser"))
		assert.Equal(t, "authentication failed", zegocensor.Code(3).Meaning("ResumeRTCStream"))
		assert.Empty(t, zegocensor.Code(3).Meaning("StartMix"))
	})
}

func TestError_RetryAfter(t *testing.T) {
	for _, code := range []zegocensor.Code{50006, 50007, 50009} {
		assert.Equal(t, 5*time.Minute, (&zegocensor.Error{Action: "StartCensorVideoV2", Code: code}).RetryAfter())
		assert.Zero(t, (&zegocensor.Error{Action: "StartMix", Code: code}).RetryAfter())
	}
	assert.Zero(t, (&zegocensor.Error{Action: "StartCensorVideoV2", Code: 206}).RetryAfter())
}
