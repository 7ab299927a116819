package server

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-io/millrace/commands"
)

// infoSection is one section of INFO.
type infoSection struct {
	name  string // as in its head line
	write func(n *Node, b *infoText)
}

// infoSections are the sections, in Redis' order.
var infoSections = []infoSection{
	{"Server", (*Node).infoServer},
	{"Clients", (*Node).infoClients},
	{"Memory", (*Node).infoMemory},
	{"Persistence", (*Node).infoPersistence},
	{"Stats", (*Node).infoStats},
	{"Replication", (*Node).infoReplication},
	{"CPU", (*Node).infoCPU},
	{"Modules", func(*Node, *infoText) {}},
	{"Commandstats", (*Node).infoCommandStats},
	{"Errorstats", (*Node).infoErrorStats},
	{"Latencystats", (*Node).infoLatencyStats},
	{"Cluster", (*Node).infoCluster},
	{"Keyspace", (*Node).infoKeyspace},
}

// infoText gathers the lines of INFO.
type infoText struct{ strings.Builder }

func (b *infoText) line(field string, value any) { fmt.Fprintf(b, "%s:%v\r\n", field, value) }

// info gives the named sections in order; unknown names give nothing. Without
// names it gives all that Redis gives by default.
func (n *Node) info(names []string) string {
	var b infoText
	for _, s := range wantedSections(names) {
		if b.Len() > 0 {
			b.WriteString("\r\n")
		}
		fmt.Fprintf(&b, "# %s\r\n", s.name)
		s.write(n, &b)
	}
	return b.String()
}

// wantedSections are those that names, in lower case, ask for.
func wantedSections(names []string) (wanted []infoSection) {
	all := slices.Contains(names, "all") || slices.Contains(names, "everything")
	byDefault := len(names) == 0 || slices.Contains(names, "default")
	for _, s := range infoSections {
		name := strings.ToLower(s.name)
		if all || slices.Contains(names, name) || byDefault && name != "commandstats" && name != "latencystats" {
			wanted = append(wanted, s)
		}
	}
	return wanted
}

func (n *Node) infoServer(b *infoText) {
	exe, _ := os.Executable()
	up := time.Since(n.started)
	_, port, _ := net.SplitHostPort(n.addr)
	b.line("redis_version", n.live.Config().RedisVersion)
	b.line("redis_git_sha1", "00000000")
	b.line("redis_git_dirty", 0)
	b.line("redis_build_id", n.runID[:16])
	b.line("redis_mode", n.mode())
	b.line("millrace_version", version())
	b.line("os", runtime.GOOS+" "+runtime.GOARCH)
	b.line("arch_bits", strconv.IntSize)
	b.line("multiplexing_api", string(n.live.Config().Listener))
	b.line("go_version", runtime.Version())
	b.line("process_id", os.Getpid())
	b.line("run_id", n.runID)
	b.line("tcp_port", port)
	b.line("server_time_usec", time.Now().UnixMicro())
	b.line("uptime_in_seconds", int64(up.Seconds()))
	b.line("uptime_in_days", int64(up.Hours()/24))
	b.line("hz", 10)
	b.line("configured_hz", 10)
	b.line("executable", exe)
	b.line("process_supervised", "no")
	b.line("monotonic_clock", "Go runtime")
	b.line("lru_clock", time.Now().Unix()&(1<<24-1))
	b.line("config_file", n.live.Config().File())
	b.line("io_threads_active", 0)
}

// version is the binary's own version, as the Go toolchain recorded it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "(devel)"
}

// newRunID is 40 hex digits that tell one run of the process from another.
func newRunID(boot uint64, started time.Time) string {
	sum := sha1.Sum(fmt.Appendf(nil, "%d %d", boot, started.UnixNano()))
	return hex.EncodeToString(sum[:])
}

func (n *Node) infoClients(b *infoText) {
	blocked, keys := n.blocked()
	timeouts, ofGroups := n.blockedFor()
	clients := n.front.Stats()
	b.line("connected_clients", n.front.Clients())
	b.line("cluster_connections", 0)
	b.line("maxclients", n.live.Config().MaxClients)
	b.line("client_recent_max_input_buffer", clients.QueryBytesMax)
	b.line("client_recent_max_output_buffer", clients.ReplyBytesMax)
	b.line("blocked_clients", blocked+n.front.Postponed())
	b.line("tracking_clients", n.front.Tracked().Census().Trackers)
	b.line("pubsub_clients", n.front.PubSub().Clients())
	b.line("watching_clients", clients.Watching)
	b.line("clients_in_timeout_table", timeouts)
	b.line("total_watched_keys", clients.WatchedKeys)
	b.line("total_blocking_keys", keys)
	b.line("total_blocking_keys_on_nokey", ofGroups)
}

func (n *Node) infoMemory(b *infoText) {
	m := node{n}.Memory()
	b.line("used_memory", m.Used)
	b.line("used_memory_human", humanBytes(m.Used))
	b.line("used_memory_rss", m.Resident)
	b.line("used_memory_rss_human", humanBytes(m.Resident))
	b.line("used_memory_peak", m.Peak)
	b.line("used_memory_peak_human", humanBytes(m.Peak))
	b.line("used_memory_peak_perc", percent(m.Used, m.Peak))
	b.line("used_memory_overhead", m.Used-min(m.Used, m.Dataset))
	b.line("used_memory_startup", m.Startup)
	b.line("used_memory_dataset", m.Dataset)
	b.line("used_memory_dataset_perc", percent(m.Dataset, m.Used))
	n.infoAllocator(b, m)
	b.line("used_memory_lua", 0)
	b.line("used_memory_scripts", 0)
	b.line("number_of_cached_scripts", 0)
	limit := n.live.Config().MaxMemory
	b.line("maxmemory", limit)
	b.line("maxmemory_human", humanBytes(uint64(limit)))
	b.line("maxmemory_policy", "noeviction")
	b.line("mem_allocator", "go")
	b.line("active_defrag_running", 0)
	b.line("lazyfree_pending_objects", 0)
	b.line("lazyfreed_objects", 0)
}

func humanBytes(n uint64) string {
	units := []string{"B", "K", "M", "G", "T"}
	f, i := float64(n), 0
	for f >= 1024 && i < len(units)-1 {
		f /= 1024
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%dB", n)
	}
	return fmt.Sprintf("%.2f%s", f, units[i])
}

func (n *Node) infoPersistence(b *infoText) {
	s := &n.saves
	s.mu.Lock()
	defer s.mu.Unlock()
	status := "ok"
	if s.lastErr != nil {
		status = "err"
	}
	last := n.started
	if !s.last.IsZero() {
		last = s.last
	}
	log := n.log.Stats()
	b.line("loading", 0)
	b.line("async_loading", 0)
	b.line("rdb_changes_since_last_save", sum(n, (*partition).unsaved))
	b.line("rdb_bgsave_in_progress", boolInt(s.running))
	b.line("rdb_last_save_time", last.Unix())
	b.line("rdb_last_bgsave_status", status)
	b.line("rdb_last_bgsave_time_sec", int64(s.lastTook.Seconds()))
	b.line("rdb_current_bgsave_time_sec", s.currentSeconds())
	b.line("rdb_last_load_keys_expired", 0)
	b.line("rdb_saves", s.count)
	b.line("rdb_last_cow_size", 0)
	b.line("aof_enabled", 1)
	b.line("aof_rewrite_in_progress", 0)
	b.line("aof_rewrite_scheduled", 0)
	b.line("aof_last_rewrite_time_sec", -1)
	b.line("aof_current_rewrite_time_sec", -1)
	b.line("aof_last_bgrewrite_status", "ok")
	b.line("aof_last_write_status", "ok")
	b.line("aof_current_size", log.DiskBytes)
	b.line("aof_base_size", sum(n, func(pt *partition) int64 { _, bytes := pt.snapshots.Newest(); return bytes }))
	b.line("aof_buffer_length", n.backlog())
	b.line("aof_pending_bio_fsync", 0)
	b.line("aof_delayed_fsync", 0)
	b.line("module_fork_in_progress", 0)
	b.line("log_syncs", log.Syncs)
	b.line("log_writes", log.Writes)
	b.line("log_bytes", log.Bytes)
	b.line("log_segments", log.Segments)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (n *Node) infoCPU(b *infoText) {
	user, system := cpuTime()
	b.line("used_cpu_sys", fmt.Sprintf("%.6f", system.Seconds()))
	b.line("used_cpu_user", fmt.Sprintf("%.6f", user.Seconds()))
	b.line("used_cpu_sys_children", "0.000000")
	b.line("used_cpu_user_children", "0.000000")
	// There is no main thread: all of them do the work.
	b.line("used_cpu_sys_main_thread", fmt.Sprintf("%.6f", system.Seconds()))
	b.line("used_cpu_user_main_thread", fmt.Sprintf("%.6f", user.Seconds()))
}

func (n *Node) infoKeyspace(b *infoText) {
	keys, expires := map[int]int{}, map[int]int{}
	databases := 0
	n.inspect(func(m *commands.Machine) {
		state := m.State()
		databases = max(databases, state.Databases())
		for i := range state.Databases() {
			keys[i] += state.DB(i).Len()
			expires[i] += state.DB(i).Expires()
		}
	})
	for i := range databases {
		if keys[i] > 0 {
			fmt.Fprintf(b, "db%d:keys=%d,expires=%d,avg_ttl=0,subexpiry=0\r\n", i, keys[i], expires[i])
		}
	}
}
