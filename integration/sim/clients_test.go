package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

const (
	streams   = 2
	producers = 2
	workers   = 2 // of each stream's group
	// era is after which time clients take other strings: what a search has to order
	// stays small.
	era = 5 * time.Second
)

// client does one thing after the other on a connection to a random node, and takes
// another one now and then, and after every operation of unknown outcome.
type client struct {
	w    *world
	rng  *rand.Rand
	conn *conn // nil: none is open
	id   int   // of the connection
	seq  int   // of its last operation
	left int   // how many operations it has left
}

// startClients starts all clients and returns what waits for their end.
func (w *world) startClients() (wait func()) {
	var wg sync.WaitGroup
	number := uint64(0)
	start := func(n int, turn func(*client) func()) {
		for range n {
			number++
			c := &client{w: w, rng: rand.New(rand.NewPCG(w.seed, number))}
			next := turn(c)
			wg.Go(func() {
				defer c.close()
				for !w.isOver() {
					next()
				}
			})
		}
	}
	start(producers, func(c *client) func() { return c.produce })
	start(1, func(c *client) func() { return c.look })
	start(2, func(c *client) func() { return c.set })
	start(1, func(c *client) func() { return c.count })
	for i := range streams {
		start(workers, func(c *client) func() { return (&worker{client: c, key: streamKey(i)}).work })
	}
	return wg.Wait
}

func (w *world) isOver() bool {
	select {
	case <-w.over:
		return true
	default:
		return false
	}
}

func streamKey(i int) string { return fmt.Sprint("stream:", i) }

// open makes sure that there is a connection.
func (c *client) open() bool {
	if c.conn != nil && c.left > 0 {
		c.left--
		return true
	}
	c.close()
	var err error
	if c.conn, err = c.w.connect(c.rng.IntN(nodes)); err != nil {
		c.conn = nil
		c.pause(50*time.Millisecond, 200*time.Millisecond)
		return false
	}
	c.w.freshMu.Lock()
	c.w.fresh++
	c.id = c.w.fresh
	c.w.freshMu.Unlock()
	c.seq, c.left = 0, 20+c.rng.IntN(100)
	return true
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// pause lets some time pass, unless the run ends.
func (c *client) pause(from, to time.Duration) {
	t := time.NewTimer(from + time.Duration(c.rng.Int64N(int64(to-from))))
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.w.over:
	}
}

// next numbers an operation of the connection.
func (c *client) next(kind history.Kind, key string) history.Op {
	c.seq++
	return history.Op{Conn: c.id, Seq: c.seq, Kind: kind, Key: key}
}

// do sends operations together and records what became of them.
func (c *client) do(ops []history.Op, commands ...[]string) {
	called := c.w.history.Now()
	replies, err := c.conn.do(commands...)
	returned := c.w.history.Now()
	lost, refused := false, false
	for i := range ops {
		ops[i].Call, ops[i].Return = called, returned
		if i < len(replies) {
			note(&ops[i], replies[i])
		} else {
			ops[i].Outcome, ops[i].Err = history.Unknown, err.Error()
			var network *net.OpError
			if errors.As(err, &network) && network.Op == "write" && len(commands) == 1 && len(replies) == 0 {
				ops[i].Err = "not sent: " + ops[i].Err
			}
		}
		lost = lost || ops[i].Outcome == history.Unknown
		refused = refused || ops[i].Outcome == history.Refused
	}
	c.w.history.Append(ops...)
	if lost {
		c.close()
	}
	if lost || refused {
		c.pause(20*time.Millisecond, 80*time.Millisecond)
	}
}

// one is do for a single operation.
func (c *client) one(op history.Op, command ...string) history.Op {
	ops := []history.Op{op}
	c.do(ops, command)
	return ops[0]
}

// note sets what a reply says of an operation.
func note(op *history.Op, reply any) {
	if e, is := reply.(replyError); is {
		op.Outcome, op.Err = history.Refused, string(e)
		if strings.HasPrefix(op.Err, "UNCERTAIN") {
			op.Outcome = history.Unknown
		}
		return
	}
	var err error
	switch op.Kind {
	case history.Add:
		var id history.ID
		text, _ := reply.(string)
		id, err = history.ParseID(text)
		op.Entries = []history.Entry{{ID: id, Payload: op.Payload}}
	case history.Last, history.All:
		op.Entries, err = entriesOf(reply)
	case history.Deliver:
		if list, _ := reply.([]any); len(list) == 1 {
			if stream, _ := list[0].([]any); len(stream) == 2 {
				op.Entries, err = entriesOf(stream[1])
			}
		}
	case history.Claim:
		if list, _ := reply.([]any); len(list) >= 2 {
			op.Entries, err = entriesOf(list[1])
		}
	case history.Get:
		op.Payload, _ = reply.(string)
	case history.Len, history.Ack, history.Incr:
		op.N, _ = reply.(int64)
	}
	if err != nil {
		op.Outcome, op.Err = history.Unknown, fmt.Sprintf("reply %v: %v", reply, err)
	}
}

// entriesOf are the entries of a reply, with the payload that each has.
func entriesOf(reply any) (all []history.Entry, err error) {
	list, _ := reply.([]any)
	for _, one := range list {
		parts, _ := one.([]any)
		if len(parts) != 2 {
			return nil, fmt.Errorf("entry %v", one)
		}
		text, _ := parts[0].(string)
		id, err := history.ParseID(text)
		if err != nil {
			return nil, err
		}
		payload, _ := pairs(parts[1])["p"].(string)
		all = append(all, history.Entry{ID: id, Payload: payload})
	}
	return all, nil
}

// produce adds entries to random streams, one at a time or in pipelines.
func (c *client) produce() {
	if !c.open() {
		return
	}
	n := 1
	if c.rng.IntN(3) == 0 {
		n = 2 + c.rng.IntN(10)
	}
	var ops []history.Op
	var commands [][]string
	for range n {
		op := c.next(history.Add, streamKey(c.rng.IntN(streams)))
		op.Payload = fmt.Sprintf("%d.%d", op.Conn, op.Seq)
		ops = append(ops, op)
		commands = append(commands, []string{"XADD", op.Key, "*", "p", op.Payload})
	}
	c.do(ops, commands...)
	c.pause(20*time.Millisecond, 200*time.Millisecond)
}

// look looks at a stream's length, its end, or now and then all of it.
func (c *client) look() {
	if !c.open() {
		return
	}
	key := streamKey(c.rng.IntN(streams))
	switch dice := c.rng.IntN(30); {
	case dice == 0:
		c.one(c.next(history.All, key), "XRANGE", key, "-", "+")
	case dice < 15:
		c.one(c.next(history.Last, key), "XREVRANGE", key, "+", "-", "COUNT", "1")
	default:
		c.one(c.next(history.Len, key), "XLEN", key)
	}
	c.pause(10*time.Millisecond, 100*time.Millisecond)
}

// set writes and reads strings that clients share.
func (c *client) set() {
	if !c.open() {
		return
	}
	key := fmt.Sprintf("set:%d:%d", c.w.history.Now()/era, c.rng.IntN(2))
	if c.rng.IntN(2) == 0 {
		c.one(c.next(history.Get, key), "GET", key)
	} else {
		op := c.next(history.Set, key)
		op.Payload = fmt.Sprintf("%d.%d", op.Conn, op.Seq)
		c.one(op, "SET", key, op.Payload)
	}
	c.pause(20*time.Millisecond, 200*time.Millisecond)
}

// count counts, and reads the counter.
func (c *client) count() {
	if !c.open() {
		return
	}
	key := "count:" + strconv.FormatInt(int64(c.w.history.Now()/era), 10)
	if c.rng.IntN(3) == 0 {
		c.one(c.next(history.Get, key), "GET", key)
	} else {
		c.one(c.next(history.Incr, key), "INCR", key)
	}
	c.pause(20*time.Millisecond, 200*time.Millisecond)
}
