package browser

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// open starts Chromium, and reports what it finds wrong with a page.
func open(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil && path == "" {
			path = p
		}
	}
	if path == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no Chromium: install the package chromium")
		}
		t.Skip("there is no Chromium: install the package chromium")
	}
	profile, err := os.MkdirTemp("", "browser")
	require.NoError(t, err)
	t.Cleanup(func() {
		// Processes of the browser's write a moment longer than it lives itself.
		assert.Eventually(t, func() bool { return os.RemoveAll(profile) == nil }, 10*time.Second, 50*time.Millisecond)
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 1100),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(profile))
	// Not ended with the test, before the browser can be closed in order.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() { assert.NoError(t, chromedp.Cancel(ctx)) })

	var mu sync.Mutex
	var faults []string
	chromedp.ListenTarget(ctx, func(e any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := e.(type) {
		case *runtime.EventExceptionThrown:
			faults = append(faults, e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
				faults = append(faults, fmt.Sprint("console: ", e.Args))
			}
		}
	})
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		assert.Empty(t, faults)
	})
	return ctx
}

// sees waits until a table shows a text.
func sees(table, text string) chromedp.Action {
	return chromedp.Poll(fmt.Sprintf(`document.querySelector(%q).innerText.includes(%q)`, table, text), nil, chromedp.WithPollingTimeout(10*time.Second))
}

func press(label string) chromedp.Action {
	return chromedp.Click(fmt.Sprintf(`button[aria-label^=%q]`, label), chromedp.ByQuery)
}

func TestPage(t *testing.T) {
	ctx := open(t)
	zego := zegotest.NewServer()
	t.Cleanup(zego.Close)
	var rejected sync.WaitGroup
	rejected.Add(1)
	handler, err := callback.NewHandler(zego.CallbackSecret(), func(_ context.Context, e callback.Event) error {
		if r, ok := e.(*callback.AudioResult); ok && r.Detail.RiskLevel == callback.Reject {
			rejected.Done()
		}
		return nil
	})
	require.NoError(t, err)
	listener := httptest.NewServer(handler)
	t.Cleanup(listener.Close)
	zego.SetCallbackURL(listener.URL)

	require.NoError(t, chromedp.Run(ctx,
		chromedp.Navigate(zego.URL()+"/_/"),
		chromedp.Poll(`document.querySelector('#live').innerText === 'live'`, nil),
		press(`turn the clock by 2s`),
		chromedp.Poll(`document.querySelector('#turned').innerText.startsWith('2')`, nil),
		chromedp.Click(`#open-room button`, chromedp.ByQuery),
		sees("#rooms", "room_1"),
		sees("#callbacks", "room_create"),
		press("publish a stream in room_1"),
		sees("#rooms", "stream_"),
	))

	task, err := zego.Client().StartCensorAudioV2(ctx, &zegocensor.StartCensorAudioV2Request{RoomID: "room_1", EventID: zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish, RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}})
	require.NoError(t, err)
	require.NoError(t, chromedp.Run(ctx,
		sees("#tasks", "running"),
		press("emit REJECT for room_1, task "+task.TaskID),
		sees("#callbacks", "censor_audio_v2_result"),
		chromedp.Poll(`[...document.querySelectorAll('#callbacks tbody tr')].find((r) => r.innerText.includes('censor_audio_v2_result')).innerText.includes('delivered')`, nil),
	))
	rejected.Wait()

	require.NoError(t, chromedp.Run(ctx, press("Refuse the next call"), sees("#faults", "Code 1")))
	_, err = zego.Client().StopCensorAudioV2(ctx, &zegocensor.StopCensorAudioV2Request{TaskID: task.TaskID})
	require.Error(t, err)
	require.NoError(t, chromedp.Run(ctx,
		sees("#requests", "request failed"),
		chromedp.Poll(`!document.querySelector('#faults').innerText.includes('Code 1')`, nil),
		press("A proxy’s 502"), sees("#faults", "HTTPStatus 502"),
	))
	_, err = zego.Client().GenerateIdentifyToken(ctx, nil) // tried again
	require.NoError(t, err)
	require.NoError(t, chromedp.Run(ctx,
		sees("#requests", "injected fault"),
		press("play results"), sees("#faults", "Play every room"),
		press("Clock 11 minutes ahead"), sees("#faults", "ClockSkew 11m0s"),
		press("remove faults"),
		chromedp.Poll(`!document.querySelector('#faults').innerText.includes('ClockSkew')`, nil),
		chromedp.Click(`#open-room button`, chromedp.ByQuery),
		chromedp.Poll(`document.querySelector('#error').innerText.includes('is open')`, nil),
	))

	require.NoError(t, chromedp.Run(ctx,
		press("turn the clock by 5m"), press("turn the clock by 5m"), sees("#warning", "10m ahead"),
		press("reset everything"),
		chromedp.Poll(`document.querySelectorAll('tbody tr').length === 0`, nil),
		chromedp.Poll(`document.querySelector('#warning').innerText === ''`, nil),
		chromedp.Click(`#open-room button`, chromedp.ByQuery), sees("#rooms", "room_1"),
	))

	light := screenshot(t, ctx, "light.png")
	require.NoError(t, chromedp.Run(ctx, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}})))
	dark := screenshot(t, ctx, "dark.png")
	assert.Greater(t, light, uint32(200), "a light page")
	assert.Less(t, dark, uint32(60), "a dark page")
}

// TestPageByKeyboard opens and closes a room without a mouse.
func TestPageByKeyboard(t *testing.T) {
	ctx := open(t)
	zego := zegotest.NewServer()
	t.Cleanup(zego.Close)
	keys := func(all ...string) chromedp.Action { return chromedp.KeyEvent(strings.Join(all, "")) }
	require.NoError(t, chromedp.Run(ctx,
		chromedp.Navigate(zego.URL()+"/_/"),
		chromedp.Poll(`document.querySelector('#live').innerText === 'live'`, nil),
		keys(kb.Tab, "lounge", kb.Tab, kb.Tab, kb.Enter),
		sees("#rooms", "lounge"),
		keys(kb.Tab, kb.Tab, kb.Enter), // past Publish
		chromedp.Poll(`!document.querySelector('#rooms').innerText.includes('Publish')`, nil),
	))
	require.Len(t, zego.Rooms(), 1)
	assert.Equal(t, "lounge", zego.Rooms()[0].ID)
	assert.False(t, zego.Rooms()[0].Live())
}

// TestPageShowsTextAsText has a room whose name is HTML.
func TestPageShowsTextAsText(t *testing.T) {
	ctx := open(t)
	zego := zegotest.NewServer()
	t.Cleanup(zego.Close)
	const name = `<img src=x onerror=alert(1)>"'`
	zego.OpenRoom(name, "u")
	var shown string
	require.NoError(t, chromedp.Run(ctx,
		chromedp.Navigate(zego.URL()+"/_/"),
		sees("#rooms", "img src"),
		chromedp.Text("#rooms tbody td", &shown, chromedp.ByQuery),
		press("close <img"),
		chromedp.Poll(`!document.querySelector('#rooms').innerText.includes('Publish')`, nil),
	))
	assert.Equal(t, name, shown)
	assert.False(t, zego.Rooms()[0].Live())
}

// screenshot keeps a picture of the page as an artefact of the test, and returns
// how bright its background is, from 0 to 255.
func screenshot(t *testing.T, ctx context.Context, name string) uint32 {
	t.Helper()
	var picture []byte
	require.NoError(t, chromedp.Run(ctx, chromedp.FullScreenshot(&picture, 100)))
	require.NoError(t, os.WriteFile(filepath.Join(t.ArtifactDir(), name), picture, 0o644))
	img, err := png.Decode(bytes.NewReader(picture))
	require.NoError(t, err)
	assert.Greater(t, len(colors(img)), 50, "the page is not blank")
	r, g, b, _ := img.At(2, 2).RGBA()
	return (r + g + b) / 3 >> 8
}

func colors(img image.Image) map[color.Color]int {
	found := make(map[color.Color]int)
	bounds := img.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			found[img.At(x, y)]++
		}
	}
	return found
}
