package log

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/storage/vfs"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenTail gathers one frame of each kind, in a segment of a known life.
func goldenTail(f vfs.File) *tail {
	seg := &segment{life: life{number: 42, salt: 0x1122334455667788}, path: "000042.seg", size: 64 << 10, f: f}
	t := &tail{}
	t.reset(seg)
	first := firstBody{version: formatVersion, prevEnd: 8192, groups: map[GroupID]*groupState{
		1: {first: 10, last: 20, prevTerm: 3, state: State{Term: 5, VoteTerm: 4, VoteFor: []byte("node-a")}},
		9: {first: 1, last: 0},
	}}
	t.small(KindFirst, 0, 2, 0, first.append(nil))
	t.entries(1, []Entry{
		{Index: 21, Term: 5, Type: 0, Data: []byte("hello"), AppendedAt: 1700000000000000000},
		{Index: 22, Term: 5, Type: 5, Extensions: []byte("ext"), Data: []byte("configuration")},
	})
	t.small(KindState, 9, 0, 0, appendState(nil, State{Term: 6, VoteTerm: 6, VoteFor: []byte("b")}))
	t.small(KindTruncateFront, 1, 0, 15, []byte{4, 0, 0, 0, 0, 0, 0, 0})
	t.small(KindTruncateBack, 1, 0, 22, nil)
	t.small(KindReset, 9, 0, 100, []byte{6, 0, 0, 0, 0, 0, 0, 0})
	return t
}

// The golden file never changes: a new format gets a new one beside it.
func TestFormatGolden(t *testing.T) {
	mem := vfs.NewMem()
	f, err := mem.OpenFile("/000042.seg", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	w := goldenTail(f)
	if err := w.write(); err != nil {
		t.Fatal(err)
	}
	if err := w.sync(); err != nil {
		t.Fatal(err)
	}
	w.small(KindMark, 0, 0, 0, nil)
	if err := w.write(); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, alignPage(w.end))
	if _, err := f.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	if !isZero(got[w.end:]) {
		t.Error("the page ends with something")
	}
	got = got[:w.end]
	const path = "testdata/segment-v1.golden"
	if *update {
		if err := os.WriteFile(path, []byte(hex.Dump(got)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if hex.Dump(got) != string(want) {
		t.Errorf("the format has changed:\n%s", diffLines(hex.Dump(got), string(want)))
	}
	readGolden(t, mem)
}

func diffLines(got, want string) string {
	var b strings.Builder
	w := strings.Split(want, "\n")
	for i, g := range strings.Split(got, "\n") {
		if i >= len(w) || g != w[i] {
			b.WriteString("got " + g + "\n")
		}
	}
	return b.String()
}

// readGolden reads it back as Inspect does.
func readGolden(t *testing.T, mem *vfs.Mem) {
	t.Helper()
	var kinds []string
	r, err := Inspect(mem, "/", func(f Frame) error {
		kinds = append(kinds, f.Kind.String())
		if f.Kind == KindEntries && (len(f.Entries) != 2 || string(f.Entries[1].Data) != "configuration") {
			t.Errorf("entries %+v", f.Entries)
		}
		return nil
	})
	// Entries 10 to 20 would lie in older segments.
	if want := "entries 15 to 20 of group 1 lie before it and are missing"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("inspect: %v", err)
	}
	if s := strings.Join(kinds, " "); s != "first entries state truncate-front truncate-back reset mark" {
		t.Errorf("frames: %s", s)
	}
	if len(r.Groups) != 2 || r.Groups[0].First != 15 || r.Groups[0].Last != 21 || r.Groups[1].State.Term != 6 {
		t.Errorf("groups %+v", r.Groups)
	}
}

func TestNewerFormatIsRefused(t *testing.T) {
	mem := vfs.NewMem()
	l, err := Open(mem, "/log", Options{SegmentBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := mem.OpenFile("/log/000002.seg", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	w := &tail{}
	w.reset(&segment{life: life{number: 2, salt: 1}, f: f})
	w.small(KindFirst, 0, 0, 0, []byte{2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	if err := w.write(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(mem, "/log", Options{SegmentBytes: 64 << 10})
	if v, ok := errors.AsType[*VersionError](err); !ok || v.Path != "/log/000002.seg" || v.Version != 2 {
		t.Errorf("opened with %v", err)
	}
}

// FuzzSegment: whatever a segment holds, opening and inspecting it says the same
// and does not panic.
func FuzzSegment(f *testing.F) {
	mem := vfs.NewMem()
	file, err := mem.OpenFile("/x", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		f.Fatal(err)
	}
	w := goldenTail(file)
	w.cut()
	golden := bytes.Join(w.bufs, nil)
	f.Add(golden, uint16(0), byte(0), true)
	f.Add(golden, uint16(70), byte(1), true)
	f.Add(golden[:100], uint16(0), byte(0), false)
	f.Add([]byte(nil), uint16(0), byte(0), false)
	f.Fuzz(func(t *testing.T, b []byte, at uint16, change byte, mend bool) {
		b = append([]byte(nil), b...)
		if len(b) > 0 {
			b[int(at)%len(b)] ^= change
		}
		if mend {
			mendChecksums(b)
		}
		mem := vfs.NewMem()
		s, err := mem.OpenFile("/000042.seg", os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.WriteAt(b, 0); err != nil {
			t.Fatal(err)
		}
		_, inspected := Inspect(mem, "/", nil)
		l, opened := Open(mem, "/", Options{SegmentBytes: 64 << 10})
		if (inspected == nil) != (opened == nil) {
			t.Fatalf("inspect: %v, open: %v", inspected, opened)
		}
		if opened == nil {
			if err := l.Group(1).SetState(State{Term: 1}); err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// mendChecksums makes the checksums right, so that what is behind them is tried.
func mendChecksums(b []byte) {
	for off := int64(0); off+headerSize <= int64(len(b)); {
		h, ok := parseHeader(b[off:])
		if !ok || off+int64(h.length) > int64(len(b)) {
			return
		}
		sum := checksum(b[off : off+int64(h.length)])
		copy(b[off+4:], []byte{byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)})
		off += alignFrame(int64(h.length))
	}
}
