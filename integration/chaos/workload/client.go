package workload

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// client does one thing after the other on a connection to a random node, and takes
// another one now and then, and after every operation of unknown outcome.
type client struct {
	w    *Workload
	rng  *rand.Rand
	conn Conn // nil: none is open
	id   int  // of the connection
	seq  int  // of its last operation
	left int  // how many operations it has left
}

// open makes sure that there is a connection.
func (c *client) open() bool {
	if c.conn != nil && c.left > 0 {
		c.left--
		return true
	}
	c.close()
	var err error
	if c.conn, err = c.w.Connect(c.rng); err != nil {
		c.conn = nil
		c.failed()
		return false
	}
	c.id, c.seq, c.left = int(c.w.last.Add(1)), 0, 20+c.rng.IntN(c.w.Operations)
	return true
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// rest is between two operations, failed behind one that was in vain.
func (c *client) rest()   { c.pause(c.w.Least, c.w.Most) }
func (c *client) failed() { c.pause(20*time.Millisecond, 80*time.Millisecond) }

// pause lets some time pass, unless the clients are stopped.
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

// do sends operations together and records what became of them, unless they never left.
func (c *client) do(ops []history.Op, commands ...[]string) {
	called := c.w.Log.Now()
	replies, err := c.conn.Do(commands...)
	returned := c.w.Log.Now()
	if errors.Is(err, ErrNotSent) && len(replies) == 0 {
		c.close()
		c.failed()
		return
	}
	lost, refused := false, false
	for i := range ops {
		ops[i].Call, ops[i].Return = called, returned
		if i < len(replies) {
			note(&ops[i], replies[i])
		} else {
			ops[i].Outcome, ops[i].Err = history.Unknown, err.Error()
		}
		lost = lost || ops[i].Outcome == history.Unknown
		refused = refused || ops[i].Outcome == history.Refused
	}
	c.w.Log.Append(ops...)
	if lost {
		c.close()
	}
	if lost || refused {
		c.failed()
	}
}

// one is do for a single operation.
func (c *client) one(op history.Op, command ...string) history.Op {
	ops := []history.Op{op}
	c.do(ops, command)
	return ops[0]
}
