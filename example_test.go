package zegocensor_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// The examples call a fake ZEGO, so they run without an account.

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
		LabelLanguage: zegocensor.LanguageEnglish,
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
	// WithBaseURL must begin with https://: signed requests in clear are allowed to a loopback host only
}

func ExampleClient_GenerateIdentifyToken() {
	zego := zegotest.NewServer()
	defer zego.Close()

	token, err := zego.Client().GenerateIdentifyToken(context.Background(), &zegocensor.GenerateIdentifyTokenRequest{EffectiveTime: 10 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	// The third party sends token.IdentifyToken.Reveal() with its moderation request.
	fmt.Println(token.RemainTime, zego.RedeemToken(token.IdentifyToken.Reveal()))
	fmt.Println(zego.RedeemToken(token.IdentifyToken.Reveal()))
	// Output:
	// 10m0s <nil>
	// zegotest: used IdentifyToken
}

func ExampleClient_Do() {
	zego := zegotest.NewServer()
	defer zego.Close()

	// A user who is not in the room is no error, so the call may be sent twice.
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
		fmt.Println(refused.Code.Meaning(refused.Action), "·", refused.Code.Advice(refused.Action), "·", refused.RetryAfter())
	}
	fmt.Println(errors.Is(err, zegocensor.ErrUnavailable))
	// Output:
	// moderation failed · try again later; ZEGO suggests after 300 s · 5m0s
	// true
}

// Sign is for programs that build their own requests.
func ExampleSign() {
	fmt.Println(zegocensor.Sign(12345, "9193cc662a4c0ec135ec71fb57194b38", "4fd24687296dd9f3", 1615186943))
	// Output: 43e5cfcca828314675f91b001390566a
}

// The default transport with another TLS configuration.
func ExampleNewTransport() {
	transport := zegocensor.NewTransport()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS13}
	client, err := zegocensor.NewClient(1234567890, "the ServerSecret", zegocensor.WithHTTPClient(&http.Client{Transport: transport}))
	fmt.Println(client, err)
	// Output: zegocensor.Client(AppID 1234567890, rtc-api.zego.im) <nil>
}

// Two clients of one project share one rate limit.
func ExampleNewLimiter() {
	shared := zegocensor.NewLimiter(zegocensor.EnvironmentProduction)
	for _, region := range []zegocensor.Region{zegocensor.RegionSingapore, zegocensor.RegionFrankfurt} {
		client, err := zegocensor.NewClient(1234567890, "the ServerSecret", zegocensor.WithRegion(region), zegocensor.WithLimiter(shared))
		fmt.Println(client, err)
	}
	for _, action := range []string{"StartCensorAudioV2", "KickoutUser", "DescribeSimpleStreamList"} {
		fmt.Println(zegocensor.DocumentedRate(action, zegocensor.EnvironmentProduction))
	}
	// Output:
	// zegocensor.Client(AppID 1234567890, rtc-api-sgp.zego.im) <nil>
	// zegocensor.Client(AppID 1234567890, rtc-api-fra.zego.im) <nil>
	// {100 0s}
	// {50 0s}
	// {50 10s}
}

// Start and stop the moderation of video. A frame every five seconds costs less than
// the default of one every three.
func ExampleClient_StartCensorVideoV2() {
	zego := zegotest.NewServer()
	defer zego.Close()
	client := zego.Client()
	ctx := context.Background()
	task, err := client.StartCensorVideoV2(ctx, &zegocensor.StartCensorVideoV2Request{
		RoomID:  "room_1",
		EventID: zegocensor.EventLiveStreaming,
		VideoParam: zegocensor.VideoParam{
			RiskTypeList:    []zegocensor.RiskType{zegocensor.RiskQRCode},
			DetectFrequency: 5 * time.Second,
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.StopCensorVideoV2(ctx, &zegocensor.StopCensorVideoV2Request{TaskID: task.TaskID})
	fmt.Println(len(zego.Tasks()), len(zego.Running()), err)
	// Output: 1 0 <nil>
}
