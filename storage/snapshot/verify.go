package snapshot

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/millrace-io/millrace/storage/vfs"
)

// openFile reads the header of f, which must be of the group.
func openFile(f vfs.File, path string, group uint32) (*Reader, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	r, g, err := newReader(fileReader(f), path, size)
	if err != nil {
		return nil, err
	}
	if g != group {
		return nil, &CorruptionError{Path: path, Reason: fmt.Sprintf("belongs to group %d, not %d", g, group)}
	}
	return r, nil
}

// verifyFile reads f through without holding more of it than a buffer.
func verifyFile(f vfs.File, path string, group uint32) (Meta, error) {
	r, err := openFile(f, path, group)
	if err != nil {
		return Meta{}, err
	}
	return r.meta, r.scan.verify()
}

// List returns the usable snapshots, newest first. Files that this process does
// not know yet are read through, once.
func (s *Store) List() []Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	var infos []Info
	for _, n := range s.newestFirstLocked() {
		if k := s.verifiedLocked(n); k.good {
			info := k.info
			info.Configuration = slices.Clone(info.Configuration)
			infos = append(infos, info)
		}
	}
	return infos
}

// Damaged returns, newest first, why each of the other files is not usable.
func (s *Store) Damaged() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, n := range s.newestFirstLocked() {
		if k := s.verifiedLocked(n); !k.good {
			errs = append(errs, k.err)
		}
	}
	return errs
}

func (s *Store) newestFirstLocked() []name {
	return slices.SortedFunc(maps.Keys(s.files), func(a, b name) int { return b.compare(a) })
}

// verifiedLocked looks at a file unless its state is known for good. A file that
// could not be read is looked at again next time.
func (s *Store) verifiedLocked(n name) *known {
	k := s.files[n]
	if k.good || isFinal(k.err) {
		return k
	}
	r, err := s.open(n)
	if err == nil {
		err = r.scan.verify()
		k.info = Info{ID: n.String(), Meta: r.meta, Bytes: r.size}
		err = errors.Join(err, r.Close())
	}
	if err == nil && (k.info.Index != n.index || k.info.Term != n.term) {
		err = &CorruptionError{Path: s.path(n, fileSuffix), Reason: "index or term is not that of the file name"}
	}
	k.good, k.err = err == nil, err
	return k
}

func isFinal(err error) bool {
	_, damaged := errors.AsType[*CorruptionError](err)
	return damaged || errors.Is(err, ErrNewerFormat)
}

// retire removes the files behind the second newest usable snapshot, usable or
// not. That they are gone need not be durable: one that comes back is removed
// again.
func (s *Store) retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	usable := 0
	for _, n := range s.newestFirstLocked() {
		switch {
		case usable < keep:
			if s.verifiedLocked(n).good {
				usable++
			}
		case s.newerFormatLocked(n): // not ours to judge
		case s.fs.Remove(s.path(n, fileSuffix)) == nil:
			delete(s.files, n)
		}
	}
}

// newerFormatLocked looks at the header alone.
func (s *Store) newerFormatLocked(n name) bool {
	k := s.files[n]
	if k.good || isFinal(k.err) {
		return errors.Is(k.err, ErrNewerFormat)
	}
	r, err := s.open(n)
	if err == nil {
		r.Close()
	}
	return errors.Is(err, ErrNewerFormat)
}
