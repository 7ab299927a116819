package resp

import "github.com/millrace-io/millrace/commands"

const (
	// chunkSize holds a pipeline of 128 small commands, so that it comes with one
	// read.
	chunkSize = 32 << 10
	// minSpace is the least room worth a read.
	minSpace = 4 << 10
	// bulky is how much comes with one read of a connection that has its next one go
	// into a chunk of its own: the rest of a command that is cut off need not move then.
	bulky = chunkSize / 4
)

// chunk is a read buffer. Arguments alias it, so it is used again only when
// nobody holds it.
type chunk struct {
	buf []byte
	// holds counts the requests with arguments in buf, and the parsers with bytes in a
	// common one.
	holds int
	// current marks a chunk that is read into: by one parser, or the pool's common one.
	current bool
}

// memory is what the arguments of a request live in.
type memory struct {
	chunk  *chunk
	more   []*chunk // of a request that began in earlier chunks
	mapped [][]byte
}

func (m *memory) hold(c *chunk) {
	c.holds++
	if m.chunk == nil {
		m.chunk = c
		return
	}
	m.more = append(m.more, c)
}

// request is one command as the client sent it.
type request struct {
	args [][]byte
	mem  memory
	size int // bytes as received, about
}

// detach gives the request memory of its own.
func (r *request) detach(p *pool) {
	n := 0
	for _, a := range r.args {
		n += len(a)
	}
	own := make([]byte, 0, n)
	args := make([][]byte, len(r.args))
	for i, a := range r.args {
		from := len(own)
		own = append(own, a...)
		args[i] = own[from:len(own):len(own)]
	}
	r.args = args
	p.release(&r.mem)
}

// pool keeps chunks and slots for the sessions of one home. Not safe for
// concurrent use.
type pool struct {
	chunks []*chunk
	slots  []*slot
	// common is what connections that send little are read into, one behind the other:
	// hundreds of small requests lie in one piece of memory that stays in the cache.
	common *chunk
	used   int // of common, from its start
	// scratch is where replies are put together, call what commands are served
	// with.
	scratch []byte
	call    commands.ServeCall
	laps    Laps // of commands that are served
	// maxChunks and maxSlots bound what is kept for later.
	maxChunks, maxSlots int
}

func (p *pool) chunk(size int) *chunk {
	if size <= chunkSize {
		if n := len(p.chunks); n > 0 {
			c := p.chunks[n-1]
			p.chunks = p.chunks[:n-1]
			return c
		}
		size = chunkSize
	}
	return &chunk{buf: make([]byte, size)}
}

// share returns the common chunk, with room for a read from p.used on.
func (p *pool) share() *chunk {
	if c := p.common; c != nil {
		if c.holds == 0 {
			p.used = 0
		}
		if len(c.buf)-p.used >= minSpace {
			return c
		}
		c.current = false // who holds it frees it
	}
	p.common, p.used = p.chunk(chunkSize), 0
	p.common.current = true
	return p.common
}

// free takes c back if nobody uses it.
func (p *pool) free(c *chunk) {
	if c.holds == 0 && !c.current && len(c.buf) == chunkSize && len(p.chunks) < p.maxChunks {
		p.chunks = append(p.chunks, c)
	}
}

// release takes back what the arguments of a request lived in.
func (p *pool) release(m *memory) {
	if m.chunk != nil {
		m.chunk.holds--
		p.free(m.chunk)
	}
	for _, c := range m.more {
		c.holds--
		p.free(c)
	}
	for _, b := range m.mapped {
		unmapLarge(b)
	}
	if m.more == nil && m.mapped == nil {
		m.chunk = nil
		return
	}
	*m = memory{}
}

func (p *pool) slot() *slot {
	if n := len(p.slots); n > 0 {
		sl := p.slots[n-1]
		p.slots = p.slots[:n-1]
		return sl
	}
	return new(slot)
}

// What is kept for the next use is bounded.
const (
	maxScratch   = 64 << 10
	maxKeptArgs  = 64
	maxKeptReply = 1 << 10
)

// recycle takes back a slot that was filled.
func (p *pool) recycle(sl *slot) {
	p.release(&sl.mem)
	if sl.final || len(p.slots) >= p.maxSlots {
		return // invariant 4: whoever got hold of the slot may still ask about it
	}
	args, reply := sl.args[:0], sl.reply[:0]
	clear(sl.args)
	if cap(args) > maxKeptArgs {
		args = nil
	}
	if cap(reply) > maxKeptReply {
		reply = nil
	}
	*sl = slot{request: request{args: args}, reply: reply}
	p.slots = append(p.slots, sl)
}
