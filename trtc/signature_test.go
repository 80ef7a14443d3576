package trtc_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	"github.com/tencentyun/tls-sig-api-v2-golang/tencentyun"

	"github.com/zegocensor/zegocensor-go/trtc"
	"github.com/zegocensor/zegocensor-go/trtc/trtctest"
)

// TestSign has the example of Tencent's documentation.
func TestSign(t *testing.T) {
	body := `{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`
	assert.Equal(t, "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
		trtc.Sign("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "cvm", "cvm.tencentcloudapi.com", "application/json; charset=utf-8", 1551113065, []byte(body)))
}

// TestTencentsOwnClient has the client of tencentcloud/common call the fake: it
// accepts what that signs, and Sign gives the same.
func TestTencentsOwnClient(t *testing.T) {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	p := profile.NewClientProfile()
	p.HttpProfile.Scheme = "http"
	p.HttpProfile.Endpoint = strings.TrimPrefix(tencent.URL(), "http://")
	client := common.NewCommonClient(common.NewCredential(trtctest.SecretID, trtctest.SecretKey), "ap-singapore", p)
	userSig, err := tencentyun.GenUserSig(int(trtctest.SdkAppID), trtctest.SDKSecretKey, "robot", 600)
	require.NoError(t, err)

	req := tchttp.NewCommonRequest("trtc", "2019-07-22", "CreateCloudModeration")
	require.NoError(t, req.SetActionParameters(map[string]any{
		"SdkAppId": trtctest.SdkAppID, "RoomId": "未命名", "RoomIdType": 0, "UserId": "robot", "UserSig": userSig, "ModerationParams": map[string]any{},
	}))
	require.NoError(t, client.Send(req, tchttp.NewCommonResponse()))
	require.Len(t, tencent.Running(), 1)

	sent := tencent.Requests()[0]
	timestamp := sent.Received.Unix()
	assert.InDelta(t, timestamp, must(t, sent.Header.Get("X-TC-Timestamp")), 2)
	assert.Contains(t, sent.Header.Get("Authorization"), ", Signature="+trtc.Sign(trtctest.SecretKey, "trtc", strings.TrimPrefix(tencent.URL(), "http://"),
		sent.Header.Get("Content-Type"), must(t, sent.Header.Get("X-TC-Timestamp")), sent.Body))
}
