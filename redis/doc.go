// Package zegoredis keeps in Redis what replicas must share: the rooms of package
// moderator ([Store]), one rate limit for all ([Limiter]), and which callbacks
// were received ([NonceStore]).
//
//	client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
//	store, err := zegoredis.NewStore(client)
//	limiter, err := zegoredis.NewLimiter(client, appID)
//	nonces, err := zegoredis.NewNonceStore(client)
//
// It works with a single server, with Sentinel and with Cluster, from Redis 7.0
// on. Every step is one script that runs on the server, by the server's clock,
// and can be sent twice without harm, as clients of Redis do when a connection
// breaks. Every key expires.
//
// ContextTimeoutEnabled has calls end with their context, which go-redis does not
// do by itself.
//
// Redis should keep its data through a restart (appendonly yes), and must not
// evict keys (maxmemory-policy noeviction). What follows when it loses data, or
// when a replica of it takes over that has missed the last writes: of rooms the
// same as from a process that dies at that moment, or, if all is lost, what package
// moderator says of that; of the rate limit that processes do not know of each other's
// last places, so that the rate can be exceeded for a moment; of nonces that a
// captured callback can be handled once more while its timestamp is young.
package zegoredis
