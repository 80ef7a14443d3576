package main

import (
	"bytes"
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

func TestRun(t *testing.T) {
	for name, tt := range map[string]struct {
		args           []string
		env            map[string]string
		code           int
		stdout, stderr string // what they contain
	}{
		"without an account": {args: []string{"lobby"}, stdout: `room "lobby": moderation stopped`},
		"says so":            {stdout: "fake ZEGO"},
		"help":               {args: []string{"-h"}, stderr: "usage: quickstart"},
		"unknown flag":       {args: []string{"-x"}, code: 2, stderr: "-x"},
		"two rooms":          {args: []string{"a", "b"}, code: 2, stderr: "one room"},
		"secret without ID":  {env: map[string]string{"ZEGO_SERVER_SECRET": "hush"}, code: 2, stderr: "ZEGO_APP_ID"},
		"ID without secret":  {env: map[string]string{"ZEGO_APP_ID": "5"}, code: 2, stderr: "ZEGO_SERVER_SECRET"},
		"unknown region":     {env: map[string]string{"ZEGO_APP_ID": "5", "ZEGO_SERVER_SECRET": "hush", "ZEGO_REGION": "mars"}, code: 2, stderr: "mars"},
		"empty room":         {args: []string{""}, code: 1, stderr: "RoomID must not be empty"},
		"timeout":            {args: []string{"-timeout", "50ms", "-hold", "1h"}, code: 1, stdout: "moderation stopped", stderr: "deadline"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			for _, variable := range []string{"ZEGO_APP_ID", "ZEGO_SERVER_SECRET", "ZEGO_REGION", "ZEGO_BASE_URL"} {
				t.Setenv(variable, tt.env[variable])
			}
			assert.Equal(t, tt.code, run(t.Context(), tt.args, &stdout, &stderr))
			assert.Contains(t, stdout.String(), tt.stdout)
			assert.Contains(t, stderr.String(), tt.stderr)
			assert.NotContains(t, stdout.String()+stderr.String(), "hush")
		})
	}
}

func TestInterruptStopsTheTask(t *testing.T) {
	zego := zegotest.NewServer()
	defer zego.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, interrupt)
	var out bytes.Buffer
	err := moderate(ctx, zego.Client(), "r", time.Hour, &out)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Len(t, zego.Tasks(), 1)
	assert.Empty(t, zego.Running())
}

func TestInterruptWhileTheTokenIsIssued(t *testing.T) {
	zego := zegotest.NewServer()
	defer zego.Close()
	zego.Inject(zegotest.Fault{Action: "GenerateIdentifyToken", Hang: true})
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, interrupt)
	err := moderate(ctx, zego.Client(), "r", 0, new(bytes.Buffer))
	assert.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, zego.Running())
}

func TestReportOfARefusal(t *testing.T) {
	zego := zegotest.NewServer()
	defer zego.Close()
	zego.Inject(zegotest.Fault{Code: zegocensor.CodeShuMeiNotEnabled})
	err := moderate(t.Context(), zego.Client(), "r", 0, new(bytes.Buffer))
	var out bytes.Buffer
	report(&out, err)
	assert.Contains(t, out.String(), strconv.Itoa(int(zegocensor.CodeShuMeiNotEnabled)))
	assert.Contains(t, out.String(), zegocensor.CodeShuMeiNotEnabled.Advice("StartCensorAudioV2"))
	assert.Regexp(t, `request: \d+`, out.String())
}
