package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// opTimeout is how long a client waits for a reply, and patience how long where it must
// get one.
const (
	opTimeout = 5 * time.Second
	patience  = 60 * time.Second
)

// client does one thing after the other on a connection to a random node, and takes
// another connection now and then, and after every operation of unknown outcome.
type client struct {
	round *round
	rng   *rand.Rand

	redis *redis.Client // nil: none is open
	conn  int           // the connection's number
	seq   int           // of its last operation
	left  int           // how many operations it has left
}

var connections atomic.Int64

// open makes sure that there is a connection.
func (c *client) open() {
	if c.redis != nil && c.left > 0 {
		c.left--
		return
	}
	c.close()
	c.redis = c.round.cluster.client(c.round.place(c.rng))
	c.conn, c.seq, c.left = int(connections.Add(1)), 0, 20+c.rng.IntN(200)
}

func (c *client) close() {
	if c.redis != nil {
		c.redis.Close()
		c.redis = nil
	}
}

// next numbers an operation of the connection.
func (c *client) next(kind history.Kind, key string) history.Op {
	c.seq++
	return history.Op{Conn: c.conn, Seq: c.seq, Kind: kind, Key: key}
}

// do does operations that go out together: send sends them and notes in each what came
// back, with its outcome. They are recorded, unless they never left.
func (c *client) do(ops []history.Op, send func(context.Context, []history.Op)) {
	ctx, cancel := context.WithTimeout(context.Background(), c.round.cluster.timeout)
	defer cancel()
	called := c.round.log.Now()
	send(ctx, ops)
	returned := c.round.log.Now()
	lost, refused, away := false, false, false
	for i := range ops {
		ops[i].Call, ops[i].Return = called, returned
		lost = lost || ops[i].Outcome == history.Unknown
		refused = refused || ops[i].Outcome == history.Refused
		away = away || strings.HasPrefix(ops[i].Err, notSent)
	}
	if !away {
		c.round.log.Append(ops...)
	}
	if lost || away {
		c.close()
	}
	if lost || refused {
		c.pause(20*time.Millisecond, 80*time.Millisecond)
	}
}

// pause lets some time pass, unless the round ends.
func (c *client) pause(from, to time.Duration) {
	timer := time.NewTimer(from + rand.N(to-from))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.round.stop:
	}
}

const notSent = "not sent: "

// note sets an operation's outcome from its command's error.
func note(op *history.Op, err error) {
	var reply redis.Error
	var network *net.OpError
	switch {
	case err == nil, errors.Is(err, redis.Nil):
		return
	case errors.As(err, &network) && network.Op == "dial":
		op.Outcome, op.Err = history.Refused, notSent+err.Error()
	case errors.As(err, &reply) && !strings.HasPrefix(reply.Error(), "UNCERTAIN"):
		op.Outcome, op.Err = history.Refused, err.Error()
	default:
		op.Outcome, op.Err = history.Unknown, err.Error()
	}
}

// one is do for a single operation.
func (c *client) one(op history.Op, send func(context.Context, *history.Op) error) history.Op {
	ops := []history.Op{op}
	c.do(ops, func(ctx context.Context, ops []history.Op) { note(&ops[0], send(ctx, &ops[0])) })
	return ops[0]
}

// entriesOf are the entries of a reply, with the payload that each has.
func entriesOf(messages []redis.XMessage) (all []history.Entry, err error) {
	for _, m := range messages {
		id, err := history.ParseID(m.ID)
		if err != nil {
			return nil, err
		}
		payload, _ := m.Values["p"].(string)
		all = append(all, history.Entry{ID: id, Payload: payload})
	}
	return all, nil
}
