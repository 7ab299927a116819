package integration

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

// clusterLibrary is what the work asks of a client of Redis Cluster beyond the scenario.
type clusterLibrary interface {
	library
	// pending are all entries that a consumer of the group has not acknowledged.
	pending(ctx context.Context, stream, consumer string) ([]delivered, error)
	set(ctx context.Context, key, value string) error
	get(ctx context.Context, key string) (value string, err error)
	// setAll is one pipeline, of keys in several slots.
	setAll(ctx context.Context, keys []string, value string) error
	// both increments {tag}a and {tag}b in one transaction.
	both(ctx context.Context, tag string) (a, b int64, err error)
	publish(ctx context.Context, channel, text string) error
	publishShard(ctx context.Context, channel, text string) error
	subscribeShard(ctx context.Context, channel string) (<-chan string, error)
}

type goRedisCluster struct {
	*goRedis
	c *redis.ClusterClient
}

func (g goRedisCluster) pending(ctx context.Context, stream, consumer string) (entries []delivered, err error) {
	streams, err := g.c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "crew", Consumer: consumer, Streams: []string{stream, "0"}, Block: -1}).Result()
	for _, s := range streams {
		for _, m := range s.Messages {
			entries = append(entries, delivered{m.ID, m.Values["n"].(string)})
		}
	}
	return entries, err
}

func (g goRedisCluster) set(ctx context.Context, key, value string) error {
	return g.c.Set(ctx, key, value, 0).Err()
}

func (g goRedisCluster) get(ctx context.Context, key string) (string, error) {
	value, err := g.c.Get(ctx, key).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return value, err
}

func (g goRedisCluster) setAll(ctx context.Context, keys []string, value string) error {
	_, err := g.c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, k := range keys {
			p.Set(ctx, k, value, 0)
		}
		return nil
	})
	return err
}

func (g goRedisCluster) both(ctx context.Context, tag string) (a, b int64, err error) {
	var first, second *redis.IntCmd
	_, err = g.c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		first, second = p.Incr(ctx, "{"+tag+"}a"), p.Incr(ctx, "{"+tag+"}b")
		return nil
	})
	return first.Val(), second.Val(), err
}

func (g goRedisCluster) publish(ctx context.Context, channel, text string) error {
	return g.c.Publish(ctx, channel, text).Err()
}

func (g goRedisCluster) publishShard(ctx context.Context, channel, text string) error {
	return g.c.SPublish(ctx, channel, text).Err()
}

func (g goRedisCluster) subscribeShard(ctx context.Context, channel string) (<-chan string, error) {
	sub := g.c.SSubscribe(ctx, channel)
	if _, err := sub.Receive(ctx); err != nil {
		return nil, err
	}
	texts := make(chan string)
	context.AfterFunc(ctx, func() { sub.Close() })
	go func() {
		for m := range sub.Channel() {
			pass(ctx, texts, m.Payload)
		}
	}()
	return texts, nil
}

type rueidisCluster struct{ *rueidisClient }

func (r rueidisCluster) pending(ctx context.Context, stream, consumer string) (entries []delivered, err error) {
	streams, err := r.c.Do(ctx, r.c.B().Xreadgroup().Group("crew", consumer).Streams().Key(stream).Id("0").Build()).AsXRead()
	for _, e := range streams[stream] {
		entries = append(entries, delivered{e.ID, e.FieldValues["n"]})
	}
	return entries, err
}

func (r rueidisCluster) set(ctx context.Context, key, value string) error {
	return r.c.Do(ctx, r.c.B().Set().Key(key).Value(value).Build()).Error()
}

func (r rueidisCluster) get(ctx context.Context, key string) (string, error) {
	value, err := r.c.Do(ctx, r.c.B().Get().Key(key).Build()).ToString()
	if rueidis.IsRedisNil(err) {
		return "", nil
	}
	return value, err
}

func (r rueidisCluster) setAll(ctx context.Context, keys []string, value string) (err error) {
	var all []rueidis.Completed
	for _, k := range keys {
		all = append(all, r.c.B().Set().Key(k).Value(value).Build())
	}
	for _, reply := range r.c.DoMulti(ctx, all...) {
		err = errors.Join(err, reply.Error())
	}
	return err
}

func (r rueidisCluster) both(ctx context.Context, tag string) (a, b int64, err error) {
	err = r.c.Dedicated(func(c rueidis.DedicatedClient) error {
		replies := c.DoMulti(ctx, c.B().Multi().Build(), c.B().Incr().Key("{"+tag+"}a").Build(), c.B().Incr().Key("{"+tag+"}b").Build(), c.B().Exec().Build())
		sums, err := replies[3].AsIntSlice()
		if err != nil {
			return err
		}
		a, b = sums[0], sums[1]
		return nil
	})
	return a, b, err
}

func (r rueidisCluster) publish(ctx context.Context, channel, text string) error {
	return r.c.Do(ctx, r.c.B().Publish().Channel(channel).Message(text).Build()).Error()
}

func (r rueidisCluster) publishShard(ctx context.Context, channel, text string) error {
	return r.c.Do(ctx, r.c.B().Spublish().Channel(channel).Message(text).Build()).Error()
}

func (r rueidisCluster) subscribeShard(ctx context.Context, channel string) (<-chan string, error) {
	return r.receive(ctx, func() rueidis.Completed { return r.c.B().Ssubscribe().Channel(channel).Build() })
}
