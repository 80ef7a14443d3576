package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
)

// rooms moderates the rooms that callbacks report, and acts on the results.
type rooms struct {
	moderator *moderator.Moderator
	client    *zegocensor.Client
	act       bool
	tasks     *tasks
}

// tasks starts and stops tasks, and prints that.
type tasks struct {
	*moderator.AudioProvider
	started, stopped atomic.Int64
	unknown          atomic.Int64 // Starts without an answer, which may have started a task
	stdout           io.Writer    // safe for concurrent use
}

func (t *tasks) printf(format string, args ...any) {
	fmt.Fprintf(t.stdout, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

func (t *tasks) Start(ctx context.Context, room moderator.Room) (string, error) {
	id, err := t.AudioProvider.Start(ctx, room)
	switch {
	case err == nil:
		t.started.Add(1)
		t.printf("%s: moderation started", room.ID)
	case errors.Is(err, zegocensor.ErrOutcomeUnknown):
		t.unknown.Add(1)
		t.printf("%s: moderation may have started; its first result will show it", room.ID)
	}
	return id, err
}

func (t *tasks) Stop(ctx context.Context, task moderator.Task) error {
	err := t.AudioProvider.Stop(ctx, task)
	if err == nil {
		t.stopped.Add(1)
		t.printf("%s: moderation stopped", task.Room.ID)
	}
	return err
}

// newRooms returns rooms whose results go to callbackURL, or to the URL in ZEGO's
// console if it is empty.
func newRooms(client *zegocensor.Client, callbackURL string, act bool, stdout io.Writer, opts ...moderator.Option) (*rooms, error) {
	// Audio asks for the results of what passes too (ReturnAllText). They are printed,
	// and show which tasks run.
	t := &tasks{stdout: stdout, AudioProvider: moderator.Audio(client, zegocensor.StartCensorAudioV2Request{
		EventID:           zegocensor.EventAudioRoom,
		AudioLanguage:     zegocensor.LanguageEnglish,
		RiskTypeList:      []zegocensor.RiskType{zegocensor.RiskPornography, zegocensor.RiskAbuse, zegocensor.RiskViolence},
		LabelLanguage:     zegocensor.LanguageEnglish,
		ResultCallbackURL: callbackURL,
		StatusCallbackURL: callbackURL,
	})}
	m, err := moderator.New(t, opts...)
	return &rooms{moderator: m, client: client, act: act, tasks: t}, err
}

// handle is called for each callback. With an error ZEGO sends it again.
func (rs *rooms) handle(ctx context.Context, e callback.Event) error {
	if err := rs.moderator.Handle(ctx, e); err != nil {
		return err
	}
	if r, ok := e.(*callback.AudioResult); ok {
		return rs.result(ctx, r)
	}
	return nil
}

func (rs *rooms) result(ctx context.Context, e *callback.AudioResult) error {
	line := fmt.Sprintf("%s %s %s %s %q", e.AuxInfo.RoomID, cmp.Or(e.AuxInfo.UserID, e.StreamHint(), "-"), e.Detail.RiskLevel, cmp.Or(e.Detail.RiskLabel1, "-"), e.Detail.Text)
	if e.Detail.RiskLevel == callback.Reject {
		done, err := rs.reject(ctx, e)
		if err != nil {
			return err
		}
		line += ": " + done
	}
	rs.tasks.printf("%s", line)
	return nil
}
