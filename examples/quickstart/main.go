// Command quickstart starts the moderation of a room's audio, issues an
// IdentifyToken, and stops the moderation.
//
// With ZEGO_APP_ID and ZEGO_SERVER_SECRET set it calls ZEGO, at the address of
// ZEGO_REGION if that is set. Without them it calls a fake ZEGO inside this
// process, so that it runs without an account.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/examples/internal/account"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// stopTimeout is how long the last call may take when the program is told to
// end.
const stopTimeout = 15 * time.Second

// run is main without the process around it. It returns the exit code: 0, 1
// where a call failed, 2 where the command line or the environment is wrong.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	timeout := flags.Duration("timeout", 30*time.Second, "give up after `duration`")
	hold := flags.Duration("hold", 0, "keep the moderation running for `duration` before it is stopped")
	flags.Usage = func() {
		fmt.Fprint(stderr, `usage: quickstart [flags] [room]

Starts the moderation of the audio of room (default "room_1"), issues an
IdentifyToken, and stops the moderation. Ctrl-C stops it too.

`+account.Usage+`
Flags:
`)
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 1:
		fmt.Fprintln(stderr, "quickstart: one room at most; flags go before it")
		return 2
	}
	room := "room_1"
	if flags.NArg() == 1 {
		room = flags.Arg(0)
	}

	project, err := account.FromEnv()
	if err != nil {
		fmt.Fprintln(stderr, "quickstart:", err)
		return 2
	}
	defer project.Close()
	fmt.Fprintln(stdout, project.Where)

	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	if err := moderate(ctx, project.Client, room, *hold, stdout); err != nil {
		report(stderr, err)
		return 1
	}
	return 0
}

// moderate is what this program shows.
func moderate(ctx context.Context, client *zegocensor.Client, room string, hold time.Duration, out io.Writer) (err error) {
	task, err := client.StartCensorAudioV2(ctx, &zegocensor.StartCensorAudioV2Request{
		RoomID:        room,
		EventID:       zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish,
		RiskTypeList:  []zegocensor.RiskType{zegocensor.RiskPornography, zegocensor.RiskAbuse, zegocensor.RiskViolence},
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "room %q: moderation started, task %s (request %s)\n", room, task.TaskID, task.RequestID)

	// From here on a task is running and costs money: whatever happens, it is
	// stopped, with time of its own.
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if _, stopErr := client.StopCensorAudioV2(ctx, &zegocensor.StopCensorAudioV2Request{TaskID: task.TaskID}); stopErr != nil {
			err = errors.Join(err, stopErr)
			return
		}
		fmt.Fprintf(out, "room %q: moderation stopped\n", room)
	}()

	token, err := client.GenerateIdentifyToken(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "IdentifyToken issued: %d characters, for one use until %s\n",
		len(token.IdentifyToken.Reveal()), time.Now().Add(token.RemainTime).Format(time.RFC3339))

	select {
	case <-time.After(hold):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
}

// report tells what went wrong, and of a refusal what ZEGO's support asks for.
func report(w io.Writer, err error) {
	fmt.Fprintln(w, "quickstart:", err)
	var refused *zegocensor.Error
	if errors.As(err, &refused) {
		fmt.Fprintf(w, "code:    %d (%s)\nadvice:  %s\nrequest: %s\n", refused.Code, refused.Code.Meaning(refused.Action), refused.Code.Advice(refused.Action), refused.RequestID)
	}
}
