package moderator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go/callback"
)

// Vendors has the rooms of several vendors moderated by one [Moderator]: it is the
// [Provider] of each vendor, by a name without a colon. The moderator knows a room by
// [RoomID]; each provider gets the rooms of its vendor, by their own IDs. All replicas
// must know the same vendors. Whether the silence of a task says something is each
// room's provider's to say: see [ResultReporter].
//
// The name "" is for the vendor whose rooms are known by their own ID alone, as
// [Moderator.Handle] knows ZEGO's. Such an ID must not begin with another's name
// and a colon; ZEGO documents no colon for its room IDs.
type Vendors map[string]Provider

// check says what is wrong with the names and the providers.
func (v Vendors) check() (faults []error) {
	if len(v) == 0 {
		faults = append(faults, errors.New("moderator: Vendors must not be empty"))
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if v[name] == nil {
			faults = append(faults, fmt.Errorf("moderator: Vendors: the provider of %q must not be nil", name))
		}
		faults = append(faults, checkProvider(v[name])...)
		if strings.Contains(name, ":") {
			faults = append(faults, fmt.Errorf("moderator: Vendors: the name %q must not have a colon", name))
		}
	}
	return faults
}

// RoomID returns the ID that a [Moderator] of [Vendors] uses for a room.
func RoomID(vendor, id string) string {
	if vendor == "" {
		return id
	}
	return vendor + ":" + id
}

// of finds the provider of a room, and the ID that the provider knows it by.
func (v Vendors) of(roomID string) (p Provider, id string, err error) {
	p, id = v[""], roomID
	if vendor, own, ok := strings.Cut(roomID, ":"); ok {
		if other, known := v[vendor]; known {
			p, id = other, own
		}
	}
	if p == nil {
		return nil, "", fmt.Errorf("moderator: Vendors has no provider for the room %q", roomID)
	}
	return p, id, nil
}

// Start starts a task at the room's vendor.
func (v Vendors) Start(ctx context.Context, room Room) (string, error) {
	p, id, err := v.of(room.ID)
	if err != nil {
		return "", err
	}
	room.ID = id
	return p.Start(ctx, room)
}

// Stop ends a task at its room's vendor.
func (v Vendors) Stop(ctx context.Context, task Task) error {
	p, id, err := v.of(task.Room.ID)
	if err != nil {
		return err
	}
	task.Room.ID = id
	return p.Stop(ctx, task)
}

// TaskOf asks the provider of "", as it is of its rooms that [Moderator.Handle] is
// told.
func (v Vendors) TaskOf(e callback.Event) (roomID, taskID string, at time.Time, ended bool) {
	if teller, ok := v[""].(TaskTeller); ok {
		return teller.TaskOf(e)
	}
	return "", "", time.Time{}, false
}
