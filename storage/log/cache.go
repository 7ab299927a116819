package log

// entryCache keeps a group's newest entries, for Raft reads back at once what it
// has just appended. It keeps the caller's own bytes: no copy.
type entryCache struct {
	limit   int64 // of bytes; what is larger than all of it is not kept
	bytes   int64
	base    uint64
	entries []Entry // base, base+1, ...
}

func (c *entryCache) get(i uint64, e *Entry) bool {
	if i < c.base || i >= c.base+uint64(len(c.entries)) {
		return false
	}
	*e = c.entries[i-c.base]
	return true
}

func (c *entryCache) add(entries []Entry) {
	for i := range entries {
		e := &entries[i]
		if e.Index != c.base+uint64(len(c.entries)) {
			c.clear(e.Index)
		}
		c.entries = append(c.entries, *e)
		c.bytes += entrySpan(e)
		for c.bytes > c.limit && len(c.entries) > 0 {
			c.dropOldest()
		}
	}
}

func (c *entryCache) dropOldest() {
	c.bytes -= entrySpan(&c.entries[0])
	c.entries[0] = Entry{} // the array may live on: let its bytes go
	c.entries = c.entries[1:]
	c.base++
}

func (c *entryCache) truncateBack(from uint64) {
	for n := len(c.entries); n > 0 && c.entries[n-1].Index >= from; n-- {
		c.bytes -= entrySpan(&c.entries[n-1])
		c.entries[n-1] = Entry{}
		c.entries = c.entries[:n-1]
	}
}

func (c *entryCache) clear(base uint64) {
	c.entries, c.bytes, c.base = nil, 0, base
}
