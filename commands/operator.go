package commands

import "time"

// Operator is what those who run a node ask of it. Its methods may be called from
// any goroutine, and none of them waits unless it says so.
type Operator interface {
	// Kill closes a connection and reports whether there was one.
	Kill(id uint64) bool
	// StartSnapshot begins a snapshot; false: one is being taken already. done, when
	// not nil, is called once it is durable, or has failed.
	StartSnapshot(done func(error)) bool
	// LastSnapshot is when the last one ended well, at first when the node started.
	LastSnapshot() time.Time
	// SyncLog waits until all that was acknowledged is on disk.
	SyncLog() error
	// Shutdown makes the node stop as a signal does.
	Shutdown()
	// Applied is the index of the last log entry that the state holds.
	Applied() uint64
	// OutOfMemory reports that the node takes, or would take with so many bytes more,
	// more memory than maxmemory allows.
	OutOfMemory(more int64) bool
	// Memory tells what takes how much; FreeMemory gives back what is not used, and
	// waits for that.
	Memory() MemoryReport
	FreeMemory()
	// Latencies is how long things took.
	Latencies() Latencies
	// SlowLog keeps the commands that took long.
	SlowLog() SlowLog
	// ACLLog keeps the logins that failed.
	ACLLog() *ACLLog
}
