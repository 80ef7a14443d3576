// Package trtctest is a Tencent RTC for tests: it checks requests as Tencent's
// gateway documents it, keeps moderation tasks and sends callbacks.
//
//	tencent := trtctest.NewServer()
//	defer tencent.Close()
//	client := tencent.Client()
//
// # What it checks
//
// The signature, by itself and for any list of signed headers; the age of the
// timestamp (five minutes); the version, the region and the action; the SdkAppId; the
// parameters that are documented as required ([WithRequiredStorage] adds one on which
// the documents differ), and documented ranges; the UserSig of the robot, by Tencent's
// own module; and the rate (20 calls a second of each action). A wrong UserSig is answered with InvalidParameter.UserSig, which is a
// guess: Tencent documents nothing of it.
//
// # What it plays
//
// A task runs from its Create until it is deleted, until nobody has published in its
// room for MaxIdleTime, or until a task with the same robot is started in the same
// room. Its ID expires after ResourceExpiredHour; then it can no longer be deleted,
// and goes on. Each change is reported by a callback, to the address of
// [Server.SetCallbackURL]: signed, and sent again as Tencent does. [Server.OpenRoom],
// [Server.Publish], [Server.Unpublish], [Server.CloseRoom] and [Server.DismissRoom]
// play the rooms, and [Server.EmitResult] a supplier.
//
// [Server.Inject] makes calls fail, [Server.InjectDelivery] has callbacks come late,
// twice or not at all, and [Server.Advance] turns the clock.
package trtctest
