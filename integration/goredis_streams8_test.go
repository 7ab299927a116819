package integration

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// What Redis 8.2 to 8.10 added for streams, with go-redis' typed calls: each must
// return what it should, in both protocols.
func TestGoRedisStreams8(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprint("protocol=", protocol), func(t *testing.T) {
				c := redis.NewClient(&redis.Options{Addr: p.Addr, Protocol: protocol})
				defer c.Close()
				w := worker{t: t, c: c}
				for _, step := range []func(){w.delEx, w.ackDel, w.modes, w.nack, w.unowned, w.claimRead, w.claimWait, w.limits} {
					mustDo(t, c, "FLUSHALL")
					w.fill("jobs", 5)
					step()
				}
			})
		}
	})
}

// fill adds entries 1-1 to 1-n to a stream with the group crew.
func (w worker) fill(stream string, n int) {
	for i := 1; i <= n; i++ {
		got, err := w.c.XAdd(w.t.Context(), &redis.XAddArgs{Stream: stream, ID: fmt.Sprint("1-", i), Values: map[string]any{"task": i}}).Result()
		is(w.t, "XADD", got, err, fmt.Sprint("1-", i))
	}
	ok, err := w.c.XGroupCreate(w.t.Context(), stream, "crew", "0").Result()
	is(w.t, "XGROUP CREATE", ok, err, "OK")
}

// take delivers the next n entries of jobs to a consumer.
func (w worker) take(consumer string, n int64) {
	w.t.Helper()
	if err := w.c.XReadGroup(w.t.Context(), &redis.XReadGroupArgs{Group: "crew", Consumer: consumer, Streams: []string{"jobs", ">"}, Count: n, Block: -1}).Err(); err != nil {
		w.t.Fatal(err)
	}
}

func codes(codes ...int64) (all []any) {
	for _, n := range codes {
		all = append(all, n)
	}
	return all
}

func (w worker) delEx() {
	ctx, t, c := w.t.Context(), w.t, w.c
	w.take("ann", 2)
	got, err := c.XDelEx(ctx, "jobs", "ACKED", "1-1", "1-5").Result()
	is(t, "XDELEX ACKED", got, err, codes(2, 2))
	got, err = c.XDelEx(ctx, "jobs", "KEEPREF", "1-1", "9-9").Result()
	is(t, "XDELEX KEEPREF", got, err, codes(1, -1))
	got, err = c.XDelEx(ctx, "jobs", "DELREF", "1-1", "1-2").Result()
	is(t, "XDELEX DELREF", got, err, codes(-1, 1))
	sum, err := c.XPending(ctx, "jobs", "crew").Result()
	is(t, "XPENDING of nothing", sum, err, &redis.XPending{Consumers: map[string]int64{}})
	got, err = c.XDelEx(ctx, "none", "KEEPREF", "1-1").Result()
	is(t, "XDELEX without a key", got, err, codes(-1))
}

func (w worker) ackDel() {
	ctx, t, c := w.t.Context(), w.t, w.c
	w.take("ann", 3)
	if err := c.XGroupCreate(ctx, "jobs", "late", "0").Err(); err != nil {
		t.Fatal(err)
	}
	got, err := c.XAckDel(ctx, "jobs", "crew", "ACKED", "1-1", "1-5").Result()
	is(t, "XACKDEL ACKED", got, err, codes(2, -1))
	got, err = c.XAckDel(ctx, "jobs", "crew", "KEEPREF", "1-2").Result()
	is(t, "XACKDEL KEEPREF", got, err, codes(1))
	got, err = c.XAckDel(ctx, "jobs", "crew", "DELREF", "1-3", "1-3").Result()
	is(t, "XACKDEL DELREF", got, err, codes(1, -1))
	all, err := c.XRange(ctx, "jobs", "-", "+").Result()
	is(t, "XRANGE", all, err, []redis.XMessage{job(1), job(4), job(5)})
}

// modes are those of XTRIM and XADD.
func (w worker) modes() {
	ctx, t, c := w.t.Context(), w.t, w.c
	w.take("ann", 3)
	if err := c.XAck(ctx, "jobs", "crew", "1-1").Err(); err != nil {
		t.Fatal(err)
	}
	n, err := c.XTrimMaxLenMode(ctx, "jobs", 0, "ACKED").Result()
	is(t, "XTRIM MAXLEN ACKED", n, err, 1)
	n, err = c.XTrimMinIDMode(ctx, "jobs", "1-3", "DELREF").Result()
	is(t, "XTRIM MINID DELREF", n, err, 1)
	n, err = c.XTrimMaxLenApproxMode(ctx, "jobs", 0, 0, "ACKED").Result()
	is(t, "XTRIM MAXLEN ~ ACKED", n, err, 0)
	n, err = c.XTrimMinIDApproxMode(ctx, "jobs", "1-4", 0, "KEEPREF").Result()
	is(t, "XTRIM MINID ~ KEEPREF", n, err, 0)
	id, err := c.XAdd(ctx, &redis.XAddArgs{Stream: "jobs", ID: "1-6", MaxLen: 1, Mode: "ACKED", Values: map[string]any{"task": "6"}}).Result()
	is(t, "XADD ACKED", id, err, "1-6")
	id, err = c.XAdd(ctx, &redis.XAddArgs{Stream: "jobs", ID: "1-7", MaxLen: 1, Mode: "DELREF", Values: map[string]any{"task": "7"}}).Result()
	is(t, "XADD DELREF", id, err, "1-7")
	all, err := c.XRange(ctx, "jobs", "-", "+").Result()
	is(t, "XRANGE", all, err, jobs(7, 7))
	sum, err := c.XPending(ctx, "jobs", "crew").Result()
	is(t, "XPENDING of nothing", sum, err, &redis.XPending{Consumers: map[string]int64{}})
}

func (w worker) nack() {
	ctx, t, c := w.t.Context(), w.t, w.c
	w.take("ann", 3)
	count := uint64(42)
	for _, row := range []struct {
		name string
		args redis.XNackArgs
		want int64
	}{
		{"XNACK SILENT", redis.XNackArgs{Mode: redis.XNackModeSilent, IDs: []string{"1-1", "9-9"}}, 1},
		{"XNACK FATAL", redis.XNackArgs{Mode: redis.XNackModeFatal, IDs: []string{"1-2"}}, 1},
		{"XNACK RETRYCOUNT", redis.XNackArgs{Mode: redis.XNackModeFail, IDs: []string{"1-3"}, RetryCount: &count}, 1},
		{"XNACK FORCE", redis.XNackArgs{Mode: redis.XNackModeFail, IDs: []string{"1-4", "1-4"}, Force: true}, 2},
	} {
		row.args.Stream, row.args.Group = "jobs", "crew"
		n, err := c.XNack(ctx, &row.args).Result()
		is(t, row.name, n, err, row.want)
	}
	rows, err := c.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: "jobs", Group: "crew", Idle: time.Hour, Start: "-", End: "+", Count: 10}).Result()
	const none = -time.Millisecond
	is(t, "XPENDING of what nobody owns", rows, err, []redis.XPendingExt{
		{ID: "1-1", Idle: none}, {ID: "1-2", Idle: none, RetryCount: math.MaxInt64},
		{ID: "1-3", Idle: none, RetryCount: 42}, {ID: "1-4", Idle: none},
	})
	sum, err := c.XPending(ctx, "jobs", "crew").Result()
	is(t, "XPENDING", sum, err, &redis.XPending{Count: 4, Lower: "1-1", Higher: "1-4", Consumers: map[string]int64{}})
	err = c.XNack(ctx, &redis.XNackArgs{Stream: "none", Group: "crew", Mode: "FAIL", IDs: []string{"1-1"}}).Err()
	if err == nil || err.Error() != "NOGROUP No such key 'none' or consumer group 'crew'" {
		t.Errorf("XNACK without a key: %v", err)
	}
}

// unowned is what the older calls say of entries that were released.
func (w worker) unowned() {
	ctx, t, c := w.t.Context(), w.t, w.c
	w.take("ann", 4)
	if err := c.XNack(ctx, &redis.XNackArgs{Stream: "jobs", Group: "crew", Mode: "FAIL", IDs: []string{"1-1", "1-2", "1-3"}}).Err(); err != nil {
		t.Fatal(err)
	}
	full, err := c.XInfoStreamFull(ctx, "jobs", 10).Result()
	if err != nil {
		t.Fatal(err)
	}
	g := full.Groups[0]
	if g.NackedCount != 3 || g.PelCount != 4 || len(g.Pending) != 4 || len(g.Consumers) != 1 || g.Consumers[0].PelCount != 1 {
		t.Errorf("group of XINFO STREAM FULL: %+v", g)
	}
	if first := g.Pending[0]; first.ID != "1-1" || first.Consumer != "" || first.DeliveryCount != 1 || first.DeliveryTime.UnixMilli() != 0 {
		t.Errorf("pending entry of XINFO STREAM FULL: %+v", first)
	}
	groups, err := c.XInfoGroups(ctx, "jobs").Result()
	is(t, "XINFO GROUPS", groups, err, []redis.XInfoGroup{{Name: "crew", Consumers: 1, Pending: 4, LastDeliveredID: "1-4", EntriesRead: 4, Lag: 1}})
	claimed, err := c.XClaim(ctx, &redis.XClaimArgs{Stream: "jobs", Group: "crew", Consumer: "bob", MinIdle: time.Hour, Messages: []string{"1-1", "1-4"}}).Result()
	is(t, "XCLAIM", claimed, err, jobs(1, 1))
	if err := c.XDel(ctx, "jobs", "1-3").Err(); err != nil {
		t.Fatal(err)
	}
	claimed, next, gone, err := c.XAutoClaimWithDeleted(ctx, &redis.XAutoClaimArgs{Stream: "jobs", Group: "crew", Consumer: "bob", MinIdle: time.Hour, Start: "0"}).Result()
	is(t, "XAUTOCLAIM", claimed, err, jobs(2, 2))
	is(t, "XAUTOCLAIM's cursor", next, err, "0-0")
	is(t, "what XAUTOCLAIM found gone", gone, err, []string{"1-3"})
}

// delivered is what XREADGROUP with CLAIM returned, with idle times that were at
// least so long replaced by it.
func (w worker) delivered(got []redis.XStream, err error, idle time.Duration) []redis.XStream {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range got {
		for i := range s.Messages {
			if m := &s.Messages[i]; m.MillisElapsedFromDelivery >= idle.Milliseconds() {
				m.MillisElapsedFromDelivery = idle.Milliseconds()
			}
		}
	}
	return got
}

func again(n int, idle time.Duration, count int64) redis.XMessage {
	m := job(n)
	m.MillisElapsedFromDelivery, m.DeliveredCount = idle.Milliseconds(), count
	return m
}

func (w worker) claimRead() {
	ctx, t, c := w.t.Context(), w.t, w.c
	w.take("ann", 2)
	const idle = 20 * time.Millisecond
	args := &redis.XReadGroupArgs{Group: "crew", Consumer: "bob", Streams: []string{"jobs", ">"}, Count: 3, Block: -1, Claim: idle}
	eventually(t, "the entries are idle", func() bool {
		rows, err := c.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: "jobs", Group: "crew", Idle: idle, Start: "-", End: "+", Count: 10}).Result()
		return err == nil && len(rows) == 2
	})
	got, err := c.XReadGroup(ctx, args).Result()
	is(t, "XREADGROUP CLAIM", w.delivered(got, err, idle), nil, []redis.XStream{{Stream: "jobs", Messages: []redis.XMessage{again(1, idle, 1), again(2, idle, 1), job(3)}}})
	args.Streams, args.Claim = []string{"jobs", "0"}, time.Hour
	got, err = c.XReadGroup(ctx, args).Result()
	is(t, "XREADGROUP CLAIM of the past", got, err, []redis.XStream{{Stream: "jobs", Messages: jobs(1, 3)}})
	args.Streams, args.Count = []string{"jobs", ">"}, 9
	got, err = c.XReadGroup(ctx, args).Result()
	is(t, "XREADGROUP CLAIM of what is new", got, err, []redis.XStream{{Stream: "jobs", Messages: jobs(4, 5)}})
	if err := c.XReadGroup(ctx, args).Err(); err != redis.Nil {
		t.Errorf("XREADGROUP CLAIM of nothing: %v", err)
	}
}

// claimWait is XREADGROUP that waits: for the idle time, and for XNACK.
func (w worker) claimWait() {
	ctx, t, c := w.t.Context(), w.t, w.c
	w.take("ann", 5)
	const idle = 100 * time.Millisecond
	args := &redis.XReadGroupArgs{Group: "crew", Consumer: "bob", Streams: []string{"jobs", ">"}, Count: 2, Block: time.Minute, Claim: idle}
	got, err := c.XReadGroup(ctx, args).Result()
	is(t, "XREADGROUP CLAIM that waits", w.delivered(got, err, idle), nil, []redis.XStream{{Stream: "jobs", Messages: []redis.XMessage{again(1, idle, 1), again(2, idle, 1)}}})
	args.Claim = time.Hour
	done := make(chan []redis.XStream, 1)
	go func() {
		got, _ := c.XReadGroup(ctx, args).Result()
		done <- got
	}()
	eventually(t, "the reader waits", func() bool { return c.InfoMap(ctx, "clients").Val()["Clients"]["blocked_clients"] == "1" })
	n, err := c.XNack(ctx, &redis.XNackArgs{Stream: "jobs", Group: "crew", Mode: "FAIL", IDs: []string{"1-4"}}).Result()
	is(t, "XNACK", n, err, 1)
	is(t, "XREADGROUP CLAIM that XNACK woke", w.delivered(<-done, nil, time.Hour), nil, []redis.XStream{{Stream: "jobs", Messages: []redis.XMessage{again(4, time.Hour, 1)}}})
}

// limits are MAXCOUNT and MAXSIZE.
func (w worker) limits() {
	ctx, t, c := w.t.Context(), w.t, w.c
	w.fill("more", 5)
	streams := func(counts ...int) (all []redis.XStream) {
		for i, n := range counts {
			all = append(all, redis.XStream{Stream: []string{"jobs", "more"}[i], Messages: jobs(1, n)})
		}
		return all
	}
	from := []string{"jobs", "more", "0", "0"}
	got, err := c.XRead(ctx, &redis.XReadArgs{Streams: from, Count: 4, MaxCount: 6, Block: -1}).Result()
	is(t, "XREAD MAXCOUNT", got, err, streams(4, 2))
	got, err = c.XRead(ctx, &redis.XReadArgs{Streams: from, MaxSize: 1, Block: -1}).Result()
	is(t, "XREAD MAXSIZE", got, err, streams(1))
	group := &redis.XReadGroupArgs{Group: "crew", Consumer: "ann", Streams: []string{"jobs", "more", ">", ">"}, MaxCount: 7, Block: -1}
	got, err = c.XReadGroup(ctx, group).Result()
	is(t, "XREADGROUP MAXCOUNT", got, err, streams(5, 2))
	group.Streams, group.MaxCount, group.MaxSize = from, 0, 1
	got, err = c.XReadGroup(ctx, group).Result()
	is(t, "XREADGROUP MAXSIZE", got, err, streams(1))
	if err := c.XRead(ctx, &redis.XReadArgs{Streams: from, Count: 9, MaxCount: 6, Block: -1}).Err(); err == nil || err.Error() != "ERR MAXCOUNT must be greater than or equal to COUNT" {
		t.Errorf("XREAD of a MAXCOUNT below COUNT: %v", err)
	}
}
