package trtccallback_test

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/trtc/trtccallback"
)

func ExampleNewHandler() {
	handler, err := trtccallback.NewHandler(os.Getenv("TRTC_CALLBACK_KEY"), func(ctx context.Context, e trtccallback.Event) error {
		if r, ok := e.(*trtccallback.Result); ok && r.Suggest == trtccallback.SuggestBlock {
			log.Println("room", r.RoomID, "user", r.StreamerUserID, r.Label)
		}
		return nil // an error makes Tencent try again
	}, callback.WithDeduplication(), callback.WithQueue(1000, 8))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /a-path-that-nobody-guesses", handler)
	server := &http.Server{Addr: ":8080", Handler: mux, ReadTimeout: 10 * time.Second} // behind your HTTPS
	log.Fatal(server.ListenAndServe())
}
