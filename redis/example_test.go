package zegoredis_test

import (
	"errors"
	"log"

	"github.com/redis/go-redis/v9"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
	zegoredis "github.com/zegocensor/zegocensor-go/redis"
)

// A replica takes everything that it must share with the others from one client
// of Redis.
func Example() {
	const appID = 1234567890
	shared := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	store, err1 := zegoredis.NewStore(shared)
	limiter, err2 := zegoredis.NewLimiter(shared, appID, zegoredis.WithLocalShare(3))
	nonces, err3 := zegoredis.NewNonceStore(shared)
	client, err4 := zegocensor.NewClient(appID, "the ServerSecret", zegocensor.WithLimiter(limiter))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		log.Fatal(err)
	}
	m, err := moderator.New(moderator.Audio(client, zegocensor.StartCensorAudioV2Request{
		EventID:       zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish,
		RiskTypeList:  []zegocensor.RiskType{zegocensor.RiskAbuse},
	}), moderator.WithStore(store))
	if err != nil {
		log.Fatal(err)
	}
	handler, err := callback.NewHandler("the CallbackSecret", m.Handle, callback.WithNonceStore(nonces))
	if err != nil {
		log.Fatal(err)
	}
	_ = handler // of an http.Server; and m.Run runs beside it
}
