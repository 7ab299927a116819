package integration

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestClientGoRedis(t *testing.T) {
	goProgram(func(addr string) (library, error) {
		c := redis.NewClient(&redis.Options{Addr: addr})
		return &goRedis{c: c}, c.Ping(context.Background()).Err()
	}).run(t)
}

// goRedis is go-redis with its defaults: RESP3, maintenance notifications in mode
// auto, commands sent again up to three times.
type goRedis struct {
	c   redis.UniversalClient
	sub *redis.PubSub
}

func (g *goRedis) name() string { return "go-redis " + redis.Version() }

func (g *goRedis) createGroup(ctx context.Context, stream string) error {
	return g.c.XGroupCreateMkStream(ctx, stream, "crew", "0").Err()
}

func (g *goRedis) add(ctx context.Context, stream, n string) (string, error) {
	return g.c.XAdd(ctx, &redis.XAddArgs{Stream: stream, Values: []string{"n", n}}).Result()
}

func (g *goRedis) read(ctx context.Context, stream, consumer string, count int, wait time.Duration) (entries []delivered, err error) {
	streams, err := g.c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "crew", Consumer: consumer, Streams: []string{stream, ">"}, Count: int64(count), Block: wait}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	for _, s := range streams {
		for _, m := range s.Messages {
			entries = append(entries, delivered{m.ID, m.Values["n"].(string)})
		}
	}
	return entries, err
}

func (g *goRedis) ack(ctx context.Context, stream, id string) error {
	return g.c.XAck(ctx, stream, "crew", id).Err()
}

func (g *goRedis) autoClaim(ctx context.Context, stream, consumer, from string) (next string, ids []string, err error) {
	entries, next, err := g.c.XAutoClaim(ctx, &redis.XAutoClaimArgs{Stream: stream, Group: "crew", Consumer: consumer, Start: from, Count: 3}).Result()
	for _, m := range entries {
		ids = append(ids, m.ID)
	}
	return next, ids, err
}

func (g *goRedis) transact(ctx context.Context, amount int, meanwhile func()) (total int64, id string, refused bool, err error) {
	err = g.c.Watch(ctx, func(tx *redis.Tx) error {
		meanwhile()
		var sum *redis.IntCmd
		var entry *redis.StringCmd
		_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			sum = p.IncrBy(ctx, "total", int64(amount))
			entry = p.XAdd(ctx, &redis.XAddArgs{Stream: "{total}ledger", Values: []string{"amount", strconv.Itoa(amount)}})
			return nil
		})
		total, id = sum.Val(), entry.Val()
		return err
	}, "total")
	if errors.Is(err, redis.TxFailedErr) {
		return 0, "", true, nil
	}
	return total, id, false, err
}

func (g *goRedis) increment(ctx context.Context, key string) error { return g.c.Incr(ctx, key).Err() }

func (g *goRedis) subscribe(ctx context.Context, channel string) (<-chan string, error) {
	g.sub = g.c.Subscribe(ctx, channel)
	if _, err := g.sub.Receive(ctx); err != nil {
		return nil, err
	}
	texts := make(chan string)
	go func() {
		for m := range g.sub.Channel() {
			pass(ctx, texts, m.Payload)
		}
	}()
	return texts, nil
}

func (g *goRedis) close() {
	if g.sub != nil {
		g.sub.Close()
	}
	g.c.Close()
}
