package replication_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/replication"
)

const messagePart = 'P' // replication's

// tamper sets how often a message arrives.
func (g *group) tamper(copies func(from, to uint64, body []byte) int) {
	g.mu.Lock()
	g.copies = copies
	g.mu.Unlock()
}

// What is lost on its way comes again, and what came behind it does not overtake it.
func TestLostPartsComeAgainInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		m := g.others(g.leader())[0]
		m.submit(replication.Log, "PUSH", "l", "first").want(t, ":1\r\n")
		lose := 1
		g.tamper(func(_, _ uint64, body []byte) int {
			if body[0] == messagePart && lose > 0 {
				lose--
				return 0
			}
			return 1
		})
		var slots []slot
		for i := range 3 {
			slots = append(slots, m.submit(replication.Log, "PUSH", "l", fmt.Sprint(i)))
			synctest.Wait() // so each has a part of its own
		}
		for i, s := range slots {
			s.want(t, fmt.Sprintf(":%d\r\n", i+2))
		}
		if got := fmt.Sprint(g.settled("l")); got != "[first 0 1 2]" {
			t.Errorf("there is %s", got)
		}
	})
}

// A part that arrives twice counts once: a waiter that it wakes takes one value.
func TestWaiterIsServedOnceThoughWokenTwice(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		m := g.others(l)[0]
		taken := m.submit(replication.Log, "TAKE", "l")
		time.Sleep(time.Second)
		g.tamper(func(_, _ uint64, body []byte) int {
			if body[0] == messagePart {
				return 2
			}
			return 1
		})
		a, b := l.submit(replication.Log, "PUSH", "l", "a"), l.submit(replication.Log, "PUSH", "l", "b")
		taken.want(t, "$1\r\na\r\n")
		a.want(t, ":1\r\n")
		b.want(t, ":2\r\n")
		time.Sleep(time.Second)
		if got := fmt.Sprint(g.settled("l")); got != "[b]" {
			t.Errorf("left is %s", got)
		}
	})
}

// Messages are lost, come twice and late; each push is there once all the same.
func TestUnreliableMessages(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		n := 0
		g.tamper(func(uint64, uint64, []byte) int {
			n++
			switch {
			case n%7 == 0:
				return 0
			case n%5 == 0:
				return 2
			}
			return 1
		})
		w := g.write(g.nodes...)
		time.Sleep(time.Minute)
		w.end()
		if w.unknown+w.refused > 0 {
			t.Errorf("%d uncertain, %d refused", w.unknown, w.refused)
		}
		w.check(t, g.settled("l"))
	})
}
