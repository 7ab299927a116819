package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// What a Redis dumps and Millrace restores is the same there and here: entries,
// counters, groups, pending entries; and trimming goes on with the same numbers.
func TestRestoreFromRedis(t *testing.T) {
	addr := startRedis(t)
	from := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, PoolSize: 1})
	defer from.Close()
	number := *seed
	if number == 0 {
		number = rand.Uint64()
	}
	t.Logf("seed %d", number)
	onBoth(t, nil, func(t *testing.T, p *process) {
		to := redis.NewClient(&redis.Options{Addr: p.Addr, Protocol: 2, PoolSize: 1})
		defer to.Close()
		r := rand.New(rand.NewPCG(number, 0))
		for range 20 {
			mustDo(t, from, "FLUSHALL")
			mustDo(t, to, "FLUSHALL")
			growAtRandom(t, from, to, r)
			takeOver(t, from, to)
			compareStreams(t, from, to)
			if t.Failed() {
				return
			}
		}
	})
}

// growAtRandom makes strings and a stream with groups, in nodes of a size that other
// has, too.
func growAtRandom(t *testing.T, c, other *redis.Client, r *rand.Rand) {
	t.Helper()
	mustDo(t, c, "SET", "string", strings.Repeat("ab", r.IntN(100)))
	mustDo(t, c, "SET", "number", r.Int64()>>r.IntN(64)*int64(1-2*r.IntN(2)))
	nodes := 1 + r.IntN(60) // which also bounds what an approximate XTRIM removes
	for _, c := range []*redis.Client{c, other} {
		mustDo(t, c, "CONFIG", "SET", "stream-node-max-entries", nodes)
	}
	mustDo(t, c, "XGROUP", "CREATE", "s", "g0", "0", "MKSTREAM")
	mustDo(t, c, "XGROUP", "CREATE", "s", "g1", "$")
	entries := r.IntN(300)
	for i := range entries {
		args := []any{"XADD", "s", fmt.Sprintf("%d-%d", i/3+1, i+1)}
		for f := range 1 + r.IntN(3) {
			args = append(args, fmt.Sprint("field", f*r.IntN(2)), r.Int64()>>r.IntN(64))
		}
		mustDo(t, c, args...)
		id := fmt.Sprintf("%d-%d", 1+r.IntN(i+1)/3, 1+r.IntN(i+1))
		group, consumer := fmt.Sprint("g", r.IntN(2)), fmt.Sprint("c", r.IntN(3))
		switch r.IntN(12) {
		case 0:
			mustDo(t, c, "XDEL", "s", id)
		case 1:
			mustDo(t, c, "XACK", "s", group, id)
		case 2, 3:
			_ = c.Do(context.Background(), "XREADGROUP", "GROUP", group, consumer, "COUNT", 1+r.IntN(9), "STREAMS", "s", ">").Err() // nil: nothing new
		case 4:
			mustDo(t, c, "XCLAIM", "s", group, consumer, 0, id, "TIME", r.IntN(1<<40), "RETRYCOUNT", r.IntN(9), "JUSTID")
		case 5:
			mustDo(t, c, "XGROUP", "CREATECONSUMER", "s", group, consumer)
		}
	}
	if r.IntN(3) == 0 {
		mustDo(t, c, "XTRIM", "s", "MAXLEN", r.IntN(entries+1))
	}
}

// takeOver moves all keys by DUMP and RESTORE, and in Redis does the same in place:
// so both have gone through it.
func takeOver(t *testing.T, from, to *redis.Client) {
	t.Helper()
	for _, key := range from.Keys(t.Context(), "*").Val() {
		payload, err := from.Dump(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		mustDo(t, to, "RESTORE", key, 0, payload)
		if err := to.Do(t.Context(), "RESTORE", key, 0, payload).Err(); err == nil || !strings.HasPrefix(err.Error(), "BUSYKEY") {
			t.Errorf("RESTORE again: %v", err)
		}
		mustDo(t, to, "RESTORE", key, 100_000, payload, "REPLACE")
		mustDo(t, to, "PERSIST", key)
		mustDo(t, from, "RESTORE", key, 0, payload, "REPLACE")
	}
}

func compareStreams(t *testing.T, from, to *redis.Client) {
	t.Helper()
	for _, command := range []string{
		"GET string", "GET number", "OBJECT ENCODING string", "OBJECT ENCODING number", "XRANGE s - +", "XLEN s",
		"XPENDING s g0", "XPENDING s g1", "XINFO STREAM s FULL COUNT 0", "XINFO GROUPS s", "XREADGROUP GROUP g0 c0 STREAMS s 0",
		"XTRIM s MAXLEN ~ 100", "XTRIM s MAXLEN ~ 20", "XRANGE s - +", "XDEL s 1-1 1-2 2-3", "XTRIM s MAXLEN ~ 1", "XINFO STREAM s",
	} {
		var args []any
		for _, word := range strings.Fields(command) {
			args = append(args, word)
		}
		want, wantErr := from.Do(t.Context(), args...).Result()
		got, err := to.Do(t.Context(), args...).Result()
		want, got = comparable7(want), comparable7(got)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || !reflect.DeepEqual(got, want) {
			g, w := fmt.Sprint(got, err), fmt.Sprint(want, wantErr)
			same := 0
			for same < min(len(g), len(w)) && g[same] == w[same] {
				same++
			}
			t.Errorf("%s: from byte %d on, got\n%.500s\nRedis has\n%.500s", command, same, g[same:], w[same:])
		}
	}
}

// comparable7 drops the fields in which Redis 7.0 differs by nature: the nodes of its
// radix tree, the lag (7.4 knows it where 7.0 was wrong), and what came after it.
func comparable7(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	var kept []any
	for i := 0; i < len(list); i++ {
		switch name, _ := list[i].(string); name {
		case "radix-tree-nodes", "lag", "nacked-count", "active-time", "seen-time", "inactive", "idle",
			"idmp-duration", "idmp-maxsize", "pids-tracked", "iids-tracked", "iids-added", "iids-duplicates":
			i++
		default:
			kept = append(kept, comparable7(list[i]))
		}
	}
	return kept
}
