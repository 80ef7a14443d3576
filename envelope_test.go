package zegocensor_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

func TestAnswers(t *testing.T) {
	const okay = 0
	tests := map[string]struct {
		status int
		body   string
		code   zegocensor.Code // of the *Error; okay = success; -1 = a *ResponseError
	}{
		"success":                  {200, `{"Code":0,"Message":"success","RequestId":"R","Data":{"TaskId":"T"}}`, okay},
		"unknown fields":           {200, `{"Code":0,"New":[1],"Data":{"TaskId":"T","More":{}}}`, okay},
		"code as a string":         {200, `{"Code":"0","Message":7,"RequestId":12345678901234567890,"Data":{"TaskId":"T"}}`, okay},
		"success, odd status":      {500, `{"Code":0,"Data":{"TaskId":"T"}}`, okay},
		"refused, Data null":       {200, `{"Code":104,"Data":null}`, 104},
		"refused, no Data":         {200, `{"Code":104}`, 104},
		"refused, Data text":       {200, `{"Code":104,"Data":""}`, 104},
		"refused, Data list":       {200, `{"Code":104,"Data":[]}`, 104},
		"refused, Data number":     {400, `{"Code":104,"Data":7}`, 104},
		"refused, code as string":  {200, `{"Code":"104","Data":[]}`, 104},
		"no TaskId":                {200, `{"Code":0,"Data":{}}`, -1},
		"empty TaskId":             {200, `{"Code":0,"Data":{"TaskId":""}}`, -1},
		"Data null":                {200, `{"Code":0,"Data":null}`, -1},
		"no Data":                  {200, `{"Code":0}`, -1},
		"Data text":                {200, `{"Code":0,"Data":""}`, -1},
		"Data list":                {200, `{"Code":0,"Data":[]}`, -1},
		"TaskId list":              {200, `{"Code":0,"Data":{"TaskId":[7]}}`, -1},
		"no code":                  {200, `{"Message":"success","Data":{"TaskId":"T"}}`, -1},
		"code null":                {200, `{"Code":null,"Data":{"TaskId":"T"}}`, -1},
		"code too large":           {200, `{"Code":4294967296}`, -1},
		"code a fraction":          {200, `{"Code":0.5}`, -1},
		"code a list":              {200, `{"Code":[]}`, -1},
		"cut":                      {200, `{"Code":0,"Data":{"TaskId":"T`, -1},
		"two values":               {200, `{"Code":0,"Data":{"TaskId":"T"}}{}`, -1},
		"empty":                    {200, ``, -1},
		"null":                     {200, `null`, -1},
		"list":                     {200, `[]`, -1},
		"not UTF-8":                {200, "\xff\xfe", -1},
		"a deep list":              {200, strings.Repeat("[", 100000), -1},
		"HTML with success inside": {200, `<html>{"Code":0,"Data":{"TaskId":"T"}}`, -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return answer(tt.status, tt.body), nil }}
			resp, err := newClient(t, w).StartCensorAudioV2(context.Background(), audioRequest())
			assert.Equal(t, 1, w.count())
			switch {
			case tt.code == okay:
				require.NoError(t, err)
				assert.Equal(t, "T", resp.TaskID)
			case tt.code > 0:
				var refused *zegocensor.Error
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, tt.code, refused.Code)
				assert.Equal(t, tt.status, refused.HTTPStatus)
			default:
				var unusable *zegocensor.ResponseError
				require.ErrorAs(t, err, &unusable)
				assert.Equal(t, tt.status, unusable.HTTPStatus)
				assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown, "a task may be running")
			}
		})
	}
}

func TestClient_answerSize(t *testing.T) {
	padded := func(size int) string { return okBody + strings.Repeat(" ", size-len(okBody)) }
	t.Run("exactly 1 MiB is accepted", func(t *testing.T) {
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return answer(200, padded(1<<20)), nil }}
		assert.NoError(t, start(t.Context(), newClient(t, w)))
	})
	t.Run("one byte more is refused", func(t *testing.T) {
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return answer(200, padded(1<<20+1)), nil }}
		err := start(t.Context(), newClient(t, w))
		assert.ErrorContains(t, err, "larger than 1 MiB")
		assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
	})
	t.Run("an endless one is read up to the first byte too many", func(t *testing.T) {
		var read atomic.Int64
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
			resp := answer(200, "")
			resp.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) {
				for i := range p {
					p[i] = ' '
				}
				read.Add(int64(len(p)))
				return len(p), nil
			}))
			return resp, nil
		}}
		var unusable *zegocensor.ResponseError
		require.ErrorAs(t, start(t.Context(), newClient(t, w)), &unusable)
		assert.EqualValues(t, 1<<20+1, read.Load())
	})
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{okBody, `{"Code":104}`, `{"Code":"206","Data":[]}`, `{"Code":0,"Data":""}`, `{"Code":1e1}`,
		`<html>502`, `{"Code":0,"Data":{"TaskId":"`, `[`, ``, "\xff", `{"code":0,"DATA":{"taskid":"x"}}`, `{"Code":0,"Data":{"RemainTime":9223372036854775807,"IdentifyToken":"t"}}`} {
		for _, status := range []int{200, 302, 429, 500, 502} {
			f.Add(status, seed)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 100 || status > 999 {
			t.Skip()
		}
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return answer(status, body), nil }}
		c := newClient(t, w, zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1}))
		for _, do := range []func(context.Context, *zegocensor.Client) error{start, stop, token} {
			err := do(context.Background(), c)
			if err == nil {
				continue
			}
			var refused *zegocensor.Error
			var unusable *zegocensor.ResponseError
			switch {
			case errors.As(err, &refused):
				assert.Equal(t, status, refused.HTTPStatus)
				assert.NotZero(t, refused.Code)
			case errors.As(err, &unusable):
				assert.Equal(t, status, unusable.HTTPStatus)
			default:
				t.Fatalf("no typed error: %v", err)
			}
			assert.NotContains(t, err.Error(), "\n")
			assert.Less(t, len(err.Error()), 4096)
		}
	})
}
