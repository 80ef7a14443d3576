package zegoredis

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// The tests run a real redis-server. They also run themselves as further
// processes: TestMain then does the work that ZEGOREDIS_WORKER names.

var workers = map[string]func(){}

func TestMain(m *testing.M) {
	if work := workers[os.Getenv("ZEGOREDIS_WORKER")]; work != nil {
		work()
		return
	}
	os.Exit(m.Run())
}

// server is a redis-server of a test.
type server struct {
	t       testing.TB
	addr    string
	dir     string
	cluster bool
	process *exec.Cmd
}

// start starts a server that keeps its data through a restart.
func start(t testing.TB, cluster bool) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no redis-server: install the package redis-server")
		}
		t.Skip("there is no redis-server: install the package redis-server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{t: t, addr: l.Addr().String(), dir: t.TempDir(), cluster: cluster}
	require.NoError(t, l.Close())
	s.up()
	t.Cleanup(s.down)
	if cluster {
		c := redis.NewClient(&redis.Options{Addr: s.addr})
		defer c.Close()
		require.NoError(t, c.ClusterAddSlotsRange(t.Context(), 0, 16383).Err())
		require.Eventually(t, func() bool { return c.Set(context.Background(), "x", 1, time.Second).Err() == nil }, 10*time.Second, 10*time.Millisecond)
	}
	return s
}

func (s *server) up() {
	_, port, err := net.SplitHostPort(s.addr)
	require.NoError(s.t, err)
	mode := "no"
	if s.cluster {
		mode = "yes"
	}
	s.process = exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--appendonly", "yes", "--appendfsync", "no",
		"--save", "", "--cluster-enabled", mode, "--loglevel", "warning")
	require.NoError(s.t, s.process.Start())
	c := redis.NewClient(&redis.Options{Addr: s.addr})
	defer c.Close()
	require.Eventually(s.t, func() bool { return c.Ping(context.Background()).Err() == nil }, 10*time.Second, 10*time.Millisecond)
}

func (s *server) down() {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	_ = s.process.Wait()
}

func (s *server) pause()  { _ = s.process.Process.Signal(syscall.SIGSTOP) }
func (s *server) resume() { _ = s.process.Process.Signal(syscall.SIGCONT) }

// client is how programs should connect: calls end with their context.
func (s *server) client() redis.UniversalClient {
	c := dial(s.addr, s.cluster)
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

func dial(addr string, cluster bool) redis.UniversalClient {
	if cluster {
		return redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{addr}, ContextTimeoutEnabled: true})
	}
	return redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
}

// worker is another process.
type worker struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *json.Decoder
}

// spawn starts a process that does work, with what the environment tells it.
func spawn(t testing.TB, work string, env map[string]string) *worker {
	t.Helper()
	w := &worker{cmd: exec.Command(os.Args[0])}
	w.cmd.Env = append(os.Environ(), "ZEGOREDIS_WORKER="+work)
	for name, value := range env {
		w.cmd.Env = append(w.cmd.Env, name+"="+value)
	}
	w.cmd.Stderr = os.Stderr
	var err error
	w.stdin, err = w.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := w.cmd.StdoutPipe()
	require.NoError(t, err)
	w.out = json.NewDecoder(stdout)
	require.NoError(t, w.cmd.Start())
	t.Cleanup(w.kill)
	return w
}

func (w *worker) kill() {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
}

// say is how a worker answers.
func say(v any) {
	if err := json.NewEncoder(os.Stdout).Encode(v); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func env(name string) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		panic(name + ": " + err.Error())
	}
	return n
}

// seconds is how long the tests that take their time do: shorter unless
// ZEGOREDIS_LONG is set.
func seconds(short, long int) time.Duration {
	if os.Getenv("ZEGOREDIS_LONG") != "" {
		return time.Duration(long) * time.Second
	}
	return time.Duration(short) * time.Second
}
