package callback_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

const exampleSecret = "callback-secret-0123456789abcdef"

// signedResult is a result as ZEGO would send it now.
func signedResult(level callback.RiskLevel) string {
	now := strconv.FormatInt(time.Now().Unix(), 10)
	return fmt.Sprintf(`{"Event":"censor_audio_v2_result","AppId":1234567890,"Timestamp":%s,"Nonce":"7407715855877898783","Signature":%q,
		"Code":0,"TaskId":"t","ResultTaskId":"t_user_1_1","Detail":{"RiskLevel":%q,"RiskLabel1":"dirty"},"AuxInfo":{"RoomId":"room_1","UserId":"user_1"}}`,
		now, callback.Sign(exampleSecret, now, "7407715855877898783"), level)
}

// A Handler is an http.Handler for any router.
func ExampleNewHandler() {
	handler, err := callback.NewHandler(exampleSecret, func(ctx context.Context, e callback.Event) error {
		switch e := e.(type) {
		case *callback.AudioResult:
			fmt.Println(e.AuxInfo.RoomID, e.AuxInfo.UserID, e.Detail.RiskLevel, e.Detail.RiskLabel1)
		case *callback.RoomClosed:
			fmt.Println(e.RoomID, "is over")
		}
		return nil
	}, callback.WithAppID(1234567890))
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("POST /zego/a-path-that-nobody-guesses", handler)

	server := httptest.NewServer(mux)
	defer server.Close()
	for _, body := range []string{signedResult(callback.Reject), strings.Replace(signedResult(callback.Reject), "REJECT", "PASS", 1)} {
		response, err := http.Post(server.URL+"/zego/a-path-that-nobody-guesses", "application/json", strings.NewReader(body))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(response.StatusCode)
		_ = response.Body.Close()
	}
	// Output:
	// room_1 user_1 REJECT dirty
	// 200
	// 403
}

// A framework that owns the request hands its raw body to a Verifier.
func ExampleVerifier_Parse() {
	verifier, err := callback.NewVerifier(exampleSecret, callback.WithAppID(1234567890))
	if err != nil {
		fmt.Println(err)
		return
	}
	// A handler of the framework: it gets the body as it came, and returns a status.
	receive := func(ctx context.Context, contentType string, body []byte) int {
		event, err := verifier.Parse(ctx, contentType, body)
		if err != nil {
			return http.StatusForbidden
		}
		fmt.Println(event.Head().Event)
		return http.StatusOK
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(signedResult(callback.Pass)))
	body, err := io.ReadAll(r.Body)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(receive(r.Context(), r.Header.Get("Content-Type"), body))
	fmt.Println(receive(r.Context(), "", []byte(`{"Event":"censor_audio_v2_result"}`)))
	// Output:
	// censor_audio_v2_result
	// 200
	// 403
}

// With a queue, callbacks are acknowledged before they are handled; Shutdown
// handles what is in it.
func ExampleWithQueue() {
	zego := zegotest.NewServer()
	defer zego.Close()
	handler, err := callback.NewHandler(zego.CallbackSecret(), func(ctx context.Context, e callback.Event) error {
		fmt.Println(e.Head().Event)
		return nil
	}, callback.WithQueue(100, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(handler)
	defer server.Close()

	zego.SetCallbackURL(server.URL)
	fmt.Println(zego.OpenRoom("room_1", "user_1").Wait(context.Background()))
	fmt.Println(handler.Shutdown(context.Background()))
	// Unordered output:
	// room_create
	// <nil>
	// <nil>
}

// Sign is for tests: it makes what ZEGO would.
func ExampleSign() {
	fmt.Println(callback.Sign("secret", "1470820198", "123412"))
	// Output: 5bd59fd62953a8059fb7eaba95720f66d19e4517
}

// Two handlers in one process share what they remember.
func ExampleNewMemoryNonceStore() {
	nonces := callback.NewMemoryNonceStore(nil)
	for range 2 {
		_, err := callback.NewHandler(exampleSecret, func(context.Context, callback.Event) error { return nil }, callback.WithNonceStore(nonces))
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// <nil>
}
