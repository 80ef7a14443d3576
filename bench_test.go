package zegocensor_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/zegocensor/zegocensor-go"
)

// The benchmarks compare a call with what a careful person writes by hand on
// net/http, over the same in-memory transport. Run them with
//
//	go test -run '^$' -bench . -benchmem -count 6 .

type memory struct{}

const memoryAnswer = `{"Code":0,"Message":"success","RequestId":"TestRequestId1635941437248027000","Data":{"TaskId":"15515d8fef61801b05c22e0ebbe8681f"}}`

func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	return &http.Response{
		StatusCode:    200,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader([]byte(memoryAnswer))),
		ContentLength: int64(len(memoryAnswer)),
		Request:       r,
	}, nil
}

func BenchmarkStartCensorAudioV2(b *testing.B) {
	ctx := context.Background()
	b.Run("client", func(b *testing.B) {
		c, err := zegocensor.NewClient(testAppID, testSecret,
			zegocensor.WithHTTPClient(&http.Client{Transport: memory{}}),
			zegocensor.WithLimiter(freeLimiter{}))
		if err != nil {
			b.Fatal(err)
		}
		req := audioRequest()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.StartCensorAudioV2(ctx, req); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by hand", func(b *testing.B) {
		hc := &http.Client{Transport: memory{}}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := startByHand(ctx, hc, "room_1"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// freeLimiter never waits, so that the benchmark goes through the limiter's
// place in the path without its pace.
type freeLimiter struct{}

func (freeLimiter) Wait(context.Context, string) error { return nil }

// startByHand is the floor: no checks, no retry, no limiter, no typed errors.
func startByHand(ctx context.Context, hc *http.Client, roomID string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	raw := make([]byte, 8)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	nonce, ts := hex.EncodeToString(raw), strconv.FormatInt(time.Now().Unix(), 10)
	sum := md5.Sum([]byte(strconv.Itoa(testAppID) + nonce + testSecret + ts))
	q := url.Values{}
	q.Set("Action", "StartCensorAudioV2")
	q.Set("AppId", strconv.Itoa(testAppID))
	q.Set("SignatureNonce", nonce)
	q.Set("Timestamp", ts)
	q.Set("Signature", hex.EncodeToString(sum[:]))
	q.Set("SignatureVersion", "2.0")
	body, err := json.Marshal(struct {
		RoomID        string `json:"RoomId"`
		EventID       string `json:"EventId"`
		AudioLanguage string
		RiskTypeList  []string
	}{roomID, "audio_room", "en", []string{"EROTIC", "DIRTY"}})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://rtc-api.zego.im/?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := hc.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	var env struct {
		Code      int
		Message   string
		RequestID string `json:"RequestId"`
		Data      struct {
			TaskID string `json:"TaskId"`
		}
	}
	if err := json.Unmarshal(answer, &env); err != nil {
		return "", err
	}
	if env.Code != 0 {
		return "", fmt.Errorf("code %d: %s", env.Code, env.Message)
	}
	return env.Data.TaskID, nil
}

func BenchmarkSign(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		zegocensor.Sign(testAppID, testSecret, "c6b3e1f0a2d49788", 1700000000)
	}
}
