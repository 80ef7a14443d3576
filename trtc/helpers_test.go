package trtc_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/trtc"
)

// wire is a transport that answers as a test says, and keeps what was sent.
type wire struct {
	unread bool // requests fail before their bodies are read
	answer func(attempt int, r *http.Request) (*http.Response, error)
	seen   []*http.Request
	bodies []string
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if !w.unread {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	w.seen = append(w.seen, r)
	w.bodies = append(w.bodies, string(body))
	return w.answer(len(w.seen), r)
}

func answer(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

const (
	testSecretID  = "AKIDcanary0123456789"
	testSecretKey = "canary-secret-key-0123456789"
	testToken     = "canary-token-0123456789"
	testSDKKey    = "canary-sdk-secret-key-0123456789"
)

// fast makes retries quick.
var fast = trtc.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 3, MinBackoff: time.Nanosecond, MaxBackoff: time.Nanosecond})

func newClient(t testing.TB, rt http.RoundTripper, opts ...trtc.Option) *trtc.Client {
	t.Helper()
	opts = append([]trtc.Option{trtc.WithHTTPClient(&http.Client{Transport: rt}), trtc.WithSDKSecretKey(testSDKKey), fast}, opts...)
	c, err := trtc.NewClient(1400000001, common.NewTokenCredential(testSecretID, testSecretKey, testToken), opts...)
	require.NoError(t, err)
	return c
}

// request is a Create with a secret in every place that can have one.
func request() *trtc.CreateCloudModerationRequest {
	return &trtc.CreateCloudModerationRequest{
		RoomID: "150",
		ModerationParams: trtc.ModerationParams{
			ModerationSupplier:      trtc.SupplierTianyu,
			ModerationSupplierParam: trtc.ModerationSupplierParam{AppID: "1", SecretID: "2", SecretKey: zegocensor.NewSecret("canary-supplier-key-0123456789")},
			SaveModerationFile:      trtc.SaveHits,
		},
		CloudModerationStorage: trtc.CloudModerationStorage{Region: "ap-singapore", Bucket: "b-1", AccessKey: zegocensor.NewSecret("canary-access-key-0123456789"), SecretKey: zegocensor.NewSecret("canary-storage-key-0123456789")},
	}
}

// The calls of the retry table.
var calls = map[string]func(context.Context, *trtc.Client) error{
	"Create": func(ctx context.Context, c *trtc.Client) error {
		_, err := c.CreateCloudModeration(ctx, request())
		return err
	},
	"Describe": func(ctx context.Context, c *trtc.Client) error {
		_, err := c.DescribeCloudModeration(ctx, &trtc.DescribeCloudModerationRequest{TaskID: "T"})
		return err
	},
	"Modify": func(ctx context.Context, c *trtc.Client) error {
		_, err := c.ModifyCloudModeration(ctx, &trtc.ModifyCloudModerationRequest{TaskID: "T"})
		return err
	},
	"Delete": func(ctx context.Context, c *trtc.Client) error {
		_, err := c.DeleteCloudModeration(ctx, &trtc.DeleteCloudModerationRequest{TaskID: "T"})
		return err
	},
}

func must(t *testing.T, number string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(number, 10, 64)
	require.NoError(t, err)
	return n
}
