// Package zegoredis keeps in Redis what replicas must share: the rooms of package
// moderator ([Store]), one quota of calls for all ([Limiter]), and the memory of
// callbacks that were received ([NonceStore]).
//
//	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
//	store, err := zegoredis.NewStore(client)
//	limiter, err := zegoredis.NewLimiter(client, appID)
//	nonces, err := zegoredis.NewNonceStore(client)
//
// It works with a single server, with Sentinel and with Cluster, from Redis 7.0
// on. Every step is one script that runs on the server, by the server's clock,
// and can be sent twice without harm, as clients of Redis do when a connection
// breaks. Every key expires.
//
// Redis should keep its data through a restart (appendonly yes): what it forgets
// of rooms has to be found out again, see package moderator. A replica of Redis
// that takes over may have missed the last writes; what follows from that is the
// same as from a process that dies at that moment.
package zegoredis
