package chaos

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// produce adds entries to random streams, one at a time or in pipelines.
func (c *client) produce() {
	c.open()
	n := 1
	if c.rng.IntN(3) == 0 {
		n = 2 + c.rng.IntN(20)
	}
	var ops []history.Op
	for range n {
		op := c.next(history.Add, c.round.stream(c.rng))
		op.Payload = fmt.Sprintf("%d.%d", op.Conn, op.Seq)
		ops = append(ops, op)
	}
	c.do(ops, func(ctx context.Context, ops []history.Op) {
		p := c.redis.Pipeline()
		var replies []*redis.StringCmd
		for _, op := range ops {
			replies = append(replies, p.XAdd(ctx, &redis.XAddArgs{Stream: op.Key, Values: []string{"p", op.Payload}}))
		}
		_, _ = p.Exec(ctx) // each reply has its error
		for i, r := range replies {
			if note(&ops[i], r.Err()); ops[i].Outcome == history.OK {
				id, err := history.ParseID(r.Val())
				note(&ops[i], err)
				ops[i].Entries = []history.Entry{{ID: id, Payload: ops[i].Payload}}
			}
		}
	})
	c.pause(time.Millisecond, 12*time.Millisecond)
}

// read looks at a stream's length, its end, or now and then all of it.
func (c *client) read() {
	c.open()
	key := c.round.stream(c.rng)
	switch dice := c.rng.IntN(50); {
	case dice == 0:
		c.one(c.next(history.All, key), func(ctx context.Context, op *history.Op) (err error) {
			return took(op, c.redis.XRange(ctx, key, "-", "+"))
		})
	case dice < 25:
		c.one(c.next(history.Last, key), func(ctx context.Context, op *history.Op) error {
			return took(op, c.redis.XRevRangeN(ctx, key, "+", "-", 1))
		})
	default:
		c.one(c.next(history.Len, key), func(ctx context.Context, op *history.Op) (err error) {
			op.N, err = c.redis.XLen(ctx, key).Result()
			return err
		})
	}
	c.pause(time.Millisecond, 10*time.Millisecond)
}

// took notes a reply's entries.
func took(op *history.Op, reply *redis.XMessageSliceCmd) (err error) {
	if reply.Err() == nil {
		op.Entries, err = entriesOf(reply.Val())
		return err
	}
	return reply.Err()
}
