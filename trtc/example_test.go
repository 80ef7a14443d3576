package trtc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/moderator"
	"github.com/zegocensor/zegocensor-go/trtc"
	"github.com/zegocensor/zegocensor-go/trtc/trtccallback"
	"github.com/zegocensor/zegocensor-go/trtc/trtctest"
)

// The task of a room is started and stopped.
func ExampleNewClient() {
	client, err := trtc.NewClient(1400000001, common.NewCredential(os.Getenv("TENCENTCLOUD_SECRET_ID"), os.Getenv("TENCENTCLOUD_SECRET_KEY")),
		trtc.WithSDKSecretKey(os.Getenv("TRTC_SDK_SECRET_KEY")))
	if err != nil {
		log.Fatal(err)
	}
	task, err := client.CreateCloudModeration(context.Background(), &trtc.CreateCloudModerationRequest{
		RoomID: "150",
		ModerationParams: trtc.ModerationParams{
			MaxIdleTime:             5 * time.Minute,
			ModerationSupplier:      trtc.SupplierShuMei,
			ModerationSupplierParam: trtc.ModerationSupplierParam{SecretKey: zegocensor.NewSecret(os.Getenv("SHUMEI_ACCESS_KEY"))},
		},
	})
	if errors.Is(err, zegocensor.ErrOutcomeUnknown) {
		log.Println("a task may be running; its callbacks carry its ID")
	}
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.DeleteCloudModeration(context.Background(), &trtc.DeleteCloudModerationRequest{TaskID: task.TaskID}); err != nil {
		log.Fatal(err)
	}
}

// One moderator has the rooms of both vendors moderated.
func ExampleNewProvider() {
	var (
		zego    *zegocensor.Client
		tencent *trtc.Client
	)
	rooms := trtc.NewProvider(tencent, trtc.CreateCloudModerationRequest{
		RoomIDType:       trtc.RoomIDString,
		ModerationParams: trtc.ModerationParams{ModerationSupplier: trtc.SupplierTianyu},
	})
	m, err := moderator.New(moderator.Vendors{
		"":     moderator.Audio(zego, zegocensor.StartCensorAudioV2Request{ /* what to look for */ }),
		"trtc": rooms,
	})
	if err != nil {
		log.Fatal(err)
	}
	go m.Run(context.Background())
	handler, err := trtccallback.NewHandler(os.Getenv("TRTC_CALLBACK_KEY"), rooms.Handle(m, "trtc"))
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("POST /a-path-that-nobody-guesses", handler)
}

// A Delete is tried again where its answer is lost.
func Example_test() {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	client := tencent.Client()
	task, err := client.CreateCloudModeration(context.Background(), &trtc.CreateCloudModerationRequest{RoomID: "150"})
	fmt.Println(err, len(tencent.Running()))
	tencent.Inject(trtctest.Fault{Action: "DeleteCloudModeration", Times: 1, HTTPStatus: 502})
	_, err = client.DeleteCloudModeration(context.Background(), &trtc.DeleteCloudModerationRequest{TaskID: task.TaskID})
	fmt.Println(err, len(tencent.Running()), len(tencent.Requests()))
	// Output:
	// <nil> 1
	// <nil> 0 3
}
