package zegootel_test

import (
	"context"
	"log"
	"net/http"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	zegootel "github.com/zegocensor/zegocensor-go/otel"
)

// Calls, the wait for their rate, and callbacks are seen by the global providers.
func Example() {
	client, err := zegocensor.NewClient(1234567890, "the ServerSecret",
		zegocensor.WithInterceptor(zegootel.Interceptor()),
		zegocensor.WithLimiter(zegootel.Limiter(zegocensor.NewLimiter(zegocensor.EnvironmentProduction))))
	if err != nil {
		log.Fatal(err)
	}
	_ = client

	handler, err := callback.NewHandler("the CallbackSecret", zegootel.Handle(func(ctx context.Context, e callback.Event) error {
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /a-path-that-nobody-guesses", zegootel.Handler(handler))
}
