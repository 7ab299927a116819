package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// What operators and tools send, with go-redis.
func TestGoRedisOperator(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := redis.NewClient(&redis.Options{Addr: p.Addr})
		defer c.Close()
		ctx := t.Context()
		started, err := c.LastSave(ctx).Result()
		if now := time.Now().Unix(); err != nil || started > now || started < now-60 {
			t.Errorf("LASTSAVE: %d, %v", started, err)
		}
		mustDo(t, c, "SET", "k", "v")
		saved, err := c.Save(ctx).Result()
		is(t, "SAVE", saved, err, "OK")
		if n := infoField(t, c, "persistence", "rdb_saves"); n != "1" {
			t.Errorf("snapshots: %s", n)
		}
		// The first may still be under way when the second comes.
		text, err := c.BgSave(ctx).Result()
		is(t, "BGSAVE", text, err, "Background saving started")
		eventually(t, "the second snapshot", func() bool { return infoField(t, c, "persistence", "rdb_saves") == "2" })
		text, err = c.BgRewriteAOF(ctx).Result()
		is(t, "BGREWRITEAOF", text, err, "Background append only file rewriting started")
		eventually(t, "the third snapshot", func() bool { return infoField(t, c, "persistence", "rdb_saves") == "3" })

		n, err := c.Wait(ctx, 0, time.Second).Result()
		is(t, "WAIT", n, err, 0)
		who, err := c.Do(ctx, "ACL", "WHOAMI").Result()
		is(t, "ACL WHOAMI", who, err, any("default"))
		if err := c.ClusterInfo(ctx).Err(); err == nil || err.Error() != "ERR This instance has cluster support disabled" {
			t.Errorf("CLUSTER INFO: %v", err)
		}
		if stats, err := c.Do(ctx, "MEMORY", "STATS").Result(); err != nil || stats.(map[any]any)["keys.count"] != int64(1) {
			t.Errorf("MEMORY STATS: %v, %v", stats, err)
		}
	})
}

func infoField(t *testing.T, c *redis.Client, section, field string) string {
	t.Helper()
	info, err := c.Info(t.Context(), section).Result()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(info, "\n"+field+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

func TestWaitAOFForcesSync(t *testing.T) {
	for _, fsync := range []string{"everysec", "no"} {
		t.Run(fsync, func(t *testing.T) {
			p := serve(t, t.TempDir(), "--fsync", fsync)
			defer p.stop()
			c := p.client()
			before := infoField(t, c, "persistence", "log_syncs")
			mustDo(t, c, "SET", "k", "v")
			got, err := c.Do(t.Context(), "WAITAOF", 1, 0, 0).Result()
			is(t, "WAITAOF", got, err, any([]any{int64(1), int64(0)}))
			if after := infoField(t, c, "persistence", "log_syncs"); after == before {
				t.Errorf("%s syncs before and after", after)
			}
		})
	}
}

// CLIENT KILL closes others at once, and the caller behind its reply.
func TestClientKill(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		killer, victim := dialRaw(t, p.Addr), dialRaw(t, p.Addr)
		for _, c := range []rawConn{killer, victim} {
			c.write("PING\r\n")
			c.expect("+PONG\r\n", false, false)
		}
		killer.write("CLIENT KILL ADDR " + victim.LocalAddr().String() + "\r\n")
		killer.expect(":1\r\n", false, false)
		victim.expect("", true, true)

		blocked := dialRaw(t, p.Addr)
		blocked.write("XREAD BLOCK 0 STREAMS none 0\r\n")
		p.blocked(p.client(), 1)
		killer.write("CLIENT KILL " + blocked.LocalAddr().String() + "\r\n")
		killer.expect("+OK\r\n", false, false)
		blocked.expect("", true, true)

		killer.write("CLIENT KILL ADDR " + killer.LocalAddr().String() + "\r\nPING\r\n")
		killer.expect(":0\r\n+PONG\r\n", false, false)
		killer.write("CLIENT KILL ADDR " + killer.LocalAddr().String() + " SKIPME no\r\nPING\r\n")
		killer.expect(":1\r\n", true, false)
	})
}

func TestSlowLog(t *testing.T) {
	onBoth(t, []string{"--slowlog-log-slower-than", "0", "--slowlog-max-len", "3"}, func(t *testing.T, p *process) {
		c := redis.NewClient(&redis.Options{Addr: p.Addr, ClientName: "slow", PoolSize: 1})
		defer c.Close()
		ctx := context.Background()
		mustDo(t, c, "SET", "a", strings.Repeat("x", 130))
		mustDo(t, c, "GET", "a")
		many := []any{"DEL"}
		for n := range 40 {
			many = append(many, fmt.Sprint("k", n))
		}
		mustDo(t, c, many...)
		list, err := c.SlowLogGet(ctx, -1).Result()
		if err != nil || len(list) != 3 {
			t.Fatalf("SLOWLOG GET: %v, %v", list, err)
		}
		if got := list[2].Args; got[0] != "SET" || got[2] != strings.Repeat("x", 128)+"... (2 more bytes)" {
			t.Errorf("a long argument: %q", got)
		}
		if got := list[0].Args; len(got) != 32 || got[31] != "... (10 more arguments)" {
			t.Errorf("many arguments: %q", got)
		}
		if e := list[1]; e.Args[0] != "GET" || e.ClientName != "slow" || e.ClientAddr == "" || e.ID+1 != list[0].ID {
			t.Errorf("an entry: %+v", e)
		}
		mustDo(t, c, "SET", "a", "b")
		is(t, "SLOWLOG LEN", c.Do(ctx, "SLOWLOG", "LEN").Val(), nil, any(int64(3)))
		mustDo(t, c, "CONFIG", "SET", "slowlog-log-slower-than", "-1", "slowlog-max-len", "1")
		mustDo(t, c, "SET", "a", "b")
		is(t, "SLOWLOG LEN of fewer", c.Do(ctx, "SLOWLOG", "LEN").Val(), nil, any(int64(1)))
		mustDo(t, c, "SLOWLOG", "RESET")
		is(t, "SLOWLOG LEN of none", c.Do(ctx, "SLOWLOG", "LEN").Val(), nil, any(int64(0)))
	})
}

// SHUTDOWN stops the node as a signal does: with success, and with all that was
// acknowledged.
func TestShutdown(t *testing.T) {
	for _, words := range []string{"", " NOSAVE", " SAVE", " NOW FORCE"} {
		t.Run(words, func(t *testing.T) {
			dir := t.TempDir()
			p := serve(t, dir)
			c := dialRaw(t, p.Addr)
			c.write("SET k v\r\nSHUTDOWN" + words + "\r\nPING\r\n")
			c.expect("+OK\r\n", true, true)
			p.ended()
			p = serve(t, dir)
			defer p.stop()
			is(t, "GET", p.client().Get(t.Context(), "k").Val(), nil, "v")
		})
	}
}

// Redis puts a save off until an EXEC is over, and says so.
func TestBgsaveInTransaction(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := dialRaw(t, p.Addr)
		c.write(command("MULTI") + command("BGSAVE") + command("EXEC"))
		c.expectOne("+OK\r\n+QUEUED\r\n*1\r\n+Background saving scheduled\r\n")
	})
}
