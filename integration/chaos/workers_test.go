package chaos

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

const (
	group   = "crew"
	minIdle = time.Second // after which a worker takes over what another has
)

// worker is a member of a stream's consumer group. It crashes now and then: what it
// had is left pending, and it comes back under another name.
type worker struct {
	*client
	key      string
	consumer string
	lives    int
}

// work takes some entries, new ones or those of a worker that crashed, and
// acknowledges them.
func (w *worker) work() {
	if w.consumer == "" {
		w.lives++
		w.consumer = fmt.Sprintf("%s-%d-%d", w.key, w.rng.Uint32(), w.lives)
	}
	w.open()
	var got []history.Entry
	if w.rng.IntN(8) == 0 {
		got = w.claim()
	} else {
		got = w.receive()
	}
	switch w.rng.IntN(40) {
	case 0: // crashed
		w.consumer = ""
		w.close()
	default:
		w.acknowledge(slices.DeleteFunc(slices.Clone(got), tooHard))
	}
}

// tooHard picks entries that no worker can do: they are delivered again and again and
// pending in the end, with all their deliveries counted.
func tooHard(e history.Entry) bool {
	h := fnv.New32a()
	h.Write([]byte(e.Payload))
	return h.Sum32()%100 == 0
}

func (w *worker) next(kind history.Kind) history.Op {
	op := w.client.next(kind, w.key)
	op.Group, op.Consumer = group, w.consumer
	return op
}

func (w *worker) receive() []history.Entry {
	return w.one(w.next(history.Deliver), func(ctx context.Context, op *history.Op) error {
		streams, err := w.redis.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: group, Consumer: w.consumer, Streams: []string{w.key, ">"}, Count: 1 + w.rng.Int64N(30), Block: 200 * time.Millisecond,
		}).Result()
		if err == nil && len(streams) == 1 {
			op.Entries, err = entriesOf(streams[0].Messages)
		}
		return err
	}).Entries
}

func (w *worker) claim() []history.Entry {
	claim := w.next(history.Claim)
	if !w.round.jumps { // idle is what the clock says, and that may say anything then
		claim.MinIdle = minIdle
	}
	return w.one(claim, func(ctx context.Context, op *history.Op) error {
		messages, _, err := w.redis.XAutoClaim(ctx, &redis.XAutoClaimArgs{
			Stream: w.key, Group: group, Consumer: w.consumer, MinIdle: minIdle, Start: "0-0", Count: 20,
		}).Result()
		if err == nil {
			op.Entries, err = entriesOf(messages)
		}
		return err
	}).Entries
}

// acknowledge sends one XACK for all entries, or one for each in a pipeline.
func (w *worker) acknowledge(entries []history.Entry) {
	if len(entries) == 0 {
		return
	}
	w.open()
	var ops []history.Op
	each := w.rng.IntN(2) == 0
	for i, e := range entries {
		if i == 0 || each {
			op := w.next(history.Ack)
			op.Consumer = ""
			ops = append(ops, op)
		}
		last := &ops[len(ops)-1]
		last.IDs = append(last.IDs, e.ID)
	}
	w.do(ops, func(ctx context.Context, ops []history.Op) {
		p := w.redis.Pipeline()
		var replies []*redis.IntCmd
		for _, op := range ops {
			var ids []string
			for _, id := range op.IDs {
				ids = append(ids, id.String())
			}
			replies = append(replies, p.XAck(ctx, w.key, group, ids...))
		}
		_, _ = p.Exec(ctx) // each reply has its error
		for i, r := range replies {
			ops[i].N = r.Val()
			note(&ops[i], r.Err())
		}
	})
}

// makeGroups creates the round's streams with their groups, empty.
func (r *round) makeGroups(ctx context.Context) error {
	c := r.cluster.client(0)
	defer c.Close()
	var errs []error
	for i := range streams {
		errs = append(errs, c.XGroupCreateMkStream(ctx, r.streamKey(i), group, "0").Err())
	}
	return errors.Join(errs...)
}
