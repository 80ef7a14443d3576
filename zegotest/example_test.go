package zegotest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/zegocensor/zegocensor-go"
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
