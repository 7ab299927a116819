package blocking

import (
	"strconv"
	"strings"

	"github.com/tidwall/btree"
)

// question is what the members of a class wait for, together.
type question struct {
	first   Key
	more    string // the other keys
	group   string
	minIdle int64
}

// class is the waiters that ask the same question of pending entries: same keys,
// same group, same idle time. One look answers for all of them, so time wakes one
// of a class and not all: of a thousand that wait for the same entry 999 would be
// woken for nothing.
type class struct {
	question
	number  uint64  // drawn when the class began: an order among equal times
	at      int64   // when to look again, 0: never
	queued  bool    // in the registry's looks
	line    line    // members that are not claimed, in the order of their arrival
	members int     // claimed ones included
	asked   *Waiter // looks for the class; until the outcome is known nobody else does
}

// atOnce is a time that has come.
const atOnce = 1

// Ask takes w as the one that looks for its class, if nobody does: not even w, since
// what looks for it may be on another goroutine. A waiter that no pending entry can
// wake has no class and may always look. The outcome is told by SetLook, Release or
// Remove.
func (r *Registry) Ask(w *Waiter) bool {
	if c := w.class; c != nil && c.asked != nil {
		return false
	}
	return r.Keep(w)
}

// Keep reports whether w is the one that looks for its class, when its look is done;
// it becomes that if nobody is any more.
func (r *Registry) Keep(w *Waiter) bool {
	c := w.class
	if c == nil {
		return true
	}
	if c.asked != nil && c.asked != w {
		return false
	}
	c.asked = w
	r.schedule(c, c.at)
	return true
}

// SetLook says when the class of w should look again, by what w has seen; 0: only
// when somebody signals.
func (r *Registry) SetLook(w *Waiter, at int64) {
	if c := w.class; c != nil {
		if c.asked == w {
			c.asked = nil
		}
		r.schedule(c, at)
	}
}

// Due returns a waiter whose class should look, as now is the time or later, and
// takes it as the one that does; nil when no class is due.
func (r *Registry) Due(now int64) *Waiter {
	if r.looks == nil {
		return nil
	}
	c, ok := r.looks.Min()
	if !ok || c.at > now {
		return nil
	}
	w, _ := c.line.order.Min() // who is queued has a line
	c.asked = w
	r.schedule(c, c.at)
	return w
}

// NextLook is when the next class should look, 0 for never.
func (r *Registry) NextLook() int64 {
	if r.looks != nil {
		if c, ok := r.looks.Min(); ok {
			return c.at
		}
	}
	return 0
}

// EachFirstTaker calls fn for the first waiter in line of every group that waits
// for k and takes what is released.
func (r *Registry) EachFirstTaker(k Key, fn func(*Waiter)) {
	r.eachFirst(k, fn, func(g *groupLine) *line { return &g.takers })
}

// join makes w a member of its class.
func (r *Registry) join(w *Waiter) {
	q := w.question()
	c := r.classes[q]
	if c == nil {
		c = &class{question: q, number: w.number}
		r.classes[q] = c
	}
	c.members++
	w.class = c
	if c.asked == nil {
		r.schedule(c, w.LookAt)
	}
}

// part takes w out of its class, for good. It stands in no line any more.
func (r *Registry) part(w *Waiter) {
	c := w.class
	w.class = nil
	c.members--
	if c.asked == w {
		c.asked, c.at = nil, atOnce
	}
	if c.members == 0 {
		c.at = 0
		delete(r.classes, c.question)
	}
	r.schedule(c, c.at)
}

// schedule sets when the class looks, and queues it if it has somebody to look.
func (r *Registry) schedule(c *class, at int64) {
	if c.queued {
		r.looks.Delete(c)
	}
	c.at = at
	c.queued = at != 0 && c.asked == nil && !c.line.empty()
	if !c.queued {
		return
	}
	if r.looks == nil {
		r.looks = btree.NewBTreeGOptions(looksBefore, btree.Options{NoLocks: true})
	}
	r.looks.Set(c)
}

func looksBefore(a, b *class) bool {
	if a.at != b.at {
		return a.at < b.at
	}
	return a.number < b.number
}

func (w *Waiter) question() question {
	q := question{first: w.Keys[0], group: w.Group, minIdle: w.MinIdle}
	if len(w.Keys) == 1 {
		return q
	}
	var more strings.Builder
	for _, k := range w.Keys[1:] {
		more.WriteString(strconv.Itoa(k.DB) + " " + strconv.Itoa(len(k.Name)) + " " + k.Name)
	}
	q.more = more.String()
	return q
}
