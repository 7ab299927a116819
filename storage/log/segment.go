package log

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/millrace-io/millrace/internal/broken"
	"github.com/millrace-io/millrace/storage/vfs"
)

const (
	segmentSuffix = ".seg"
	spareName     = "spare" + segmentSuffix
)

func segmentPath(dir string, n SegmentNum) string {
	return filepath.Join(dir, n.String()+segmentSuffix)
}

// parseSegmentName is the inverse of segmentPath for a name without its folder.
func parseSegmentName(name string) (SegmentNum, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 || SegmentNum(n).String() != digits {
		return 0, false
	}
	return SegmentNum(n), true
}

// segment is an open segment file.
type segment struct {
	life life
	path string
	size int64
	f    vfs.File

	// use is held for reading by whoever reads or syncs f, for writing by
	// whoever takes f away (Collect, Close).
	use  sync.RWMutex
	gone bool

	// A sync that failed is reported once by the kernel and may succeed when
	// repeated: so syncs of a segment go one by one, and all fail after the first
	// that did. syncMu covers syncErr.
	syncMu  sync.Mutex
	syncErr error

	// top is the highest index of each group's entries in this segment that may
	// still be needed. Covered by Log.segMu.
	top map[GroupID]uint64
}

// errGone: the file was collected between look-up and read.
var errGone = errors.New("segment is gone")

func (s *segment) writeV(bufs [][]byte, off int64) error {
	n, err := s.f.WriteVAt(bufs, off)
	if err == nil && n != total(bufs) {
		err = fmt.Errorf("%d of %d bytes written", n, total(bufs))
	}
	if err != nil {
		return fmt.Errorf("write log segment %s at %d: %w", s.path, off, err)
	}
	return nil
}

// writeSync writes b durably; nothing before it may be waiting for its sync.
func (s *segment) writeSync(b []byte, off int64) error {
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	if s.syncErr != nil {
		return s.syncErr
	}
	if broken.Is(broken.SkipLogSync) {
		return s.writeV([][]byte{b}, off)
	}
	n, err := s.f.WriteSync(b, off)
	if err == nil && n != len(b) {
		err = fmt.Errorf("%d of %d bytes written", n, len(b))
	}
	if err != nil {
		s.syncErr = fmt.Errorf("write log segment %s at %d: %w", s.path, off, err)
	}
	return s.syncErr
}

func (s *segment) dataSync() error {
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	if s.syncErr != nil {
		return s.syncErr
	}
	if broken.Is(broken.SkipLogSync) {
		return nil
	}
	if err := s.f.DataSync(); err != nil {
		s.syncErr = fmt.Errorf("sync log segment %s: %w", s.path, err)
	}
	return s.syncErr
}

// readFrame reads and checks the frame at offset.
func (s *segment) readFrame(offset int64) (*frame, error) {
	s.use.RLock()
	defer s.use.RUnlock()
	if s.gone {
		return nil, errGone
	}
	r := frameReader{f: s.f, path: s.path, size: s.size, life: s.life}
	f, reason, err := r.read(offset)
	if err != nil {
		return nil, err
	}
	if reason != "" {
		return nil, &DamageError{Path: s.path, Offset: offset, Reason: reason}
	}
	return f, nil
}

// retire keeps new readers away and waits for those who are reading.
func (s *segment) retire() {
	s.use.Lock()
	s.gone = true
	s.use.Unlock()
}

// close retires the segment and closes its file.
func (s *segment) close() error {
	s.retire()
	return s.f.Close()
}
