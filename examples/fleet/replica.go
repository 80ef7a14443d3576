package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
	zegoredis "github.com/zegocensor/zegocensor-go/redis"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// replica is what each of the machines of a backend runs: room state, the rate limit
// and callback deduplication are in Redis.
func replica(ctx context.Context, redisAddress, zegoURL string, stdout io.Writer) error {
	shared := redis.NewClient(&redis.Options{Addr: redisAddress, ContextTimeoutEnabled: true})
	store, err1 := zegoredis.NewStore(shared)
	nonces, err2 := zegoredis.NewNonceStore(shared)
	limiter, err3 := zegoredis.NewLimiter(shared, zegotest.DefaultAppID)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	client, err := zegocensor.NewClient(zegotest.DefaultAppID, zegotest.DefaultServerSecret, zegocensor.WithBaseURL(zegoURL), zegocensor.WithLimiter(limiter))
	if err != nil {
		return err
	}
	// Audio asks for the results of what passes (ReturnAllText): they show the moderator
	// which tasks run. A program that does not want their text uses WithoutPassResults.
	m, err := moderator.New(moderator.Audio(client, zegocensor.StartCensorAudioV2Request{
		EventID:       zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish,
		RiskTypeList:  []zegocensor.RiskType{zegocensor.RiskPornography, zegocensor.RiskAbuse},
	}),
		moderator.WithStore(store),
		// Short times, so that nobody has to wait; the defaults are a minute and
		// five and a half.
		moderator.WithLease(2*time.Second), moderator.WithUnknownWait(5*time.Second))
	if err != nil {
		return err
	}
	handler, err := callback.NewHandler(zegotest.DefaultCallbackSecret, m.Handle, callback.WithNonceStore(nonces))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	go func() { failed <- m.Run(ctx) }()
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())
	return <-failed
}
