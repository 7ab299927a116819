package idmp_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/streams"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden has everything that the format knows: producers, a record that is dead, one
// that is older than the one before it, IDs far apart, and more than one block.
func golden() *idmp.Producers {
	p := idmp.New(idmp.Limits{Duration: 5, MaxSize: 4})
	record := func(pid, iid string, ms, seq uint64) {
		p.Record(idmp.NewPair([]byte(pid), []byte(iid)), streams.ID{Ms: ms, Seq: seq})
	}
	record("b", "first", 1000, 1)
	record("b", "second", 1000, 2)
	record("b", "first", 7000, 0) // the first one had expired
	record("a", "\x00\xff", 7000, 70000)
	record("a", "older", 6000, 0)
	record("a", "last", 1<<63, 1<<63)
	record("c", strings.Repeat("long ", 4000), 8000, 0)
	record("c", "short", 8001, 0)
	p.CountDuplicate()
	return &p
}

// TestGoldenSnapshot pins the format: lines of hexadecimal, the header first.
func TestGoldenSnapshot(t *testing.T) {
	const path = "testdata/idmp-v1.golden"
	header, blocks := encoded(golden())
	var text strings.Builder
	for _, b := range append([][]byte{header}, blocks...) {
		fmt.Fprintf(&text, "%x\n", b)
	}
	if *update {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("the encoding is now\n%swant\n%s", text.String(), want)
	}
	var lines [][]byte
	for line := range strings.Lines(string(want)) {
		b, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, b)
	}
	p, err := decoded(lines[0], lines[1:])
	if err != nil {
		t.Fatal(err)
	}
	for _, iid := range []string{"first", "second"} {
		id, ok := p.Find(idmp.NewPair([]byte("b"), []byte(iid)), 8000)
		if wantID := (streams.ID{Ms: 7000}); ok != (iid == "first") || ok && id != wantID {
			t.Errorf("%s: %v, %v", iid, id, ok)
		}
	}
	if p.PIDs() != 3 || p.IIDs() != 7 || p.Added() != 8 || p.Duplicates() != 1 {
		t.Errorf("%d producers, %d iids, %d added, %d duplicates", p.PIDs(), p.IIDs(), p.Added(), p.Duplicates())
	}
}

func TestDamagedSnapshot(t *testing.T) {
	block := func(pid string, records ...byte) []byte {
		return append(append([]byte{byte(len(pid))}, pid...), records...)
	}
	for name, parts := range map[string][][]byte{
		"empty header":               {{}},
		"other version":              {{2, 1, 1, 0, 0, 0, 0}},
		"header cut":                 {{1, 1, 1, 0, 0, 0}},
		"header with a byte more":    {{1, 1, 1, 0, 0, 0, 0, 0}},
		"no duration":                {{1, 0, 1, 0, 0, 0, 0}},
		"duration beyond 30 days":    {{1, 0x81, 0x9a, 0x9e, 1, 1, 0, 0, 0, 0}},
		"no maximum":                 {{1, 1, 0, 0, 0, 0, 0}},
		"fewer records than pids":    {{1, 1, 1, 0, 0, 2, 1}},
		"records of nobody":          {{1, 1, 1, 0, 0, 0, 1}},
		"a record missing":           {{1, 1, 1, 0, 0, 1, 1}},
		"a block too many":           {{1, 1, 1, 0, 0, 1, 1}, block("p", 1, 0, 1, 'i'), block("p", 1, 0, 1, 'j')},
		"a record too many":          {{1, 1, 9, 0, 0, 1, 1}, block("p", 1, 0, 1, 'i', 1, 0, 1, 'j')},
		"a producer too many":        {{1, 1, 1, 0, 0, 1, 2}, block("p", 1, 0, 1, 'i'), block("q", 1, 0, 1, 'j')},
		"a producer missing":         {{1, 1, 9, 0, 0, 2, 2}, block("p", 1, 0, 1, 'i', 1, 0, 1, 'j')},
		"producers out of order":     {{1, 1, 1, 0, 0, 2, 2}, block("q", 1, 0, 1, 'i'), block("p", 1, 0, 1, 'j')},
		"a producer without name":    {{1, 1, 1, 0, 0, 1, 1}, block("", 1, 0, 1, 'i')},
		"an iid without bytes":       {{1, 1, 1, 0, 0, 1, 1}, block("p", 1, 0, 0)},
		"a block without records":    {{1, 1, 1, 0, 0, 1, 1}, block("p")},
		"a block cut":                {{1, 1, 1, 0, 0, 1, 1}, block("p", 1, 0, 2, 'i')},
		"more iids than the maximum": {{1, 1, 1, 0, 0, 1, 2}, block("p", 1, 0, 1, 'i', 1, 0, 1, 'j')},
	} {
		if _, err := decoded(parts[0], parts[1:]); !errors.Is(err, idmp.ErrCorrupt) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestSnapshotStopsAtFirstError(t *testing.T) {
	full := errors.New("full")
	for n := range 4 {
		calls := 0
		err := golden().ForEachBlock(func([]byte) error {
			if calls++; calls > n {
				return full
			}
			return nil
		})
		if err != full || calls != n+1 {
			t.Errorf("block %d: error %v after %d calls", n, err, calls)
		}
	}
}

// FuzzRestore feeds arbitrary bytes; what is accepted is sound and stands for itself.
func FuzzRestore(f *testing.F) {
	header, blocks := encoded(golden())
	f.Add(header, bytes.Join(blocks[:1], nil), blocks[1])
	f.Add([]byte{1, 1, 9, 0, 0, 1, 2}, []byte("\x01p\x01\x00\x01i"), []byte("\x01p\x02\x00\x01i"))
	f.Add([]byte{1, 1, 9, 7, 1, 0, 0}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, header, first, second []byte) {
		var blocks [][]byte
		for _, b := range [][]byte{first, second} {
			if len(b) > 0 {
				blocks = append(blocks, b)
			}
		}
		p, err := decoded(header, blocks)
		if err != nil {
			if !errors.Is(err, idmp.ErrCorrupt) {
				t.Fatalf("error %v", err)
			}
			return
		}
		idmp.CheckInvariants(t, p)
		again(t, p)
		for range 3 {
			p.Record(idmp.NewPair([]byte("p"), []byte("new")), streams.ID{Ms: 5})
			p.Forget(1<<40, 2)
			idmp.CheckInvariants(t, p)
		}
	})
}
