// Package trtccallback receives what Tencent RTC (TRTC) sends to a backend: results
// and states of moderation tasks, and the beginnings and ends of rooms and of what
// is published in them.
//
// [NewHandler] makes an [net/http.Handler] of the same kind as that of package
// callback, whose options it takes; [Verifier] serves programs whose framework owns
// the request.
//
// # What the signature is worth
//
// Tencent signs the whole body with the key that is set in TRTC's console, and
// nothing else. The body says when it was sent. So this package
//
//   - compares signatures in constant time, before it reads anything else;
//   - refuses what was sent more than the tolerance away from now, in either
//     direction (callback.ErrStale);
//   - remembers what it has accepted for twice the tolerance and a minute: the same
//     body is Tencent's retry and is not handled twice. Receivers that share a
//     callback.NonceStore must have the same tolerance.
//
// Without a key in the console callbacks are not signed, and this package refuses
// them. The header SdkAppId is not signed: callback.WithAppID keeps the callbacks of
// other applications apart that have the same key, and is no protection. Bodies hold
// addresses of recordings: keep them out of logs.
//
// # Delivery
//
// Tencent waits 5 seconds for status 200. Otherwise it sends the callback again
// immediately, and then every 10 seconds, until a minute after the first attempt. Whether a retry has the same
// time of sending is not documented: callback.WithDeduplication also recognises an
// event that comes again in another body.
//
// At most 1000 elements of lists are decoded of a body.
//
// The types of the fields are Tencent's documentation, and nobody here has seen them
// on a real server: numbers are accepted as strings and strings as numbers, unknown
// fields are ignored, and an unknown event is an [UnknownEvent].
package trtccallback
