package replication

import (
	"encoding/binary"
	"fmt"
)

// appendExec appends a transaction: what it watches, and those of its commands
// that may change something.
func appendExec(b []byte, r *Request) []byte {
	b = binary.AppendUvarint(b, uint64(len(r.Watch)))
	for _, w := range r.Watch {
		b = binary.AppendUvarint(b, uint64(w.DB))
		b = binary.AppendUvarint(b, uint64(len(w.Key)))
		b = append(b, w.Key...)
		b = binary.AppendUvarint(b, w.Index)
		b = binary.AppendUvarint(b, uint64(w.Ordinal))
	}
	n := 0
	for _, c := range r.Exec {
		if c.Class == Log {
			n++
		}
	}
	b = binary.AppendUvarint(b, uint64(n))
	for _, c := range r.Exec {
		if c.Class == Log {
			b = appendRequest(b, c)
		}
	}
	return b
}

// exec reads a transaction.
func (r *entryReader) exec(req *Request) error {
	if r.inExec {
		return fmt.Errorf("%w: a transaction in a transaction", ErrEntry)
	}
	r.inExec = true
	defer func() { r.inExec = false }()
	watches, err := r.count()
	if err != nil {
		return err
	}
	for ; watches > 0; watches-- {
		w, err := r.watched()
		if err != nil {
			return err
		}
		req.Watch = append(req.Watch, w)
	}
	n, err := r.count()
	if err != nil {
		return err
	}
	req.Exec = []*Request{}
	for ; n > 0; n-- {
		if req.Exec, err = r.request(req.Exec); err != nil {
			return err
		}
		req.Exec[len(req.Exec)-1].InExec = true
	}
	return nil
}

func (r *entryReader) watched() (w Watched, err error) {
	db, err := r.uvarint()
	if err != nil {
		return w, err
	}
	n, err := r.count()
	if err != nil {
		return w, err
	}
	w.DB, w.Key = int(db), r.rest[:n:n]
	r.rest = r.rest[n:]
	if w.Index, err = r.uvarint(); err != nil {
		return w, err
	}
	ordinal, err := r.uvarint()
	w.Ordinal = uint32(ordinal)
	return w, err
}
