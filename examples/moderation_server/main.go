// Command moderation_server is a backend that moderates the audio of its live rooms.
// It starts moderation when ZEGO reports that a room was created, prints each result
// on a line, with -act acts on a REJECT, and stops moderation when the room closes or
// the program ends.
//
// If ZEGO_APP_ID and ZEGO_SERVER_SECRET are set it calls ZEGO, and receives ZEGO's
// callbacks until it gets a SIGTERM. Otherwise it starts a fake ZEGO in this process,
// plays a scene with it, and exits.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/examples/internal/account"
	"github.com/zegocensor/zegocensor-go/moderator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// How long the program takes to end, at most: to answer the callbacks that have
// come, and in all.
const (
	answerTimeout   = 2 * time.Second
	shutdownTimeout = 20 * time.Second
)

type flags struct {
	listen, path, publicURL string
	act                     bool
}

// run is main without the process around it. It returns the exit code: 0, 1
// where something failed or is left running, 2 where the command line or the
// environment is wrong.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f, code := parse(args, stderr)
	if code >= 0 {
		return code
	}
	project, err := account.FromEnv()
	if err != nil {
		fmt.Fprintln(stderr, "moderation_server:", err)
		return 2
	}
	defer project.Close()
	if project.CallbackSecret == "" {
		fmt.Fprintln(stderr, "moderation_server: ZEGO_CALLBACK_SECRET must be set in addition to ZEGO_APP_ID")
		return 2
	}
	stdout, stderr = &lines{w: stdout}, &lines{w: stderr}
	fmt.Fprintln(stdout, project.Where)
	if err := serve(ctx, f, project, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "moderation_server:", err)
		return 1
	}
	return 0
}

// parse reads the command line. A code that is not negative ends the program.
func parse(args []string, stderr io.Writer) (flags, int) {
	var f flags
	set := flag.NewFlagSet("moderation_server", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&f.listen, "listen", "127.0.0.1:0", "receive callbacks on `address`; put HTTPS in front of it")
	set.StringVar(&f.path, "path", "/zego-callback", "receive callbacks under `path`; choose one that nobody guesses")
	set.StringVar(&f.publicURL, "public-url", "", "the `URL` of this program for ZEGO, without the path, if results shall go elsewhere than ZEGO's console says")
	set.BoolVar(&f.act, "act", false, "act on REJECT: kick the user out, or silence the stream if no user is named; without it, only say so")
	set.Usage = func() {
		fmt.Fprint(stderr, `usage: moderation_server [flags]

Moderates the audio of live rooms, for as long as they live.

`+account.Usage+`  ZEGO_CALLBACK_SECRET             what callbacks are signed with, in addition to ZEGO_APP_ID

Flags:
`)
		set.PrintDefaults()
	}
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return f, 0
	case err != nil:
		return f, 2
	}
	public, err := url.Parse(f.publicURL)
	switch {
	case set.NArg() > 0:
		fmt.Fprintln(stderr, "moderation_server: unknown argument:", set.Arg(0))
	case path.Clean(f.path) != f.path || !strings.HasPrefix(f.path, "/") || strings.ContainsAny(f.path, "{} ?#%"):
		fmt.Fprintln(stderr, "moderation_server: -path must be a plain path that begins with /")
	case f.publicURL != "" && (err != nil || public.Scheme != "http" && public.Scheme != "https" || public.Host == ""):
		fmt.Fprintln(stderr, "moderation_server: -public-url must be an absolute http or https URL")
	default:
		return f, -1
	}
	return f, 2
}

// serve receives callbacks until ctx ends, or until the scene is over.
func serve(ctx context.Context, f flags, project *account.Account, stdout, stderr io.Writer) error {
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	address := "http://" + listener.Addr().String() + f.path
	results := ""
	if f.publicURL != "" {
		results = strings.TrimSuffix(f.publicURL, "/") + f.path
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	rooms, err := newRooms(project.Client, results, f.act, stdout, moderator.WithLogger(logger))
	if err != nil {
		return err
	}
	var handled atomic.Int64
	var away atomic.Bool // the scene has a callback fail
	handler, err := callback.NewHandler(project.CallbackSecret, func(ctx context.Context, e callback.Event) error {
		if away.CompareAndSwap(true, false) {
			return errors.New("the database is away")
		}
		err := rooms.handle(ctx, e)
		if err == nil {
			handled.Add(1)
		}
		return err
	}, callback.WithAppID(project.AppID), callback.WithDeduplication(), callback.WithLogger(logger))
	if err != nil {
		return err
	}
	var refused atomic.Int64
	mux := http.NewServeMux()
	mux.Handle(f.path, countRefusals(handler, &refused))
	fmt.Fprintln(stdout, "receiving callbacks on", address)
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,  // a sender that says nothing
		ReadTimeout:       10 * time.Second, // or sends its body byte by byte
		WriteTimeout:      30 * time.Second, // a Start may be tried three times
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	broken := make(chan error, 1)
	go func() { broken <- server.Serve(listener) }()
	running, stopRunning := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRunning()
	go func() { _ = rooms.moderator.Run(running) }() // until stopRunning

	var failure error
	if project.Fake != nil {
		project.Fake.SetCallbackURL(address)
		failure = play(ctx, project.Fake, address, &away, stdout)
	} else {
		select {
		case <-ctx.Done():
		case failure = <-broken:
		}
	}

	// First nothing new, then what has come, then the tasks: in this order no
	// room that opens meanwhile is left with a task.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	answer, cancelAnswer := context.WithTimeout(ctx, answerTimeout)
	defer cancelAnswer()
	if server.Shutdown(answer) != nil {
		_ = server.Close() // what is cut off comes again, or is handled all the same
	}
	failure = errors.Join(failure, handler.Shutdown(ctx), rooms.moderator.Shutdown(ctx, true))
	tasks, err := rooms.moderator.Tasks(ctx)
	failure = errors.Join(failure, err)
	count := len(tasks)
	if project.Fake != nil {
		count = len(project.Fake.Running()) // who knows better
	}
	left := "nothing left running"
	if count > 0 {
		left = fmt.Sprintf("%d LEFT RUNNING", count)
		failure = errors.Join(failure, errors.New("tasks are left running; they end by themselves after about five minutes without a stream"))
	}
	more := ""
	if n := rooms.tasks.unknown.Load(); n > 0 {
		more = fmt.Sprintf(" and perhaps %d more", n)
	}
	fmt.Fprintf(stdout, "tasks started %d%s, stopped %d; callbacks handled %d, refused %d; %s\n",
		rooms.tasks.started.Load(), more, rooms.tasks.stopped.Load(), handled.Load(), refused.Load(), left)
	return failure
}

// lines is written to by several at a time.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// countRefusals counts the answers that say that a callback is not ZEGO's.
func countRefusals(next http.Handler, refused *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(s, r)
		if s.status >= 400 && s.status < 500 {
			refused.Add(1)
		}
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
