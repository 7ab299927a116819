package config

import (
	"fmt"
	"log/slog"
	"time"
)

// Config holds the value of every setting, checked. The comments are in the
// declaration, settings.go. Get one from Default or Load: the zero value is no
// usable configuration.
type Config struct {
	Dir              string
	LogSegmentBytes  int64
	SnapshotLogBytes int64
	Fsync            Fsync
	Partitions       int

	Addr           string
	Listener       Listener
	UnixSocket     string
	UnixSocketPerm string
	RequirePass    string
	ProtectedMode  bool
	MaxClients     int
	Timeout        time.Duration
	TCPKeepalive   time.Duration

	ProtoMaxBulkLen         int64
	ClientQueryBufferLimit  int64
	ClientOutputBufferLimit BufferLimits
	MaxMemory               int64
	SlowlogLogSlowerThan    int64
	SlowlogMaxLen           int64
	TrackingTableMaxKeys    int64
	LatencyMonitorThreshold int64
	LatencyTracking         bool
	LatencyPercentiles      Percentiles
	EnableDebugCommand      DebugCommand

	ClusterAddr      string
	ClusterAdvertise string
	ClientAdvertise  string
	Join             string
	ClusterSecret    string
	ClusterTLSCert   string
	ClusterTLSKey    string
	ClusterTLSCA     string
	Routing          Routing
	Reads            Reads
	ElectionTimeout  time.Duration
	ClusterMaxEntry  int64

	Databases            int
	NotifyKeyspaceEvents KeyspaceEvents
	StreamNodeMaxBytes   int64
	StreamNodeMaxEntries int64
	StreamIDMPDuration   time.Duration
	StreamIDMPMaxSize    int64
	RedisVersion         string

	LogLevel  LogLevel
	LogFormat LogFormat

	// level follows LogLevel for the loggers that NewLogger made. All copies of a
	// Config share it.
	level *slog.LevelVar
	// file is where Load read settings, "" for nowhere.
	file string
}

// Fsync says when a write is synced.
type Fsync string

// The values of fsync.
const (
	FsyncAlways   Fsync = "always"
	FsyncEverySec Fsync = "everysec"
	FsyncNo       Fsync = "no"
)

// Listener says what reads and writes the connections of clients.
type Listener string

// The values of listener.
const (
	ListenerAuto   Listener = "auto"
	ListenerEpoll  Listener = "epoll"
	ListenerRedcon Listener = "redcon"
)

// DebugCommand says who may use DEBUG.
type DebugCommand string

// The values of enable-debug-command.
const (
	DebugNo    DebugCommand = "no"
	DebugYes   DebugCommand = "yes"
	DebugLocal DebugCommand = "local"
)

// Routing says what happens to a command on a key that another node leads.
type Routing string

// The values of routing.
const (
	RoutingProxy    Routing = "proxy"
	RoutingRedirect Routing = "redirect"
)

// Reads says what a read may return.
type Reads string

// The values of reads.
const (
	ReadsLinearizable Reads = "linearizable"
	ReadsLease        Reads = "lease"
	ReadsLocal        Reads = "local"
)

// Default returns the configuration in which every setting has its default.
func Default() *Config {
	c := &Config{level: new(slog.LevelVar)}
	for i := range settings {
		s := &settings[i]
		if err := s.parse(c, s.Default); err != nil {
			panic(fmt.Sprintf("default of setting %s: %v", s.Name, err)) // a test reads every default
		}
	}
	return c
}

// File is the file that settings were read from, "" for none.
func (c *Config) File() string { return c.file }

func (c *Config) clone() *Config {
	next := *c
	return &next
}
