// Package callback receives what ZEGO sends to a backend: results and states of
// moderation tasks, and the beginnings and ends of rooms and streams. It
// verifies each callback, decodes it into a typed [Event], and hands it over
// once.
//
// [NewHandler] makes an [net/http.Handler]; [Verifier] serves programs whose
// framework owns the request.
//
// # What the signature is worth
//
// ZEGO signs CallbackSecret, Timestamp and Nonce, and nothing else: not the body,
// not the address. Whoever sees one callback can send any other body with the
// same three values. So this package
//
//   - refuses timestamps that are more than the tolerance away from now, in
//     either direction (ErrStale);
//   - remembers every signature that it accepted for twice the tolerance and a
//     minute, with a fingerprint of the body: the same body is ZEGO's retry and is
//     not handled twice, another body is a forgery (ErrReplayed). Receivers that
//     share a [NonceStore] must have the same tolerance;
//   - compares signatures in constant time, and checks the form of nonce and
//     timestamp before it hashes them;
//   - can refuse other projects' callbacks ([WithAppID]).
//
// It cannot tell a forgery that arrives before the genuine callback whose
// signature it stole, or whose signature it has never received: all receivers of a
// project share one CallbackSecret. What prevents that is that nobody sees a callback
// on its way: receive on HTTPS, under a path that nobody can guess, and keep bodies
// out of logs. Bodies also contain signed URLs of recordings.
//
// https://www.zegocloud.com/docs/real-time-video-server/callback/receiving-callback
//
// # Delivery
//
// ZEGO tries again after anything but a 2xx answer, at most five times within
// about a minute, keeps no order, may deliver twice and may lose callbacks.
// Whether a retry keeps its nonce is not documented: [WithDeduplication] also
// recognises an event that comes again under a new one.
//
// The types of the fields are from ZEGO's documentation, and nobody here has seen
// them on a real server: numbers are accepted as strings and strings as numbers,
// unknown fields are ignored, and an unknown event is an [UnknownEvent]. A body may be
// JSON, JSON that was escaped as a whole, or a form, in which a list has its key
// several times; a timestamp may be in seconds or in milliseconds.
//
// At most 1000 elements of lists are decoded of a body, and at most 100 keys of a
// form: documented bodies have a few dozen.
package callback
