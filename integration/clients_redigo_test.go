package integration

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
)

func TestClientRedigo(t *testing.T) {
	goProgram(func(addr string) (library, error) {
		r := &redigo{pool: &redis.Pool{DialContext: func(ctx context.Context) (redis.Conn, error) {
			return redis.DialContext(ctx, "tcp", addr)
		}}}
		_, err := r.do(context.Background(), "PING")
		return r, err
	}).run(t)
}

// redigo is redigo's pool: RESP2, no handshake at all, a broken connection is dropped
// and the next command gets a new one.
type redigo struct{ pool *redis.Pool }

func (r *redigo) name() string { return "redigo 1.9.3" }

func (r *redigo) do(ctx context.Context, command string, args ...any) (any, error) {
	c, err := r.pool.GetContext(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Do(command, args...)
}

func (r *redigo) createGroup(ctx context.Context, stream string) error {
	_, err := r.do(ctx, "XGROUP", "CREATE", stream, "crew", "0", "MKSTREAM")
	return err
}

func (r *redigo) add(ctx context.Context, stream, n string) (string, error) {
	return redis.String(r.do(ctx, "XADD", stream, "*", "n", n))
}

func (r *redigo) read(ctx context.Context, stream, consumer string, count int, wait time.Duration) (entries []delivered, err error) {
	args := redis.Args{}.Add("GROUP", "crew", consumer, "COUNT", count)
	if wait >= 0 {
		args = args.Add("BLOCK", wait.Milliseconds())
	}
	streams, err := redis.Values(r.do(ctx, "XREADGROUP", args.Add("STREAMS", stream, ">")...))
	if errors.Is(err, redis.ErrNil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return redigoEntries(redis.Values(streams[0].([]any)[1], nil))
}

func redigoEntries(rows []any, err error) (entries []delivered, _ error) {
	for _, row := range rows {
		var id string
		var fields []string
		if _, err := redis.Scan(row.([]any), &id, &fields); err != nil {
			return nil, err
		}
		entries = append(entries, delivered{id, fields[1]})
	}
	return entries, err
}

func (r *redigo) ack(ctx context.Context, stream, id string) error {
	_, err := r.do(ctx, "XACK", stream, "crew", id)
	return err
}

func (r *redigo) autoClaim(ctx context.Context, stream, consumer, from string) (next string, ids []string, err error) {
	reply, err := redis.Values(r.do(ctx, "XAUTOCLAIM", stream, "crew", consumer, 0, from, "COUNT", 3))
	if err != nil {
		return "", nil, err
	}
	entries, err := redigoEntries(redis.Values(reply[1], nil))
	for _, entry := range entries {
		ids = append(ids, entry.id)
	}
	if err == nil {
		next, err = redis.String(reply[0], nil)
	}
	return next, ids, err
}

func (r *redigo) transact(ctx context.Context, amount int, meanwhile func()) (total int64, id string, refused bool, err error) {
	c, err := r.pool.GetContext(ctx)
	if err != nil {
		return 0, "", false, err
	}
	defer c.Close()
	if _, err := c.Do("WATCH", "total"); err != nil {
		return 0, "", false, err
	}
	meanwhile()
	for _, command := range [][]any{{"MULTI"}, {"INCRBY", "total", amount}, {"XADD", "{total}ledger", "*", "amount", amount}} {
		if err := c.Send(command[0].(string), command[1:]...); err != nil {
			return 0, "", false, err
		}
	}
	replies, err := redis.Values(c.Do("EXEC"))
	if errors.Is(err, redis.ErrNil) {
		return 0, "", true, nil
	}
	if err == nil {
		_, err = redis.Scan(replies, &total, &id)
	}
	return total, id, false, err
}

func (r *redigo) increment(ctx context.Context, key string) error {
	_, err := r.do(ctx, "INCR", key)
	return err
}

// subscribe: with redigo the program itself subscribes again when a connection ends.
func (r *redigo) subscribe(ctx context.Context, channel string) (<-chan string, error) {
	c, err := r.subscription(ctx, channel)
	if err != nil {
		return nil, err
	}
	texts := make(chan string)
	go func() {
		for ctx.Err() == nil {
			if err == nil {
				redigoReceive(ctx, c, texts)
			}
			pause(ctx)
			c, err = r.subscription(ctx, channel)
		}
	}()
	return texts, nil
}

func (r *redigo) subscription(ctx context.Context, channel string) (redis.PubSubConn, error) {
	conn, err := r.pool.GetContext(ctx)
	if err != nil {
		return redis.PubSubConn{}, err
	}
	c := redis.PubSubConn{Conn: conn}
	if err := c.Subscribe(channel); err != nil {
		conn.Close()
		return c, err
	}
	if err, failed := c.Receive().(error); failed {
		conn.Close()
		return c, err
	}
	return c, nil
}

// redigoReceive passes messages on until the connection ends.
func redigoReceive(ctx context.Context, c redis.PubSubConn, texts chan<- string) {
	defer c.Close()
	for {
		switch m := c.ReceiveContext(ctx).(type) {
		case redis.Message:
			pass(ctx, texts, string(m.Data))
		case error:
			return
		}
	}
}

func (r *redigo) close() { r.pool.Close() }
