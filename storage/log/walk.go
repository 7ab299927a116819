package log

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/millrace-io/millrace/storage/vfs"
)

// segmentFile is a segment as it was found on disk.
type segmentFile struct {
	frameReader
	number SegmentNum
	head   *frame     // first frame, nil when there is no valid one
	first  *firstBody // its body
}

// logEnd is how the newest segment ends.
type logEnd struct {
	file   *segmentFile // nil: there is no log
	end    int64        // end of the last valid frame that is not a mark
	synced int64        // highest synced offset that a frame claims
	torn   int64        // bytes of torn frames behind end
	stray  []string     // files of segments that were never begun
}

// openSegments opens the segments of a folder, by number, and reads their first
// frames. On error none stays open.
func openSegments(fs vfs.FS, dir string, flag int) (files []*segmentFile, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll(files))
			files = nil
		}
	}()
	names, err := fs.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list log segments: %w", err)
	}
	for _, name := range names {
		n, ok := parseSegmentName(name)
		if !ok {
			continue
		}
		f, err := openSegment(fs, filepath.Join(dir, name), n, flag)
		if err != nil {
			return files, err
		}
		files = append(files, f)
		if f.head, f.first, err = f.readFirst(); err != nil {
			return files, err
		}
		if len(files) > 1 && files[len(files)-2].number+1 != n {
			return files, &DamageError{Path: segmentPath(dir, n-1), Reason: "the file is missing"}
		}
	}
	return files, nil
}

func openSegment(fs vfs.FS, path string, n SegmentNum, flag int) (*segmentFile, error) {
	f, err := fs.OpenFile(path, flag, 0)
	if err != nil {
		return nil, fmt.Errorf("open log segment: %w", err)
	}
	size, err := f.Size()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open log segment: %w", err), f.Close())
	}
	r := frameReader{f: f, path: path, size: size, life: life{number: n}, ahead: pageSize}
	return &segmentFile{frameReader: r, number: n}, nil
}

func closeAll(files []*segmentFile) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.f.Close())
	}
	return errors.Join(errs...)
}

// walk visits all frames of the log in order. It tells damage (bytes that were
// once synced) from a torn tail; a frame's body is valid during the visit only.
func walk(files []*segmentFile, visit func(*segmentFile, *frame) error) (logEnd, error) {
	files, stray, err := splitStray(files)
	if err != nil {
		return logEnd{}, err
	}
	end := logEnd{stray: stray}
	for _, f := range files {
		if f.head == nil {
			return end, f.damage(0, "no valid first frame, though a later segment has one")
		}
	}
	for i, f := range files {
		f.ahead = readWindow
		if i < len(files)-1 {
			err = f.walkTo(files[i+1].first.prevEnd, visit)
		} else {
			err = f.walkLast(&end, visit)
		}
		f.window = nil // one at a time: there may be many segments
		if err != nil {
			return end, err
		}
	}
	return end, nil
}

// splitStray takes off the files behind the last valid first frame. They were
// made and never begun, unless a frame in them says otherwise.
func splitStray(files []*segmentFile) (log []*segmentFile, stray []string, err error) {
	n := len(files)
	for n > 0 && files[n-1].head == nil {
		n--
	}
	for _, f := range files[n:] {
		f.ahead = readWindow
		s, err := f.survey(0, true)
		if err != nil {
			return nil, nil, err
		}
		if s.claim > 0 {
			return nil, nil, f.damage(0, fmt.Sprintf("no valid first frame, though a later frame says that %d bytes were synced", s.claim))
		}
		stray = append(stray, f.path)
	}
	return files[:n], stray, nil
}

func (f *segmentFile) damage(offset int64, reason string) error {
	return &DamageError{Path: f.path, Offset: offset, Reason: reason}
}

// walkTo visits the frames of a segment that was synced up to end.
func (f *segmentFile) walkTo(end int64, visit func(*segmentFile, *frame) error) error {
	off := int64(0)
	for off < end {
		fr, reason, err := f.read(off)
		if err != nil {
			return err
		}
		if reason != "" {
			return f.damage(off, reason)
		}
		if err := visit(f, fr); err != nil {
			return err
		}
		off = fr.end()
	}
	if off != end {
		return f.damage(off, fmt.Sprintf("the next segment says that this one ends at %d", end))
	}
	return nil
}

// walkLast visits the frames of the newest segment and finds its end.
func (f *segmentFile) walkLast(end *logEnd, visit func(*segmentFile, *frame) error) error {
	end.file = f
	off := int64(0)
	for {
		fr, reason, err := f.read(off)
		if err != nil {
			return err
		}
		if reason != "" {
			return f.judge(end, off, reason)
		}
		if err := visit(f, fr); err != nil {
			return err
		}
		off = fr.end()
		end.synced = max(end.synced, fr.synced)
		if fr.kind != KindMark {
			end.end = off
		}
	}
}

// judge decides what the bad frame at off is: damage when a later frame says that
// it was synced; else the end of the log, torn or clean.
func (f *segmentFile) judge(end *logEnd, off int64, reason string) error {
	s, err := f.survey(off, false)
	if err != nil {
		return err
	}
	if s.claim > off {
		return f.damage(off, fmt.Sprintf("%s, though a later frame says that %d bytes were synced", reason, s.claim))
	}
	if s.end == 0 {
		s.end, err = f.garbage(off)
	}
	end.torn = max(0, s.end-off)
	return err
}

// garbage returns the end of the page at off when it holds anything behind off,
// for a write leaves zeros there; 0 otherwise.
func (f *segmentFile) garbage(off int64) (int64, error) {
	to := min(alignPage(off), f.size)
	if to <= off {
		return 0, nil
	}
	b, err := f.bytes(off, int(to-off))
	if err != nil || isZero(b) {
		return 0, err
	}
	return to, nil
}

// remains is what a survey found behind the end of a log.
type remains struct {
	claim int64 // highest synced offset that a valid frame claims
	end   int64 // end of the last frame of which at least the header is whole
}

// survey looks for frames of this life from off on, at every place where one may
// begin. anySalt: the first frame is lost, and the salt with it.
func (f *segmentFile) survey(off int64, anySalt bool) (remains, error) {
	var s remains
	single := frameReader{f: f.f, path: f.path, size: f.size, life: f.life}
	for off = alignFrame(off); off+headerSize <= f.size; {
		b, err := f.bytes(off, int(min(readWindow, f.size-off)))
		if err != nil {
			return s, err
		}
		step := int64(len(b) - headerSize + frameAlign)
		for at := 0; ; at++ {
			i := bytes.Index(b[at:], magicBytes)
			if at += i; i < 0 || at+headerSize > len(b) {
				break
			}
			if h, ok := parseHeader(b[at:]); ok && (off+int64(at))%frameAlign == 0 {
				if anySalt {
					single.life.salt = h.life.salt
				}
				if err := s.note(&single, &h, off+int64(at)); err != nil {
					return s, err
				}
			}
		}
		off += step
	}
	return s, nil
}

// note adds what lies at offset, where the header h was found.
func (s *remains) note(r *frameReader, h *header, offset int64) error {
	if h.life != r.life || h.offset != offset {
		return nil
	}
	s.end = max(s.end, min(r.size, offset+alignFrame(int64(h.length))))
	fr, reason, err := r.read(offset)
	if err == nil && reason == "" {
		s.claim = max(s.claim, fr.synced)
	}
	return err
}
