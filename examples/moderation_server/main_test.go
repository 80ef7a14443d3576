package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
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

// setenv sets the variables that the program reads, to nothing unless env has them.
func setenv(t *testing.T, env map[string]string) {
	for _, name := range []string{"ZEGO_APP_ID", "ZEGO_SERVER_SECRET", "ZEGO_CALLBACK_SECRET", "ZEGO_REGION", "ZEGO_BASE_URL"} {
		t.Setenv(name, env[name])
	}
}

func TestScene(t *testing.T) {
	setenv(t, nil)
	for _, act := range []bool{false, true} {
		var stdout, stderr bytes.Buffer
		var args []string
		reject := "KickoutUser with -act"
		if act {
			args, reject = append(args, "-act"), "kicked out guest_3"
		}
		require.Zero(t, run(t.Context(), args, &stdout, &stderr), stderr.String())
		out := strings.TrimSpace(stdout.String())
		assert.Regexp(t, `\d\d:\d\d:\d\d lounge host_1 PASS - "good evening"`, out)
		assert.Regexp(t, `lounge guest_2 REVIEW advert "visit my shop"`, out)
		assert.Equal(t, 1, strings.Count(out, `lounge guest_3 REJECT dirty "an insult": `+reject), "it came twice")
		assert.NotContains(t, out, "blink: moderation started")
		assert.Equal(t, 2, strings.Count(out, "lounge: moderation started"))
		assert.Contains(t, stderr.String(), "the database is away")
		last := out[strings.LastIndexByte(out, '\n')+1:]
		assert.Regexp(t, `^tasks started 3, stopped 3; callbacks handled 1[0-9], refused 1; nothing left running$`, last)
		assert.NotContains(t, out+stderr.String(), zegotest.DefaultCallbackSecret)
		assert.NotContains(t, out+stderr.String(), zegotest.DefaultServerSecret)
	}
}

// TestShutdown runs the program as it runs beside ZEGO, and tells it to end.
func TestShutdown(t *testing.T) {
	zego := zegotest.NewServer()
	defer zego.Close()
	port := freePort(t)
	setenv(t, map[string]string{"ZEGO_APP_ID": strconv.Itoa(int(zego.AppID())), "ZEGO_SERVER_SECRET": zego.ServerSecret(),
		"ZEGO_CALLBACK_SECRET": zego.CallbackSecret(), "ZEGO_BASE_URL": zego.URL()})
	ctx, terminate := context.WithCancel(t.Context())
	defer terminate()
	var stdout, stderr safeBuffer
	code := make(chan int)
	address := "127.0.0.1:" + port
	go func() {
		code <- run(ctx, []string{"-listen", address, "-path", "/x", "-public-url", "http://" + address + "/"}, &stdout, &stderr)
	}()
	require.Eventually(t, func() bool { return strings.Contains(stdout.String(), "receiving callbacks") }, 5*time.Second, time.Millisecond)
	zego.SetCallbackURL("http://" + address + "/x")

	// A room whose Start gets no answer: its task is found by its first result.
	zego.Inject(zegotest.Fault{Action: "StartCensorAudioV2", Cut: zegotest.CutAfterRead, Times: 1})
	require.NoError(t, zego.OpenRoom("lost", "u").Wait(t.Context()))
	require.Len(t, zego.Tasks(), 1, "not started twice")
	zego.SetCallbackURL("")
	require.NoError(t, zego.EmitAudioResult(zego.Tasks()[0].ID, callback.AudioResult{Detail: callback.AudioDetail{RiskLevel: callback.Reject}}).Wait(t.Context()), "sent to the task's own URL")
	zego.SetCallbackURL("http://" + address + "/x")
	var rooms sync.WaitGroup
	for i := range 20 {
		rooms.Go(func() { assert.NoError(t, zego.OpenRoom("room_"+strconv.Itoa(i), "u").Wait(t.Context())) })
	}
	rooms.Wait()
	require.Len(t, zego.Running(), 21)

	terminate()
	select {
	case c := <-code:
		assert.Zero(t, c, stderr.String())
	case <-time.After(30 * time.Second):
		t.Fatal("does not end")
	}
	assert.Empty(t, zego.Running())
	assert.Regexp(t, regexp.MustCompile(`tasks started 20 and perhaps 1 more, stopped 21; callbacks handled 2[0-9], refused 0; nothing left running\n$`), stdout.String())
	_, err := net.Dial("tcp", address)
	assert.Error(t, err, "it no longer listens")
}

// TestWhatIsLeftRunningIsTold has ZEGO refuse to stop.
func TestWhatIsLeftRunningIsTold(t *testing.T) {
	zego := zegotest.NewServer()
	defer zego.Close()
	rooms, err := newRooms(zego.Client(), "", false, io.Discard)
	require.NoError(t, err)
	require.NoError(t, rooms.handle(t.Context(), &callback.RoomCreated{RoomID: "r", RoomSessionID: 1, CreateTime: time.Now()}))
	zego.Inject(zegotest.Fault{Action: "StopCensorAudioV2", Code: zegocensor.CodeRequestFailed})
	assert.ErrorContains(t, rooms.moderator.Shutdown(t.Context(), true), "1 tasks could not be stopped")
}

// TestWhoHasLeftIsNotKickedOut has ZEGO not find the user any more.
func TestWhoHasLeftIsNotKickedOut(t *testing.T) {
	zego := zegotest.NewServer()
	defer zego.Close()
	var out bytes.Buffer
	rooms, err := newRooms(zego.Client(), "", true, &out)
	require.NoError(t, err)
	zego.Inject(zegotest.Fault{Action: "KickoutUser", Code: zegocensor.CodeUserNotFound})
	require.NoError(t, rooms.handle(t.Context(), &callback.AudioResult{Detail: callback.AudioDetail{RiskLevel: callback.Reject}, AuxInfo: callback.AudioAuxInfo{RoomID: "r", UserID: "u"}}))
	assert.Contains(t, out.String(), "u has left")
}

// TestRooms_reject has results that name no user, as those of before November 2025.
func TestRooms_reject(t *testing.T) {
	for name, tt := range map[string]struct {
		hint    string
		opts    []zegotest.Option
		noRoom  bool
		want    string
		actions []string
	}{
		"a stream is silenced": {hint: "stream_1", want: "silenced the stream stream_1", actions: []string{"DescribeSimpleStreamList", "SetForbidStreamRule"}},
		"its user is kicked out if rules are not enabled": {hint: "stream_1", opts: []zegotest.Option{zegotest.WithForbidRulesDisabled()}, want: "kicked out u1",
			actions: []string{"DescribeSimpleStreamList", "SetForbidStreamRule", "KickoutUser"}},
		"a user is kicked out":     {hint: "u1", want: "kicked out u1", actions: []string{"DescribeSimpleStreamList", "KickoutUser"}},
		"who is not there is left": {hint: "stream_2", want: "stream_2 has left", actions: []string{"DescribeSimpleStreamList"}},
		"the room has closed":      {hint: "stream_1", opts: []zegotest.Option{zegotest.WithMissingRoomRefused()}, noRoom: true, want: "stream_1 has left", actions: []string{"DescribeSimpleStreamList"}},
		"nobody is named":          {want: "it does not say who it was"},
	} {
		t.Run(name, func(t *testing.T) {
			zego := zegotest.NewServer(tt.opts...)
			defer zego.Close()
			if !tt.noRoom {
				zego.OpenRoom("r", "host")
				zego.OpenStream("r", "stream_1", "u1")
			}
			rooms, err := newRooms(zego.Client(), "", true, io.Discard)
			require.NoError(t, err)
			reject := &callback.AudioResult{Detail: callback.AudioDetail{RiskLevel: callback.Reject}, AuxInfo: callback.AudioAuxInfo{RoomID: "r"}}
			reject.TaskID = "t"
			if tt.hint != "" {
				reject.ResultTaskID = "t_" + tt.hint + "_4"
			}
			done, err := rooms.reject(t.Context(), reject)
			require.NoError(t, err)
			assert.Equal(t, tt.want, done)
			var actions []string
			for _, r := range zego.Requests() {
				actions = append(actions, r.Action)
				assert.Equal(t, http.StatusOK, r.HTTPStatus)
				if r.Action == "SetForbidStreamRule" {
					assert.Equal(t, []string{"r", "stream_1", "1", "600"}, []string{r.Query.Get("RoomId"), r.Query.Get("StreamId"), r.Query.Get("DisableAudio"), r.Query.Get("EffectiveTime")})
				}
			}
			assert.Equal(t, tt.actions, actions)
		})
	}
}

func TestCommandLine(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		env  map[string]string
		code int
		want string
	}{
		"help":               {args: []string{"-h"}, want: "usage: moderation_server"},
		"unknown flag":       {args: []string{"-x"}, code: 2, want: "-x"},
		"argument":           {args: []string{"x"}, code: 2, want: "unknown argument"},
		"path":               {args: []string{"-path", "x"}, code: 2, want: "-path"},
		"public URL":         {args: []string{"-public-url", "example.com"}, code: 2, want: "-public-url"},
		"address":            {args: []string{"-listen", "256.0.0.1:1"}, code: 1, want: "256.0.0.1"},
		"path not clean":     {args: []string{"-path", "/a/../b"}, code: 2, want: "-path"},
		"no callback secret": {env: map[string]string{"ZEGO_APP_ID": "5", "ZEGO_SERVER_SECRET": "hush"}, code: 2, want: "ZEGO_CALLBACK_SECRET"},
		"no server secret":   {env: map[string]string{"ZEGO_APP_ID": "5"}, code: 2, want: "ZEGO_SERVER_SECRET"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			setenv(t, tt.env)
			assert.Equal(t, tt.code, run(t.Context(), tt.args, &stdout, &stderr))
			assert.Contains(t, stderr.String(), tt.want)
			assert.NotContains(t, stdout.String()+stderr.String(), "hush")
		})
	}
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// safeBuffer is written and read at the same time.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
