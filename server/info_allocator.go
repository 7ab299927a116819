package server

import (
	"fmt"

	"github.com/millrace-io/millrace/commands"
)

// infoAllocator are the fields of the section Memory about where the process' memory
// went, as far as Go can tell. Clients are the buffers of all connections.
func (n *Node) infoAllocator(b *infoText, m commands.MemoryReport) {
	b.line("allocator_allocated", m.Allocated)
	b.line("allocator_active", m.Mapped)
	b.line("allocator_resident", m.Resident)
	total := systemMemory()
	b.line("total_system_memory", total)
	b.line("total_system_memory_human", humanBytes(total))
	b.line("mem_fragmentation_ratio", fmt.Sprintf("%.2f", float64(m.Resident)/float64(max(m.Used, 1))))
	b.line("mem_fragmentation_bytes", int64(m.Resident)-int64(m.Used))
	b.line("mem_not_counted_for_evict", 0)
	b.line("mem_clients_normal", n.front.Stats().BufferBytes)
	b.line("mem_clients_slaves", 0)
	b.line("mem_cluster_links", 0)
	b.line("mem_aof_buffer", n.backlog()) // what waits for the log
	b.line("mem_replication_backlog", 0)
	b.line("mem_total_replication_buffers", 0)
}

func percent(part, whole uint64) string {
	return fmt.Sprintf("%.2f%%", 100*float64(part)/float64(max(whole, 1)))
}
