package server

import "fmt"

// infoAllocator are the fields of the section Memory about where the process' memory
// went, as far as Go can tell. Clients are the buffers of all connections.
func (n *Node) infoAllocator(b *infoText, objects, mapped, rss uint64, dataset int64) {
	peak := n.rates.peakWith(objects)
	clients := n.front.Stats().BufferBytes
	b.line("used_memory_peak", peak)
	b.line("used_memory_peak_human", humanBytes(peak))
	b.line("used_memory_peak_perc", percent(objects, peak))
	b.line("used_memory_dataset_perc", percent(uint64(max(dataset, 0)), objects))
	b.line("allocator_allocated", objects)
	b.line("allocator_active", mapped)
	b.line("allocator_resident", rss)
	total := systemMemory()
	b.line("total_system_memory", total)
	b.line("total_system_memory_human", humanBytes(total))
	b.line("mem_fragmentation_bytes", int64(rss)-int64(objects))
	b.line("mem_not_counted_for_evict", 0)
	b.line("mem_clients_normal", clients)
	b.line("mem_clients_slaves", 0)
	b.line("mem_cluster_links", 0)
	b.line("mem_aof_buffer", n.partition.Backlog()) // what waits for the log
	b.line("mem_replication_backlog", 0)
	b.line("mem_total_replication_buffers", 0)
}

func percent(part, whole uint64) string {
	return fmt.Sprintf("%.2f%%", 100*float64(part)/float64(max(whole, 1)))
}
