package integration

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

func TestClientRueidis(t *testing.T) {
	goProgram(func(addr string) (library, error) {
		c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}})
		return &rueidisClient{c: c}, err
	}).run(t)
}

// rueidisClient is rueidis with its defaults: RESP3, pipelining over one connection
// and CLIENT TRACKING ON OPTIN, without which it does not connect.
type rueidisClient struct{ c rueidis.Client }

func (r *rueidisClient) name() string { return "rueidis " + rueidis.LibVer }

func (r *rueidisClient) createGroup(ctx context.Context, stream string) error {
	return r.c.Do(ctx, r.c.B().XgroupCreate().Key(stream).Group("crew").Id("0").Mkstream().Build()).Error()
}

func (r *rueidisClient) add(ctx context.Context, stream, n string) (string, error) {
	return r.c.Do(ctx, r.c.B().Xadd().Key(stream).Id("*").FieldValue().FieldValue("n", n).Build()).ToString()
}

func (r *rueidisClient) read(ctx context.Context, stream, consumer string, count int, wait time.Duration) (entries []delivered, err error) {
	var command rueidis.Completed // a builder is good for one
	if wait < 0 {
		command = r.c.B().Xreadgroup().Group("crew", consumer).Count(int64(count)).Streams().Key(stream).Id(">").Build()
	} else {
		command = r.c.B().Xreadgroup().Group("crew", consumer).Count(int64(count)).Block(wait.Milliseconds()).Streams().Key(stream).Id(">").Build()
	}
	streams, err := r.c.Do(ctx, command).AsXRead()
	if rueidis.IsRedisNil(err) {
		return nil, nil
	}
	for _, entry := range streams[stream] {
		entries = append(entries, delivered{entry.ID, entry.FieldValues["n"]})
	}
	return entries, err
}

func (r *rueidisClient) ack(ctx context.Context, stream, id string) error {
	return r.c.Do(ctx, r.c.B().Xack().Key(stream).Group("crew").Id(id).Build()).Error()
}

func (r *rueidisClient) autoClaim(ctx context.Context, stream, consumer, from string) (next string, ids []string, err error) {
	reply, err := r.c.Do(ctx, r.c.B().Xautoclaim().Key(stream).Group("crew").Consumer(consumer).MinIdleTime("0").Start(from).Count(3).Build()).ToArray()
	if err != nil {
		return "", nil, err
	}
	entries, err := reply[1].AsXRange()
	for _, entry := range entries {
		ids = append(ids, entry.ID)
	}
	if err == nil {
		next, err = reply[0].ToString()
	}
	return next, ids, err
}

// transact needs a connection of its own: the others are shared.
func (r *rueidisClient) transact(ctx context.Context, amount int, meanwhile func()) (total int64, id string, refused bool, err error) {
	err = r.c.Dedicated(func(c rueidis.DedicatedClient) error {
		if err := c.Do(ctx, c.B().Watch().Key("total").Build()).Error(); err != nil {
			return err
		}
		meanwhile()
		replies, err := c.DoMulti(ctx,
			c.B().Multi().Build(),
			c.B().Incrby().Key("total").Increment(int64(amount)).Build(),
			c.B().Xadd().Key("{total}ledger").Id("*").FieldValue().FieldValue("amount", strconv.Itoa(amount)).Build(),
			c.B().Exec().Build(),
		)[3].ToArray()
		if err != nil {
			return err
		}
		if total, err = replies[0].ToInt64(); err == nil {
			id, err = replies[1].ToString()
		}
		return err
	})
	if rueidis.IsRedisNil(err) {
		return 0, "", true, nil
	}
	return total, id, false, err
}

func (r *rueidisClient) increment(ctx context.Context, key string) error {
	return r.c.Do(ctx, r.c.B().Incr().Key(key).Build()).Error()
}

func (r *rueidisClient) subscribe(ctx context.Context, channel string) (<-chan string, error) {
	return r.receive(ctx, func() rueidis.Completed { return r.c.B().Subscribe().Channel(channel).Build() })
}

// receive: Receive ends with the connection, so the program calls it again; rueidis
// connects anew.
func (r *rueidisClient) receive(ctx context.Context, command func() rueidis.Completed) (<-chan string, error) {
	texts, confirmed := make(chan string), make(chan struct{}, 1)
	hooked := rueidis.WithOnSubscriptionHook(ctx, func(rueidis.PubSubSubscription) {
		select {
		case confirmed <- struct{}{}:
		default: // a later subscription
		}
	})
	go func() {
		for ctx.Err() == nil {
			err := r.c.Receive(hooked, command(), func(m rueidis.PubSubMessage) { pass(ctx, texts, m.Message) })
			if errors.Is(err, rueidis.ErrClosing) {
				return
			}
			pause(ctx)
		}
	}()
	select {
	case <-confirmed:
		return texts, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *rueidisClient) close() { r.c.Close() }
