package log

import (
	"errors"
	"os"
	"slices"

	"github.com/millrace-io/millrace/storage/vfs"
)

// Frame is a frame as Inspect shows it.
type Frame struct {
	Path     string
	Segment  SegmentNum
	Offset   int64
	Length   int64
	Kind     Kind
	Synced   int64   // the segment was known to be on disk up to here
	Group    GroupID // not of a first frame or a mark
	Index    uint64  // see the format: first entry, new first, cut from, last before a reset
	Entries  []Entry // of KindEntries; valid during the call only
	State    State   // of KindState
	PrevTerm uint64  // of KindTruncateFront and KindReset
	PrevEnd  int64   // of KindFirst: where the segment before ends
}

// Report is what Inspect found.
type Report struct {
	Segments []SegmentReport
	Groups   []GroupReport // by number
	Torn     *TornTail     // nil: none
	Unused   []string      // files of segments that were never begun, and the spare
}

// SegmentReport is one segment of a Report.
type SegmentReport struct {
	Path    string
	Number  SegmentNum
	Size    int64 // of the file
	End     int64 // of its last frame
	Frames  int
	Entries int
}

// GroupReport is the state of a group at the end of the log.
type GroupReport struct {
	ID          GroupID
	First, Last uint64 // 0 when the group is empty
	State       State
	Bytes       int64 // of the entries on disk
}

// TornTail is what the next Open will cut.
type TornTail struct {
	Path   string
	Offset int64
	Bytes  int64
}

// Inspect reads the log in dir and changes nothing: visit (may be nil) sees every
// frame in order, and an error of it ends the walk. A *DamageError says what is
// wrong and where; the report then holds what came before it. No process may
// have the log open.
func Inspect(fs vfs.FS, dir string, visit func(Frame) error) (Report, error) {
	files, err := openSegments(fs, dir, os.O_RDONLY)
	if err != nil {
		return Report{}, err
	}
	i := inspection{visit: visit, replay: newReplay()}
	end, err := walk(files, i.frame)
	if err == nil {
		err = i.replay.complete()
	}
	i.finish(fs, dir, end)
	return i.report, errors.Join(err, closeAll(files))
}

type inspection struct {
	visit  func(Frame) error
	replay *replay
	report Report
}

func (i *inspection) frame(f *segmentFile, fr *frame) error {
	if err := i.replay.frame(f, fr); err != nil {
		return err
	}
	segs := &i.report.Segments
	if n := len(*segs); n == 0 || (*segs)[n-1].Number != f.number {
		*segs = append(*segs, SegmentReport{Path: f.path, Number: f.number, Size: f.size})
	}
	s := &(*segs)[len(*segs)-1]
	s.End = fr.end()
	s.Frames++
	if fr.kind == KindEntries {
		s.Entries += int(fr.count)
	}
	if i.visit == nil {
		return nil
	}
	return i.visit(show(f, fr))
}

// show decodes a frame that the replay has accepted.
func show(f *segmentFile, fr *frame) Frame {
	v := Frame{Path: f.path, Segment: f.number, Offset: fr.offset, Length: int64(fr.length), Kind: fr.kind,
		Synced: fr.synced, Group: fr.group, Index: fr.first}
	switch fr.kind {
	case KindFirst:
		v.PrevEnd = f.first.prevEnd
	case KindEntries:
		v.Entries, _ = parseEntries(&fr.header, fr.body)
	case KindState:
		v.State, _, _ = parseState(fr.body)
	case KindTruncateFront, KindReset:
		v.PrevTerm = termBody(fr.body)
	}
	return v
}

func (i *inspection) finish(fs vfs.FS, dir string, end logEnd) {
	for id, g := range i.replay.groups {
		r := GroupReport{ID: id, State: g.state, Bytes: int64(g.index.total() - g.index.start)}
		if !g.empty() {
			r.First, r.Last = g.first, g.last
		}
		i.report.Groups = append(i.report.Groups, r)
	}
	slices.SortFunc(i.report.Groups, func(a, b GroupReport) int { return int(int64(a.ID) - int64(b.ID)) })
	if end.torn > 0 {
		i.report.Torn = &TornTail{Path: end.file.path, Offset: end.end, Bytes: end.torn}
	}
	i.report.Unused = end.stray
	if _, err := fs.Stat(sparePath(dir)); err == nil {
		i.report.Unused = append(i.report.Unused, sparePath(dir))
	}
}
