package zegocensor_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/url"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// The examples call a fake ZEGO, so that they run without an account.

func Example() {
	zego := zegotest.NewServer()
	defer zego.Close()
	ctx := context.Background()

	client, err := zegocensor.NewClient(zego.AppID(), zego.ServerSecret(), zegocensor.WithBaseURL(zego.URL()))
	if err != nil {
		log.Fatal(err)
	}
	task, err := client.StartCensorAudioV2(ctx, &zegocensor.StartCensorAudioV2Request{
		RoomID:        "room_1",
		EventID:       zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish,
		RiskTypeList:  []zegocensor.RiskType{zegocensor.RiskPornography, zegocensor.RiskAbuse},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("running:", len(zego.Running()))
	if _, err := client.StopCensorAudioV2(ctx, &zegocensor.StopCensorAudioV2Request{TaskID: task.TaskID}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("running:", len(zego.Running()))
	// Output:
	// running: 1
	// running: 0
}

func ExampleNewClient_faults() {
	_, err := zegocensor.NewClient(0, "secret", zegocensor.WithBaseURL("http://rtc-api.zego.im"))
	var invalid *zegocensor.InvalidRequestError
	if errors.As(err, &invalid) {
		for _, f := range invalid.Faults {
			fmt.Println(f.Field, f.Reason)
		}
	}
	// Output:
	// appID must not be 0: copy the AppID of the project from ZEGO's console
	// WithBaseURL must begin with https://: signed URLs in clear are allowed to a loopback host only
}

func ExampleClient_GenerateIdentifyToken() {
	zego := zegotest.NewServer()
	defer zego.Close()

	token, err := zego.Client().GenerateIdentifyToken(context.Background(), &zegocensor.GenerateIdentifyTokenRequest{EffectiveTime: 10 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	// The third party sends token.IdentifyToken with its request to moderate.
	fmt.Println(token.RemainTime, zego.RedeemToken(token.IdentifyToken))
	fmt.Println(zego.RedeemToken(token.IdentifyToken))
	// Output:
	// 10m0s <nil>
	// zegotest: used IdentifyToken
}

func ExampleClient_Do() {
	zego := zegotest.NewServer()
	defer zego.Close()

	// To be kicked out twice does a user no further harm, so it may be repeated.
	kickoutUser := zegocensor.Action{Name: "KickoutUser", Method: "GET", Idempotent: true}
	_, err := zego.Client().Do(context.Background(), kickoutUser, url.Values{"RoomId": {"room_1"}, "UserId[]": {"u1", "u2"}}, nil, nil)
	fmt.Println(err, zego.Requests()[0].Query["UserId[]"])
	// Output: <nil> [u1 u2]
}

func ExampleWithInterceptor() {
	zego := zegotest.NewServer()
	defer zego.Close()
	zego.Inject(zegotest.Fault{HTTPStatus: 429, Times: 1})

	client := zego.Client(zegocensor.WithInterceptor(func(ctx context.Context, call *zegocensor.Call, next func(context.Context) error) error {
		err := next(ctx)
		fmt.Println(call.Action, call.Attempts, call.HTTPStatus, err)
		return err
	}))
	_, _ = client.GenerateIdentifyToken(context.Background(), nil)
	// Output: GenerateIdentifyToken 2 200 <nil>
}

func ExampleError() {
	zego := zegotest.NewServer()
	defer zego.Close()
	zego.Inject(zegotest.Fault{Code: zegocensor.CodeModerationFailed})

	_, err := zego.Client().GenerateIdentifyToken(context.Background(), nil)
	var refused *zegocensor.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, "·", refused.Code.Advice(), "·", refused.RetryAfter())
	}
	fmt.Println(errors.Is(err, zegocensor.ErrUnavailable))
	// Output:
	// moderation failed · try again later; ZEGO suggests after 300 s · 5m0s
	// true
}
