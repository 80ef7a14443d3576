package moderator

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"
)

// Store keeps what is known of rooms, for all replicas that share it. It knows
// nothing of moderation: a room is some bytes, a list of events that have come
// for it, and a claim that one replica at a time has on it. Each method must be
// atomic, and judge time by one clock.
//
// The default is in memory and serves one process. Package zegoredis has one in
// Redis.
type Store interface {
	// Begin adds events to a room and claims it for the time of a lease, unless
	// somebody else's claim has not ended. Held tells whether it did; the events
	// are there in any case, for who holds the room, or holds it next. The token
	// names the call: where its answer was lost, it is made again with the same
	// token, gets the same claim, and adds nothing.
	Begin(ctx context.Context, roomID, token string, lease time.Duration, events ...[]byte) (Claim, error)
	// Finish replaces the state of a claimed room, forgets the first consumed
	// events of the claim, and ends the claim. Where more events have come, it
	// keeps the claim for another lease instead and returns them; the claim's
	// next Finish is of the next Round. The room is due after wake, or never
	// where wake is negative, and may be forgotten after keep. The same Round
	// again changes nothing, and has the same answer. Of a claim that somebody
	// else has taken over it returns ErrFenced, and changes nothing.
	Finish(ctx context.Context, c Claim, state []byte, consumed int, lease, wake, keep time.Duration) (more [][]byte, err error)
	// Due returns up to limit rooms that are due, or whose claim has ended
	// without Finish.
	Due(ctx context.Context, limit int) ([]string, error)
	// Rooms returns the states of all rooms.
	Rooms(ctx context.Context) iter.Seq2[Entry, error]
}

// Claim is a room that was claimed.
type Claim struct {
	RoomID    string
	Held      bool   // whether the claim was had; what follows is empty otherwise
	Fence     uint64 // rises with each claim on the room, also when the store has forgotten the room
	Round     int    // how often Finish has returned more
	Now       time.Time
	Abandoned bool // the claim before ended without Finish: whoever had it has died or stopped for long
	State     []byte
	Events    [][]byte
}

// Entry is a room in a [Store].
type Entry struct {
	RoomID string
	State  []byte
}

// ErrFenced means that a claim was held for too long, and somebody else has it.
var ErrFenced = errors.New("moderator: the claim on the room has ended")

// memoryStore is the default Store.
type memoryStore struct {
	now func() time.Time

	mu    sync.Mutex
	rooms map[string]*memoryRoom
}

type memoryRoom struct {
	state   []byte
	events  [][]byte
	fence   uint64
	claim   Claim     // that was had last
	token   string    // of the call that had it
	added   string    // the token of the last call that added events
	rounds  int       // of the claim that are finished
	lease   time.Time // when the claim ends; zero = none
	due     time.Time // zero = never
	expires time.Time
}

// abandonedKeep is how long a room is kept whose claim nobody finishes.
const abandonedKeep = 72 * time.Hour

// NewMemoryStore makes a store in memory, for a program that runs once, and for
// tests. now may be nil for [time.Now].
func NewMemoryStore(now func() time.Time) Store {
	if now == nil {
		now = time.Now
	}
	return &memoryStore{now: now, rooms: make(map[string]*memoryRoom)}
}

func (m *memoryStore) Begin(_ context.Context, roomID, token string, lease time.Duration, events ...[]byte) (Claim, error) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rooms[roomID]
	if r == nil {
		r = &memoryRoom{}
		m.rooms[roomID] = r
	}
	if r.lease.After(now) && r.token == token {
		c := r.claim
		c.Now = now
		return c, nil
	}
	if len(events) > 0 && r.added != token {
		r.events = append(r.events, events...)
		r.added = token
	}
	r.expires = now.Add(abandonedKeep)
	if r.lease.After(now) {
		return Claim{RoomID: roomID}, nil
	}
	r.fence = max(r.fence+1, uint64(now.UnixMicro()))
	r.claim = Claim{RoomID: roomID, Held: true, Fence: r.fence, Now: now, Abandoned: !r.lease.IsZero(), State: r.state, Events: slices.Clone(r.events)}
	r.token, r.rounds = token, 0
	r.lease = now.Add(lease)
	r.due = r.lease
	return r.claim, nil
}

func (m *memoryStore) Finish(_ context.Context, c Claim, state []byte, consumed int, lease, wake, keep time.Duration) ([][]byte, error) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rooms[c.RoomID]
	switch {
	case r == nil || r.fence != c.Fence:
		return nil, ErrFenced
	case r.rounds == c.Round+1: // the same again
		if r.lease.IsZero() {
			return nil, nil
		}
		return slices.Clone(r.events), nil
	case r.lease.IsZero():
		return nil, ErrFenced
	}
	r.rounds++
	r.state = slices.Clone(state)
	r.events = slices.Delete(r.events, 0, consumed)
	if len(r.events) > 0 {
		r.lease = now.Add(lease)
		r.due = r.lease
		return slices.Clone(r.events), nil
	}
	r.lease, r.due = time.Time{}, time.Time{}
	if wake >= 0 {
		r.due = now.Add(wake)
	}
	r.expires = now.Add(keep)
	return nil, nil
}

func (m *memoryStore) Due(_ context.Context, limit int) ([]string, error) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []string
	for id, r := range m.rooms {
		switch {
		case !r.due.IsZero() && !r.due.After(now):
			if len(due) < limit {
				due = append(due, id)
			}
		case r.expires.Before(now):
			delete(m.rooms, id)
		}
	}
	slices.Sort(due)
	return due, nil
}

func (m *memoryStore) Rooms(context.Context) iter.Seq2[Entry, error] {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]Entry, 0, len(m.rooms))
	for id, r := range m.rooms {
		if len(r.state) > 0 {
			all = append(all, Entry{id, r.state})
		}
	}
	return func(yield func(Entry, error) bool) {
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	}
}
