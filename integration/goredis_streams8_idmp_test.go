package integration

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

// go-redis' typed calls for producers: XADD with IDMP and IDMPAUTO, XCFGSET, and what
// XINFO STREAM tells of them.
func TestGoRedisProducers(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		for _, protocol := range []int{0, 2} { // 0: its default
			t.Run(fmt.Sprint("protocol=", protocol), func(t *testing.T) {
				c := redis.NewClient(&redis.Options{Addr: p.Addr, Protocol: protocol})
				defer c.Close()
				mustDo(t, c, "FLUSHALL")
				w := worker{t: t, c: c}
				w.repeat()
				w.repeatAuto()
				w.configure()
				w.recordIDs()
				w.expire()
			})
		}
	})
}

func (w worker) xadd(args *redis.XAddArgs) string {
	w.t.Helper()
	id, err := w.c.XAdd(w.t.Context(), args).Result()
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w worker) repeat() {
	t := w.t
	first := w.xadd(&redis.XAddArgs{Stream: "s", ProducerID: "p", IdempotentID: "i", Values: map[string]any{"f": "1"}})
	again := w.xadd(&redis.XAddArgs{Stream: "s", ProducerID: "p", IdempotentID: "i", MaxLen: 5, Values: map[string]any{"f": "2"}})
	other := w.xadd(&redis.XAddArgs{Stream: "s", ProducerID: "q", IdempotentID: "i", Values: map[string]any{"f": "3"}})
	if again != first || other == first {
		t.Errorf("first %s, again %s, of another producer %s", first, again, other)
	}
	n, err := w.c.XLen(t.Context(), "s").Result()
	is(t, "XLEN", n, err, 2)
	err = w.c.XAdd(t.Context(), &redis.XAddArgs{Stream: "none", NoMkStream: true, ProducerID: "p", IdempotentID: "i", Values: []string{"a", "b"}}).Err()
	if err != redis.Nil {
		t.Errorf("NOMKSTREAM: %v", err)
	}
	err = w.c.XAdd(t.Context(), &redis.XAddArgs{Stream: "s", ID: "1-1", ProducerID: "p", IdempotentID: "i", Values: []string{"a", "b"}}).Err()
	if err == nil || err.Error() != "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs" {
		t.Errorf("with an ID: %v", err)
	}
}

func (w worker) repeatAuto() {
	fields := map[string]any{"a": 1, "b": 2, "c": 3} // go-redis sends a map in any order
	first := w.xadd(&redis.XAddArgs{Stream: "s", ProducerID: "auto", IdempotentAuto: true, Values: fields})
	for range 20 {
		if again := w.xadd(&redis.XAddArgs{Stream: "s", ProducerID: "auto", IdempotentAuto: true, Values: fields}); again != first {
			w.t.Errorf("first %s, again %s", first, again)
		}
	}
	fields["c"] = 4
	if other := w.xadd(&redis.XAddArgs{Stream: "s", ProducerID: "auto", IdempotentAuto: true, Values: fields}); other == first {
		w.t.Errorf("another entry got the same ID %s", other)
	}
}

// producers are the fields of XINFO STREAM that tell of producers.
type producers struct{ Duration, MaxSize, PIDs, IIDs, Added, Duplicates int64 }

func (w worker) producers(want producers) {
	w.t.Helper()
	i, err := w.c.XInfoStream(w.t.Context(), "s").Result()
	if err != nil {
		w.t.Fatal(err)
	}
	is(w.t, "XINFO STREAM", producers{i.IDMPDuration, i.IDMPMaxSize, i.PIDsTracked, i.IIDsTracked, i.IIDsAdded, i.IIDsDuplicates}, nil, want)
	f, err := w.c.XInfoStreamFull(w.t.Context(), "s", 1).Result()
	if err != nil {
		w.t.Fatal(err)
	}
	is(w.t, "XINFO STREAM FULL", producers{f.IDMPDuration, f.IDMPMaxSize, f.PIDsTracked, f.IIDsTracked, f.IIDsAdded, f.IIDsDuplicates}, nil, want)
}

func (w worker) configure() {
	t, ctx := w.t, w.t.Context()
	w.producers(producers{100, 100, 3, 4, 4, 21})
	status, err := w.c.XCfgSet(ctx, &redis.XCfgSetArgs{Stream: "s", Duration: 100, MaxSize: 100}).Result()
	is(t, "XCFGSET to what it is", status, err, "OK")
	w.producers(producers{100, 100, 3, 4, 4, 21})
	status, err = w.c.XCfgSet(ctx, &redis.XCfgSetArgs{Stream: "s", Duration: 200, MaxSize: 500}).Result()
	is(t, "XCFGSET", status, err, "OK")
	w.producers(producers{200, 500, 0, 0, 4, 21})
	status, err = w.c.XCfgSet(ctx, &redis.XCfgSetArgs{Stream: "s", MaxSize: 1000}).Result()
	is(t, "XCFGSET of one", status, err, "OK")
	w.producers(producers{200, 1000, 0, 0, 4, 21})
	for args, want := range map[redis.XCfgSetArgs]string{
		{Stream: "none", Duration: 1}:    "ERR no such key",
		{Stream: "s"}:                    "ERR At least one parameter must be specified",
		{Stream: "s", Duration: 2592001}: "ERR IDMP-DURATION must be between 1 and 2592000 seconds",
		{Stream: "s", MaxSize: 1000001}:  "ERR IDMP-MAXSIZE must be between 1 and 1000000 entries",
	} {
		if err := w.c.XCfgSet(ctx, &args).Err(); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", args, err, want)
		}
	}
}

// recordIDs: go-redis has no call of its own for XIDMPRECORD.
func (w worker) recordIDs() {
	id := w.xadd(&redis.XAddArgs{Stream: "s", Values: map[string]any{"f": "v"}})
	mustDo(w.t, w.c, "XIDMPRECORD", "s", "p", "recorded", id)
	if again := w.xadd(&redis.XAddArgs{Stream: "s", ProducerID: "p", IdempotentID: "recorded", Values: []string{"f", "v"}}); again != id {
		w.t.Errorf("recorded %s, again %s", id, again)
	}
	w.producers(producers{200, 1000, 1, 1, 5, 22})
}

// expire: what has expired goes, also where nobody adds entries.
func (w worker) expire() {
	mustDo(w.t, w.c, "XCFGSET", "s", "IDMP-DURATION", "1")
	first := w.xadd(&redis.XAddArgs{Stream: "s", ProducerID: "p", IdempotentID: "i", Values: []string{"f", "v"}})
	eventually(w.t, "the producer is forgotten", func() bool {
		info, err := w.c.XInfoStream(w.t.Context(), "s").Result()
		return err == nil && info.PIDsTracked == 0 && info.IIDsTracked == 0
	})
	if again := w.xadd(&redis.XAddArgs{Stream: "s", ProducerID: "p", IdempotentID: "i", Values: []string{"f", "v"}}); again == first {
		w.t.Errorf("still entry %s", first)
	}
}
