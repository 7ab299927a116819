package replication_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// setWall is a wall clock that can be set while others read it.
type setWall struct {
	mu  sync.Mutex
	set time.Duration
}

func (w *setWall) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := time.Now()
	if w.set != 0 {
		t = t.Add(w.set).Round(0)
	}
	return t
}

func (w *setWall) setBy(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.set += d
}

// What waits for a time is woken by the partition's clock: soon after the wall clock
// was set forward behind it, and in its time when it was set back.
func TestLooksWhenTheWallClockIsSet(t *testing.T) {
	for _, row := range []struct {
		name string
		age  time.Duration
		set  time.Duration
	}{
		{"not at all", time.Second, 0},
		{"forward", time.Hour, 2 * time.Hour},
		{"back", time.Second, -time.Hour},
	} {
		t.Run(row.name, func(t *testing.T) {
			wall := &setWall{}
			h := startAt(t, wall.now)
			h.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
			taken := h.submit(replication.Log, "AGED", "l", fmt.Sprint(row.age.Milliseconds()))
			h.waitBlocked(1)
			wall.setBy(row.set)
			taken.want(t, "$1\r\nv\r\n")
			h.waitBlocked(0)
		})
	}
}

// Of those that wait for the same one looks at a time: what comes of age wakes one.
func TestLooksAreOneForAll(t *testing.T) {
	h := startAt(t, nil)
	const waiters = 500
	var slots []slot
	for i := range waiters {
		slots = append(slots, h.submit(replication.Log, "AGED", "l", "100"))
		h.waitBlocked(i + 1)
	}
	h.Inspect(func(replication.StateMachine, int64) { h.lists.applied = 0 })
	// What is pushed here wakes nobody: it has no age yet.
	for i := range 3 {
		h.submit(replication.Log, "LAY", "l", fmt.Sprint(i)).want(t, fmt.Sprintf(":%d\r\n", i+1))
	}
	for i := range 3 {
		slots[i].want(t, fmt.Sprintf("$1\r\n%d\r\n", i))
	}
	h.waitBlocked(waiters - 3)
	h.Inspect(func(replication.StateMachine, int64) {
		if h.lists.applied > 3+3 {
			t.Errorf("%d requests were logged for 3 values put and 3 taken", h.lists.applied)
		}
	})
}

// A value of age for which many wait with ages of their own goes to one, and the
// others keep their places.
func TestLooksOfManyAges(t *testing.T) {
	h := startAt(t, nil)
	const waiters = 100
	var slots []slot
	for i := range waiters {
		slots = append(slots, h.submit(replication.Log, "AGED", "l", fmt.Sprint(20+i%10)))
	}
	h.waitBlocked(waiters)
	for i := range waiters {
		h.submit(replication.Log, "LAY", "l", fmt.Sprint(i))
	}
	got := map[string]bool{}
	for i, s := range slots {
		select {
		case reply := <-s.reply:
			if got[reply] {
				t.Errorf("%q came twice", reply)
			}
			got[reply] = true
		case <-time.After(time.Minute):
			t.Fatalf("waiter %d got nothing", i)
		}
	}
	h.waitBlocked(0)
}
