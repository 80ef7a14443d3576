package zegoredis

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// What the replicas of the test wait for, so that it is over in a minute.
const (
	fleetLease   = 2 * time.Second
	fleetUnknown = 4 * time.Second
)

func newFleetModerator(redisAddr, zegoURL, agent string, appID uint32, secret string) (*moderator.Moderator, error) {
	store, err := NewStore(dial(redisAddr, false))
	if err != nil {
		return nil, err
	}
	client, err := zegocensor.NewClient(appID, secret, zegocensor.WithBaseURL(zegoURL), zegocensor.WithLimiter(nil), zegocensor.WithUserAgent(agent))
	if err != nil {
		return nil, err
	}
	var logger *slog.Logger
	if os.Getenv("ZEGOREDIS_VERBOSE") != "" {
		logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return moderator.New(moderator.Audio(client, zegocensor.StartCensorAudioV2Request{EventID: zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish, RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}}),
		moderator.WithStore(store), moderator.WithLease(fleetLease), moderator.WithUnknownWait(fleetUnknown), moderator.WithInterval(100*time.Millisecond),
		moderator.WithBackoff(100*time.Millisecond, time.Second), moderator.WithLogger(logger))
}

func init() {
	workers["fleet"] = func() {
		m, err := newFleetModerator(os.Getenv("REDIS"), os.Getenv("ZEGO"), os.Getenv("AGENT"), uint32(env("APP_ID")), os.Getenv("SECRET"))
		if err != nil {
			panic(err)
		}
		nonces, err := NewNonceStore(dial(os.Getenv("REDIS"), false))
		if err != nil {
			panic(err)
		}
		h, err := callback.NewHandler(os.Getenv("CALLBACK_SECRET"), m.Handle, callback.WithNonceStore(nonces))
		if err != nil {
			panic(err)
		}
		say(httptest.NewServer(h).URL)
		_ = m.Run(context.Background())
	}
}

// fleet is replicas behind a load balancer.
type fleet struct {
	t     *testing.T
	redis *server
	zego  *zegotest.Server

	mu       sync.Mutex
	replicas map[string]*worker // by URL
	agents   map[string]string  // by URL
	killed   map[string]time.Time
	serial   int
}

func (f *fleet) spawn() {
	f.mu.Lock()
	f.serial++
	agent := fmt.Sprintf("replica-%d", f.serial)
	f.mu.Unlock()
	w := spawn(f.t, "fleet", map[string]string{"REDIS": f.redis.addr, "ZEGO": f.zego.URL(), "APP_ID": strconv.Itoa(int(f.zego.AppID())),
		"SECRET": f.zego.ServerSecret(), "CALLBACK_SECRET": f.zego.CallbackSecret(), "AGENT": agent})
	var url string
	require.NoError(f.t, w.out.Decode(&url))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replicas[url], f.agents[url] = w, agent
}

// any returns one of the replicas.
func (f *fleet) any() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := rand.IntN(len(f.replicas))
	for url := range f.replicas {
		if n--; n < 0 {
			return url
		}
	}
	panic("no replica")
}

// killOne ends a replica by kill -9.
func (f *fleet) killOne() {
	url := f.any()
	f.mu.Lock()
	w := f.replicas[url]
	delete(f.replicas, url)
	f.killed[f.agents[url]] = time.Now()
	f.mu.Unlock()
	w.kill()
}

// ServeHTTP hands a callback to a replica.
func (f *fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		var answer *http.Response
		if answer, err = http.Post(f.any(), r.Header.Get("Content-Type"), bytes.NewReader(body)); err == nil {
			answer.Body.Close()
			w.WriteHeader(answer.StatusCode)
			return
		}
	}
	w.WriteHeader(http.StatusBadGateway)
}

// wrong is what is not as it should be at this moment.
func (f *fleet) wrong() (unmoderated, twice, stray int) {
	live := make(map[string]bool)
	for _, r := range f.zego.Rooms() {
		live[r.ID] = r.Live()
	}
	running := make(map[string]int)
	for _, t := range f.zego.Running() {
		running[t.RoomID]++
		if !live[t.RoomID] {
			stray++
		}
	}
	for id, l := range live {
		switch {
		case l && running[id] == 0:
			unmoderated++
		case l && running[id] > 1:
			twice++
		}
	}
	return unmoderated, twice, stray
}

// results has some of the running tasks, or all, tell a result.
func (f *fleet) results(most int) {
	tasks := f.zego.Running()
	rand.Shuffle(len(tasks), func(i, j int) { tasks[i], tasks[j] = tasks[j], tasks[i] })
	for _, t := range tasks[:min(most, len(tasks))] {
		f.zego.EmitAudioResult(t.ID, callback.AudioResult{})
	}
}

// settle waits until nothing is wrong.
func (f *fleet) settle() {
	f.t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	for calm := 0; calm < 3; {
		f.results(1 << 20)
		time.Sleep(time.Second)
		if u, d, s := f.wrong(); u+d+s == 0 {
			calm++
			continue
		}
		calm = 0
		if time.Now().After(deadline) {
			u, d, s := f.wrong()
			f.t.Fatalf("%d rooms are unmoderated, %d twice, %d tasks are in dead rooms", u, d, s)
		}
	}
}

// TestFleet opens and closes 2000 rooms at 5 processes, of which one is killed
// each second. The fake ZEGO keeps the account.
func TestFleet(t *testing.T) {
	const rooms, replicas = 2000, 5
	duration := seconds(10, 60)
	f := &fleet{t: t, redis: start(t, false), zego: zegotest.NewServer(zegotest.WithRateLimit(0), zegotest.WithHistory(0)),
		replicas: make(map[string]*worker), agents: make(map[string]string), killed: make(map[string]time.Time)}
	t.Cleanup(f.zego.Close)
	balancer := httptest.NewServer(f)
	t.Cleanup(balancer.Close)
	f.zego.SetCallbackURL(balancer.URL)
	for range replicas {
		f.spawn()
	}
	nothingIsLost := f.zego.InjectDelivery(zegotest.Delivery{Match: func(callback.Event) bool { return rand.IntN(100) == 0 }, Drop: true})
	f.zego.InjectDelivery(zegotest.Delivery{Match: func(callback.Event) bool { return rand.IntN(20) == 0 }, Copies: 1, Resign: true})
	f.zego.InjectDelivery(zegotest.Delivery{Match: func(callback.Event) bool { return rand.IntN(10) == 0 }, Delay: 700 * time.Millisecond})

	live := make(map[string]bool)
	until := time.Now().Add(duration)
	kills := 0
	nextKill := time.Now().Add(time.Second)
	for step := 0; time.Now().Before(until); step++ {
		for range max(1, rooms*25/int(duration.Milliseconds())*2) {
			id := fmt.Sprintf("room_%d", rand.IntN(rooms))
			switch {
			case !live[id]:
				f.zego.OpenRoom(id, "u")
				live[id] = true
			case rand.IntN(3) == 0:
				f.zego.CloseRoom(id, 2)
				live[id] = false
			}
		}
		if step%8 == 0 {
			f.results(20)
		}
		if time.Now().After(nextKill) {
			nextKill = nextKill.Add(time.Second)
			f.killOne()
			kills++
			go f.spawn()
		}
		time.Sleep(25 * time.Millisecond)
	}
	for i := range rooms {
		if id := fmt.Sprintf("room_%d", i); !live[id] && rand.IntN(2) == 0 {
			f.zego.OpenRoom(id, "u")
			live[id] = true
		}
	}
	time.Sleep(time.Second)

	// What was lost is for Reconcile, which lets young rooms be.
	m, err := newFleetModerator(f.redis.addr, f.zego.URL(), "reconciler", f.zego.AppID(), f.zego.ServerSecret())
	require.NoError(t, err)
	reconcile := func() {
		require.NoError(t, m.Reconcile(t.Context(), func(yield func(moderator.Room) bool) {
			for _, r := range f.zego.Rooms() {
				if r.Live() && !yield(moderator.Room{ID: r.ID, SessionID: r.SessionID, CreatedAt: r.Created}) {
					return
				}
			}
		}))
	}
	reconcile()
	for id, l := range live { // the ends that were lost
		if !l {
			for _, r := range f.zego.Rooms() {
				if r.ID == id {
					require.NoError(t, m.RoomClosed(t.Context(), moderator.Room{ID: id, SessionID: r.SessionID}, r.Closed))
				}
			}
		}
	}
	f.settle()
	duplicates, hits := f.account()
	liveNow := 0
	for _, l := range live {
		liveNow += map[bool]int{true: 1}[l]
	}
	t.Logf("%d lives of %d rooms, %d tasks, %d kills; %d Starts were hit by a kill, %d rooms had a second task for a while; %d rooms live, each with one task",
		len(f.zego.Rooms()), rooms, len(f.zego.Tasks()), kills, hits, duplicates, liveNow)
	assert.LessOrEqual(t, duplicates, hits)

	nothingIsLost() // or it would be told by Reconcile again
	for id, l := range live {
		if l {
			f.zego.CloseRoom(id, 0)
		}
	}
	f.settle()
	for _, r := range f.zego.Rooms() {
		require.False(t, r.Live())
	}
	assert.Empty(t, f.zego.Running())
}

// account counts, from what the fake has seen, tasks that were started while the
// same life of a room had another, and Starts whose replica was killed within a
// lease: it may have died before it could keep the answer.
func (f *fleet) account() (duplicates, hits int) {
	lives := make(map[string][]zegotest.Room)
	for _, r := range f.zego.Rooms() {
		lives[r.ID] = append(lives[r.ID], r)
	}
	life := func(t zegotest.Task) uint64 {
		session := uint64(0)
		for _, r := range lives[t.RoomID] {
			if !r.Created.After(t.Started) {
				session = r.SessionID
			}
		}
		return session
	}
	before := make(map[string][]zegotest.Task)
	for _, t := range f.zego.Tasks() {
		for _, u := range before[t.RoomID] {
			if (u.Running() || u.Stopped.After(t.Started)) && life(u) == life(t) {
				duplicates++
				break
			}
		}
		before[t.RoomID] = append(before[t.RoomID], t)
	}
	for _, r := range f.zego.Requests() {
		if r.Action != "StartCensorAudioV2" {
			continue
		}
		agent, _, _ := strings.Cut(r.Header.Get("User-Agent"), " ")
		if at, dead := f.killed[agent]; dead && at.Sub(r.Received) < 100*time.Millisecond {
			hits++
		}
	}
	return duplicates, hits
}
