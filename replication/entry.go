package replication

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// Versions that stand in front of every entry.
const (
	entryFormat  = 2 // how an entry is laid out; 1 is read as well
	applyVersion = 1 // how the state machine understands it
)

const partBatch = 'B'

// The flags of a request.
const (
	flagRESP3 = 1 << iota
	flagExec
	flagWoken
	flagInternal
)

// ErrEntry is the error of an entry that can't be decoded: going on would corrupt
// the state, so whoever applies it must stop.
var ErrEntry = errors.New("log entry can't be decoded")

// Origin names the process that accepted a request.
type Origin struct {
	Node uint64 // the node's id, for life
	Boot uint64 // of its process: a later one has a higher number
}

// part is one piece of an origin's stream to the partition: requests in one block, of
// which those that change something are in the log.
type part struct {
	origin Origin
	number uint64 // of the stream, without gaps
	reqs   []*Request
	// old marks a part of format 1, where the lone voter's parts were in order by
	// themselves and some had no number.
	old bool

	// body are the requests of a part that is being read, still encoded, count of them.
	body  []byte
	count uint64

	bytes   int64     // of its requests
	made    time.Time // when the stream took it
	encoded []byte    // set when nobody waits for its replies any more: what is sent again
}

// appendHeader begins an entry: its time is the partition's clock, in Unix ms.
func appendHeader(b []byte, timeMs int64) []byte {
	b = append(b, entryFormat)
	b = binary.AppendUvarint(b, applyVersion)
	return appendFixed(b, uint64(timeMs))
}

// headerSize is an upper bound of what appendHeader appends, partHead of what stands
// in front of a part's requests.
const (
	headerSize = 16
	partHead   = 4 + 1 + 16 + 2*binary.MaxVarintLen64
)

// appendSized appends a part with its size in front, so that whoever knows its
// requests can pass over them.
func appendSized(b []byte, p *part) []byte {
	at := len(b)
	b = appendPart(append(b, 0, 0, 0, 0), p)
	binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}

// appendRaw appends a part that is encoded already.
func appendRaw(b, encoded []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(encoded)))
	return append(b, encoded...)
}

func appendPart(b []byte, p *part) []byte {
	if p.encoded != nil {
		return append(b, p.encoded...)
	}
	n := 0
	for _, r := range p.reqs {
		if r.Class == Log {
			n++
		}
	}
	b = append(b, partBatch)
	b = appendOrigin(b, p.origin, p.number)
	b = binary.AppendUvarint(b, uint64(n))
	for _, r := range p.reqs {
		if r.Class == Log {
			b = appendRequest(b, r)
		}
	}
	return b
}

// partSize is an upper bound of what appendSized appends.
func partSize(p *part) int {
	if p.encoded != nil {
		return 4 + len(p.encoded)
	}
	n := partHead
	for _, r := range p.reqs {
		if r.Class == Log {
			n += requestSize(r)
		}
	}
	return n
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
	if r.Woken {
		flags |= flagWoken
	}
	if r.Internal {
		flags |= flagInternal
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
	time   int64 // the partition's clock, Unix ms
	rest   []byte
	format byte
	apply  uint64
	inExec bool // within a transaction
}

func readEntry(b []byte) (*entryReader, error) {
	if len(b) == 0 || b[0] == 0 || b[0] > entryFormat {
		return nil, fmt.Errorf("%w: unknown format", ErrEntry)
	}
	r := &entryReader{rest: b[1:], format: b[0]}
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
	if r.format == 1 {
		_, _, err = r.origin() // of who made the entry
	}
	return r, err
}

// next reads the head of the next part into p, using its requests again: decode reads
// those. It reports false at the end.
func (r *entryReader) next(p *part) (bool, error) {
	if len(r.rest) == 0 {
		return false, nil
	}
	if r.format == 1 {
		return true, r.nextOld(p)
	}
	if len(r.rest) < 4 {
		return false, fmt.Errorf("%w: cut off in the size of a part", ErrEntry)
	}
	n := binary.LittleEndian.Uint32(r.rest)
	if r.rest = r.rest[4:]; uint64(n) > uint64(len(r.rest)) {
		return false, fmt.Errorf("%w: a part of %d bytes in %d", ErrEntry, n, len(r.rest))
	}
	err := readPart(r.rest[:n], p)
	r.rest = r.rest[n:]
	return err == nil, err
}

// readPart reads the head of a part that is encoded on its own.
func readPart(b []byte, p *part) error {
	*p = part{reqs: p.reqs[:0]}
	if len(b) == 0 || b[0] != partBatch {
		return fmt.Errorf("%w: part of unknown kind", ErrEntry)
	}
	r := entryReader{rest: b[1:]}
	var err error
	if p.origin, p.number, err = r.origin(); err != nil {
		return err
	}
	if p.count, err = r.count(); err != nil {
		return err
	}
	p.body = r.rest
	return nil
}

// decode reads the requests of a part whose head was read.
func (p *part) decode() error {
	if p.old {
		return nil // next had to
	}
	r := entryReader{rest: p.body}
	var err error
	for ; err == nil && p.count > 0; p.count-- {
		p.reqs, err = r.request(p.reqs)
	}
	if err == nil && len(r.rest) > 0 {
		err = fmt.Errorf("%w: %d bytes behind a part's requests", ErrEntry, len(r.rest))
	}
	p.body = nil
	return err
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
	req.Woken, req.Internal = r.rest[0]&flagWoken != 0, r.rest[0]&flagInternal != 0
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
