package integration

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A worker of a consumer group with go-redis as it comes: RESP3 and its handshake;
// then with RESP2. Every typed call must return what it should.
func TestGoRedisWorker(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		for _, protocol := range []int{0, 2} { // 0: its default
			t.Run(fmt.Sprint("protocol=", protocol), func(t *testing.T) {
				c := redis.NewClient(&redis.Options{Addr: p.Addr, Protocol: protocol, ClientName: "worker"})
				defer c.Close()
				mustDo(t, c, "FLUSHALL")
				w := worker{t: t, c: c}
				w.add()
				w.readGroup()
				w.pending()
				w.claim()
				w.info()
				w.acknowledge()
				w.block()
				w.trim()
				w.server()
			})
		}
	})
}

// worker is a walk through the stream commands of go-redis, in steps that build on
// each other: stream "jobs", entries 1-1 to 1-5, group "crew".
type worker struct {
	t *testing.T
	c *redis.Client
}

// is compares what a call returned with what it should.
func is[T any](t *testing.T, what string, got T, err error, want T) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func job(n int) redis.XMessage {
	return redis.XMessage{ID: fmt.Sprint("1-", n), Values: map[string]any{"task": fmt.Sprint(n)}}
}

func jobs(from, to int) (all []redis.XMessage) {
	for n := from; n <= to; n++ {
		all = append(all, job(n))
	}
	return all
}

func (w worker) add() {
	ctx, t, c := w.t.Context(), w.t, w.c
	for n := 1; n <= 5; n++ {
		got, err := c.XAdd(ctx, &redis.XAddArgs{Stream: "jobs", ID: fmt.Sprint("1-", n), Values: map[string]any{"task": n}}).Result()
		is(t, "XADD", got, err, fmt.Sprint("1-", n))
	}
	err := c.XAdd(ctx, &redis.XAddArgs{Stream: "jobs", ID: "1-5", Values: []string{"a", "b"}}).Err()
	if err == nil || err.Error() != "ERR The ID specified in XADD is equal or smaller than the target stream top item" {
		t.Errorf("XADD of an old ID: %v", err)
	}
	if err := c.XAdd(ctx, &redis.XAddArgs{Stream: "none", NoMkStream: true, Values: []string{"a", "b"}}).Err(); err != redis.Nil {
		t.Errorf("XADD NOMKSTREAM: %v", err)
	}
	n, err := c.XLen(ctx, "jobs").Result()
	is(t, "XLEN", n, err, 5)
	all, err := c.XRange(ctx, "jobs", "-", "+").Result()
	is(t, "XRANGE", all, err, jobs(1, 5))
	all, err = c.XRangeN(ctx, "jobs", "(1-2", "+", 2).Result()
	is(t, "XRANGE COUNT", all, err, jobs(3, 4))
	all, err = c.XRevRangeN(ctx, "jobs", "+", "-", 1).Result()
	is(t, "XREVRANGE", all, err, jobs(5, 5))
	streams, err := c.XRead(ctx, &redis.XReadArgs{Streams: []string{"jobs", "1-3"}, Block: -1}).Result()
	is(t, "XREAD", streams, err, []redis.XStream{{Stream: "jobs", Messages: jobs(4, 5)}})
}

func (w worker) readGroup() {
	ctx, t, c := w.t.Context(), w.t, w.c
	ok, err := c.XGroupCreateMkStream(ctx, "jobs", "crew", "0").Result()
	is(t, "XGROUP CREATE", ok, err, "OK")
	if err := c.XGroupCreateMkStream(ctx, "jobs", "crew", "0").Err(); err == nil || err.Error() != "BUSYGROUP Consumer Group name already exists" {
		t.Errorf("XGROUP CREATE again: %v", err)
	}
	n, err := c.XGroupCreateConsumer(ctx, "jobs", "crew", "cid").Result()
	is(t, "XGROUP CREATECONSUMER", n, err, 1)
	got, err := c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "crew", Consumer: "ann", Streams: []string{"jobs", ">"}, Count: 3, Block: time.Second}).Result()
	is(t, "XREADGROUP", got, err, []redis.XStream{{Stream: "jobs", Messages: jobs(1, 3)}})
	got, err = c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "crew", Consumer: "bob", Streams: []string{"jobs", ">"}, Count: 1, Block: -1}).Result()
	is(t, "XREADGROUP of another", got, err, []redis.XStream{{Stream: "jobs", Messages: jobs(4, 4)}})
	got, err = c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "crew", Consumer: "ann", Streams: []string{"jobs", "1-1"}, Block: -1}).Result()
	is(t, "XREADGROUP of the own past", got, err, []redis.XStream{{Stream: "jobs", Messages: jobs(2, 3)}})
	err = c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "nobody", Consumer: "ann", Streams: []string{"jobs", ">"}, Block: -1}).Err()
	if err == nil || err.Error() != "NOGROUP No such key 'jobs' or consumer group 'nobody' in XREADGROUP with GROUP option" {
		t.Errorf("XREADGROUP without a group: %v", err)
	}
}

func (w worker) pending() {
	ctx, t, c := w.t.Context(), w.t, w.c
	sum, err := c.XPending(ctx, "jobs", "crew").Result()
	is(t, "XPENDING", sum, err, &redis.XPending{Count: 4, Lower: "1-1", Higher: "1-4", Consumers: map[string]int64{"ann": 3, "bob": 1}})
	rows, err := c.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: "jobs", Group: "crew", Start: "-", End: "+", Count: 10}).Result()
	for i := range rows {
		if rows[i].Idle < 0 || rows[i].Idle > time.Minute {
			t.Errorf("idle time %v", rows[i].Idle)
		}
		rows[i].Idle = 0
	}
	is(t, "XPENDING - +", rows, err, []redis.XPendingExt{
		{ID: "1-1", Consumer: "ann", RetryCount: 1}, {ID: "1-2", Consumer: "ann", RetryCount: 2},
		{ID: "1-3", Consumer: "ann", RetryCount: 2}, {ID: "1-4", Consumer: "bob", RetryCount: 1},
	})
	rows, err = c.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: "jobs", Group: "crew", Idle: time.Hour, Start: "-", End: "+", Count: 10}).Result()
	is(t, "XPENDING IDLE", rows, err, []redis.XPendingExt{})
}

func (w worker) claim() {
	ctx, t, c := w.t.Context(), w.t, w.c
	got, next, err := c.XAutoClaim(ctx, &redis.XAutoClaimArgs{Stream: "jobs", Group: "crew", Consumer: "bob", Start: "0", Count: 1}).Result()
	is(t, "XAUTOCLAIM", got, err, jobs(1, 1))
	is(t, "XAUTOCLAIM's cursor", next, err, "1-2")
	ids, next, err := c.XAutoClaimJustID(ctx, &redis.XAutoClaimArgs{Stream: "jobs", Group: "crew", Consumer: "bob", Start: "1-2", Count: 10}).Result()
	is(t, "XAUTOCLAIM JUSTID", ids, err, []string{"1-2", "1-3", "1-4"})
	is(t, "XAUTOCLAIM's last cursor", next, err, "0-0")
	got, err = c.XClaim(ctx, &redis.XClaimArgs{Stream: "jobs", Group: "crew", Consumer: "ann", Messages: []string{"1-2", "9-9"}}).Result()
	is(t, "XCLAIM", got, err, jobs(2, 2))
	ids, err = c.XClaimJustID(ctx, &redis.XClaimArgs{Stream: "jobs", Group: "crew", Consumer: "ann", MinIdle: time.Hour, Messages: []string{"1-3"}}).Result()
	is(t, "XCLAIM of what is not idle", ids, err, []string{})
}

func (w worker) info() {
	ctx, t, c := w.t.Context(), w.t, w.c
	groups, err := c.XInfoGroups(ctx, "jobs").Result()
	is(t, "XINFO GROUPS", groups, err, []redis.XInfoGroup{{Name: "crew", Consumers: 3, Pending: 4, LastDeliveredID: "1-4", EntriesRead: 4, Lag: 1}})
	consumers, err := c.XInfoConsumers(ctx, "jobs", "crew").Result()
	for i := range consumers {
		if consumers[i].Idle < 0 || consumers[i].Idle > time.Minute || consumers[i].Inactive > time.Minute {
			t.Errorf("times of %+v", consumers[i])
		}
		consumers[i].Idle = 0
		if consumers[i].Inactive > 0 {
			consumers[i].Inactive = 0
		}
	}
	is(t, "XINFO CONSUMERS", consumers, err, []redis.XInfoConsumer{
		{Name: "ann", Pending: 1}, {Name: "bob", Pending: 3}, {Name: "cid", Inactive: -time.Millisecond},
	})
	stream, err := c.XInfoStream(ctx, "jobs").Result()
	if err != nil {
		t.Fatal(err)
	}
	if stream.Length != 5 || stream.Groups != 1 || stream.LastGeneratedID != "1-5" || stream.EntriesAdded != 5 || stream.MaxDeletedEntryID != "0-0" ||
		stream.RecordedFirstEntryID != "1-1" || !reflect.DeepEqual(stream.FirstEntry, job(1)) || !reflect.DeepEqual(stream.LastEntry, job(5)) {
		t.Errorf("XINFO STREAM: %+v", stream)
	}
	w.infoFull()
}

func (w worker) infoFull() {
	t := w.t
	full, err := w.c.XInfoStreamFull(t.Context(), "jobs", 2).Result()
	if err != nil {
		t.Fatal(err)
	}
	if full.Length != 5 || full.LastGeneratedID != "1-5" || full.EntriesAdded != 5 || full.RecordedFirstEntryID != "1-1" || !reflect.DeepEqual(full.Entries, jobs(1, 2)) || len(full.Groups) != 1 {
		t.Fatalf("XINFO STREAM FULL: %+v", full)
	}
	g := full.Groups[0]
	if g.Name != "crew" || g.LastDeliveredID != "1-4" || g.EntriesRead != 4 || g.Lag != 1 || g.PelCount != 4 || len(g.Pending) != 2 || len(g.Consumers) != 3 {
		t.Fatalf("group of XINFO STREAM FULL: %+v", g)
	}
	if first := g.Pending[0]; first.ID != "1-1" || first.Consumer != "bob" || first.DeliveryCount != 2 || time.Since(first.DeliveryTime).Abs() > time.Minute {
		t.Errorf("pending entry of XINFO STREAM FULL: %+v", first)
	}
	bob := g.Consumers[1]
	if bob.Name != "bob" || bob.PelCount != 3 || len(bob.Pending) != 2 || bob.Pending[1].ID != "1-3" || time.Since(bob.SeenTime).Abs() > time.Minute || time.Since(bob.ActiveTime).Abs() > time.Minute {
		t.Errorf("consumer of XINFO STREAM FULL: %+v", bob)
	}
}

func (w worker) acknowledge() {
	ctx, t, c := w.t.Context(), w.t, w.c
	n, err := c.XAck(ctx, "jobs", "crew", "1-1", "1-2", "7-7").Result()
	is(t, "XACK", n, err, 2)
	n, err = c.XAck(ctx, "jobs", "crew", "1-1").Result()
	is(t, "XACK again", n, err, 0)
	n, err = c.XGroupDelConsumer(ctx, "jobs", "crew", "bob").Result()
	is(t, "XGROUP DELCONSUMER", n, err, 2)
	ok, err := c.XGroupSetID(ctx, "jobs", "crew", "$").Result()
	is(t, "XGROUP SETID", ok, err, "OK")
}

func (w worker) block() {
	ctx, t, c := w.t.Context(), w.t, w.c
	err := c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "crew", Consumer: "ann", Streams: []string{"jobs", ">"}, Block: 10 * time.Millisecond}).Err()
	if !errors.Is(err, redis.Nil) {
		t.Errorf("XREADGROUP of nothing: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		got, err := c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "crew", Consumer: "ann", Streams: []string{"jobs", ">"}, NoAck: true}).Result()
		if err == nil && !reflect.DeepEqual(got, []redis.XStream{{Stream: "jobs", Messages: jobs(6, 6)}}) {
			err = fmt.Errorf("got %+v", got)
		}
		done <- err
	}()
	eventually(t, "the reader waits", func() bool { return c.InfoMap(ctx, "clients").Val()["Clients"]["blocked_clients"] == "1" })
	id, err := c.XAdd(ctx, &redis.XAddArgs{Stream: "jobs", ID: "1-6", Values: map[string]any{"task": "6"}}).Result()
	is(t, "XADD", id, err, "1-6")
	if err := <-done; err != nil {
		t.Errorf("XREADGROUP that waited: %v", err)
	}
}

func (w worker) trim() {
	ctx, t, c := w.t.Context(), w.t, w.c
	n, err := c.XDel(ctx, "jobs", "1-6", "8-8").Result()
	is(t, "XDEL", n, err, 1)
	n, err = c.XTrimMaxLen(ctx, "jobs", 3).Result()
	is(t, "XTRIM MAXLEN", n, err, 2)
	n, err = c.XTrimMinID(ctx, "jobs", "1-4").Result()
	is(t, "XTRIM MINID", n, err, 1)
	n, err = c.XTrimMaxLenApprox(ctx, "jobs", 1, 0).Result()
	is(t, "XTRIM MAXLEN ~", n, err, 0)
	n, err = c.XGroupDestroy(ctx, "jobs", "crew").Result()
	is(t, "XGROUP DESTROY", n, err, 1)
	kind, err := c.Type(ctx, "jobs").Result()
	is(t, "TYPE", kind, err, "stream")
	n, err = c.Del(ctx, "jobs", "none").Result()
	is(t, "DEL", n, err, 1)
}

// server is what the handshake and tools ask for.
func (w worker) server() {
	ctx, t, c := w.t.Context(), w.t, w.c
	name, err := c.ClientGetName(ctx).Result()
	is(t, "CLIENT GETNAME", name, err, "worker")
	self := clientField(t, c, "worker", "lib-name")
	if self == "" {
		t.Error("the library's name did not arrive")
	}
	settings, err := c.ConfigGet(ctx, "appendfsync").Result()
	is(t, "CONFIG GET", settings, err, map[string]string{"appendfsync": "always"})
	keys, cursor, err := c.Scan(ctx, 0, "*", 10).Result()
	is(t, "SCAN", keys, err, []string{})
	is(t, "SCAN's cursor", cursor, err, 0)
	size, err := c.DBSize(ctx).Result()
	is(t, "DBSIZE", size, err, 0)
	commands, err := c.Command(ctx).Result()
	if err != nil || commands["xadd"] == nil || commands["xadd"].Arity != -5 || commands["xadd"].ReadOnly || !commands["xrange"].ReadOnly {
		t.Errorf("COMMAND: %v, %+v", err, commands["xadd"])
	}
}
