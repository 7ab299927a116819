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
			"with `no` what the operating system had not yet written. A crash of the process alone loses nothing in any of them. " +
			"With `cluster-addr` only `always` is taken: a majority could otherwise elect a leader that lacks what a crashed node had acknowledged.",
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
		Name: "partitions", Type: Int, Default: "1", Group: GroupData, Scope: Cluster, Change: Restart,
		Min: 1, Max: 256,
		Effect: "Partitions that a new folder is made with. Each has a part of the keys, by their hash slots, and its own Raft group; commands on different " +
			"partitions run side by side. A folder keeps the number that it was made with: a start that asks for another one says so in a warning and goes on with the folder's.",
		field: func(c *Config) any { return &c.Partitions },
	},
	{
		Name: "addr", Type: Text, Default: "127.0.0.1:6379", Group: GroupClients, Scope: Node, Change: Restart,
		Effect: "Address and port on which clients connect. An empty host means all interfaces; port 0 takes a free one, which the ready line names. " +
			"CONFIG shows it as `bind` and `port`.",
		check: isAddr,
		field: func(c *Config) any { return &c.Addr },
	},
	{
		Name: "unixsocket", Type: Text, Default: "", Group: GroupClients, Scope: Node, Change: Restart,
		Effect: "Path of a unix socket on which clients of this machine can connect, too; empty: none. A socket that was left behind is replaced, one that " +
			"another process listens on is not. The file goes when the node stops.",
		field: func(c *Config) any { return &c.UnixSocket },
	},
	{
		Name: "unixsocketperm", Type: Text, Default: "0", Group: GroupClients, Scope: Node, Change: Restart,
		Effect: "Permissions of the unix socket, three octal digits: who may write to it may connect. 0 leaves what the umask of the process gives.",
		check:  isPermission,
		field:  func(c *Config) any { return &c.UnixSocketPerm },
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
		Default: "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
		Effect: "Most bytes of replies that may wait for a client to read them. For each class: the class, the hard limit, the soft limit, and the seconds " +
			"that the soft limit may be exceeded; beyond that the connection is closed. 0 is no limit: a client that does not read is held back then, " +
			"with 1 MiB of replies waiting, and closed at 1 GiB, which only long replies reach. With listener `redcon` it is held back in any case once TCP takes no more, " +
			"so that only long replies and messages reach a limit. Subscribers and monitors have the class `pubsub`. Classes that are not named keep their limits. " +
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
		Name: "tracking-table-max-keys", Type: Int, Default: "1000000", Group: GroupLimits, Scope: Node, Change: Runtime,
		Min: 0, Max: math.MaxInt32,
		Effect: "Keys that are remembered for clients that asked for CLIENT TRACKING; 0 is no limit. Past it keys drawn at random are forgotten, " +
			"and their clients told as if they had changed. Broadcasting mode remembers none.",
		field: func(c *Config) any { return &c.TrackingTableMaxKeys },
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
		Name: "latency-tracking", Type: Bool, Default: "yes", Group: GroupLogging, Scope: Node, Change: Runtime,
		Effect: "Whether INFO latencystats and LATENCY HISTOGRAM tell how long the commands took. The times are taken in any case, for INFO commandstats.",
		field:  func(c *Config) any { return &c.LatencyTracking },
	},
	{
		Name: "latency-tracking-info-percentiles", Type: Numbers, Default: "50 99 99.9", Group: GroupLogging, Scope: Node, Change: Runtime,
		Effect: "Percentiles of the times of each command that INFO latencystats shows: up to 64 numbers from 0 to 100.",
		field:  func(c *Config) any { return &c.LatencyPercentiles },
	},
	{
		Name: "enable-debug-command", Type: Enum, Default: "no", Group: GroupLogging, Scope: Node, Change: Restart,
		Values: []string{"no", "yes", "local"},
		Effect: "Whether clients may use DEBUG: none, all, or with `local` those on this machine. It can hold up the node: for tests only.",
		field:  func(c *Config) any { return (*string)(&c.EnableDebugCommand) },
	},
	{
		Name: "cluster-addr", Type: Text, Default: "", Group: GroupCluster, Scope: Node, Change: Restart,
		Effect: "Address and port on which other nodes connect; empty: the node is on its own and belongs to no cluster. An empty folder begins a cluster of one, " +
			"unless `join` names others. Port 0 takes a free one.",
		check: isAddrOrEmpty,
		field: func(c *Config) any { return &c.ClusterAddr },
	},
	{
		Name: "cluster-advertise", Type: Text, Default: "", Group: GroupCluster, Scope: Node, Change: Restart,
		Effect: "Address that other nodes are told to connect to; empty: `cluster-addr`, which must name a host then that others reach.",
		check:  isAddrOrEmpty,
		field:  func(c *Config) any { return &c.ClusterAdvertise },
	},
	{
		Name: "client-advertise", Type: Text, Default: "", Group: GroupCluster, Scope: Node, Change: Restart,
		Effect: "Address that CLUSTER SLOTS and redirections give to clients; empty: `addr`, with the host of `cluster-advertise` where `addr` means all interfaces.",
		check:  isAddrOrEmpty,
		field:  func(c *Config) any { return &c.ClientAdvertise },
	},
	{
		Name: "join", Type: Text, Default: "", Group: GroupCluster, Scope: Node, Change: Restart,
		Effect: "Members of a cluster that a node with an empty folder is to join: the `cluster-addr` of one or more, with commas between. A node that belongs " +
			"to a cluster already knows its way, and looks at this only when it can't reach all members. With `wait` the node waits until `millrace cluster add` tells it.",
		check: isJoin,
		field: func(c *Config) any { return &c.Join },
	},
	{
		Name: "cluster-secret", Type: Text, Default: "", Group: GroupCluster, Scope: Cluster, Change: Restart, Secret: true,
		Effect: "Secret that the nodes of a cluster share: who does not know it is let into none. It never crosses the wire, and CONFIG does not show it. With " +
			"`cluster-addr` on anything but this machine itself it must be set, or TLS be used. A command line is seen by every user of the machine: prefer the environment or the file.",
		field: func(c *Config) any { return &c.ClusterSecret },
	},
	{
		Name: "cluster-tls-cert-file", Type: Text, Default: "", Group: GroupCluster, Scope: Node, Change: Restart,
		Effect: "Certificate of this node (PEM, with the chain up to the authority): with the next two, nodes talk TLS and each shows the other its certificate. " +
			"All nodes of a cluster have TLS, or none. See [cluster](cluster.md#encryption-and-who-is-let-in).",
		field: func(c *Config) any { return &c.ClusterTLSCert },
	},
	{
		Name: "cluster-tls-key-file", Type: Text, Default: "", Group: GroupCluster, Scope: Node, Change: Restart,
		Effect: "Private key of `cluster-tls-cert-file` (PEM).",
		field:  func(c *Config) any { return &c.ClusterTLSKey },
	},
	{
		Name: "cluster-tls-ca-cert-file", Type: Text, Default: "", Group: GroupCluster, Scope: Cluster, Change: Restart,
		Effect: "Certificates of the authorities that sign those of the nodes (PEM). Whoever has a certificate of theirs is let in where there is no " +
			"`cluster-secret`: use an authority of the cluster's own, or set both.",
		field: func(c *Config) any { return &c.ClusterTLSCA },
	},
	{
		Name: "routing", Type: Enum, Default: "proxy", Group: GroupCluster, Scope: Node, Change: Restart,
		Values: []string{"proxy", "redirect"},
		Effect: "What happens to a command on a key that another node leads. With `proxy` any node takes any command, and clients need to know nothing of the cluster; " +
			"with `redirect` the client is told where to go (MOVED), as by Redis Cluster, and there is one database. See [cluster](cluster.md).",
		field: func(c *Config) any { return (*string)(&c.Routing) },
	},
	{
		Name: "reads", Type: Enum, Default: "linearizable", Group: GroupCluster, Scope: Node, Change: Restart,
		Values: []string{"linearizable", "lease", "local"},
		Effect: "What a read may return. `linearizable` sees every change that was acknowledged anywhere before it began; `lease` does, too, as long as no clock " +
			"runs wild, and saves a round trip; `local` is what this node's replica has, which may be behind.",
		field: func(c *Config) any { return (*string)(&c.Reads) },
	},
	{
		Name: "election-timeout", Type: Millis, Default: "500ms", Group: GroupCluster, Scope: Cluster, Change: Restart,
		Min: 50, Max: 60_000,
		Effect: "How long a leader may be silent before the others elect another one. Heartbeats are sent several times in that time.",
		field:  func(c *Config) any { return &c.ElectionTimeout },
	},
	{
		Name: "cluster-max-entry", Type: Size, Default: "64mb", Group: GroupCluster, Scope: Cluster, Change: Restart,
		Min: 1 << 20, Max: 1 << 29,
		Effect: "Largest command that changes something, with its arguments, or transaction, that a node with `cluster-addr` takes. A larger one gets an error and is not run: " +
			"it travels between the nodes as one entry of the log, and what other clients write waits behind it.",
		field: func(c *Config) any { return &c.ClusterMaxEntry },
	},
	{
		Name: "databases", Type: Int, Default: "16", Group: GroupStreams, Scope: Cluster, Change: Restart,
		Min: 1, Max: 10000,
		Effect: "Number of databases that SELECT may choose from. A cluster keeps the number that its first node had.",
		field:  func(c *Config) any { return &c.Databases },
	},
	{
		Name: "notify-keyspace-events", Type: Events, Default: "", Group: GroupStreams, Scope: Cluster, Change: Runtime,
		Effect: "What changes of keys are published, as letters; empty: none. `K` publishes to `__keyspace@<db>__:<key>`, `E` to `__keyevent@<db>__:<event>`; without " +
			"one of the two nothing is published. Classes: `g` commands of all types such as DEL and EXPIRE, `$` strings, `t` streams, `x` keys that expired, `n` new keys, " +
			"`m` reads of missing keys; `A` are all classes but `n` and `m`. `l`, `s`, `h`, `z`, `e` and `d` are taken for Redis' sake: nothing of these ever happens here.",
		field: func(c *Config) any { return &c.NotifyKeyspaceEvents },
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
		Name: "stream-idmp-duration", Type: Seconds, Default: "100s", Group: GroupStreams, Scope: Partition, Change: Runtime,
		Min: 1, Max: 30 * 24 * 60 * 60,
		Effect: "How long a new stream remembers the idempotent IDs of `XADD IDMP` and `IDMPAUTO`. XCFGSET changes it for a stream that is there.",
		field:  func(c *Config) any { return &c.StreamIDMPDuration },
	},
	{
		Name: "stream-idmp-maxsize", Type: Int, Default: "100", Group: GroupStreams, Scope: Partition, Change: Runtime,
		Min: 1, Max: 1_000_000,
		Effect: "How many idempotent IDs of each producer a new stream remembers; the oldest go first. XCFGSET changes it for a stream that is there, " +
			"and [its page](commands.md#xcfgset) says what they cost.",
		field: func(c *Config) any { return &c.StreamIDMPMaxSize },
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
