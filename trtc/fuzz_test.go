package trtc_test

import (
	"net/http"
	"testing"

	"github.com/zegocensor/zegocensor-go/trtc"
)

// FuzzAnswer has Tencent answer anything at all: a success has a task.
func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"Response":{"TaskId":"T","RequestId":"R"}}`)
	f.Add(200, `{"Response":{"Error":{"Code":"InternalError","Message":"m"},"RequestId":"R"}}`)
	f.Add(200, `{"Response":{"TaskId":"T","Status":"Idle","SubscribeStreamUserIds":{"SubscribeAudioUserIds":["a"]}}}`)
	f.Add(502, `<html>`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return answer(status, body), nil }}
		c := newClient(t, w, trtc.WithLimiter(nil))
		created, err := c.CreateCloudModeration(t.Context(), request())
		if (err == nil) != (created != nil && created.TaskID != "") {
			t.Fatalf("%v, %v", created, err)
		}
		described, err := c.DescribeCloudModeration(t.Context(), &trtc.DescribeCloudModerationRequest{TaskID: "T"})
		if (err == nil) != (described != nil && described.Status != "") {
			t.Fatalf("%v, %v", described, err)
		}
	})
}
