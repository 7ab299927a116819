package commands

import (
	"strings"

	"github.com/millrace-io/millrace/resp/wire"
)

// MemoryReport is what MEMORY STATS tells, in bytes.
type MemoryReport struct {
	Used     uint64 // what maxmemory is compared with
	Peak     uint64 // most that it ever was
	Startup  uint64 // what it was before there was a client, without keys and values
	Dataset  uint64 // keys and values
	Keys     uint64 // their number
	Resident uint64 // of the process
	Limit    uint64 // maxmemory, 0: none
	// Allocated are the objects of Go's heap, garbage included; Mapped is what the Go
	// runtime has from the system.
	Allocated, Mapped uint64
}

// MEMORY STATS.
var memoryStats = Command{
	Name: "stats", Syntax: "MEMORY STATS",
	Summary: "Show memory usage details.",
	Since:   "4.0.0", Group: "server", Complexity: "O(1)",
	Arity: 2, Categories: CatSlow,
	Tips: []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},

	Differences: "Fields of what is not there are 0.",
	Class:       Barrier,
	Serve: func(c *ServeCall) error {
		c.Out = c.Node.Memory().append(c.Out, c.Session.Proto())
		return nil
	},
}

func (m MemoryReport) append(out []byte, p wire.Proto) []byte {
	counts := []struct {
		name  string
		value uint64
	}{
		{"peak.allocated", m.Peak}, {"total.allocated", m.Used}, {"startup.allocated", m.Startup},
		{"replication.backlog", 0}, {"clients.slaves", 0}, {"clients.normal", 0}, {"cluster.links", 0},
		{"aof.buffer", 0}, {"lua.caches", 0}, {"functions.caches", 0},
		{"overhead.total", m.Used - min(m.Used, m.Dataset)},
		{"keys.count", m.Keys}, {"keys.bytes-per-key", m.Dataset / max(m.Keys, 1)}, {"dataset.bytes", m.Dataset},
		{"allocator.allocated", m.Allocated}, {"allocator.active", m.Mapped}, {"allocator.resident", m.Resident},
		{"fragmentation.bytes", m.Resident - min(m.Resident, m.Used)},
	}
	shares := []struct {
		name  string
		value float64
	}{
		{"dataset.percentage", 100 * ratio(m.Dataset, m.Used-min(m.Used, m.Startup))},
		{"peak.percentage", 100 * ratio(m.Used, m.Peak)},
		{"fragmentation", ratio(m.Resident, m.Used)},
	}
	out = wire.AppendMap(out, p, len(counts)+len(shares))
	for _, c := range counts {
		out = wire.AppendInt(wire.AppendBulkString(out, c.name), int64(c.value))
	}
	for _, s := range shares {
		out = wire.AppendDouble(wire.AppendBulkString(out, s.name), p, s.value)
	}
	return out
}

func ratio(a, b uint64) float64 { return float64(a) / float64(max(b, 1)) }

// MEMORY DOCTOR.
var memoryDoctor = Command{
	Name: "doctor", Syntax: "MEMORY DOCTOR",
	Summary: "Outputs memory problems report.",
	Since:   "4.0.0", Group: "server", Complexity: "O(1)",
	Arity: 2, Categories: CatSlow,
	Tips: []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(), c.Node.Memory().diagnose())
		return nil
	},
}

// littleMemory is how much must be used before a ratio says anything.
const littleMemory = 64 << 20

// diagnose is the text of MEMORY DOCTOR.
func (m MemoryReport) diagnose() string {
	var found []string
	if m.Limit > 0 && m.Used > m.Limit-m.Limit/20 {
		found = append(found, "Memory is full: maxmemory is reached, or nearly. Commands that may need more are refused. Delete or trim keys, or raise maxmemory.")
	}
	if m.Used >= littleMemory {
		if ratio(m.Peak, m.Used) > 1.5 {
			found = append(found, "Peak: far more was used once. What is resident beyond used_memory goes back to the system with time, or with MEMORY PURGE.")
		}
		if ratio(m.Resident, m.Used) > 1.4 {
			found = append(found, "Resident memory is far above used memory: garbage that the collector has not freed yet, or holes in the heap. "+
				"With maxmemory set the collector keeps it near that.")
		}
	}
	if len(found) == 0 {
		return "Nothing to report. MEMORY STATS and INFO memory have the figures.\n"
	}
	return strings.Join(found, "\n") + "\n"
}

// MEMORY MALLOC-STATS.
var memoryMallocStats = Command{
	Name: "malloc-stats", Syntax: "MEMORY MALLOC-STATS",
	Summary: "Show allocator internal stats.",
	Since:   "4.0.0", Group: "server", Complexity: "Depends on how much memory is allocated, could be slow",
	Arity: 2, Categories: CatSlow,
	Tips: []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(), "Stats not supported for the current allocator")
		return nil
	},
}

// MEMORY PURGE gives memory that is not used back to the system.
var memoryPurge = Command{
	Name: "purge", Syntax: "MEMORY PURGE",
	Summary: "Ask the allocator to release memory.",
	Since:   "4.0.0", Group: "server", Complexity: "Depends on how much memory is allocated, could be slow",
	Arity: 2, Categories: CatSlow,
	Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		node, fill := c.Node, c.Later()
		go func() { // a garbage collection takes its time
			node.FreeMemory()
			fill(wire.AppendSimple(nil, "OK"))
		}()
		return nil
	},
}
