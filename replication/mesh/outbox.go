package mesh

import (
	"encoding/binary"
	"sync"
)

const (
	chunkSize  = 64 << 10
	freeChunks = 16 // chunks kept for the next messages, per connection
)

// outbox is what waits to be written to a connection: frames, gathered in chunks so
// that one write takes many. It never blocks who adds.
type outbox struct {
	limit int // in bytes, those being written included

	mu     sync.Mutex // covers all below
	closed bool
	bytes  int // <= limit, unless a single frame is larger
	chunks [][]byte
	free   [][]byte

	// ready has room for one: the writer looks again. It is closed by nobody.
	ready chan struct{}
}

func newOutbox(limit int) *outbox {
	return &outbox{limit: limit, ready: make(chan struct{}, 1)}
}

// add appends one frame, and reports false when the outbox is closed or full. What is
// larger than the whole bound goes when nothing else waits.
func (o *outbox) add(head []byte, body ...[]byte) bool {
	size := len(head)
	for _, b := range body {
		size += len(b)
	}
	if size > maxFrame {
		return false
	}
	total := frameHead + size

	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.bytes > 0 && o.bytes+total > o.limit {
		return false
	}
	o.bytes += total
	chunk := o.roomLocked(total)
	chunk = binary.LittleEndian.AppendUint32(chunk, uint32(size))
	chunk = append(chunk, head...)
	for _, b := range body {
		chunk = append(chunk, b...)
	}
	o.chunks[len(o.chunks)-1] = chunk
	o.wake()
	return true
}

// roomLocked returns the last chunk, a new one if that has no room for the frame.
func (o *outbox) roomLocked(size int) []byte {
	if n := len(o.chunks); n > 0 {
		if last := o.chunks[n-1]; cap(last)-len(last) >= size {
			return last
		}
	}
	var chunk []byte
	switch n := len(o.free); {
	case size > chunkSize:
		chunk = make([]byte, 0, size)
	case n > 0:
		chunk, o.free = o.free[n-1], o.free[:n-1]
	default:
		chunk = make([]byte, 0, chunkSize)
	}
	o.chunks = append(o.chunks, chunk)
	return chunk
}

func (o *outbox) wake() {
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

// take appends to dst all that waits: the writer's until it says written.
func (o *outbox) take(dst [][]byte) (chunks [][]byte, closed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	dst = append(dst, o.chunks...)
	clear(o.chunks)
	o.chunks = o.chunks[:0]
	return dst, o.closed
}

// written gives back what take gave.
func (o *outbox) written(chunks [][]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range chunks {
		o.bytes -= len(c)
		if cap(c) == chunkSize && len(o.free) < freeChunks {
			o.free = append(o.free, c[:0])
		}
	}
}

// close drops what waits. Nothing can be added any more.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.chunks, o.free = true, nil, nil
	o.wake()
}
