// Package trtc starts and stops the moderation of live rooms on Tencent RTC (TRTC),
// in addition to those on ZEGO: one program can moderate rooms of both vendors.
//
// [NewClient] makes a [Client], whose methods are Tencent's actions:
// [Client.CreateCloudModeration], [Client.DescribeCloudModeration],
// [Client.ModifyCloudModeration] and [Client.DeleteCloudModeration].
// [Client.Do] calls any other action of TRTC's API. [NewProvider] lets a
// moderator.Moderator start and stop the tasks; package trtccallback receives the
// results, and package trtctest is a Tencent for tests.
//
// # A task and its robot
//
// To moderate a room, a robot enters it as a user, with a UserId and a UserSig.
// No user of the room and no robot of another room may have the same UserId: a second
// task with it interrupts the first. By default it is derived from the room
// ([RobotUserID]), so that a room never has two tasks, and the UserSig is made with the
// SDKSecretKey of the application ([WithSDKSecretKey]).
//
// An application can have rooms whose IDs are numbers and rooms whose IDs are texts:
// the number 123 and the text "123" are two rooms. [CreateCloudModerationRequest] names
// the type, and a [Provider] moderates rooms of one type.
//
// The ID of a task expires, after 72 hours at most, and the task does not end with
// it: after that it can no longer be stopped by its ID. It ends by itself when
// nobody has published for MaxIdleTime.
//
// # Errors
//
// They match the sentinels of package zegocensor. A refusal is an [*Error], with
// Tencent's code. All others are those of package zegocensor:
// *zegocensor.InvalidRequestError, *zegocensor.TransportError and
// *zegocensor.ResponseError. No error contains a signature, a key, a token or a UserSig.
//
// # Retries
//
// A Create that is sent twice may start two tasks that both cost money. So a call is
// tried again only if that is safe:
//
//	what happened                                   Create…                 Describe…, Modify…, Delete…
//	never left: no credential, proxy, DNS, dial,    again                   again
//	TLS; refused by HTTP/2 before it was processed
//	broke or timed out after sending                no, ErrOutcomeUnknown   again
//	HTTP 429, RequestLimitExceeded                  again                   again
//	502, 503, 504 without an envelope;              no, ErrOutcomeUnknown   again
//	InternalError, ServiceUnavailable
//	AuthFailure.SignatureExpire                     clock set by the Date   same
//	                                                header, once again
//	another answer without an envelope, 2xx or 5xx  no, ErrOutcomeUnknown   no
//	any other code, any other 3xx or 4xx            no                      no
//
// Each attempt is signed anew. Waits, the clock and the limits of an attempt are as
// package zegocensor documents them; Tencent accepts timestamps that are up to five
// minutes off, and 20 calls of an action a second.
//
// # What is Tencent's own
//
// Credentials are those of Tencent's module tencentcloud/common, so that temporary
// keys and the roles of machines work here as they do there, and a UserSig is made
// by Tencent's tls-sig-api. Requests are signed and sent here: the client of
// tencentcloud/common cannot sign without sending, signs once for all its tries,
// sleeps between them past the end of a context, takes what the transport tells of
// a failure for text (so that nobody can know whether a Create was sent), repeats
// whole answers in its errors, and changes a transport that all clients of a
// process share. The tests hold this signature against that client's. Tencent's
// tls-sig-api does not compile for 32-bit platforms, and so this package does not.
//
// # What is not known
//
// This package follows Tencent's documentation, and has not been tested with Tencent's
// servers. Not documented are: the HTTP status of a refusal other than 200; what becomes
// of a second task with the same robot while the first is starting; what a Delete
// returns for a task that has ended (ResourceNotFound is assumed); and whether an
// account needs a storage although no file is kept.
package trtc
