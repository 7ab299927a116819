package resp

import (
	"bytes"
	"errors"
)

// protocolError is a request that cannot be read. The client gets the text and
// the connection closes.
type protocolError string

func (e protocolError) Error() string { return "ERR Protocol error: " + string(e) }

const (
	errUnbalanced  = protocolError("unbalanced quotes in request")
	errBigInline   = protocolError("too big inline request")
	errBigArray    = protocolError("too big mbulk count string")
	errBigBulk     = protocolError("too big bulk count string")
	errArrayLen    = protocolError("invalid multibulk length")
	errBulkLen     = protocolError("invalid bulk length")
	errEarlyArray  = protocolError("unauthenticated multibulk length")
	errEarlyBulk   = protocolError("unauthenticated bulk length")
	maxLine        = 65536      // bytes before the end of a line
	maxArrayLen    = 2147483647 // elements
	argBookkeeping = 24         // a slice per argument
)

// errQueryLimit closes the connection without an answer.
var errQueryLimit = errors.New("client-query-buffer-limit exceeded")

type parseState uint8

const (
	atStart  parseState = iota // between requests
	atHeader                   // an element's header is due
	atBody                     // an element's bytes are due
	atLarge                    // bytes of an element with its own buffer are due
	atTail                     // the two bytes behind an element are due
)

// parser cuts a stream of bytes into requests, whatever pieces it comes in. Bytes
// are read into space() and announced with wrote(); next() then gives request by
// request, parsed in place. What a stream parses to does not depend on how it was
// split.
type parser struct {
	pool   *pool
	limits parseLimits

	chunk  *chunk
	common bool // chunk is the pool's common one, or was: nothing is read behind w
	bulky  bool // the last read brought much
	r, w   int  // chunk.buf[r:w] is not parsed yet
	scan   int  // bytes from r that hold no end of line

	state   parseState
	left    int  // elements that are still due
	bulk    int  // length of the element whose bytes are due
	skip    int  // bytes that are skipped unread
	aliased bool // arguments of req lie in chunk
	sum     int64
	large   large
	req     request
}

// space is where the next bytes of the stream are to be put; never empty.
func (p *parser) space() []byte {
	if p.state == atLarge {
		return p.large.space()
	}
	p.rest()
	switch {
	case p.chunk == nil && p.bulky:
		p.use(p.pool.chunk(chunkSize))
	case p.chunk == nil:
		p.share()
	case p.common:
		p.roll()
	case p.r == p.w && p.chunk.holds == 0 && !p.aliased:
		p.r, p.w = 0, 0
	case len(p.chunk.buf)-p.w < minSpace:
		p.roll()
	}
	return p.chunk.buf[p.w:]
}

// wrote says that n bytes were put into space().
func (p *parser) wrote(n int) {
	if p.state == atLarge {
		p.large.n += n
		return
	}
	p.w += n
	p.bulky = n >= bulky
	if p.common {
		p.pool.used = p.w
	}
}

// buffered is the number of bytes that are held and not yet run.
func (p *parser) buffered() int { return p.w - p.r + p.large.n }

func (p *parser) use(c *chunk) {
	c.current = true
	p.chunk, p.r, p.w = c, 0, 0
}

// share has the next read go into the common chunk, which holds the bytes until they
// are parsed, or another read makes them move.
func (p *parser) share() {
	p.chunk, p.common = p.pool.share(), true
	p.chunk.holds++
	p.r, p.w = p.pool.used, p.pool.used
}

// leave gives the chunk up. What is in it belongs to requests, or moves.
func (p *parser) leave() {
	c := p.chunk
	if p.common {
		c.holds--
	} else {
		c.current = false
	}
	p.chunk, p.common = nil, false
	p.r, p.w = 0, 0
	p.pool.free(c)
}

// roll makes room: in place when nobody holds the chunk, else in another one.
func (p *parser) roll() {
	rest := p.chunk.buf[p.r:p.w]
	if p.chunk.holds == 0 && !p.aliased && len(rest) <= len(p.chunk.buf)/2 {
		p.r, p.w = 0, copy(p.chunk.buf, rest)
		return
	}
	p.keepAliased()
	size := chunkSize
	if len(rest) > chunkSize/2 {
		size = 2 * len(rest) // a long line: at most maxLine
	}
	next := p.pool.chunk(size)
	n := copy(next.buf, rest)
	p.leave()
	p.use(next)
	p.w = n
}

func (p *parser) keepAliased() {
	if p.aliased {
		p.req.mem.hold(p.chunk)
		p.aliased = false
	}
}

// rest gives the chunk back when there is nothing in it, so that an idle
// connection holds no buffer.
func (p *parser) rest() {
	if p.chunk != nil && p.state == atStart && p.r == p.w && !p.aliased && (p.common || p.chunk.holds == 0) {
		p.scan = 0
		p.leave()
	}
}

// close gives back all memory but that of requests already taken.
func (p *parser) close() {
	p.large.drop()
	p.large = large{}
	p.state, p.aliased, p.scan = atStart, false, 0
	p.pool.release(&p.req.mem)
	p.req = request{}
	p.skip = 0
	if p.chunk != nil {
		p.leave()
	}
}

// take moves the request that next() found into r, whose own slice of arguments
// the parser goes on with.
func (p *parser) take(r *request) {
	p.keepAliased()
	p.req.size = int(p.sum)
	*r, p.req = p.req, request{args: r.args[:0]}
}

// next looks for the next request in what was written: true means that take has
// it. After an error nothing more can be parsed.
func (p *parser) next() (bool, error) {
	for {
		var more bool
		var err error
		switch p.state {
		case atStart:
			if p.r == p.w {
				return false, nil
			}
			if p.chunk.buf[p.r] != '*' {
				if more, err = p.inline(); more && len(p.req.args) > 0 {
					return true, nil
				}
			} else {
				more, err = p.array()
			}
		case atHeader:
			more, err = p.header()
		case atBody:
			more = p.body()
		case atLarge:
			more = p.largeBody()
		case atTail:
			if more = p.tail(); more && p.state == atStart {
				return true, nil
			}
		}
		if err != nil || !more {
			return false, err
		}
	}
}

// line finds the end of a header line: the byte behind '\r' is skipped unread. It
// returns the line without its end, false while that has not come.
func (p *parser) line(tooLong protocolError) ([]byte, bool, error) {
	b := p.chunk.buf[p.r:p.w]
	i := bytes.IndexByte(b[p.scan:min(len(b), maxLine+1)], '\r')
	if i < 0 {
		if len(b) > maxLine {
			return nil, false, tooLong
		}
		p.scan = len(b)
		return nil, false, nil
	}
	i += p.scan
	if i+1 == len(b) {
		p.scan = i
		return nil, false, nil
	}
	p.scan = 0
	p.r += i + 2
	return b[:i], true, nil
}

func (p *parser) array() (bool, error) {
	line, ok, err := p.line(errBigArray)
	if !ok {
		return false, err
	}
	n, ok := parseLength(line[1:])
	switch {
	case !ok || n > maxArrayLen:
		return false, errArrayLen
	case n > maxUnauthenticatedArgs && !p.limits.authenticated:
		return false, errEarlyArray
	case n <= 0:
		return true, nil
	}
	p.left = int(n)
	p.sum = int64(len(line) + 2)
	p.state = atHeader
	return true, nil
}

// header reads an element's header: short lengths at once, others by the book.
func (p *parser) header() (bool, error) {
	b := p.chunk.buf[p.r:p.w]
	if len(b) >= 5 && b[0] == '$' {
		if d := b[1] - '0'; d <= 9 {
			if b[2] == '\r' {
				p.r += 4
				p.scan = 0
				return true, p.element(int(d), 4)
			}
			if e := b[2] - '0'; d > 0 && e <= 9 && b[3] == '\r' {
				p.r += 5
				p.scan = 0
				return true, p.element(int(d)*10+int(e), 5)
			}
		}
	}
	line, ok, err := p.line(errBigBulk)
	if !ok {
		return false, err
	}
	if len(line) == 0 || line[0] != '$' {
		return false, expectedDollar(p.chunk.buf[p.r-len(line)-2])
	}
	n, ok := parseLength(line[1:])
	if !ok || n < 0 || n > p.limits.bulk {
		return false, errBulkLen
	}
	if n > maxUnauthenticatedBulk && !p.limits.authenticated {
		return false, errEarlyBulk
	}
	return true, p.element(int(n), len(line)+2)
}

// expectedDollar names the byte that stands in place of '$', as it is.
func expectedDollar(got byte) error {
	return protocolError("expected '$', got '" + string([]byte{got}) + "'")
}

// element begins an element of n bytes.
func (p *parser) element(n, header int) error {
	p.sum += int64(n) + int64(header) + 2 + argBookkeeping
	if p.sum > p.limits.query || int64(n) > p.limits.bulk {
		if int64(n) > p.limits.bulk {
			return errBulkLen
		}
		return errQueryLimit
	}
	p.bulk = n
	p.state = atBody
	return nil
}

func (p *parser) body() bool {
	have := p.w - p.r
	if have >= p.bulk {
		end := p.r + p.bulk
		p.add(p.chunk.buf[p.r:end:end])
		p.aliased = true
		p.r = end
		return true
	}
	if p.bulk < largeArg {
		return false
	}
	p.large = newLarge(p.bulk)
	p.state = atLarge
	for p.r < p.w {
		n := copy(p.large.space(), p.chunk.buf[p.r:p.w])
		p.large.n += n
		p.r += n
	}
	return true
}

func (p *parser) largeBody() bool {
	if !p.large.full() {
		return false
	}
	if p.large.mapped {
		p.req.mem.mapped = append(p.req.mem.mapped, p.large.buf)
	}
	p.add(p.large.buf[:p.large.n:p.large.n])
	p.large = large{}
	return true
}

func (p *parser) add(arg []byte) {
	p.req.args = append(p.req.args, arg)
	p.left--
	p.skip = 2
	p.state = atTail
}

func (p *parser) tail() bool {
	n := min(p.skip, p.w-p.r)
	p.r += n
	p.skip -= n
	if p.skip > 0 {
		return false
	}
	if p.left > 0 {
		p.state = atHeader
	} else {
		p.state = atStart
	}
	return true
}

// parseLength reads a canonical decimal: no sign but '-', no leading zero, no
// blank.
func parseLength(b []byte) (int64, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	if b[0] == '0' {
		return 0, len(b) == 1 && !negative
	}
	var n int64
	for _, ch := range b {
		if ch < '0' || ch > '9' {
			return 0, false
		}
		n = n*10 + int64(ch-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}
