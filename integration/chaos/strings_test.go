package chaos

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// era is after which time clients take other keys: what a search has to order stays
// small.
const era = 2 * time.Second

// set writes and reads strings that many clients share.
func (c *client) set() {
	c.open()
	key := fmt.Sprintf("%s:set:%d:%d", c.round.name, c.round.log.Now()/era, c.rng.IntN(3))
	if c.rng.IntN(2) == 0 {
		c.get(key)
		return
	}
	op := c.next(history.Set, key)
	op.Payload = fmt.Sprintf("%d.%d", op.Conn, op.Seq)
	c.one(op, func(ctx context.Context, op *history.Op) error {
		return c.redis.Set(ctx, key, op.Payload, 0).Err()
	})
	c.pause(time.Millisecond, 10*time.Millisecond)
}

// count counts, and reads the counters.
func (c *client) count() {
	c.open()
	key := fmt.Sprintf("%s:count:%d:%d", c.round.name, c.round.log.Now()/era, c.rng.IntN(2))
	if c.rng.IntN(3) == 0 {
		c.get(key)
		return
	}
	c.one(c.next(history.Incr, key), func(ctx context.Context, op *history.Op) (err error) {
		op.N, err = c.redis.Incr(ctx, key).Result()
		return err
	})
	c.pause(time.Millisecond, 10*time.Millisecond)
}

func (c *client) get(key string) {
	c.one(c.next(history.Get, key), func(ctx context.Context, op *history.Op) (err error) {
		op.Payload, err = c.redis.Get(ctx, key).Result()
		if err == redis.Nil {
			return nil
		}
		return err
	})
	c.pause(time.Millisecond, 10*time.Millisecond)
}
