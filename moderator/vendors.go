package moderator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go/callback"
)

// Vendors has the rooms of several vendors moderated by one [Moderator]: it is the
// [Provider] of each vendor, by a name. The moderator knows a room by [RoomID];
// each provider gets the rooms of its vendor, by their own IDs.
//
// The name "" is for the vendor whose rooms are known by their own ID alone, as
// [Moderator.Handle] knows ZEGO's. Such an ID must not begin with another's name
// and a colon; ZEGO documents no colon for its room IDs.
type Vendors map[string]Provider

// RoomID is the ID by which a [Moderator] of [Vendors] knows a room.
func RoomID(vendor, id string) string {
	if vendor == "" {
		return id
	}
	return vendor + ":" + id
}

// of finds the provider of a room, and the ID that the provider knows it by.
func (v Vendors) of(roomID string) (p Provider, id string, err error) {
	id = roomID
	if vendor, own, ok := strings.Cut(roomID, ":"); ok && v[vendor] != nil {
		p, id = v[vendor], own
	} else {
		p = v[""]
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

// TaskOf asks the providers that are a [TaskTeller].
func (v Vendors) TaskOf(e callback.Event) (roomID, taskID string, at time.Time, ended bool) {
	for vendor, p := range v {
		teller, ok := p.(TaskTeller)
		if !ok {
			continue
		}
		if roomID, taskID, at, ended = teller.TaskOf(e); taskID != "" {
			return RoomID(vendor, roomID), taskID, at, ended
		}
	}
	return "", "", time.Time{}, false
}
