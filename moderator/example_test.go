package moderator_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// A moderator is fed by a callback handler, and runs beside it.
func ExampleNew() {
	zego := zegotest.NewServer() // in place of ZEGO
	defer zego.Close()

	m, err := moderator.New(moderator.Audio(zego.Client(), zegocensor.StartCensorAudioV2Request{
		EventID:       zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish,
		RiskTypeList:  []zegocensor.RiskType{zegocensor.RiskAbuse},
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() { _ = m.Run(ctx) }()
	handler, err := callback.NewHandler(zego.CallbackSecret(), m.Handle)
	if err != nil {
		fmt.Println(err)
		return
	}
	backend := httptest.NewServer(handler)
	defer backend.Close()
	zego.SetCallbackURL(backend.URL)

	if err := zego.OpenRoom("room_1", "user_1").Wait(ctx); err != nil {
		fmt.Println(err)
	}
	tasks, err := m.Tasks(ctx)
	fmt.Println(len(tasks), "task for", tasks[0].Room.ID, err)
	if err := zego.CloseRoom("room_1", 0).Wait(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(zego.Running()), "running")
	// Output:
	// 1 task for room_1 <nil>
	// 0 running
}

// Lost callbacks are found by a list of the rooms that live.
func ExampleModerator_Reconcile() {
	zego := zegotest.NewServer()
	defer zego.Close()
	m, err := moderator.New(moderator.Video(zego.Client(), zegocensor.StartCensorVideoV2Request{
		EventID:    zegocensor.EventLiveStreaming,
		VideoParam: zegocensor.VideoParam{RiskTypeList: []zegocensor.RiskType{zegocensor.RiskQRCode}},
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	rooms := []moderator.Room{{ID: "room_1", CreatedAt: time.Now().Add(-time.Hour)}}
	fmt.Println(m.Reconcile(context.Background(), slices.Values(rooms)))
	fmt.Println(zego.Running()[0].RoomID)
	// Output:
	// <nil>
	// room_1
}
