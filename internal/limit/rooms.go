package limit

import (
	"context"
	"sync"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
)

// Rooms spaces the calls for one room. Rooms do not wait for each other. It stores a
// room only while there are calls for it or while its next call would have to wait.
type Rooms struct {
	interval time.Duration

	mu       sync.Mutex
	rooms    map[string]*room
	expiring []expiry // in the order of their times
}

// Room is a room's turn: its first call in line.
type Room struct {
	rooms *Rooms
	id    string
	room  *room
}

type room struct {
	queue Queue
	free  time.Time // when the next call may go
	calls int       // that wait or are about to go
}

type expiry struct {
	id string
	at time.Time
}

// NewRooms makes an empty set of rooms with a shortest time between two calls for the
// same room. It is longer by [Margin].
func NewRooms(perRoom time.Duration) *Rooms {
	return &Rooms{interval: perRoom + Margin, rooms: make(map[string]*room)}
}

// Enter returns when a call for the room may go; the call must then [Room.Leave]. An
// error is that of ctx, and means that the call does not wait any more. If the deadline
// of ctx comes before the room's turn, Enter fails immediately.
func (r *Rooms) Enter(ctx context.Context, id string) (*Room, error) {
	r.mu.Lock()
	e, ok := r.rooms[id]
	if !ok {
		e = new(room)
		r.rooms[id] = e
	}
	e.calls++
	free := e.free
	r.mu.Unlock()

	turn := &Room{r, id, e}
	if err := e.queue.Enter(ctx, max(0, time.Until(free)), r.interval); err != nil {
		turn.release(false)
		return nil, err
	}
	r.mu.Lock()
	free = e.free
	r.mu.Unlock()
	if err := attempt.Sleep(ctx, time.Until(free)); err != nil {
		turn.Leave(false)
		return nil, err
	}
	return turn, nil
}

// Leave ends the room's turn. gone reports whether the call went: the next one then
// waits for the interval.
func (t *Room) Leave(gone bool) {
	t.release(gone)
	t.room.queue.Leave()
}

// release ends a call, and forgets the rooms that have expired.
func (t *Room) release(gone bool) {
	r, now := t.rooms, time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	t.room.calls--
	if gone {
		t.room.free = now.Add(r.interval)
		r.expiring = append(r.expiring, expiry{t.id, t.room.free})
	}
	r.forget(t.id, now)
	for len(r.expiring) > 0 && !r.expiring[0].at.After(now) {
		r.forget(r.expiring[0].id, now)
		r.expiring = r.expiring[1:]
	}
}

func (r *Rooms) forget(id string, now time.Time) {
	if e := r.rooms[id]; e != nil && e.calls == 0 && !e.free.After(now) {
		delete(r.rooms, id)
	}
}
