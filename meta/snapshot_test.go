package meta_test

import (
	"errors"
	"flag"
	"os"
	"testing"

	"github.com/millrace-io/millrace/meta"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// full has something of everything.
func full(t *testing.T) *meta.State {
	s := begun(t)
	must(t, s, "JOIN", id(3), "h3:7001", "h3:6379", "three")
	must(t, s, "JOIN", id(2), "h2:7001", "", "")
	must(t, s, "MEMBER", id(3))
	must(t, s, "JOIN", id(4), "h4:7001", "", "")
	must(t, s, "REMOVE", id(4))
	must(t, s, "FORGET", id(4))
	must(t, s, "REMOVE", id(1))
	must(t, s, "SET", "routing", "proxy")
	return s
}

// What version 1 has written is read for ever.
func TestGolden(t *testing.T) {
	const file = "testdata/v1.golden"
	got := text(dump(t, full(t))) + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		t.Errorf("%v; snapshot is\n%s, want\n%s", err, got, want)
	}
}

func TestEmptyStateRoundTrip(t *testing.T) {
	s, err := meta.Restore(dump(t, &meta.State{}))
	if err != nil || s.Begun() {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	for name, hurt := range map[string]func(s *sections){
		"end missing":       func(s *sections) { s.kinds, s.bodies = s.kinds[:4], s.bodies[:4] },
		"section twice":     func(s *sections) { s.kinds[1] = s.kinds[0] },
		"one too many":      func(s *sections) { _ = s.Section(6, nil) },
		"newer format":      func(s *sections) { s.bodies[0][0] = 2 },
		"cut":               func(s *sections) { s.bodies[1] = s.bodies[1][:9] },
		"bytes behind":      func(s *sections) { s.bodies[2] = append(s.bodies[2], 0) },
		"more than there":   func(s *sections) { s.bodies[1][0] = 200 },
		"a phase too far":   func(s *sections) { s.bodies[1][10] = 4 },
		"a number twice":    func(s *sections) { s.bodies[1][9] = 2 },
		"a removed member":  func(s *sections) { s.bodies[2][1] = 3 },
		"a forgotten one":   func(s *sections) { s.bodies[2] = []byte{0} },
		"nodes not sorted":  func(s *sections) { s.bodies[1][1] = 9 },
		"nothing but nodes": func(s *sections) { s.bodies[0] = []byte{1, 0, 0, 0, 0} },
	} {
		t.Run(name, func(t *testing.T) {
			d := dump(t, full(t))
			hurt(d)
			s, err := meta.Restore(d)
			wantIs(t, err, meta.ErrCorrupt)
			if s != nil {
				t.Error("gives a state all the same")
			}
		})
	}
}

func TestRestorePassesOnAnErrorOfTheReader(t *testing.T) {
	broken := errors.New("broken")
	_, err := meta.Restore(reader(func() (uint8, []byte, error) { return 0, nil, broken }))
	wantIs(t, err, broken)
}

type reader func() (uint8, []byte, error)

func (r reader) Next() (uint8, []byte, error) { return r() }

// No bytes make Restore panic or take much memory, and what it takes it gives back.
func FuzzRestore(f *testing.F) {
	var seed sections
	s := &meta.State{}
	for _, words := range [][]string{
		{"BEGIN", "c", "1", id(1), "h:1", "", ""}, {"JOIN", id(2), "h:2", "", "b"}, {"REMOVE", id(2)}, {"FORGET", id(2)}, {"SET", "k", "v"},
	} {
		if _, err := apply(s, words...); err != nil {
			f.Fatal(err)
		}
	}
	if err := s.Snapshot(&seed); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.bodies[0], seed.bodies[1], seed.bodies[2], seed.bodies[3])
	f.Fuzz(func(t *testing.T, header, nodes, removed, settings []byte) {
		from := &sections{kinds: []uint8{1, 2, 3, 4, 5}, bodies: [][]byte{header, nodes, removed, settings, nil}}
		s, err := meta.Restore(from)
		if err != nil {
			wantIs(t, err, meta.ErrCorrupt)
			return
		}
		again, err := meta.Restore(dump(t, s))
		if err != nil || text(dump(t, again)) != text(dump(t, s)) {
			t.Errorf("what was restored does not come back: %v", err)
		}
	})
}
