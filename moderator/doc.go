// Package moderator keeps one moderation task running for each live room, and
// none for any other: on many machines, through callbacks that come late, twice,
// out of order or never, and through processes that die at any point. A room
// without a task is a legal risk, a second task is billed, and so is one that
// nobody stops.
//
//	m, err := moderator.New(moderator.Audio(client, template), moderator.WithStore(store))
//	go m.Run(ctx)
//	handler, err := callback.NewHandler(secret, m.Handle)
//
// # How it works
//
// What is known of a room is in a [Store], with a list of events that have come
// for it. Whoever has an event adds it to the list and claims the room, both in
// one step; if another has the room, it finds the event when it gives the room
// back. Who has the room reads the events, starts or stops a task, and gives the
// room back with what came of it. So a room is opened with two steps of the
// store, and closed with two.
//
// A claim is a lease, and has a number that rises. A process that stops for
// longer than its lease finds that its number is no longer the room's, changes
// nothing, and tells the store of the task it has started as of one that was
// found. A process that dies leaves the room to the next one that looks, once the
// lease has ended.
//
// # A Start without an answer
//
// A Start that was sent and got no answer ([zegocensor.ErrOutcomeUnknown]), or
// whose process died before it could keep the answer, may have started a task or
// not. It is settled in this order:
//
//   - The first result of a task of the room tells its ID, and the task is taken
//     over. A task whose room has streams has one about every ten seconds.
//   - If none has come after a time ([WithUnknownWait]) the room is started
//     again. By then ZEGO has ended a task without streams.
//   - A task of which a result comes later, while another moderates the room or
//     the room has closed, is stopped.
//
// # Which life of a room
//
// The same room can live several times, each time with a session of its own, and
// ZEGO keeps no order. As ZEGO advises, a beginning that is not newer than that of
// the known session is passed over; an end counts only for its own session, is
// passed over when it is older than the known session's beginning, and otherwise
// is kept for a session whose beginning is yet to be heard of. The task of one
// session is not used for the next, as ZEGO does not document whether it would
// go on. Of a room without sessions, the times of its beginnings and ends are all
// there is to tell its lives apart by: an end counts for what began before it.
//
// A task that ends within ten seconds of its Start is started anew at once. If that
// happens again, the next Start waits, longer each time ([WithBackoff]), unless there
// is news of the room.
//
// # Several vendors
//
// [Vendors] has one Moderator for the rooms of several vendors. What is said here of
// ZEGO's tasks, that they end without streams and that results tell of them, must
// hold for theirs; package trtc has a provider for Tencent's.
//
// # What is lost
//
// Events of rooms that are lost altogether are for [Moderator.Reconcile]. The end
// of a task that is not told shows by its silence: see [WithSilence]. So results
// must be passed to the moderator, by [Moderator.Handle] or [Moderator.TaskFound].
//
// # What is not prevented
//
// A second task can run, and be billed, where a Start's outcome was unknown: until
// its first result, or for five minutes without streams. A room whose Start got no
// answer, or whose process died in the middle, is without moderation for as long
// as [WithUnknownWait] says, if no task runs and so no result comes. A process that
// stops for longer than its lease inside a call may still send it when it wakes
// up. If the store loses its data, the rooms that live are started again when they
// are heard of, and the tasks of before are found by their results. Two programs
// that moderate the same rooms with stores of their own take each other's tasks
// for second ones, and stop them.
package moderator
