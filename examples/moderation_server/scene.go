package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// play has a fake ZEGO do to this program what ZEGO does to a backend.
func play(ctx context.Context, zego *zegotest.Server, address string, away *atomic.Bool, stdout io.Writer) error {
	say := func(what string) { fmt.Fprintln(stdout, "--", what) }

	say("a room opens")
	if err := zego.OpenRoom("lounge", "host_1").Wait(ctx); err != nil {
		return err
	}
	lounge := zego.Running()[0].ID

	say("somebody publishes; the program fails to handle that, and ZEGO tells it again two seconds later")
	away.Store(true)
	published := zego.OpenStream("lounge", "host_1_mic", "host_1")
	zego.Advance(2 * time.Second)
	if err := published.Wait(ctx); err != nil {
		return err
	}

	say("three results; the last one comes twice")
	for _, r := range []callback.AudioResult{
		{Detail: callback.AudioDetail{RiskLevel: callback.Pass, Text: "good evening"}, AuxInfo: callback.AudioAuxInfo{UserID: "host_1"}},
		{Detail: callback.AudioDetail{RiskLevel: callback.Review, RiskLabel1: "advert", Text: "visit my shop"}, AuxInfo: callback.AudioAuxInfo{UserID: "guest_2"}},
		{Detail: callback.AudioDetail{RiskLevel: callback.Reject, RiskLabel1: "dirty", Text: "an insult"}, AuxInfo: callback.AudioAuxInfo{UserID: "guest_3"}},
	} {
		if r.Detail.RiskLevel == callback.Reject {
			zego.InjectDelivery(zegotest.Delivery{Copies: 1, Resign: true, Times: 1})
		}
		if err := zego.EmitAudioResult(lounge, r).Wait(ctx); err != nil {
			return err
		}
	}

	say("somebody sends one of these again, with another body")
	if err := forge(ctx, zego, address); err != nil {
		return err
	}

	say("a room opens, and ZEGO refuses to moderate it at first; it is tried again")
	zego.Inject(zegotest.Fault{Action: "StartCensorAudioV2", Code: zegocensor.CodeRequestFailed, Times: 1})
	if err := zego.OpenRoom("stage", "host_4").Wait(ctx); err != nil {
		return err
	}
	if err := until(ctx, func() bool { return len(zego.Running()) == 2 }); err != nil {
		return err
	}

	say("a room closes at once, and that is told before its opening")
	zego.InjectDelivery(zegotest.Delivery{Event: "room_create", Delay: 3 * time.Second, Times: 1})
	opened := zego.OpenRoom("blink", "host_5")
	if err := zego.CloseRoom("blink", 2).Wait(ctx); err != nil {
		return err
	}
	zego.Advance(3 * time.Second)
	if err := opened.Wait(ctx); err != nil {
		return err
	}

	say("the first room closes and opens again; its end is told late")
	zego.InjectDelivery(zegotest.Delivery{Event: "room_close", Delay: 3 * time.Second, Times: 1})
	closed := zego.CloseRoom("lounge", 0)
	if err := zego.OpenRoom("lounge", "host_1").Wait(ctx); err != nil {
		return err
	}
	zego.Advance(3 * time.Second)
	if err := closed.Wait(ctx); err != nil {
		return err
	}

	say("it closes for good, and the program is told to end while the other is open")
	return zego.CloseRoom("lounge", 0).Wait(ctx)
}

// until waits for what the program does by itself.
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

// forge sends a callback whose signature is genuine and whose body is not: the
// signature does not cover it.
func forge(ctx context.Context, zego *zegotest.Server, address string) error {
	for _, c := range zego.Callbacks() {
		r, ok := c.Event.(*callback.AudioResult)
		if !ok || r.Detail.RiskLevel != callback.Pass {
			continue
		}
		body := bytes.Replace(c.Tries()[0].Body, []byte("PASS"), []byte("REJECT"), 1)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			return fmt.Errorf("a forged callback was answered with %s", response.Status)
		}
	}
	return nil
}
