package log

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	// frameTarget ends a frame of several entries: reading one entry reads and
	// checks its whole frame.
	frameTarget = 64 << 10
	// copyBelow: shorter payloads are copied, so that one write does not take
	// thousands of buffers.
	copyBelow = 2 << 10
	arenaSize = 64 << 10
	arenaKeep = 1 << 20
	// wholeMost is the largest write that is put together in one buffer.
	wholeMost = 2 << 20
)

var zeroPage [pageSize]byte

// tail gathers frames behind the end of a segment and writes them in whole
// pages: the first page of a write begins with what earlier writes left in it.
// So blocks of a recycled file need not be read before they are overwritten.
type tail struct {
	seg    *segment
	life   life
	start  int64 // end of what was written
	end    int64 // end with the frames gathered since
	synced int64 // known to be on disk up to here
	claim  int64 // highest synced offset that a written or gathered frame carries
	valued int64 // end of the last frame that is not a mark

	page, other []byte // bytes of the last page before start; the buffer for the next
	whole       []byte // where a write is put together that is synced at once
	arena       []byte
	run         int      // arena[run:] is not yet in bufs
	bufs        [][]byte // what is to be written behind page
}

// reset starts at the beginning of a segment.
func (t *tail) reset(seg *segment) {
	*t = tail{seg: seg, life: seg.life, page: t.page[:0], other: t.other, whole: t.whole, arena: t.arena[:0], bufs: t.bufs[:0]}
}

// small gathers a frame with a short body and returns its offset.
func (t *tail) small(k Kind, g GroupID, count uint32, first uint64, body []byte) int64 {
	t.reserve(headerSize + len(body) + frameAlign)
	from := t.header(k, g, count, first, int64(headerSize+len(body)))
	t.arena = append(t.arena, body...)
	return t.finish(from, crc32.Update(0, castagnoli, t.arena[from:]))
}

// framedSize is the length of a frame with these entries.
func framedSize(entries []Entry) int64 {
	n := int64(headerSize)
	for i := range entries {
		n += entrySpan(&entries[i])
	}
	return n
}

// entries gathers a frame of entries and returns its offset. Large payloads are
// not copied: they must stay as they are until the write is over.
func (t *tail) entries(g GroupID, entries []Entry) int64 {
	t.reserve(arenaNeed(entries))
	from := t.header(KindEntries, g, uint32(len(entries)), entries[0].Index, framedSize(entries))
	for i := range entries {
		t.arena = appendEntryHead(t.arena, &entries[i])
	}
	sum := crc32.Update(0, castagnoli, t.arena[from:])
	for i := range entries {
		sum = t.payload(sum, entries[i].Extensions)
		sum = t.payload(sum, entries[i].Data)
	}
	return t.finish(from, sum)
}

func arenaNeed(entries []Entry) int {
	n := headerSize + len(entries)*entryHeadSize + frameAlign
	for i := range entries {
		for _, p := range [...][]byte{entries[i].Extensions, entries[i].Data} {
			if len(p) < copyBelow {
				n += len(p)
			}
		}
	}
	return n
}

func (t *tail) payload(sum uint32, p []byte) uint32 {
	if len(p) < copyBelow {
		t.arena = append(t.arena, p...)
	} else {
		t.cut()
		t.bufs = append(t.bufs, p)
	}
	return crc32.Update(sum, castagnoli, p)
}

// reserve makes the arena large enough for n bytes, so that a frame's header
// stays where it is until its checksum is known.
func (t *tail) reserve(n int) {
	if cap(t.arena)-len(t.arena) < n {
		t.cut()
		t.arena, t.run = make([]byte, 0, max(arenaSize, n)), 0
	}
}

// cut ends the run of the arena.
func (t *tail) cut() {
	if t.run < len(t.arena) {
		t.bufs = append(t.bufs, t.arena[t.run:len(t.arena):len(t.arena)])
		t.run = len(t.arena)
	}
}

func (t *tail) header(k Kind, g GroupID, count uint32, first uint64, length int64) (from int) {
	from = len(t.arena)
	t.arena = appendHeader(t.arena, &header{
		length: uint32(length), kind: k, life: t.life, offset: t.end, synced: t.synced,
		group: g, count: count, first: first,
	})
	t.claim = t.synced
	t.end += length
	if k != KindMark {
		t.valued = alignFrame(t.end)
	}
	return from
}

// finish pads the frame whose header lies at arena[from] and notes its checksum.
func (t *tail) finish(from int, sum uint32) (offset int64) {
	binary.LittleEndian.PutUint32(t.arena[from+4:], sum)
	offset = int64(binary.LittleEndian.Uint64(t.arena[from+32:]))
	pad := alignFrame(t.end) - t.end
	t.arena = append(t.arena, zeroPage[:pad]...)
	t.end += pad
	return offset
}

// write writes what was gathered. After an error the segment is not used again.
func (t *tail) write() error {
	if t.end == t.start {
		return nil
	}
	bufs, next := t.pages()
	if err := t.seg.writeV(bufs, t.start&^(pageSize-1)); err != nil {
		return err
	}
	t.wrote(next)
	return nil
}

// writeSync is write and sync in one: the whole pages are put together in one
// buffer and go to the disk past the page cache.
func (t *tail) writeSync() error {
	size := alignPage(t.end) - t.start&^(pageSize-1)
	if t.end == t.start || t.synced != t.start || size > wholeMost {
		// Something was written and not synced, or is too large to be copied.
		if err := t.write(); err != nil {
			return err
		}
		return t.sync()
	}
	bufs, next := t.pages()
	if int64(cap(t.whole)) < size {
		t.whole = make([]byte, max(size, arenaSize)) // so large a slice begins at a page
	}
	whole := t.whole[:0]
	for _, b := range bufs {
		whole = append(whole, b...)
	}
	if err := t.seg.writeSync(whole, t.start&^(pageSize-1)); err != nil {
		return err
	}
	t.wrote(next)
	t.synced = t.start
	return nil
}

// pages returns what is to be written, in whole pages, and the bytes of the last
// page for the write behind it.
func (t *tail) pages() (bufs [][]byte, next []byte) {
	t.cut()
	bufs = make([][]byte, 0, len(t.bufs)+2)
	if len(t.page) > 0 {
		bufs = append(bufs, t.page)
	}
	bufs = append(bufs, t.bufs...)
	next = appendLast(t.other[:0], bufs, int(t.end%pageSize))
	if pad := alignPage(t.end) - t.end; pad > 0 {
		bufs = append(bufs, zeroPage[:pad])
	}
	return bufs, next
}

// wrote notes that everything gathered is written.
func (t *tail) wrote(next []byte) {
	t.page, t.other = next, t.page
	t.start = t.end
	t.release()
}

// wantsMark tells whether everything is synced and no frame on disk says so.
func (t *tail) wantsMark() bool { return t.synced == t.start && t.start == t.end && t.claim < t.valued }

// sync makes everything written durable.
func (t *tail) sync() error {
	if t.synced == t.start {
		return nil
	}
	if err := t.seg.dataSync(); err != nil {
		return err
	}
	t.synced = t.start
	return nil
}

// release lets go of the callers' bytes.
func (t *tail) release() {
	clear(t.bufs)
	t.bufs = t.bufs[:0]
	t.arena, t.run = t.arena[:0], 0
	if cap(t.arena) > arenaKeep {
		t.arena = nil
	}
}

// appendLast appends the last n bytes of bufs to dst.
func appendLast(dst []byte, bufs [][]byte, n int) []byte {
	i := len(bufs)
	for left := n; left > 0; {
		i--
		left -= len(bufs[i])
	}
	for skip := total(bufs[i:]) - n; i < len(bufs); i++ {
		dst = append(dst, bufs[i][skip:]...)
		skip = 0
	}
	return dst
}

func total(bufs [][]byte) int {
	n := 0
	for _, b := range bufs {
		n += len(b)
	}
	return n
}
