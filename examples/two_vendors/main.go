// Command two_vendors shows one backend that moderates rooms on ZEGO and on Tencent
// RTC with one moderator. It plays both vendors itself, so that it needs no account.
// What happens is printed, and at the end an account of it, by what the two have
// seen.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
	"github.com/zegocensor/zegocensor-go/trtc"
	"github.com/zegocensor/zegocensor-go/trtc/trtccallback"
	"github.com/zegocensor/zegocensor-go/trtc/trtctest"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	zego, tencent := zegotest.NewServer(), trtctest.NewServer()
	defer zego.Close()
	defer tencent.Close()
	if err := play(ctx, zego, tencent, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "two_vendors:", err)
		os.Exit(1)
	}
}

// tencentRooms is the name of Tencent's rooms in the moderator; ZEGO's are known by
// their own IDs.
const tencentRooms = "trtc"

// backend is what a real program has: clients, a moderator and two handlers.
type backend struct {
	moderator *moderator.Moderator
	zego      http.Handler
	tencent   http.Handler
}

func newBackend(zego *zegocensor.Client, tencent *trtc.Client, callbackSecret, callbackKey string, out *output) (*backend, error) {
	provider := trtc.NewProvider(tencent, trtc.CreateCloudModerationRequest{
		RoomIDType:       trtc.RoomIDString,
		ModerationParams: trtc.ModerationParams{ModerationSupplier: trtc.SupplierTianyu},
	})
	// Both vendors are asked for the results of what passes, which show the moderator which
	// tasks run: ZEGO by moderator.Audio, and Tencent unless CallbackHitsOnly is set.
	m, err := moderator.New(moderator.Vendors{
		"": moderator.Audio(zego, zegocensor.StartCensorAudioV2Request{
			EventID:       zegocensor.EventAudioRoom,
			AudioLanguage: zegocensor.LanguageEnglish,
			RiskTypeList:  []zegocensor.RiskType{zegocensor.RiskPornography, zegocensor.RiskAbuse},
		}),
		tencentRooms: provider,
	})
	if err != nil {
		return nil, err
	}
	fromZEGO, err := callback.NewHandler(callbackSecret, func(ctx context.Context, e callback.Event) error {
		if r, ok := e.(*callback.AudioResult); ok && r.Detail.RiskLevel == callback.Reject {
			out.say("ZEGO    room %s: %s said %q: %s", r.AuxInfo.RoomID, r.AuxInfo.UserID, r.Detail.Text, r.Detail.RiskLabel1)
		}
		return m.Handle(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	tell := provider.Handle(m, tencentRooms)
	fromTencent, err := trtccallback.NewHandler(callbackKey, func(ctx context.Context, e trtccallback.Event) error {
		if r, ok := e.(*trtccallback.Result); ok && r.Suggest == trtccallback.SuggestBlock {
			out.say("Tencent room %s: %s said %q: %s", r.RoomID, r.StreamerUserID, r.AudioText, r.Label)
		}
		return tell(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	return &backend{m, fromZEGO, fromTencent}, nil
}

const rooms = 3

// play has rooms of the same names open at both vendors, and close. Each vendor loses
// the answer of its first Start.
func play(ctx context.Context, zego *zegotest.Server, tencent *trtctest.Server, stdout io.Writer) error {
	out := &output{w: stdout}
	b, err := newBackend(zego.Client(), tencent.Client(), zego.CallbackSecret(), trtctest.CallbackKey, out)
	if err != nil {
		return err
	}
	zegoCallbacks, tencentCallbacks := httptest.NewServer(b.zego), httptest.NewServer(b.tencent)
	defer zegoCallbacks.Close()
	defer tencentCallbacks.Close()
	zego.SetCallbackURL(zegoCallbacks.URL)
	tencent.SetCallbackURL(tencentCallbacks.URL)
	runCtx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { _ = b.moderator.Run(runCtx) })
	defer running.Wait()
	defer stop()

	zego.Inject(zegotest.Fault{Action: "StartCensorAudioV2", Cut: zegotest.CutAfterRead, Times: 1})
	tencent.Inject(trtctest.Fault{Action: "CreateCloudModeration", Cut: zegotest.CutAfterRead, Times: 1})
	for i := range rooms {
		room := fmt.Sprintf("room_%d", i)
		zego.OpenRoom(room, "host")
		zego.OpenStream(room, "stream_"+room, "host")
		tencent.OpenRoom(trtctest.Text(room), "host")
		tencent.Publish(trtctest.Text(room), "host")
	}
	if err := until(ctx, func() bool { return len(zego.Running()) == rooms && len(tencent.Running()) == rooms }); err != nil {
		return err
	}
	out.say("%d rooms of each vendor are open, and moderated; the answers of two Starts were lost", rooms)

	// The results of those two tasks tell who they are.
	for _, t := range zego.Running() {
		if err := zego.EmitAudioResult(t.ID, callback.AudioResult{AuxInfo: callback.AudioAuxInfo{UserID: "host"}, Detail: verdict()}).Wait(ctx); err != nil {
			return err
		}
	}
	for _, t := range tencent.Running() {
		r := trtccallback.Result{StreamerUserID: "host", Suggest: trtccallback.SuggestBlock, Label: "Abuse", AudioText: "you idiot"}
		if err := tencent.EmitResult(t.ID, r).Wait(ctx); err != nil {
			return err
		}
	}
	known, err := b.moderator.Tasks(ctx)
	if err != nil {
		return err
	}
	out.say("the moderator knows %d tasks", len(known))

	for i := range rooms {
		zego.CloseRoom(fmt.Sprintf("room_%d", i), 0)
		tencent.CloseRoom(trtctest.Text(fmt.Sprintf("room_%d", i)))
	}
	if err := until(ctx, func() bool { return len(zego.Running())+len(tencent.Running()) == 0 }); err != nil {
		return err
	}
	out.say("account: ZEGO %d rooms, %d tasks started, %d left running; Tencent %d rooms, %d tasks started, %d left running",
		rooms, len(zego.Tasks()), len(zego.Running()), rooms, len(tencent.Tasks()), len(tencent.Running()))
	if len(known) != 2*rooms || len(zego.Tasks()) != rooms || len(tencent.Tasks()) != rooms {
		return errors.New("a room had not exactly one task")
	}
	return nil
}

func verdict() callback.AudioDetail {
	return callback.AudioDetail{RiskLevel: callback.Reject, Text: "you idiot", RiskLabel1: "abuse"}
}

// output prints lines, from several goroutines.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *output) say(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintf(o.w, format+"\n", args...)
}

func until(ctx context.Context, done func() bool) error {
	for !done() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
