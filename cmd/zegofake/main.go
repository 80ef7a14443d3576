// Command zegofake is a stand-in for ZEGO, for programs in any language: it
// checks and answers requests as ZEGO's gateway is documented to, sends signed
// callbacks, and fails on demand. Package zegotest says what is documented and
// what is a guess.
//
// Rooms, results, faults and the clock are in the hands of the page at /_/ and of
// the API below /_/api/:
//
//	zegofake -callback-url http://127.0.0.1:8080/zego &
//	curl 127.0.0.1:8686/_/api/rooms -d '{"RoomId":"room_1","UserId":"user_1"}'
//	curl 127.0.0.1:8686/_/api/tasks/$task/results -d '{"RiskLevel":"REJECT","Text":"an insult","UserId":"user_1"}'
//	curl 127.0.0.1:8686/_/api/faults -d '{"Action":"StartCensorAudioV2","Code":206,"Times":1}'
//	curl 127.0.0.1:8686/_/api/plays -d '{"RoomId":"room_1"}'
//	curl 127.0.0.1:8686/_/api/clock -d '{"Advance":"5m"}'
//	curl 127.0.0.1:8686/_/api/state
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/zegocensor/zegocensor-go/zegotest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settings are what the command line says.
type settings struct {
	listen      string
	callbackURL string
	faults      []zegotest.Fault
	deliveries  []zegotest.Delivery
	play        bool
	options     []zegotest.Option
}

// run serves until ctx ends. It returns the exit code: 0, 1 where it cannot
// listen, 2 where the command line is wrong.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "zegofake:", err)
		return 2
	}
	zego, err := zegotest.Listen(s.listen, s.options...)
	if err != nil {
		fmt.Fprintln(stderr, "zegofake:", err)
		return 1
	}
	defer zego.Close()
	zego.SetCallbackURL(s.callbackURL)
	for _, f := range s.faults {
		zego.Inject(f)
	}
	for _, d := range s.deliveries {
		zego.InjectDelivery(d)
	}
	if s.play {
		zego.Play(zegotest.Play{})
	}
	fmt.Fprintf(stdout, "a stand-in for ZEGO, not ZEGO: %s, AppId %d, page at %s/_/\n", zego.URL(), zego.AppID(), zego.URL())
	<-ctx.Done()
	return 0
}

// documented is the rate limit that is none of the command line.
const documented = "documented"

func parse(args []string, stderr io.Writer) (*settings, error) {
	s := &settings{}
	set := flag.NewFlagSet("zegofake", flag.ContinueOnError)
	set.SetOutput(io.Discard) // run tells
	option := func(o zegotest.Option) { s.options = append(s.options, o) }

	set.StringVar(&s.listen, "listen", "127.0.0.1:8686", "serve on `address`; whoever reaches it can do everything")
	set.Func("host", "a further host `name` to accept, in addition to localhost and IP addresses; can be repeated", func(name string) error {
		option(zegotest.WithHosts(name))
		return nil
	})
	appID := set.Uint("app-id", uint(zegotest.DefaultAppID), "the project's `AppId`")
	secret := set.String("server-secret", zegotest.DefaultServerSecret, "what requests must be signed with")
	callbackSecret := set.String("callback-secret", zegotest.DefaultCallbackSecret, "what callbacks are signed with")
	set.StringVar(&s.callbackURL, "callback-url", "", "where callbacks go that have no `URL` of their own, room and stream events among them")
	rate := set.String("rate-limit", documented, "`calls` a second that each action accepts: documented (each action's own, also for each room) or a number; 0 = any number")
	history := set.Int("history", 1000, "keep the last `n` requests, callbacks, tokens, and tasks and rooms that have ended, and 32 MiB of each; 0 = all")
	set.Func("fault", "a fault from the beginning on, as `JSON` that the API takes, such as '{\"Action\":\"StartCensorAudioV2\",\"Code\":206,\"Times\":1}'; can be repeated", func(text string) error {
		var f zegotest.Fault
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			return err
		}
		s.faults = append(s.faults, f)
		return nil
	})
	set.Func("delivery", "how callbacks travel, as `JSON` that the API takes, such as '{\"Event\":\"room_close\",\"Delay\":\"3s\"}'; can be repeated", func(text string) error {
		var d zegotest.Delivery
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return err
		}
		s.deliveries = append(s.deliveries, d)
		return nil
	})
	users := set.Bool("user-events", false, "send room_login and room_logout")
	older := set.Bool("events-of-2023", false, "write room and stream events as ZEGO's pages of 2023 do, without room_session_id")
	set.BoolVar(&s.play, "play", false, "send PASS results of running tasks by itself: audio every 10 s, frames every DetectFrequency")
	// What ZEGO does not document.
	choice := func(name, usage string, choices map[string]zegotest.Option) {
		set.Func(name, usage, func(text string) error {
			o, ok := choices[text]
			if !ok {
				return errors.New("no such choice")
			}
			option(o)
			return nil
		})
	}
	none := func(*zegotest.Server) {}
	choice("second-start", "what a Start does for a room that is being moderated, a `choice` of new (task, the default), same (task) and error", map[string]zegotest.Option{
		"new": none, "same": zegotest.WithSecondStart(zegotest.SecondStartSameTask), "error": zegotest.WithSecondStart(zegotest.SecondStartRefused)})
	choice("unknown-task", "what a Stop gets for a task that never was or has ended, a `choice` of success (the default) and error", map[string]zegotest.Option{
		"success": none, "error": zegotest.WithUnknownTaskRefused()})
	choice("missing-room", "what a Start gets for a room that was not opened here, a `choice` of accept (the default) and 104", map[string]zegotest.Option{
		"accept": none, "104": zegotest.WithMissingRoomRefused()})
	choice("pass-results", "when results of what passes are sent, a `choice` of asked (if the Start asked for them, the default) and never", map[string]zegotest.Option{
		"asked": none, "never": zegotest.WithoutPassResults()})
	choice("silent-results", "whether results of silent segments are sent, a `choice` of sent (like others that pass, the default) and never", map[string]zegotest.Option{
		"sent": none, "never": zegotest.WithoutSilentResults()})
	choice("forbid-rules", "what the actions for rules of users and streams get, a `choice` of enabled (the default) and 9 (ZEGO's support has not enabled them)", map[string]zegotest.Option{
		"enabled": none, "9": zegotest.WithForbidRulesDisabled()})
	refusal := set.Int("refusal-status", 200, "the HTTP `status` of refusals")
	test := set.Bool("test-environment", false, "the project is in the test environment: requests need IsTest=true")
	set.Func("not-enabled", "an `action` whose service the project does not have; can be repeated", func(action string) error {
		option(zegotest.WithNotEnabled(action))
		return nil
	})

	usage := func() {
		fmt.Fprint(stderr, "usage: zegofake [flags]\n\nA stand-in for ZEGO, with a page at /_/ to play with it. Ends on SIGTERM.\n\nFlags:\n")
		set.SetOutput(stderr)
		set.PrintDefaults()
	}
	set.Usage = func() {}
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			usage()
		}
		return nil, err
	}
	var faults []error
	if set.NArg() > 0 {
		faults = append(faults, fmt.Errorf("unknown argument %q", set.Arg(0)))
	}
	if *appID == 0 || uint64(*appID) > 1<<32-1 {
		faults = append(faults, errors.New("-app-id must be between 1 and 4294967295"))
	}
	if *callbackSecret == "" {
		faults = append(faults, errors.New("-callback-secret must not be empty"))
	}
	if *rate != documented {
		n, err := strconv.Atoi(*rate)
		if err != nil || n < 0 {
			faults = append(faults, errors.New("-rate-limit must be documented or a number that is not negative"))
		}
		option(zegotest.WithRateLimit(n))
	}
	if *history < 0 {
		faults = append(faults, errors.New("-history must not be negative"))
	}
	if *refusal < 200 || *refusal > 599 {
		faults = append(faults, errors.New("-refusal-status must be between 200 and 599"))
	}
	if u, err := url.Parse(s.callbackURL); s.callbackURL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		faults = append(faults, errors.New("-callback-url must be an absolute http or https URL"))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	option(zegotest.WithLogger(slog.New(slog.NewTextHandler(stderr, nil))))
	if *users {
		option(zegotest.WithUserEvents())
	}
	if *older {
		option(zegotest.WithEventsOf2023())
	}
	if *test {
		option(zegotest.WithTestEnvironment())
	}
	option(zegotest.WithAppID(uint32(*appID)))
	option(zegotest.WithServerSecret(*secret))
	option(zegotest.WithCallbackSecret(*callbackSecret))
	option(zegotest.WithHistory(*history))
	option(zegotest.WithRefusalStatus(*refusal))
	return s, nil
}
