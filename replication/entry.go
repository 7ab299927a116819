package replication

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/millrace-io/millrace/resp/wire"
)

// Versions that stand in front of every entry.
const (
	entryFormat  = 1 // how an entry is laid out
	applyVersion = 1 // how the state machine understands it
)

// The kinds of part.
const (
	partBatch    = 'B'
	partWait     = 'W'
	partInternal = 'I'
)

// The flags of a request.
const (
	flagRESP3 = 1 << iota
	flagExec
)

// ErrEntry is the error of an entry that can't be decoded: going on would corrupt
// the state, so whoever applies it must stop.
var ErrEntry = errors.New("log entry can't be decoded")

// Origin names the process that accepted a request.
type Origin struct {
	Node uint64 // the node's id, for life
	Boot uint64 // drawn at each start
}

// header is what stands in front of an entry's parts.
type header struct {
	time int64 // the partition's clock, Unix ms
	// proposer is the process that made the entry, its proposal-th: so that it
	// knows its own again when it is applied.
	proposer Origin
	proposal uint64
}

// part is one piece of an entry: the requests of one origin, in one block.
type part struct {
	kind   byte
	origin Origin
	// number is a batch's sequence or a waiter's wait number; lowest, of a wait,
	// the lowest wait number of the origin that is still open.
	number, lowest uint64
	reqs           []*Request
	waiter         *waiter // who waits; only on the node that proposed it
}

// logged is the number of requests of the part that are in the log: reads ride.
func (p *part) logged() int {
	n := 0
	for _, r := range p.reqs {
		if r.Class == Log {
			n++
		}
	}
	return n
}

// appendEntry encodes an entry in one exactly sized allocation: an argument may
// be hundreds of megabytes, and Raft keeps the slice.
func appendEntry(h header, parts []part) []byte {
	size := 40
	for i := range parts {
		size += partSize(&parts[i])
	}
	b := make([]byte, 0, size)
	b = append(b, entryFormat)
	b = binary.AppendUvarint(b, applyVersion)
	b = appendFixed(b, uint64(h.time))
	b = appendOrigin(b, h.proposer, h.proposal)
	for i := range parts {
		b = appendPart(b, &parts[i])
	}
	return b
}

func appendPart(b []byte, p *part) []byte {
	n := p.logged()
	if n == 0 {
		return b
	}
	b = append(b, p.kind)
	if p.kind != partInternal {
		b = appendOrigin(b, p.origin, p.number)
	}
	switch p.kind {
	case partBatch:
		b = binary.AppendUvarint(b, uint64(n))
	case partWait:
		b = binary.AppendUvarint(b, p.lowest)
	}
	for _, r := range p.reqs {
		if r.Class == Log {
			b = appendRequest(b, r)
		}
	}
	return b
}

func appendOrigin(b []byte, o Origin, number uint64) []byte {
	b = appendFixed(b, o.Node)
	b = appendFixed(b, o.Boot)
	return binary.AppendUvarint(b, number)
}

func appendFixed(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }

func appendRequest(b []byte, r *Request) []byte {
	var flags byte
	if r.Proto == wire.RESP3 {
		flags |= flagRESP3
	}
	if r.Exec != nil {
		return appendExec(append(b, flags|flagExec), r)
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(r.DB))
	b = binary.AppendUvarint(b, uint64(len(r.Args)))
	for _, a := range r.Args {
		b = binary.AppendUvarint(b, uint64(len(a)))
		b = append(b, a...)
	}
	return b
}

func partSize(p *part) int {
	n := 48
	for _, r := range p.reqs {
		if r.Class == Log {
			n += requestSize(r)
		}
	}
	return n
}

// requestSize is an upper bound of the bytes that r takes in an entry.
func requestSize(r *Request) int {
	n := 16
	for _, a := range r.Args {
		n += len(a) + 2
		if len(a) >= 1<<14 {
			n += 8
		}
	}
	for _, w := range r.Watch {
		n += len(w.Key) + 40
	}
	for _, c := range r.Exec {
		n += requestSize(c)
	}
	return n
}

// entryReader walks the parts of an entry. The arguments it returns alias the
// entry's bytes.
type entryReader struct {
	header
	rest   []byte
	apply  uint64
	inExec bool // within a transaction
}

func readEntry(b []byte) (*entryReader, error) {
	if len(b) == 0 || b[0] != entryFormat {
		return nil, fmt.Errorf("%w: unknown format", ErrEntry)
	}
	r := &entryReader{rest: b[1:]}
	var err error
	if r.apply, err = r.uvarint(); err != nil {
		return nil, err
	}
	if r.apply > applyVersion {
		return nil, fmt.Errorf("%w: apply version %d is newer than this program's %d", ErrEntry, r.apply, applyVersion)
	}
	t, err := r.fixed()
	if err != nil {
		return nil, err
	}
	r.time = int64(t)
	r.proposer, r.proposal, err = r.origin()
	return r, err
}

// next reads the next part into p, using its requests again. It reports false at
// the end.
func (r *entryReader) next(p *part) (bool, error) {
	if len(r.rest) == 0 {
		return false, nil
	}
	reqs := p.reqs[:0]
	*p = part{kind: r.rest[0]}
	r.rest = r.rest[1:]
	count := uint64(1)
	var err error
	if p.kind == partBatch || p.kind == partWait {
		if p.origin, p.number, err = r.origin(); err != nil {
			return false, err
		}
	}
	switch p.kind {
	case partBatch:
		count, err = r.uvarint()
	case partWait:
		p.lowest, err = r.uvarint()
	case partInternal:
	default:
		err = fmt.Errorf("%w: part of unknown kind %d", ErrEntry, p.kind)
	}
	if err == nil && count > uint64(len(r.rest)) {
		err = fmt.Errorf("%w: %d requests in %d bytes", ErrEntry, count, len(r.rest))
	}
	for ; err == nil && count > 0; count-- {
		reqs, err = r.request(reqs)
	}
	p.reqs = reqs
	return err == nil, err
}

func (r *entryReader) origin() (o Origin, number uint64, err error) {
	if o.Node, err = r.fixed(); err != nil {
		return o, 0, err
	}
	if o.Boot, err = r.fixed(); err != nil {
		return o, 0, err
	}
	number, err = r.uvarint()
	return o, number, err
}

func (r *entryReader) request(reqs []*Request) ([]*Request, error) {
	req := reuse(&reqs)
	if len(r.rest) == 0 {
		return reqs, fmt.Errorf("%w: cut off before a request", ErrEntry)
	}
	req.Proto = wire.RESP2
	if r.rest[0]&flagRESP3 != 0 {
		req.Proto = wire.RESP3
	}
	exec := r.rest[0]&flagExec != 0
	r.rest = r.rest[1:]
	if exec {
		return reqs, r.exec(req)
	}
	db, err := r.uvarint()
	if err != nil {
		return reqs, err
	}
	req.DB = int(db)
	argc, err := r.uvarint()
	if err != nil {
		return reqs, err
	}
	if argc == 0 || argc > uint64(len(r.rest)) {
		return reqs, fmt.Errorf("%w: %d arguments in %d bytes", ErrEntry, argc, len(r.rest))
	}
	for ; argc > 0; argc-- {
		n, err := r.uvarint()
		if err != nil {
			return reqs, err
		}
		if n > uint64(len(r.rest)) {
			return reqs, fmt.Errorf("%w: an argument of %d bytes in %d", ErrEntry, n, len(r.rest))
		}
		req.Args = append(req.Args, r.rest[:n:n])
		r.rest = r.rest[n:]
	}
	return reqs, nil
}

// count reads the number of things, or bytes, that follow: each takes a byte at
// least.
func (r *entryReader) count() (uint64, error) {
	n, err := r.uvarint()
	if err == nil && n > uint64(len(r.rest)) {
		err = fmt.Errorf("%w: %d of something in %d bytes", ErrEntry, n, len(r.rest))
	}
	return n, err
}

// reuse extends reqs by one request, an old one where there is one.
func reuse(reqs *[]*Request) *Request {
	n := len(*reqs)
	if n < cap(*reqs) {
		*reqs = (*reqs)[:n+1]
		if old := (*reqs)[n]; old != nil {
			*old = Request{Args: old.Args[:0]}
			return old
		}
		(*reqs)[n] = &Request{}
		return (*reqs)[n]
	}
	*reqs = append(*reqs, &Request{})
	return (*reqs)[n]
}

func (r *entryReader) uvarint() (uint64, error) {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		return 0, fmt.Errorf("%w: cut off in a number", ErrEntry)
	}
	r.rest = r.rest[n:]
	return v, nil
}

func (r *entryReader) fixed() (uint64, error) {
	if len(r.rest) < 8 {
		return 0, fmt.Errorf("%w: cut off in a number", ErrEntry)
	}
	v := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return v, nil
}
