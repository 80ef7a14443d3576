package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/trtc/trtctest"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

func TestScene(t *testing.T) {
	zego, tencent := zegotest.NewServer(), trtctest.NewServer()
	defer zego.Close()
	defer tencent.Close()
	var stdout bytes.Buffer
	require.NoError(t, play(t.Context(), zego, tencent, &stdout))
	assert.Contains(t, stdout.String(), "the moderator knows 6 tasks\n")
	assert.Contains(t, stdout.String(), `Tencent room room_2: host said "you idiot": Abuse`)
	assert.Regexp(t, `account: ZEGO 3 rooms, 3 tasks started, 0 left running; Tencent 3 rooms, 3 tasks started, 0 left running\n$`, stdout.String())
}

func TestInterrupted(t *testing.T) {
	zego, tencent := zegotest.NewServer(), trtctest.NewServer()
	defer zego.Close()
	defer tencent.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, play(ctx, zego, tencent, &bytes.Buffer{}), context.Canceled)
}
