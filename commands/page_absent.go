package commands

import (
	"fmt"
	"strings"
)

// redisCommands are the commands that Redis 7.4 has for what Millrace is about, as
// full names. The page tells which of them are missing.
var redisCommands = []struct{ of, names string }{
	{"Strings", `append decr decrby get getdel getex getrange getset incr incrby incrbyfloat mget mset msetnx psetex set
		setex setnx setrange strlen`},
	{"Keys", "copy dump migrate move object randomkey rename renamenx restore sort sort_ro swapdb wait waitaof"},
	{"Transactions", "discard exec multi unwatch watch"},
	{"Pub/Sub", "psubscribe publish pubsub punsubscribe spublish ssubscribe subscribe sunsubscribe unsubscribe"},
	{"Connection", `client|caching client|getredir client|kill client|no-evict client|no-touch client|pause
		client|tracking client|trackinginfo client|unpause`},
	{"Server", `acl bgrewriteaof bgsave config|rewrite debug failover lastsave latency lolwut memory module monitor
		replicaof role save shutdown slaveof slowlog`},
	{"Cluster", "asking cluster readonly readwrite"},
}

const pageNever = `**Not there.** Lists, hashes, sets, sorted sets, bitmaps, HyperLogLog, geo commands, scripts and functions (FLUSH finds none). Replication as Redis
has it (REPLCONF, SYNC, PSYNC). They are unknown commands, and so are, in this version:

`

// pageAbsent lists what the table has not.
func pageAbsent(b *strings.Builder, t *Table) {
	b.WriteString(pageNever)
	for _, r := range redisCommands {
		var absent []string
		for _, n := range strings.Fields(r.names) {
			if t.lookupFull([]byte(n)) == nil {
				absent = append(absent, strings.ToUpper(strings.ReplaceAll(n, "|", " ")))
			}
		}
		if len(absent) > 0 {
			fmt.Fprintf(b, "- %s: %s\n", r.of, strings.Join(absent, ", "))
		}
	}
}
