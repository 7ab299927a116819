package streams_test

import (
	"bytes"
	"math"
	"slices"

	"github.com/millrace-io/millrace/streams"
)

// A twin is a stream as a plain list of chunks of entries: every rule of the
// specification in its simplest form, at any cost.
type twin struct {
	chunks     []twinChunk
	last       streams.ID
	maxDeleted streams.ID
	added      uint64
}

type twinChunk struct {
	entries []twinEntry // tombstones included
}

type twinEntry struct {
	id     streams.ID
	fields [][]byte
	dead   bool
}

func (t *twin) clone() *twin {
	c := *t
	c.chunks = nil
	for _, k := range t.chunks {
		c.chunks = append(c.chunks, twinChunk{slices.Clone(k.entries)})
	}
	return &c
}

func (t *twin) live() (all []twinEntry) {
	for _, k := range t.chunks {
		for _, e := range k.entries {
			if !e.dead {
				all = append(all, e)
			}
		}
	}
	return all
}

func (k twinChunk) live() (n uint64) {
	for _, e := range k.entries {
		if !e.dead {
			n++
		}
	}
	return n
}

// add follows the entries limit only: bytes depend on the encoding.
func (t *twin) add(id streams.ID, fields [][]byte, maxEntries int) {
	n := len(t.chunks)
	if n == 0 || maxEntries > 0 && len(t.chunks[n-1].entries) >= maxEntries {
		t.chunks = append(t.chunks, twinChunk{})
		n++
	}
	var copied [][]byte
	for _, f := range fields {
		copied = append(copied, bytes.Clone(f))
	}
	t.chunks[n-1].entries = append(t.chunks[n-1].entries, twinEntry{id: id, fields: copied})
	t.last = id
	t.added++
}

// kill marks the entries that match and drops empty chunks.
func (t *twin) kill(match func(streams.ID) bool) (killed int) {
	for i := range t.chunks {
		for j := range t.chunks[i].entries {
			if e := &t.chunks[i].entries[j]; !e.dead && match(e.id) {
				e.dead = true
				killed++
			}
		}
	}
	t.chunks = slices.DeleteFunc(t.chunks, func(k twinChunk) bool { return k.live() == 0 })
	return killed
}

func (t *twin) del(id streams.ID) bool {
	if t.kill(func(e streams.ID) bool { return e == id }) == 0 {
		return false
	}
	if t.maxDeleted.Less(id) {
		t.maxDeleted = id
	}
	return true
}

func (t *twin) trim(how streams.Trim, maxEntries int) uint64 {
	if !how.Approx {
		all := t.live()
		return uint64(t.kill(func(id streams.ID) bool {
			if how.Kind == streams.TrimMinID {
				return id.Less(how.MinID)
			}
			at := slices.IndexFunc(all, func(e twinEntry) bool { return e.id == id })
			return how.Kind == streams.TrimMaxLen && uint64(len(all)-at) > how.MaxLen
		}))
	}
	limit := uint64(math.MaxUint64)
	switch {
	case how.Limit > 0:
		limit = uint64(how.Limit)
	case how.Limit < 0:
		limit = 10000
		if maxEntries > 0 {
			limit = min(100*uint64(maxEntries), 1000000)
		}
	}
	removed, length := uint64(0), uint64(len(t.live()))
	for len(t.chunks) > 0 && how.Kind != streams.TrimNone {
		head := t.chunks[0]
		live, top := head.live(), head.entries[len(head.entries)-1].id
		whole := length-live >= how.MaxLen
		if how.Kind == streams.TrimMinID {
			whole = top.Less(how.MinID)
		}
		if removed+live > limit || !whole {
			break
		}
		removed, length = removed+live, length-live
		t.chunks = t.chunks[1:]
	}
	return removed
}

// setID lowers the bound of the last chunk as the stream does: tombstones above
// the new last ID are forgotten, though they still count for the chunk's bounds.
func (t *twin) setID(last streams.ID) {
	t.last = last
	if n := len(t.chunks); n > 0 {
		entries := t.chunks[n-1].entries
		if last.Less(entries[len(entries)-1].id) {
			// Stable with the dead in front keeps the count and lets the last entry be a live one.
			slices.SortStableFunc(entries, func(a, b twinEntry) int {
				switch {
				case a.dead == b.dead:
					return 0
				case a.dead:
					return -1
				}
				return 1
			})
		}
	}
}
