package replication

import "sync"

// replyBuffers keeps buffers in which replies are built before they are filled
// in, so that a read costs no allocation.
type replyBuffers struct{ pool sync.Pool }

// maxPooledReply is what a buffer may hold to be kept: one huge reply must not
// stay in memory for ever.
const maxPooledReply = 64 << 10

var buffers = replyBuffers{sync.Pool{New: func() any {
	b := make([]byte, 0, 512)
	return &b
}}}

func (b *replyBuffers) get() *[]byte { return b.pool.Get().(*[]byte) }

// put gives a buffer back, grown or not.
func (b *replyBuffers) put(buf *[]byte, grown []byte) {
	if cap(grown) > maxPooledReply {
		return
	}
	if grown != nil {
		*buf = grown[:0]
	}
	b.pool.Put(buf)
}
