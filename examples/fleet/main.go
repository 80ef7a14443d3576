// Command fleet shows three replicas of a backend that moderate the same rooms:
// as processes of their own, with a real redis-server and a fake ZEGO. One of them
// is killed while it starts moderation. What happened is printed, and at the end
// an account of it, by what the fake ZEGO has seen.
//
// It needs redis-server on the PATH, and exits with 2 where there is none.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	replicaOf := flag.String("replica-of", "", "be a replica, with the Redis at `address`; the program starts itself so")
	zego := flag.String("zego", "", "the `URL` of the fake ZEGO of a replica")
	flag.Parse()
	if *replicaOf != "" {
		if err := replica(ctx, *replicaOf, *zego, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "replica:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(run(ctx, os.Stdout, os.Stderr))
}

// run plays the scene. It returns the exit code: 0, 1 where the account is wrong,
// 2 where there is no redis-server.
func run(ctx context.Context, stdout, stderr io.Writer) int {
	server, err := exec.LookPath("redis-server")
	if err != nil {
		fmt.Fprintln(stderr, "fleet: there is no redis-server: install it, on Debian and Ubuntu by apt-get install redis-server, on macOS by brew install redis")
		return 2
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := play(ctx, server, stdout); err != nil {
		fmt.Fprintln(stderr, "fleet:", err)
		return 1
	}
	return 0
}

const (
	replicas = 3
	rooms    = 12
)

// play has the rooms open, a replica die, and the rooms close.
func play(ctx context.Context, redisServer string, stdout io.Writer) error {
	began := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(stdout, "%5.1fs %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	address, stopRedis, err := startRedis(ctx, redisServer)
	if err != nil {
		return err
	}
	defer stopRedis()
	zego := zegotest.NewServer()
	defer zego.Close()
	f := &fleet{}
	defer f.killAll()
	balancer := httptest.NewServer(f)
	defer balancer.Close()
	zego.SetCallbackURL(balancer.URL)
	for range replicas {
		if err := f.spawn(ctx, address, zego.URL()); err != nil {
			return err
		}
	}
	say("%d replicas are running, behind a load balancer", replicas)

	zego.Inject(zegotest.Fault{Action: "StartCensorAudioV2", Latency: 300 * time.Millisecond})
	for i := range rooms {
		zego.OpenRoom(fmt.Sprintf("room_%d", i), "host")
		zego.OpenStream(fmt.Sprintf("room_%d", i), fmt.Sprintf("mic_%d", i), "host")
	}
	if err := until(ctx, func() bool { return len(zego.Requests()) >= rooms/2 }); err != nil {
		return err
	}
	say("%d rooms open; ZEGO has got %d Starts, and answered %d", rooms, len(zego.Requests()), len(zego.Tasks()))
	f.killOne()
	say("a replica is killed, whatever it was doing")

	if err := settle(ctx, zego, rooms); err != nil {
		return err
	}
	tasks := len(zego.Tasks())
	say("every room has one task; %d were started, of which %d were second ones that were found and stopped", tasks, tasks-rooms)

	for i := range rooms {
		zego.CloseRoom(fmt.Sprintf("room_%d", i), 2)
	}
	if err := settle(ctx, zego, 0); err != nil {
		return err
	}
	say("account: %d rooms opened and closed, %d replicas of which 1 was killed, %d tasks started, %d left running",
		rooms, replicas, len(zego.Tasks()), len(zego.Running()))
	return nil
}

// settle waits until so many rooms live, each with one task. Tasks that run tell
// results, as ZEGO's do about every ten seconds.
func settle(ctx context.Context, zego *zegotest.Server, live int) error {
	for {
		running := make(map[string]int)
		for _, t := range zego.Running() {
			running[t.RoomID]++
			zego.EmitAudioResult(t.ID, callback.AudioResult{})
		}
		if len(running) == live && len(zego.Running()) == live {
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d rooms have %d tasks: %w", live, len(zego.Running()), ctx.Err())
		}
	}
}

func until(ctx context.Context, done func() bool) error {
	for !done() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// startRedis starts a redis-server that keeps nothing when it ends.
func startRedis(ctx context.Context, program string) (address string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = l.Addr().String()
	if err := l.Close(); err != nil {
		return "", nil, err
	}
	_, port, _ := strings.Cut(address, ":")
	dir, err := os.MkdirTemp("", "fleet")
	if err != nil {
		return "", nil, err
	}
	server := exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--loglevel", "warning")
	if err := server.Start(); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	stop = func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		_ = os.RemoveAll(dir)
	}
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	if err := until(ctx, func() bool { return client.Ping(ctx).Err() == nil }); err != nil {
		stop()
		return "", nil, fmt.Errorf("redis-server does not answer: %w", err)
	}
	return address, stop, nil
}

// fleet is the replicas behind their load balancer.
type fleet struct {
	mu   sync.Mutex
	all  []*process
	next int
}

// process is a replica.
type process struct {
	url string
	cmd *exec.Cmd
}

// spawn starts this program as a replica, which says by which URL it receives
// callbacks.
func (f *fleet) spawn(ctx context.Context, redisAddress, zegoURL string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "-replica-of", redisAddress, "-zego", zegoURL)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{cmd: cmd}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, p)
	_, err = fmt.Fscanln(out, &p.url)
	return err
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func (f *fleet) killOne() {
	f.mu.Lock()
	p := f.all[0]
	f.all = f.all[1:]
	f.mu.Unlock()
	p.kill()
}

func (f *fleet) killAll() {
	for len(f.all) > 0 {
		f.killOne()
	}
}

// ServeHTTP hands a callback to one replica after the other.
func (f *fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.next++
	url := f.all[f.next%len(f.all)].url
	f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	answer, err := http.Post(url, r.Header.Get("Content-Type"), bytes.NewReader(body))
	if err != nil {
		w.WriteHeader(http.StatusBadGateway) // ZEGO tries again
		return
	}
	_ = answer.Body.Close()
	w.WriteHeader(answer.StatusCode)
}
