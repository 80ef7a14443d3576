package moderator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// histories are what happens in a room, in seconds: its sessions follow each other.
var histories = map[string][]event{
	"one life":                    {{Kind: opened, Session: 1, At: 10}, {Kind: opened, Session: 1, At: 12}, {Kind: closed, Session: 1, At: 20}},
	"one life that goes on":       {{Kind: opened, Session: 1, At: 10}, {Kind: opened, Session: 1, At: 12}},
	"two lives":                   {{Kind: opened, Session: 1, At: 10}, {Kind: closed, Session: 1, At: 20}, {Kind: opened, Session: 2, At: 30}, {Kind: closed, Session: 2, At: 40}},
	"a second life that goes on":  {{Kind: opened, Session: 1, At: 10}, {Kind: opened, Session: 1, At: 12}, {Kind: closed, Session: 1, At: 20}, {Kind: opened, Session: 2, At: 30}},
	"a second life with a stream": {{Kind: opened, Session: 1, At: 10}, {Kind: closed, Session: 1, At: 20}, {Kind: opened, Session: 2, At: 30}, {Kind: opened, Session: 2, At: 32}},
	"all of two lives": {{Kind: opened, Session: 1, At: 10}, {Kind: opened, Session: 1, At: 12}, {Kind: closed, Session: 1, At: 20},
		{Kind: opened, Session: 2, At: 30}, {Kind: opened, Session: 2, At: 32}, {Kind: closed, Session: 2, At: 40}},
	"a third life": {{Kind: opened, Session: 1, At: 10}, {Kind: closed, Session: 1, At: 20}, {Kind: opened, Session: 2, At: 30}, {Kind: closed, Session: 2, At: 40},
		{Kind: opened, Session: 3, At: 50}},
	"three lives with streams": {{Kind: opened, Session: 1, At: 10}, {Kind: closed, Session: 1, At: 20}, {Kind: opened, Session: 2, At: 30}, {Kind: opened, Session: 2, At: 35}, {Kind: closed, Session: 2, At: 40},
		{Kind: opened, Session: 3, At: 50}, {Kind: closed, Session: 3, At: 60}},
}

// permute calls do with each order of the events.
func permute(events []event, k int, do func([]event)) {
	if k == len(events) {
		do(events)
		return
	}
	for i := k; i < len(events); i++ {
		events[k], events[i] = events[i], events[k]
		permute(events, k+1, do)
		events[k], events[i] = events[i], events[k]
	}
}

// tell applies events to a room, and reports what was told and how many tasks were
// started for it.
func tell(s *state, events []event) (told string, tasks int) {
	var all []string
	for _, e := range events {
		s.apply(e)
		if s.live() && s.Task == "" {
			tasks++
			s.take("task", 0)
		} else if !s.live() {
			s.Task = ""
		}
		all = append(all, fmt.Sprintf("%s(%d)@%d", e.Kind, e.Session, e.At/1000))
	}
	return strings.Join(all, " "), tasks
}

// without returns events in milliseconds, without the sessions of some.
func without(history []event, mask int) []event {
	events := slices.Clone(history)
	for i := range events {
		events[i].At *= 1000
		if mask&(1<<i) != 0 {
			events[i].Session = 0
		}
	}
	return events
}

// TestState_apply: whatever the order of a room's events, and whichever of them do not
// name their session, in the end the room is known to live if it does, and no more
// tasks were started than it had lives.
func TestState_apply(t *testing.T) {
	for name, history := range histories {
		lives := uint64(0)
		for _, e := range history {
			lives = max(lives, e.Session)
		}
		check := func(t *testing.T, events []event) bool {
			var s state
			told, tasks := tell(&s, events)
			return assert.Equal(t, history[len(history)-1].Kind == opened, s.live(), "%s: %s", told, s.encode()) &&
				assert.LessOrEqual(t, tasks, int(lives), "%s: %s", told, s.encode())
		}
		t.Run(name, func(t *testing.T) {
			if len(history) > 6 {
				t.Skip("too many orders")
			}
			for mask := range 1 << len(history) {
				permute(without(history, mask), 0, func(order []event) {
					if !t.Failed() {
						check(t, order)
					}
				})
			}
		})
		t.Run(name+", some of it twice", func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			for range 5_000 {
				events := without(history, random.IntN(1<<len(history)))
				for _, e := range events {
					if random.IntN(2) == 0 {
						events = append(events, e)
					}
				}
				random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
				if !check(t, events) {
					break
				}
			}
		})
	}
}
