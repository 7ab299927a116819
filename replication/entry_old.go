package replication

import "fmt"

// The kinds of part of format 1. Waits had a number of their own instead of a place in
// the stream; what only a lone voter wrote was in order all the same.
const (
	oldWait     = 'W'
	oldInternal = 'I'
)

// nextOld reads a part of format 1, whose requests must be read to find the next one.
func (r *entryReader) nextOld(p *part) error {
	kind := r.rest[0]
	r.rest = r.rest[1:]
	*p = part{reqs: p.reqs[:0], old: true}
	count := uint64(1)
	var err error
	if kind == partBatch || kind == oldWait {
		if p.origin, p.number, err = r.origin(); err != nil {
			return err
		}
	}
	switch kind {
	case partBatch:
		count, err = r.count()
	case oldWait:
		_, err = r.uvarint() // the lowest open wait number
	case oldInternal:
	default:
		err = fmt.Errorf("%w: part of unknown kind %d", ErrEntry, kind)
	}
	for ; err == nil && count > 0; count-- {
		p.reqs, err = r.request(p.reqs)
	}
	if err == nil && kind != partBatch {
		p.reqs[0].Woken, p.reqs[0].Internal = kind == oldWait, kind == oldInternal
	}
	return err
}
