package zegotest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

func ExampleServer_Inject() {
	zego := zegotest.NewServer()
	defer zego.Close()
	client := zego.Client()

	// The answer to the next Start is lost after it was carried out.
	zego.Inject(zegotest.Fault{Action: "StartCensorAudioV2", Times: 1, Cut: zegotest.CutAfterRead})
	_, err := client.StartCensorAudioV2(context.Background(), &zegocensor.StartCensorAudioV2Request{
		RoomID:        "room_1",
		EventID:       zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish,
		RiskTypeList:  []zegocensor.RiskType{zegocensor.RiskAbuse},
	})
	fmt.Println("outcome unknown:", errors.Is(err, zegocensor.ErrOutcomeUnknown))
	fmt.Println("requests:", len(zego.Requests()), "tasks running:", len(zego.Running()))
	// Output:
	// outcome unknown: true
	// requests: 1 tasks running: 1
}

// A backend that fails at first gets the callback again. Nobody waits for that:
// Advance turns the clock.
func ExampleServer_Advance() {
	zego := zegotest.NewServer()
	defer zego.Close()

	tries := 0
	handler, err := callback.NewHandler(zego.CallbackSecret(), func(ctx context.Context, e callback.Event) error {
		if tries++; tries < 3 {
			return errors.New("the database is away")
		}
		fmt.Println(e.(*callback.RoomCreated).RoomID)
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	backend := httptest.NewServer(handler)
	defer backend.Close()

	zego.SetCallbackURL(backend.URL)
	c := zego.OpenRoom("room_1", "user_1")
	zego.Advance(6 * time.Second)
	for _, try := range c.Tries() {
		fmt.Println(try.HTTPStatus)
	}
	// Output:
	// room_1
	// 500
	// 500
	// 200
}

// Results are sent for a task, to where its Start asked for.
func ExampleServer_EmitAudioResult() {
	zego := zegotest.NewServer()
	defer zego.Close()
	handler, err := callback.NewHandler(zego.CallbackSecret(), func(ctx context.Context, e callback.Event) error {
		r := e.(*callback.AudioResult)
		fmt.Println(r.AuxInfo.RoomID, r.AuxInfo.UserID, r.Detail.RiskLevel)
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	backend := httptest.NewServer(handler)
	defer backend.Close()

	ctx := context.Background()
	task, err := zego.Client().StartCensorAudioV2(ctx, &zegocensor.StartCensorAudioV2Request{
		RoomID:            "room_1",
		EventID:           zegocensor.EventAudioRoom,
		AudioLanguage:     zegocensor.LanguageEnglish,
		RiskTypeList:      []zegocensor.RiskType{zegocensor.RiskAbuse},
		ResultCallbackURL: backend.URL,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	zego.InjectDelivery(zegotest.Delivery{Copies: 1}) // ZEGO may send twice; handled once
	err = zego.EmitAudioResult(task.TaskID, callback.AudioResult{
		Detail:  callback.AudioDetail{RiskLevel: callback.Reject},
		AuxInfo: callback.AudioAuxInfo{UserID: "user_1"},
	}).Wait(ctx)
	fmt.Println(err)
	// Output:
	// room_1 user_1 REJECT
	// <nil>
}

// A program listens on an address of its choice, and says what is wrong.
func ExampleListen() {
	_, err := zegotest.Listen("127.0.0.1:0", zegotest.WithRateLimit(-1))
	fmt.Println(err)
	// Output: WithRateLimit: must not be negative
}

// What ZEGO leaves open is chosen.
func ExampleWithSecondStart() {
	zego := zegotest.NewServer(zegotest.WithSecondStart(zegotest.SecondStartSameTask))
	defer zego.Close()
	client := zego.Client()
	var tasks [2]string
	for i := range tasks {
		task, err := client.StartCensorAudioV2(context.Background(), &zegocensor.StartCensorAudioV2Request{
			RoomID:        "room_1",
			EventID:       zegocensor.EventAudioRoom,
			AudioLanguage: zegocensor.LanguageEnglish,
			RiskTypeList:  []zegocensor.RiskType{zegocensor.RiskAbuse},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		tasks[i] = task.TaskID
	}
	fmt.Println(tasks[0] == tasks[1], len(zego.Running()))
	// Output: true 1
}
