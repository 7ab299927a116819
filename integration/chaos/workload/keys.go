package workload

import (
	"fmt"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// produce adds entries to random streams, one at a time or in pipelines.
func (c *client) produce() {
	if !c.open() {
		return
	}
	n := 1
	if c.rng.IntN(3) == 0 {
		n = 2 + c.rng.IntN(c.w.Pipeline-1)
	}
	var ops []history.Op
	var commands [][]string
	for range n {
		op := c.next(history.Add, c.w.StreamKey(c.rng.IntN(c.w.Streams)))
		op.Payload = fmt.Sprintf("%d.%d", op.Conn, op.Seq)
		ops = append(ops, op)
		commands = append(commands, []string{"XADD", op.Key, "*", "p", op.Payload})
	}
	c.do(ops, commands...)
	c.rest()
}

// look looks at a stream's length, its end, or now and then all of it.
func (c *client) look() {
	if !c.open() {
		return
	}
	key := c.w.StreamKey(c.rng.IntN(c.w.Streams))
	switch dice := c.rng.IntN(50); {
	case dice == 0:
		c.one(c.next(history.All, key), "XRANGE", key, "-", "+")
	case dice < 25:
		c.one(c.next(history.Last, key), "XREVRANGE", key, "+", "-", "COUNT", "1")
	default:
		c.one(c.next(history.Len, key), "XLEN", key)
	}
	c.rest()
}

// shared is the key of strings that many clients use at the same time.
func (c *client) shared(what string, n int) string {
	return fmt.Sprintf("%s%s:%d:%d", c.w.Prefix, what, c.w.Log.Now()/c.w.Era, c.rng.IntN(n))
}

// set writes and reads strings.
func (c *client) set() {
	if !c.open() {
		return
	}
	key := c.shared("set", c.w.Setters)
	if c.rng.IntN(2) == 0 {
		c.one(c.next(history.Get, key), "GET", key)
	} else {
		op := c.next(history.Set, key)
		op.Payload = fmt.Sprintf("%d.%d", op.Conn, op.Seq)
		c.one(op, "SET", key, op.Payload)
	}
	c.rest()
}

// count counts, and reads the counters.
func (c *client) count() {
	if !c.open() {
		return
	}
	key := c.shared("count", c.w.Counters)
	if c.rng.IntN(3) == 0 {
		c.one(c.next(history.Get, key), "GET", key)
	} else {
		c.one(c.next(history.Incr, key), "INCR", key)
	}
	c.rest()
}
