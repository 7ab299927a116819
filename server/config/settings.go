package config

import "math"

// settings is the declaration. A new setting is one value here and one field of
// Config; then `go generate ./server/config` rewrites docs/configuration.md.
var settings = []Setting{
	{
		Name: "dir", Type: Text, Default: "./millrace-data", Group: GroupData, Scope: Node, Change: Restart,
		Effect: "Folder that holds the log and the snapshots. It is created when it is missing. One process at a time may use it.",
		check:  notEmpty,
		field:  func(c *Config) any { return &c.Dir },
	},
	{
		Name: "fsync", Type: Enum, Default: "always", Group: GroupData, Scope: Node, Change: Runtime,
		Values: []string{"always", "everysec", "no"},
		Effect: "When a write is synced to the disk. With `always` a reply means synced; with `everysec` a crash of the machine may lose the last second, " +
			"with `no` what the operating system had not yet written. A crash of the process alone loses nothing in any of them.",
		Redis: []RedisName{{Name: "appendfsync", Values: [][2]string{{"everysec", "everysec"}, {"always", "always"}, {"no", "no"}}}},
		field: func(c *Config) any { return (*string)(&c.Fsync) },
	},
	{
		Name: "snapshot-log-bytes", Type: Size, Default: "256mb", Group: GroupData, Scope: Node, Change: Runtime,
		Min: 1 << 20, Max: math.MaxInt64,
		Effect: "A snapshot is written when the log has grown by this much since the last one, and by at least half of that one's size. " +
			"A smaller value makes starts faster and writes more.",
		field: func(c *Config) any { return &c.SnapshotLogBytes },
	},
	{
		Name: "log-segment-bytes", Type: Size, Default: "64mb", Group: GroupData, Scope: Node, Change: Restart,
		Min: 1 << 20, Max: 1 << 30,
		Effect: "Size of the files that the log is cut into. They are allocated in full and used again; a spare one is kept ready.",
		field:  func(c *Config) any { return &c.LogSegmentBytes },
	},
	{
		Name: "addr", Type: Text, Default: "127.0.0.1:6379", Group: GroupClients, Scope: Node, Change: Restart,
		Effect: "Address and port on which clients connect. An empty host means all interfaces; port 0 takes a free one, which the ready line names. " +
			"CONFIG shows it as `bind` and `port`.",
		check: isAddr,
		field: func(c *Config) any { return &c.Addr },
	},
	{
		Name: "listener", Type: Enum, Default: "auto", Group: GroupClients, Scope: Node, Change: Restart,
		Values: []string{"auto", "epoll", "redcon"},
		Effect: "What serves the connections. `epoll` are a few event loops and need Linux, `redcon` is a goroutine for each connection; `auto` takes `epoll` on Linux.",
		field:  func(c *Config) any { return (*string)(&c.Listener) },
	},
	{
		Name: "requirepass", Type: Text, Default: "", Group: GroupClients, Scope: Cluster, Change: Runtime,
		Effect: "Password that clients must give with AUTH or HELLO. Empty: none is asked for. A command line is seen by every user of the machine: " +
			"prefer the environment or the file. A change does not log out clients that are connected.",
		field: func(c *Config) any { return &c.RequirePass },
	},
	{
		Name: "protected-mode", Type: Bool, Default: "yes", Group: GroupClients, Scope: Node, Change: Runtime,
		Effect: "While no password is set, refuse clients that are not on this machine.",
		field:  func(c *Config) any { return &c.ProtectedMode },
	},
	{
		Name: "maxclients", Type: Int, Default: "10000", Group: GroupClients, Scope: Node, Change: Runtime,
		Min: 1, Max: math.MaxUint32,
		Effect: "Most clients that may be connected at a time; a further one gets an error.",
		field:  func(c *Config) any { return &c.MaxClients },
	},
	{
		Name: "timeout", Type: Seconds, Default: "0s", Group: GroupClients, Scope: Node, Change: Runtime,
		Min: 0, Max: math.MaxInt32,
		Effect: "Close a connection after this time without a command; 0 never does. Blocked clients are left alone.",
		field:  func(c *Config) any { return &c.Timeout },
	},
	{
		Name: "tcp-keepalive", Type: Seconds, Default: "300s", Group: GroupClients, Scope: Node, Change: Runtime,
		Min: 0, Max: math.MaxInt32,
		Effect: "After this time of silence TCP asks whether the client is still there; 0 never does. A change holds for new connections.",
		field:  func(c *Config) any { return &c.TCPKeepalive },
	},
	{
		Name: "proto-max-bulk-len", Type: Size, Default: "512mb", Group: GroupLimits, Scope: Node, Change: Runtime,
		Min: 1 << 20, Max: math.MaxInt64,
		Effect: "Longest single argument of a command.",
		field:  func(c *Config) any { return &c.ProtoMaxBulkLen },
	},
	{
		Name: "client-query-buffer-limit", Type: Size, Default: "1gb", Group: GroupLimits, Scope: Node, Change: Runtime,
		Min: 1 << 20, Max: math.MaxInt64,
		Effect: "Most bytes of one request, all arguments together; the connection is closed beyond it.",
		field:  func(c *Config) any { return &c.ClientQueryBufferLimit },
	},
	{
		Name: "client-output-buffer-limit", Type: Limits, Group: GroupLimits, Scope: Node, Change: Runtime,
		Default: "normal 1073741824 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
		Effect: "Most bytes of replies that may wait for a client to read them. For each class: the class, the hard limit, the soft limit, and the seconds " +
			"that the soft limit may be exceeded; beyond that the connection is closed. 0 is no limit. Classes that are not named keep their limits. " +
			"The class `slave` is there for Redis' sake and limits nothing.",
		field: func(c *Config) any { return &c.ClientOutputBufferLimit },
	},
	{
		Name: "maxmemory", Type: Size, Default: "0", Group: GroupLimits, Scope: Node, Change: Runtime,
		Min: 0, Max: math.MaxInt64,
		Effect: "Memory of the process from which commands that may need more are refused; 0 is no limit. Nothing is ever evicted. It is compared with " +
			"`used_memory` of INFO, and the resident size is kept within a tenth of it. Near the limit Go's garbage collector runs more often: leave it some room. " +
			"A `GOMEMLIMIT` that is smaller still holds.",
		field: func(c *Config) any { return &c.MaxMemory },
	},
	{
		Name: "slowlog-log-slower-than", Type: Int, Default: "10000", Group: GroupLogging, Scope: Node, Change: Runtime,
		Min: -1, Max: math.MaxInt64 / 1000,
		Effect: "Microseconds of run time from which a command is kept for SLOWLOG; 0 keeps all, -1 none.",
		field:  func(c *Config) any { return &c.SlowlogLogSlowerThan },
	},
	{
		Name: "slowlog-max-len", Type: Int, Default: "128", Group: GroupLogging, Scope: Node, Change: Runtime,
		Min: 0, Max: math.MaxInt32,
		Effect: "Most commands that SLOWLOG keeps; the oldest go first.",
		field:  func(c *Config) any { return &c.SlowlogMaxLen },
	},
	{
		Name: "latency-monitor-threshold", Type: Int, Default: "0", Group: GroupLogging, Scope: Node, Change: Runtime,
		Min: 0, Max: math.MaxInt64,
		Effect: "Milliseconds from which something that took long is noted for LATENCY; 0 notes nothing.",
		field:  func(c *Config) any { return &c.LatencyMonitorThreshold },
	},
	{
		Name: "enable-debug-command", Type: Enum, Default: "no", Group: GroupLogging, Scope: Node, Change: Restart,
		Values: []string{"no", "yes", "local"},
		Effect: "Whether clients may use DEBUG: none, all, or with `local` those on this machine. It can hold up the node: for tests only.",
		field:  func(c *Config) any { return (*string)(&c.EnableDebugCommand) },
	},
	{
		Name: "databases", Type: Int, Default: "16", Group: GroupStreams, Scope: Cluster, Change: Restart,
		Min: 1, Max: 10000,
		Effect: "Number of databases that SELECT may choose from.",
		field:  func(c *Config) any { return &c.Databases },
	},
	{
		Name: "stream-node-max-bytes", Type: Size, Default: "4096", Group: GroupStreams, Scope: Partition, Change: Runtime,
		Min: 0, Max: math.MaxInt64,
		Effect: "A node of a stream takes entries up to this many bytes; 0 is no limit. Trimming with `~` removes whole nodes.",
		field:  func(c *Config) any { return &c.StreamNodeMaxBytes },
	},
	{
		Name: "stream-node-max-entries", Type: Int, Default: "100", Group: GroupStreams, Scope: Partition, Change: Runtime,
		Min: 0, Max: math.MaxInt64,
		Effect: "A node of a stream takes up to this many entries; 0 is no limit.",
		field:  func(c *Config) any { return &c.StreamNodeMaxEntries },
	},
	{
		Name: "redis-version", Type: Text, Default: "7.4.0", Group: GroupStreams, Scope: Node, Change: Restart,
		Effect: "Version of Redis that HELLO and INFO claim. Clients decide by it what they may use.",
		check:  isVersion,
		field:  func(c *Config) any { return &c.RedisVersion },
	},
	{
		Name: "log-level", Type: Enum, Default: "info", Group: GroupLogging, Scope: Node, Change: Runtime,
		Values: []string{"debug", "info", "warn", "error"},
		Effect: "Least important log record that is written. The ready line has level `info`.",
		Redis: []RedisName{{Name: "loglevel", Values: [][2]string{
			{"debug", "debug"}, {"verbose", "info"}, {"notice", "info"}, {"warning", "warn"}, {"nothing", "error"},
		}}},
		field: func(c *Config) any { return (*string)(&c.LogLevel) },
	},
	{
		Name: "log-format", Type: Enum, Default: "auto", Group: GroupLogging, Scope: Node, Change: Restart,
		Values: []string{"auto", "text", "json"},
		Effect: "How log records are written to the standard error output. `auto` is `text` on a terminal and `json` otherwise.",
		field:  func(c *Config) any { return (*string)(&c.LogFormat) },
	},
}
