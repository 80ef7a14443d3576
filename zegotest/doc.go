// Package zegotest is a ZEGO for tests and for trying things out: an HTTP server
// on a loopback port that checks requests as ZEGO's gateway is documented to,
// answers with the documented codes, keeps moderation tasks, issues
// IdentifyTokens, and fails on demand.
//
//	zego := zegotest.NewServer()
//	defer zego.Close()
//	client := zego.Client()
//
// [Server.Inject] makes calls fail: a refusal, a proxy's HTML page, a slow or
// silent server, a connection cut before or after the call was carried out, a
// wrong clock. [Server.Requests] and [Server.Tasks] return what arrived and what
// is running. [Server.Reset] makes the server what it was at first.
//
// In addition to moderation, the server carries out what a backend does about an offender:
// KickoutUser, CloseRoom, SetForbidUserRule, SetForbidStreamRule, ForbidRTCStream and
// their siblings, DescribeUserNum, DescribeUserList, DescribeSimpleStreamList,
// SendCustomCommand, AddStream and DeleteStream. [Server.HandleAction] adds others.
// Rules are kept and described; they do not keep anybody out yet.
//
// # Callbacks
//
// [Server.OpenRoom], [Server.LoginRoom], [Server.OpenStream] and their siblings send
// what ZEGO sends when rooms, logins and streams begin and end;
// [Server.EmitAudioResult] and its siblings send results and states of tasks. Each
// callback is signed, and sent again 2, 4, 8, 16 and 32 s after an attempt that got no
// 2xx answer. [Server.Advance] turns the clock, so that no
// test waits for that:
//
//	zego.SetCallbackURL(backend.URL)
//	c := zego.EmitAudioResult(taskID, callback.AudioResult{Detail: callback.AudioDetail{RiskLevel: callback.Reject}})
//	zego.Advance(2 * time.Second) // the first attempt and the second
//	err := c.Wait(ctx)
//
// [Server.InjectDelivery] has callbacks arrive late, twice or not at all.
//
// [Server.Play] sends by itself the results of the tasks that run, as time passes
// or Advance turns the clock. A result of what passes is sent only if the Start of
// its task asked for it: see [ErrWithheld].
//
// # For people and other languages
//
// Each server has a page at /_/ that shows rooms, tasks, requests and callbacks as
// they come, with buttons for what the methods do, and below /_/api/ the same as
// JSON. Command zegofake is a server of its own for programs in any language, and
// lists the requests of the API.
//
// # What is documented, and what is a guess
//
// The public parameters, the signature, the ten minutes, the return codes, the
// request and answer of each action, the validity of tokens and their single
// use, the rate of each action, the form and signature of callbacks and their
// schedule, and the end of tasks without streams are ZEGO's documentation. These
// are guesses; where an option is named, it chooses another:
//
//   - The HTTP status of a refusal is 200 (WithRefusalStatus).
//   - A second Start for a room that is being moderated starts a second task
//     (WithSecondStart).
//   - Stopping a task twice, or a task that never was, succeeds
//     (WithUnknownTaskRefused); stopping an audio task with the video action, or
//     the other way round, is code 2.
//   - Rooms are not looked up: every room exists (WithMissingRoomRefused). A task
//     ends by itself when its room was opened here and has had no stream for five
//     minutes.
//   - A result of what passes is sent if the Start asked for it by ReturnAllText or
//     ReturnAllImg, and not otherwise (WithoutPassResults). Whether these members
//     decide on the whole callback or on its text alone is documented for frames
//     only. Silent segments pass like others (WithoutSilentResults).
//   - A task that mixes its room gives one result for all streams, without a user. A
//     stream whose publisher opted out of moderation gives none, but counts as a
//     stream when ZEGO decides that a task is idle. A stream's first result comes
//     10 s, or for frames one DetectFrequency, after its moderation began.
//   - All attempts of a callback have the same nonce and timestamp (Delivery.Resign).
//   - Which hosts the Host header may name (WithHosts). What a browser sends for a page
//     of another site gets status 403.
//   - Faults of the public parameters are found in the order of their codes,
//     those of presence and form before those that need a look at the account:
//     AppId, Timestamp, Action, SignatureNonce, Signature, SignatureVersion, then
//     whether the AppId is known, the age of the Timestamp, and the Signature.
//   - A parameter that is given twice counts as malformed. Numbers may have a sign
//     and leading zeros, and are signed as numbers; a nonce may have any form, and
//     be used again.
//   - A body of more than 1 MiB, or one that breaks off, is code 100000012, and one that
//     is not one JSON object is code 8. A missing parameter, or one of the wrong type or
//     out of range, is code 2, and one that is too long is code 3: a RoomId or EventId
//     of more than 128 bytes. The codes that the page of an action names go first.
//   - KickoutUser, SendCustomCommand and DescribeSimpleStreamList do not look up the room
//     (WithMissingRoomRefused). CloseRoom answers 5018 for a room that was closed, and
//     5024 for one that never was.
//   - Each task that moderates an open room counts as one user and one administrator
//     in DescribeUserNum. Administrators do not keep a room open.
//   - The actions for rules of users and streams are enabled (WithForbidRulesDisabled).
//     A rule that has expired is described until it is deleted.
//   - A Sequence of ForbidRTCStream that does not rise within 10 s is code 2.
//   - CloseRoom logs the users out with reason 3, and its room_close has reason 0.
//   - A handler of HandleAction that panics is the gateway's internal error,
//     code 100000015.
//   - An attempt to deliver a callback waits ten seconds for its answer; redirects are
//     not followed.
//   - The end of a task is reported by one status callback, or for video by one for
//     the audio, where that is moderated, and one for the images. Its Status is 0.
//   - The streams and logins of a room that is closed end before the room.
//   - room_login and room_logout are not switched on (WithUserEvents). Events are written
//     as today's pages print them (WithEventsOf2023).
package zegotest
