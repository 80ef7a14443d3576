// Package moderator keeps one moderation task running for each live room, and
// none for any other: on many machines, even if callbacks are late, duplicated,
// reordered or lost, and even if a process crashes. A room without a task is a legal
// risk, and a task that nobody needs is charged for what it moderates.
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
// # Results
//
// A result contains the ID of its task, and so shows which tasks run. ZEGO documents
// that what passes is returned only on request, so [Audio] and [Video] ask for it: every
// stream then has a result about every ten seconds. Nothing depends on it: the users of
// a room may be silent, all of its streams may be excluded from moderation by their
// publishers, and whether ZEGO sends a result for all that passes is not documented for
// audio. How far the moderator relies on results is the provider's to say, by
// [ResultReporter], and without that it does not take silence for a sign.
//
// # A Start without an answer
//
// A Start that was sent and got no answer ([zegocensor.ErrOutcomeUnknown]), or
// whose process died before it could store the answer, may have started a task or
// not. The moderator proceeds in this order:
//
//   - The first result of a task of the room contains its ID, and the task is adopted.
//   - If none has come after a time ([WithUnknownWait]) the room is started
//     again. By then ZEGO has ended a task without streams. This is logged at Warn
//     and counted ([Stats]), as two tasks may run now.
//   - A task whose first result comes later, while another moderates the room or
//     after the room has closed, is stopped. Without results it goes on until its
//     streams end.
//
// # Which life of a room
//
// The same room can live several times, each time with a session of its own, and
// ZEGO keeps no order. As ZEGO advises, a beginning that is not newer than that of
// the known session is ignored; an end counts only for its own session, is
// ignored if it is older than the known session's beginning, and otherwise
// is kept for a session whose beginning has not arrived yet. The task of one
// session is not used for the next, as ZEGO does not document whether it would
// go on.
//
// A session of 0 means that it is not known: some callbacks do not contain it, and
// some vendors have none. Then the times of beginnings and ends decide, as a room
// does not begin again before it has ended: an end counts for what began before it.
//
// A task that ends within ten seconds of its Start is restarted immediately. If that
// happens again, the next Start waits, longer each time ([WithBackoff]), unless an event
// of the room arrives.
//
// # Several vendors
//
// [Vendors] has one Moderator for the rooms of several vendors. What is said here of
// ZEGO's tasks, that they end without streams, must hold for theirs; package trtc has a
// provider for Tencent's.
//
// # What is lost
//
// [Moderator.Reconcile] repairs the loss of a room's events. If the event that reports
// the end of a task is lost, its silence shows it: see [WithSilence]. For that, results
// must be passed to the moderator, by [Moderator.Handle] or [Moderator.TaskFound]. A
// provider whose silence says nothing has no such repair: a room whose task has ended
// without a report is not moderated again in that life.
//
// # What is not prevented
//
// A second task can run, and is charged for what it moderates, after a Start whose
// outcome was unknown: until its first result, or for as long as the room has streams
// if there are no results. A room whose Start got no
// answer, or whose process died in the middle, is without moderation for as long
// as [WithUnknownWait] says, if no task runs and so no result comes. A process that
// stops for longer than its lease inside a call may still send it when it wakes
// up. If the store loses its data, the rooms that live are started again at their
// next event, and earlier tasks are found by their results. Two programs
// that moderate the same rooms with stores of their own take each other's tasks
// for second ones, and stop them.
package moderator
