package integration

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// infoFields are what redis-cli --stat, redis_exporter, ioredis, RedisInsight and the
// Redis test suite read, section by section.
var infoFields = map[string]string{
	"Server": "redis_version redis_git_sha1 redis_git_dirty redis_build_id redis_mode os arch_bits monotonic_clock multiplexing_api process_id process_supervised " +
		"run_id tcp_port server_time_usec uptime_in_seconds uptime_in_days hz configured_hz lru_clock executable config_file io_threads_active millrace_version",
	"Clients": "connected_clients cluster_connections maxclients client_recent_max_input_buffer client_recent_max_output_buffer blocked_clients tracking_clients " +
		"pubsub_clients watching_clients clients_in_timeout_table total_watched_keys total_blocking_keys total_blocking_keys_on_nokey",
	"Memory": "used_memory used_memory_human used_memory_rss used_memory_peak used_memory_peak_perc used_memory_overhead used_memory_startup used_memory_dataset " +
		"used_memory_dataset_perc total_system_memory used_memory_lua used_memory_scripts number_of_cached_scripts maxmemory maxmemory_human maxmemory_policy " +
		"allocator_allocated allocator_active allocator_resident mem_fragmentation_ratio mem_fragmentation_bytes mem_not_counted_for_evict mem_clients_normal " +
		"mem_clients_slaves mem_cluster_links mem_aof_buffer mem_replication_backlog mem_total_replication_buffers mem_allocator active_defrag_running " +
		"lazyfree_pending_objects lazyfreed_objects",
	"Persistence": "loading async_loading rdb_changes_since_last_save rdb_bgsave_in_progress rdb_last_save_time rdb_last_bgsave_status rdb_last_bgsave_time_sec " +
		"rdb_current_bgsave_time_sec rdb_saves rdb_last_cow_size aof_enabled aof_rewrite_in_progress aof_rewrite_scheduled aof_last_rewrite_time_sec " +
		"aof_last_bgrewrite_status aof_last_write_status aof_current_size aof_base_size aof_pending_bio_fsync aof_delayed_fsync module_fork_in_progress",
	"Stats": "total_connections_received total_commands_processed instantaneous_ops_per_sec total_net_input_bytes total_net_output_bytes instantaneous_input_kbps " +
		"instantaneous_output_kbps rejected_connections sync_full sync_partial_ok sync_partial_err expired_keys expired_stale_perc expired_time_cap_reached_count " +
		"evicted_keys evicted_clients keyspace_hits keyspace_misses pubsub_channels pubsub_patterns pubsubshard_channels latest_fork_usec tracking_total_keys " +
		"tracking_total_items tracking_total_prefixes unexpected_error_replies total_error_replies dump_payload_sanitizations total_reads_processed " +
		"total_writes_processed client_query_buffer_limit_disconnections client_output_buffer_limit_disconnections eventloop_cycles " +
		"instantaneous_eventloop_cycles_per_sec acl_access_denied_auth acl_access_denied_cmd acl_access_denied_key acl_access_denied_channel",
	"Replication": "role connected_slaves master_failover_state master_replid master_replid2 master_repl_offset second_repl_offset repl_backlog_active " +
		"repl_backlog_size repl_backlog_first_byte_offset repl_backlog_histlen",
	"CPU":     "used_cpu_sys used_cpu_user used_cpu_sys_children used_cpu_user_children used_cpu_sys_main_thread used_cpu_user_main_thread",
	"Cluster": "cluster_enabled",
}

func TestInfoHasWhatToolsRead(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		info := allInfo(t, p.client())
		for section, fields := range infoFields {
			for _, field := range strings.Fields(fields) {
				if _, ok := info[field]; !ok {
					t.Errorf("%s has no %s", section, field)
				}
			}
		}
	})
}

// infoSections splits INFO at its head lines, in order.
func TestInfoSections(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "SET", "k", "v")
		heads := func(args ...any) string {
			text := mustDo(t, c, append([]any{"INFO"}, args...)...).(string)
			return strings.Join(regexp.MustCompile(`(?m)^# \w+`).FindAllString(text, -1), " ")
		}
		byDefault := "# Server # Clients # Memory # Persistence # Stats # Replication # CPU # Modules # Errorstats # Cluster # Keyspace"
		all := strings.Replace(byDefault, "# Errorstats", "# Commandstats # Errorstats # Latencystats", 1)
		for _, row := range []struct {
			args []any
			want string
		}{
			{nil, byDefault}, {[]any{"default"}, byDefault}, {[]any{"all"}, all}, {[]any{"EVERYTHING"}, all},
			{[]any{"nosuch"}, ""}, {[]any{"keyspace", "ClIeNtS", "nosuch"}, "# Clients # Keyspace"},
			{[]any{"commandstats", "latencystats", "default"}, all},
		} {
			if got := heads(row.args...); got != row.want {
				t.Errorf("INFO %v: %s, want %s", row.args, got, row.want)
			}
		}
	})
}

// What INFO counts of one sequence of commands is what Redis counts.
func TestInfoCounts(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) { playCounts(t, p.Addr) })
}

func TestInfoCountsAgainstRedis(t *testing.T) { playCounts(t, startRedis(t)) }

func playCounts(t *testing.T, addr string) {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, PoolSize: 1, Protocol: 2, DisableIdentity: true, MaxRetries: -1})
	defer c.Close()
	mustDo(t, c, "CONFIG", "RESETSTAT")
	raw := dialRaw(t, addr)
	raw.write("SET k v\r\nGET k\r\nGET no\r\nMGET k k no\r\nEXISTS k no no\r\nTTL k\r\nTYPE no\r\nSTRLEN k\r\nXADD s 1-1 f v\r\nXLEN s\r\nXLEN no\r\nXRANGE s - +\r\n" +
		"XADD k * f v\r\nXADD s 1-1 f v\r\nXADD s x\r\nXADD s bad f v\r\nFOO\r\nGET\r\nSELECT 99\r\nXREADGROUP GROUP g c STREAMS s >\r\n" +
		"SET gone v PX 1\r\nMULTI\r\nGET k\r\nINCR k\r\nEXEC\r\nMULTI\r\nFOO\r\nEXEC\r\nCLIENT FOO\r\n" +
		"SET h 1\r\nGETDEL h\r\nGETEX no\r\nSET h 1 GET\r\nGETSET h 2\r\nCOPY h i\r\nOBJECT ENCODING h\r\nOBJECT ENCODING no\r\nCLIENT SETNAME\r\nECHO the-end\r\n")
	raw.readUntil("the-end\r\n")
	eventually(t, "the key expires", func() bool { return allInfo(t, c)["expired_keys"] == "1" })
	info := allInfo(t, c)
	for field, want := range map[string]string{
		"keyspace_hits": "14", "keyspace_misses": "9", "expired_keys": "1",
		"total_error_replies":      "13",
		"errorstat_ERR":            "count=10",
		"errorstat_WRONGTYPE":      "count=1",
		"errorstat_NOGROUP":        "count=1",
		"errorstat_EXECABORT":      "count=1",
		"cmdstat_get":              "calls=3,rejected_calls=1,failed_calls=0",
		"cmdstat_set":              "calls=4,rejected_calls=0,failed_calls=0",
		"cmdstat_xadd":             "calls=4,rejected_calls=1,failed_calls=3",
		"cmdstat_select":           "calls=1,rejected_calls=0,failed_calls=1",
		"cmdstat_incr":             "calls=1,rejected_calls=0,failed_calls=1",
		"cmdstat_exec":             "calls=2,rejected_calls=0,failed_calls=1",
		"cmdstat_xreadgroup":       "calls=1,rejected_calls=0,failed_calls=1",
		"cmdstat_client|setname":   "calls=0,rejected_calls=1,failed_calls=0",
		"cmdstat_client":           "", // what is unknown belongs to nobody
		"unexpected_error_replies": "0",
	} {
		got := regexp.MustCompile(`usec=\d+,usec_per_call=\d+\.\d\d,`).ReplaceAllString(info[field], "")
		if got != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
	mustDo(t, c, "CONFIG", "RESETSTAT")
	info = allInfo(t, c)
	for _, field := range []string{"keyspace_hits", "keyspace_misses", "expired_keys", "total_error_replies"} {
		if info[field] != "0" {
			t.Errorf("%s is %s after CONFIG RESETSTAT", field, info[field])
		}
	}
	if info["cmdstat_get"]+info["errorstat_ERR"] != "" {
		t.Errorf("left after CONFIG RESETSTAT: %s %s", info["cmdstat_get"], info["errorstat_ERR"])
	}
}

// readUntil reads up to a text.
func (c rawConn) readUntil(end string) {
	c.t.Helper()
	var got []byte
	b := make([]byte, 64<<10)
	for !strings.HasSuffix(string(got), end) {
		n, err := c.Read(b)
		got = append(got, b[:n]...)
		if err != nil {
			c.t.Fatalf("%v behind %s", err, shown(got))
		}
	}
}

// allInfo are the fields of INFO everything.
func allInfo(t *testing.T, c *redis.Client) map[string]string {
	t.Helper()
	sections, err := c.InfoMap(t.Context(), "everything").Result()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, fields := range sections {
		maps.Copy(all, fields)
	}
	return all
}

// Fields that tell of the moment are true.
func TestInfoOfTheMoment(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
		for _, send := range []string{
			"XREAD BLOCK 0 STREAMS a $", "XREAD BLOCK 60000 STREAMS a $", "XREADGROUP GROUP g c BLOCK 60000 STREAMS s >",
			"WATCH x y", "WATCH x", "SUBSCRIBE c d", "PSUBSCRIBE e*", "SSUBSCRIBE f",
		} {
			dialRaw(t, p.Addr).write(send + "\r\n")
		}
		want := map[string]string{
			"connected_clients": "9", "blocked_clients": "3", "clients_in_timeout_table": "2", "total_blocking_keys": "2", "total_blocking_keys_on_nokey": "1",
			"watching_clients": "2", "total_watched_keys": "3", "pubsub_clients": "3", "pubsub_channels": "2", "pubsub_patterns": "1", "pubsubshard_channels": "1",
			"maxclients": "10000", "process_id": strconv.Itoa(p.pid()), "role": "master", "loading": "0", "aof_enabled": "1",
			"db0": "keys=1,expires=0,avg_ttl=0,subexpiry=0",
		}
		eventually(t, fmt.Sprint("all of ", want), func() bool {
			info := allInfo(t, c)
			return !slices.ContainsFunc(slices.Collect(maps.Keys(want)), func(field string) bool { return info[field] != want[field] })
		})
	})
}

// What is counted rises, and rates show what happens now.
func TestInfoRises(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		before := allInfo(t, c)
		stop := time.Now().Add(patience)
		for ops := int64(0); ops < 10; {
			if time.Now().After(stop) {
				t.Fatal("instantaneous_ops_per_sec does not rise")
			}
			for range 50 {
				mustDo(t, c, "SET", "k", strings.Repeat("x", 1000))
			}
			ops = number(t, allInfo(t, c), "instantaneous_ops_per_sec")
		}
		after := allInfo(t, c)
		for _, field := range []string{
			"total_commands_processed", "total_net_input_bytes", "total_net_output_bytes", "total_reads_processed", "total_writes_processed",
			"eventloop_cycles", "rdb_changes_since_last_save", "master_repl_offset", "server_time_usec",
		} {
			if number(t, after, field) <= number(t, before, field) {
				t.Errorf("%s was %s and is %s", field, before[field], after[field])
			}
		}
		for _, field := range []string{"used_memory", "used_memory_rss", "used_memory_peak", "total_system_memory", "allocator_active", "aof_current_size"} {
			if number(t, after, field) < 10<<10 {
				t.Errorf("%s is %s", field, after[field])
			}
		}
		if kbps, err := strconv.ParseFloat(after["instantaneous_input_kbps"], 64); err != nil || kbps <= 0 {
			t.Errorf("instantaneous_input_kbps is %s", after["instantaneous_input_kbps"])
		}
		if number(t, after, "used_memory_peak") < number(t, after, "used_memory") {
			t.Errorf("peak %s below %s", after["used_memory_peak"], after["used_memory"])
		}
		if usec := regexp.MustCompile(`usec=(\d+),`).FindStringSubmatch(after["cmdstat_set"]); usec == nil || usec[1] == "0" {
			t.Errorf("cmdstat_set: %s", after["cmdstat_set"])
		}
	})
}

func number(t *testing.T, info map[string]string, field string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(info[field], 10, 64)
	if err != nil {
		t.Errorf("%s: %v", field, err)
	}
	return n
}
