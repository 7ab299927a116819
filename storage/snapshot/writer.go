package snapshot

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
)

// Writer makes one snapshot, either from sections or from the raw bytes of
// another store's: Section and Write exclude each other. It ends with Commit or
// Abort; until Commit has returned nil, there is no snapshot. After an error
// only Abort is useful. One goroutine at a time.
type Writer struct {
	store *Store
	name  name
	meta  Meta
	temp  string // path
	out   output

	form     form
	tag      uint32
	total    uint32 // checksum of the whole so far
	sections uint64
	scratch  [sectionLen]byte
	closed   bool
}

type form uint8

const (
	undecided form = iota
	fromSections
	raw
)

// ID is the name that the snapshot will have in List.
func (w *Writer) ID() string { return w.name.String() }

// Section appends one section. body is not kept.
func (w *Writer) Section(kind uint8, body []byte) error {
	if err := w.become(fromSections); err != nil {
		return err
	}
	head, h := appendSectionHeader(w.scratch[:0], w.tag, w.out.size(), kind, len(body))
	w.out.write(head)
	w.out.write(body)
	w.total = sum(sum(w.total, head[:16]), body)
	w.sections++
	return w.out.write(le.AppendUint32(w.scratch[:0], sum(bodySum(h), body)))
}

// Write appends bytes of the raw form. Commit checks them.
func (w *Writer) Write(b []byte) (int, error) {
	if err := w.become(raw); err != nil {
		return 0, err
	}
	if err := w.out.write(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// become settles the form with the first call; sections need the header first.
func (w *Writer) become(f form) error {
	switch {
	case w.closed:
		return ErrClosed
	case w.form == f:
		return w.out.err
	case w.form != undecided:
		return ErrMixed
	}
	w.form = f
	if f == raw {
		return nil
	}
	head, tag := appendHeader(nil, w.store.group, w.meta)
	w.tag, w.total = tag, tag
	return w.out.write(head)
}

// Commit makes the snapshot durable and visible, and then removes those that
// two newer ones make superfluous. An error means that there is no snapshot; of
// raw bytes that arrived damaged it is a *CorruptionError. That an old file
// could not be removed is no error: the next Commit tries again.
func (w *Writer) Commit() error {
	if w.closed {
		return ErrClosed
	}
	if err := w.commit(); err != nil {
		return fmt.Errorf("commit snapshot %s of group %d: %w", w.ID(), w.store.group, errors.Join(err, w.Abort()))
	}
	w.closed = true
	w.store.retire()
	return nil
}

func (w *Writer) commit() error {
	if w.form == undecided { // a snapshot of nothing
		if err := w.become(fromSections); err != nil {
			return err
		}
	}
	if w.form == fromSections {
		w.out.write(appendTrailer(nil, w.tag, w.out.size(), w.total, w.sections))
	}
	if err := w.out.finish(); err != nil {
		return err
	}
	if w.form == raw {
		if err := w.arrived(); err != nil {
			return err
		}
	}
	return w.store.publish(w)
}

// arrived checks the raw form as a whole and against what it was announced to be.
func (w *Writer) arrived() error {
	got, err := verifyFile(w.out.f, w.temp, w.store.group)
	if err != nil {
		return err
	}
	if got.Index != w.meta.Index || got.Term != w.meta.Term || got.ConfigurationIndex != w.meta.ConfigurationIndex {
		return &CorruptionError{Path: w.temp, Reason: fmt.Sprintf(
			"is of index %d, term %d, configuration index %d; announced were %d, %d, %d",
			got.Index, got.Term, got.ConfigurationIndex, w.meta.Index, w.meta.Term, w.meta.ConfigurationIndex)}
	}
	w.meta = got
	return nil
}

// Abort drops what was written. After Commit or Abort it returns ErrClosed.
func (w *Writer) Abort() error {
	if w.closed {
		return ErrClosed
	}
	w.closed = true
	w.store.release(w.name)
	return errors.Join(w.out.f.Close(), w.store.fs.Remove(w.temp))
}

// checkMeta refuses what the header's fields cannot hold.
func checkMeta(m Meta) error {
	if len(m.Configuration) > math.MaxInt32 || int(int32(m.Version)) != m.Version {
		return ErrTooLarge
	}
	return nil
}

func (s *Store) path(n name, suffix string) string {
	return filepath.Join(s.dir, n.String()+suffix)
}
