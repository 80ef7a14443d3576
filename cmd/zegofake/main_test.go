package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// TestServe runs the program as a program of another language would use it.
func TestServe(t *testing.T) {
	events := make(chan callback.Event, 10)
	handler, err := callback.NewHandler("callback-hush", func(_ context.Context, e callback.Event) error {
		events <- e
		return nil
	})
	require.NoError(t, err)
	backend := httptest.NewServer(handler)
	defer backend.Close()

	ctx, terminate := context.WithCancel(t.Context())
	defer terminate()
	out, outWriter := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int)
	go func() {
		code <- run(ctx, []string{"-listen", "127.0.0.1:0", "-app-id", "7", "-server-secret", "server-hush", "-callback-secret", "callback-hush",
			"-callback-url", backend.URL, "-fault", `{"Action":"StartCensorAudioV2","Code":206,"Times":1}`, "-delivery", `{"Event":"room_close","Drop":true}`,
			"-second-start", "error", "-unknown-task", "error", "-missing-room", "104", "-refusal-status", "400", "-not-enabled", "GenerateIdentifyToken"}, outWriter, &stderr)
		outWriter.Close()
	}()
	line := make([]byte, 1000)
	n, err := out.Read(line)
	require.NoError(t, err)
	said := string(line[:n])
	assert.Contains(t, said, "stand-in")
	assert.NotContains(t, said, "hush")
	url := regexp.MustCompile(`http://\S+\d`).FindString(said)

	client, err := zegocensor.NewClient(7, "server-hush", zegocensor.WithBaseURL(url))
	require.NoError(t, err)
	start := func(room string) (string, error) {
		task, err := client.StartCensorAudioV2(t.Context(), &zegocensor.StartCensorAudioV2Request{RoomID: room, EventID: zegocensor.EventAudioRoom,
			AudioLanguage: zegocensor.LanguageEnglish, RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}})
		if err != nil {
			return "", err
		}
		return task.TaskID, nil
	}
	_, err = start("r") // 206 at first, and tried again
	assert.ErrorIs(t, err, zegocensor.ErrRoomNotFound)
	var refused *zegocensor.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 400, refused.HTTPStatus)
	post(t, url+"/_/api/rooms", `{"RoomId":"r"}`)
	assert.Equal(t, "room_create", (<-events).Head().Event)
	task, err := start("r")
	require.NoError(t, err)
	_, err = start("r")
	assert.Error(t, err)
	post(t, url+"/_/api/tasks/"+task+"/results", `{"RiskLevel":"REJECT"}`)
	assert.Equal(t, callback.Reject, (<-events).(*callback.AudioResult).Detail.RiskLevel)
	_, err = client.StopCensorAudioV2(t.Context(), &zegocensor.StopCensorAudioV2Request{TaskID: "never was"})
	assert.Error(t, err)
	_, err = client.GenerateIdentifyToken(t.Context(), nil)
	assert.ErrorIs(t, err, zegocensor.ErrNotEnabled)

	terminate()
	select {
	case c := <-code:
		assert.Zero(t, c, stderr.String())
	case <-time.After(10 * time.Second):
		t.Fatal("does not end")
	}
	_, err = http.Get(url)
	assert.Error(t, err)
}

// TestSwitches serves with what differs from the defaults.
func TestSwitches(t *testing.T) {
	events := make(chan callback.Event, 100)
	handler, err := callback.NewHandler(zegotest.DefaultCallbackSecret, func(_ context.Context, e callback.Event) error {
		events <- e
		return nil
	})
	require.NoError(t, err)
	backend := httptest.NewServer(handler)
	defer backend.Close()
	ctx, terminate := context.WithCancel(t.Context())
	out, outWriter := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int)
	go func() {
		code <- run(ctx, []string{"-listen", "127.0.0.1:0", "-callback-url", backend.URL, "-host", "zego.internal", "-rate-limit", "2", "-user-events", "-events-of-2023",
			"-forbid-rules", "9", "-play", "-silent-results", "never", "-pass-results", "asked"}, outWriter, &stderr)
		outWriter.Close()
	}()
	line := make([]byte, 1000)
	n, err := out.Read(line)
	require.NoError(t, err)
	address := regexp.MustCompile(`http://\S+\d`).FindString(string(line[:n]))

	r, err := http.NewRequest("POST", address+"/_/api/rooms", strings.NewReader(`{"RoomId":"r"}`))
	require.NoError(t, err)
	r.Host = "zego.internal"
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	w.Body.Close()
	assert.Equal(t, 200, w.StatusCode)
	names := []string{(<-events).Head().Event, (<-events).Head().Event}
	assert.ElementsMatch(t, []string{"room_create", "room_login"}, names)
	post(t, address+"/_/api/rooms/r/streams", `{"StreamId":"s","UserId":"u"}`)
	for e := range events {
		if stream, ok := e.(*callback.StreamCreated); ok {
			assert.Zero(t, stream.RoomSessionID)
			break
		}
	}

	client, err := zegocensor.NewClient(zegotest.DefaultAppID, zegotest.DefaultServerSecret, zegocensor.WithBaseURL(address), zegocensor.WithLimiter(nil),
		zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	describe := zegocensor.Action{Name: "DescribeForbidUserRules", Method: "GET"}
	for _, want := range []zegocensor.Code{9, 9, 206} {
		_, err := client.Do(t.Context(), describe, url.Values{"RuleType": {"1"}}, nil, nil)
		var refused *zegocensor.Error
		if assert.ErrorAs(t, err, &refused) {
			assert.Equal(t, want, refused.Code)
		}
	}
	_, err = client.StartCensorAudioV2(t.Context(), &zegocensor.StartCensorAudioV2Request{RoomID: "r", EventID: zegocensor.EventAudioRoom, ReturnAllText: true,
		AudioLanguage: zegocensor.LanguageEnglish, RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}})
	require.NoError(t, err)
	post(t, address+"/_/api/clock", `{"Advance":"10s"}`)
	for e := range events { // a room_login can be late
		if result, ok := e.(*callback.AudioResult); ok {
			assert.Equal(t, callback.Pass, result.Detail.RiskLevel)
			break
		}
	}
	post(t, address+"/_/api/clock", `{"Advance":"11m"}`)
	terminate()
	assert.Zero(t, <-code)
	assert.Contains(t, stderr.String(), "10m ahead")
}

func post(t *testing.T, url, body string) {
	t.Helper()
	w, err := http.Post(url, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer w.Body.Close()
	assert.Equal(t, 200, w.StatusCode)
}

func TestCommandLine(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"help":        {[]string{"-h"}, 0, []string{"usage: zegofake", "-second-start choice", "-pass-results choice", "-play"}},
		"several":     {[]string{"-app-id", "0", "-callback-secret", "", "-rate-limit", "-1", "-refusal-status", "9", "-callback-url", "x", "y"}, 2, []string{"-app-id", "-callback-secret", "-rate-limit", "-refusal-status", "-callback-url", `"y"`}},
		"app ID":      {[]string{"-app-id", "4294967296"}, 2, []string{"-app-id"}},
		"choice":      {[]string{"-second-start", "x"}, 2, []string{"-second-start", "no such choice"}},
		"fault":       {[]string{"-fault", `{"Cod":1}`}, 2, []string{"-fault", "unknown field"}},
		"cut":         {[]string{"-fault", `{"Cut":"x"}`}, 2, []string{"before-read, after-read, body"}},
		"delivery":    {[]string{"-delivery", `{`}, 2, []string{"-delivery"}},
		"unknown":     {[]string{"-x"}, 2, []string{"-x"}},
		"no address":  {[]string{"-listen", "x"}, 1, []string{"missing port"}},
		"bad address": {[]string{"-listen", "256.0.0.1:0"}, 1, []string{"256.0.0.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, tt.code, run(t.Context(), tt.args, &stdout, &stderr))
			for _, want := range tt.want {
				assert.Contains(t, stderr.String(), want)
			}
			assert.Empty(t, stdout.String())
		})
	}
}

// TestEndsWithManyAtOnce terminates it while calls are hanging.
func TestEndsWithManyAtOnce(t *testing.T) {
	ctx, terminate := context.WithCancel(t.Context())
	out, outWriter := io.Pipe()
	code := make(chan int)
	go func() {
		code <- run(ctx, []string{"-listen", "127.0.0.1:0", "-fault", `{"Hang":true}`}, outWriter, io.Discard)
	}()
	line := make([]byte, 1000)
	n, err := out.Read(line)
	require.NoError(t, err)
	url := regexp.MustCompile(`http://\S+\d`).FindString(string(line[:n]))
	var hanging sync.WaitGroup
	for range 20 {
		hanging.Go(func() {
			if w, err := http.Get(url); err == nil {
				w.Body.Close()
			}
		})
	}
	time.AfterFunc(50*time.Millisecond, terminate)
	select {
	case c := <-code:
		assert.Zero(t, c)
	case <-time.After(10 * time.Second):
		t.Fatal("does not end")
	}
	hanging.Wait()
}
