// Package zegocensor starts and stops the moderation of live audio and video
// rooms on ZEGO (ZEGOCLOUD), and issues the tokens with which a third party may
// moderate them.
//
// [NewClient] makes a [Client], whose methods are ZEGO's actions:
// [Client.StartCensorAudioV2], [Client.StopCensorAudioV2],
// [Client.StartCensorVideoV2], [Client.StopCensorVideoV2] and
// [Client.GenerateIdentifyToken]. [Client.Do] calls any other action of the
// server API on the same path.
//
// # Errors
//
// A nil error means that ZEGO answered with Code 0 and with the data that the
// action owes. Everything else is an error: [*InvalidRequestError] before
// anything is sent, [*Error] for a refusal, [*TransportError] if no answer
// came, [*ResponseError] if the answer is not ZEGO's, or the error of the
// context. Use [errors.Is] with the sentinels ([ErrRoomNotFound],
// [ErrRateLimited], …) for the class and [errors.As] for the detail. No error
// contains a URL's query, a signature, a nonce, a secret or a token.
//
// # Retries
//
// A Start that is sent twice may start two tasks that both cost money. So a call is
// tried again only if that is safe:
//
//	what happened                                   Start…                  Stop…, GenerateIdentifyToken
//	never left: proxy, DNS, dial, TLS handshake;    again                   again
//	refused by HTTP/2 before it was processed
//	broke or timed out after sending                no, ErrOutcomeUnknown   again
//	HTTP 429, codes 206 and 207; for media          again                   again
//	streams 1010, 5007, 30002
//	502, 503, 504 without an envelope; 100000015    no, ErrOutcomeUnknown   again
//	100000004, signature expired; for media         clock set by the Date   same
//	streams 3002, timestamp wrong                   header, once again
//	another answer without an envelope, 2xx or 5xx  no, ErrOutcomeUnknown   no
//	any other code, any other 3xx or 4xx            no                      no
//
// [Client.Do] follows the first column, or the second if
// [Action].Idempotent says that a repetition does no harm. Each attempt is
// signed anew, with a fresh nonce. The wait before it is drawn at random below
// a bound that doubles ([RetryPolicy]); after a rate limit a Retry-After
// header is waited for instead, but never longer than MaxBackoff. A wait ends
// with the context, and if the context's deadline is nearer than the end of
// the wait the call fails immediately.
//
// A call has never left only if that is proved: an error says no more than what
// failed last. With an [*http.Transport], net/http must have got no connection for
// the call, or say that the server refused it by REFUSED_STREAM or GOAWAY. With any
// other [http.RoundTripper], the body must not have been read; of a GET nothing is
// proved then. An answer counts if all of its JSON came, even if the connection
// broke after it.
//
// A connection may break while it is idle, just when a call is written on it. Most
// of these calls were not carried out, but nothing proves it. net/http then repeats
// requests that it takes for harmless. The client keeps it from doing so with calls
// that are not: their outcome is unknown, and the caller decides. The default
// transport closes idle connections after 30 s to make this rare.
//
// # Clock
//
// ZEGO accepts timestamps that are up to ten minutes off. When the clock of this
// machine is further off, the first call measures the difference by the answer's
// Date header and is sent once more; later calls use what was measured. A
// correction that did not help is undone. One that did is compared with the Date of
// each later answer, and replaced if they differ by 30 s or more.
//
// # Limits
//
// ZEGO allows 100 calls a second of each moderation action for all rooms of a
// project, and fewer of some other actions, see [DocumentedRate]. The client delays
// what this process would send beyond that; replicas need a shared [Limiter].
//
// # What is not known
//
// ZEGO does not document the HTTP status of a refusal, whether a second Start
// for a room returns the same task, another or an error, and whether stopping a
// task twice is an error. It does document that an answer has the common members
// (Code, Message, RequestId) whether the call succeeded or not: so the client judges
// an answer by its envelope if there is one. It assumes that a Stop may be repeated.
package zegocensor
