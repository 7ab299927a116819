package keyspace_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/streams"
)

var update = flag.Bool("update", false, "rewrite golden files")

func snapshotOf(t testing.TB, st *keyspace.State) sections {
	t.Helper()
	var s sections
	if err := st.View().Snapshot(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func restored(t testing.TB, s sections) *keyspace.State {
	t.Helper()
	st, err := keyspace.Restore(s.reader())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// goldenState is small and has something of everything.
func goldenState() *keyspace.State {
	st := goldenState1()
	settings := st.Settings()
	settings.IDMP = idmp.Limits{Duration: 7, MaxSize: 2}
	st.SetSettings(settings)
	for i, name := range []string{"key:2", "key:6", "key:10"} {
		s, _ := st.DB(0).GetForWrite(b(name), 0).StreamForWrite()
		if i > 0 {
			s.ProducersForWrite().SetLimits(settings.IDMP)
		}
		mixedProducers(s, 4*i)
	}
	return st
}

// goldenState1 is what the golden file of version 1 holds.
func goldenState1() *keyspace.State {
	st := mixedState(12)
	settings := st.Settings()
	settings.StreamNodeMaxBytes, settings.StreamNodeMaxEntries = 512, 3
	st.SetSettings(settings)
	st.DB(2).PutString(b("\x00 name {tag}"), b("\xff\n"))
	return st
}

// mixedProducers has n iids recorded, of two producers.
func mixedProducers(s *keyspace.StreamValue, n int) {
	p := s.ProducersForWrite()
	for i := range n {
		p.Record(idmp.NewPair(fmt.Appendf(nil, "producer:%d", i%2), fmt.Appendf(nil, "iid:%d", i)), streams.ID{Ms: uint64(i)})
	}
	p.CountDuplicate()
}

// The golden files of older versions are kept: they are read for ever.
func TestGoldenSnapshot(t *testing.T) {
	path := filepath.Join("testdata", "snapshot-2.golden")
	st := goldenState()
	got := snapshotOf(t, st)
	if *update {
		if err := os.WriteFile(path, got.pack(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.pack(), want) {
		t.Errorf("snapshot is\n%swant\n%s", got, unpack(want))
	}
	if restored(t, unpack(want)).Hash() != st.Hash() {
		t.Error("the golden file gives another state")
	}
	old, err := os.ReadFile(filepath.Join("testdata", "snapshot-1.golden"))
	if err != nil {
		t.Fatal(err)
	}
	if restored(t, unpack(old)).Hash() != goldenState1().Hash() {
		t.Error("the golden file of version 1 gives another state")
	}
}

func TestRestoreGivesTheSameState(t *testing.T) {
	for name, st := range map[string]*keyspace.State{
		"empty": keyspace.New(16), "golden": goldenState(), "many keys": mixedState(5000), "large stream": largeStream(),
	} {
		t.Run(name, func(t *testing.T) {
			first := snapshotOf(t, st)
			again := restored(t, first)
			if err := again.Check(); err != nil {
				t.Error(err)
			}
			if again.Hash() != st.Hash() || again.Databases() != st.Databases() || again.Settings() != st.Settings() || again.Changed() {
				t.Error("not the same state")
			}
			if twinOf(again).String() != twinOf(st).String() {
				t.Error("not the same contents")
			}
			if got, want := snapshotOf(t, again).pack(), first.pack(); !bytes.Equal(got, want) {
				t.Errorf("the second snapshot differs: %d and %d bytes", len(got), len(want))
			}
			next, ok := st.NextDeadline()
			if n, o := again.NextDeadline(); n != next || o != ok {
				t.Errorf("next deadline %d, was %d", n, next)
			}
			if d := again.Memory() - st.Memory(); d > st.Memory()/10 || -d > st.Memory()/2 {
				t.Errorf("memory %d, was %d", again.Memory(), st.Memory())
			}
		})
	}
}

// largeStream has entries that fill several sections, and one larger than those.
func largeStream() *keyspace.State {
	st := keyspace.New(1)
	s := st.DB(0).PutStream(b("s"))
	value := bytes.Repeat(b("x"), 1000)
	for i := range 2000 {
		if i == 1000 {
			value = bytes.Repeat(value, 700)
		}
		if i == 1002 {
			value = value[:1000]
		}
		s.Append(streams.ID{Ms: uint64(i + 1)}, [][]byte{b("f"), value}, streams.DefaultLimits)
	}
	g := groups.New(s.LastID(), 2000)
	ann := g.CreateConsumer(b("ann"), 1)
	for i := range 100_000 {
		g.Put(groups.Pending{ID: streams.ID{Ms: uint64(i + 1), Seq: uint64(i) << 40}, Owner: ann, Time: int64(i) << 20, Count: int64(i)})
	}
	s.CreateGroup(b("g"), g)
	return st
}

func TestSectionsAreBounded(t *testing.T) {
	large := 0
	for _, s := range snapshotOf(t, largeStream()) {
		if len(s.body) > 512<<10 {
			large++
		}
	}
	if large != 2 {
		t.Errorf("%d large sections for two large entries", large)
	}
}

func TestSnapshotStopsAtWriteError(t *testing.T) {
	full := errors.New("full")
	v := goldenState().View()
	whole := snapshotOf(t, goldenState())
	for n := range whole {
		w := &failingWriter{left: n, err: full}
		if err := v.Snapshot(w); !errors.Is(err, full) {
			t.Errorf("error of section %d: %v", n, err)
		}
		if w.after > 0 {
			t.Errorf("%d sections after the error of section %d", w.after, n)
		}
	}
}

type failingWriter struct {
	left  int
	after int
	err   error
}

func (w *failingWriter) Section(uint8, []byte) error {
	w.left--
	if w.left < -1 {
		w.after++
	}
	if w.left < 0 {
		return w.err
	}
	return nil
}

func TestRestorePassesReadErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	r := snapshotOf(t, goldenState())[:5].reader()
	r.err = broken
	_, err := keyspace.Restore(r)
	if !errors.Is(err, broken) || errors.Is(err, keyspace.ErrCorrupt) || !strings.Contains(err.Error(), "section 5") {
		t.Errorf("error %v", err)
	}
}
