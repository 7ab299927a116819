package snapshot_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"hash/crc32"
	"io"
	"os"
	"testing"

	"github.com/millrace-io/millrace/storage/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// newerHeader is the start of a file of format 2, whatever follows.
func newerHeader() []byte {
	b := binary.LittleEndian.AppendUint32([]byte("MILLSNAP"), 2)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	return append(b, "a future that this version cannot read"...)
}

// image is a snapshot with sections A, B (same length as A) and C, and where its
// parts begin.
func image(t testing.TB) (b []byte, at map[string]int) {
	s := open(t, newMem(t))
	w, err := s.Create(metaAt(42))
	must(t, err)
	must(t, w.Section(1, []byte("section one")))
	must(t, w.Section(1, []byte("section two")))
	must(t, w.Section(9, bytes.Repeat([]byte("long "), 2000)))
	must(t, w.Commit())
	b = raw(t, s, s.List()[0].ID)
	conf := len(metaAt(0).Configuration)
	at = map[string]int{"header": 0, "configuration": 60, "A": 60 + conf + 4}
	at["B"] = at["A"] + 20 + 11 + 4
	at["C"] = at["B"] + 20 + 11 + 4
	at["trailer"] = at["C"] + 20 + 10000 + 4
	if len(b) != at["trailer"]+36 {
		t.Fatalf("image has %d bytes, expected %d", len(b), at["trailer"]+36)
	}
	return b, at
}

func readAll(b []byte) error {
	r, err := snapshot.NewReader(bytes.NewReader(b), int64(len(b)))
	for err == nil {
		_, _, err = r.Next()
	}
	if err == io.EOF {
		return nil
	}
	return err
}

func TestGoldenFile(t *testing.T) {
	const golden = "testdata/format1.golden"
	b, _ := image(t)
	if *update {
		must(t, os.WriteFile(golden, b, 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if !bytes.Equal(b, want) {
		t.Fatal("format 1 is written differently from the golden file: old files could not be read")
	}
	must(t, readAll(want))
}

func TestDamage(t *testing.T) {
	b, at := image(t)
	part := func(from, to string) []byte { return b[at[from]:at[to]] }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	hurt := func(off int, with ...byte) []byte {
		c := bytes.Clone(b)
		copy(c[off:], with)
		return c
	}
	zeros := func(from, n int) []byte { return hurt(from, make([]byte, n)...) }
	other := func() []byte { // the same sections in a snapshot of another index
		s := open(t, newMem(t))
		m := metaAt(43)
		w, err := s.Create(m)
		must(t, err)
		must(t, w.Section(1, []byte("section one")))
		must(t, w.Commit())
		return raw(t, s, s.List()[0].ID)
	}()
	twin := func() []byte { // another first section in a snapshot of the same header
		s := open(t, newMem(t))
		w, err := s.Create(metaAt(42))
		must(t, err)
		must(t, w.Section(1, []byte("section ONE")))
		must(t, w.Commit())
		return raw(t, s, s.List()[0].ID)
	}()

	rows := []struct {
		name   string
		bytes  []byte
		offset string // the part that the error must name
	}{
		{"empty", nil, "header"},
		{"header cut", b[:30], "header"},
		{"magic", hurt(0, 'X'), "header"},
		{"format", hurt(8, 77), "header"},
		{"format 0 with a right checksum", func() []byte {
			c := hurt(8, 0)
			binary.LittleEndian.PutUint32(c[12:], crc32.Checksum(c[:12], crc32.MakeTable(crc32.Castagnoli)))
			return c
		}(), "header"},
		{"group", hurt(16, 99), "header"},
		{"index", hurt(24, 99), "header"},
		{"configuration length", hurt(52, 0xff, 0xff, 0xff, 0x7f), "header"},
		{"configuration", hurt(at["configuration"], 'X'), "header"},
		{"configuration cut", b[:at["configuration"]+3], "header"},
		{"section magic", hurt(at["A"], 'X'), "A"},
		{"section kind", hurt(at["A"]+4, 77), "A"},
		{"section padding", hurt(at["A"]+5, 1), "A"},
		{"section length", hurt(at["A"]+8, 12), "A"},
		{"section length beyond everything", hurt(at["A"]+8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "A"},
		{"section header checksum", hurt(at["A"]+16, 1, 2, 3, 4), "A"},
		{"section body", hurt(at["B"]+22, 'X'), "B"},
		{"section body checksum", hurt(at["B"]+20+11, 1, 2, 3, 4), "B"},
		{"long body", hurt(at["C"]+9000, 'X'), "C"},
		{"zero page", zeros(at["C"]+4096, 4096), "C"},
		{"zeros from a section on", zeros(at["C"], len(b)-at["C"]), "C"},
		{"all zeros", make([]byte, len(b)), "header"},
		{"sections swapped", join(part("header", "A"), part("B", "C"), part("A", "B"), b[at["C"]:]), "A"},
		{"section repeated", join(part("header", "B"), part("A", "B"), b[at["B"]:]), "B"},
		{"section left out", join(part("header", "B"), b[at["C"]:]), "B"},
		{"last section left out", join(part("header", "C"), b[at["trailer"]:]), "C"},
		{"sections of another snapshot", join(part("header", "A"), other[at["A"]:]), "A"},
		{"header of another snapshot", join(other[:at["A"]], b[at["A"]:]), "A"},
		{"section of the same place in a twin", join(part("header", "A"), twin[at["A"]:at["B"]], b[at["B"]:]), "trailer"},
		{"cut in a section header", b[:at["B"]+10], "B"},
		{"cut in a body", b[:at["C"]+5000], "C"},
		{"cut before the trailer", b[:at["trailer"]], "trailer"},
		{"cut in the trailer", b[:len(b)-1], "trailer"},
		{"trailer magic", hurt(at["trailer"], 'X'), "trailer"},
		{"total checksum", hurt(at["trailer"]+4, 1, 2, 3, 4), "trailer"},
		{"count", hurt(at["trailer"]+8, 77), "trailer"},
		{"file length", hurt(at["trailer"]+16, 77), "trailer"},
		{"end magic", hurt(at["trailer"]+35, 'X'), "trailer"},
		{"bytes behind", join(b, []byte("x")), "trailer"},
		{"a snapshot behind", join(b, b), "trailer"},
	}
	must(t, readAll(b))
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var damage *snapshot.CorruptionError
			if err := readAll(r.bytes); !errors.As(err, &damage) {
				t.Fatalf("error = %v, want a CorruptionError", err)
			} else if damage.Offset != int64(at[r.offset]) {
				t.Errorf("%v: want offset %d (%s)", err, at[r.offset], r.offset)
			}
			wantRefused(t, r.bytes)
		})
	}
}

// wantRefused checks that a file with these bytes is not listed and that they
// are not accepted from a leader.
func wantRefused(t *testing.T, b []byte) {
	t.Helper()
	m := newMem(t)
	s := open(t, m)
	must(t, save(s, 1))
	must(t, save(s, 42))
	writeFile(t, m, newestPath(t, s), b)
	wantIndexes(t, open(t, m), "1")

	w, err := s.CreateRaw(metaAt(42))
	must(t, err)
	_, err = w.Write(b)
	must(t, err)
	if err := w.Commit(); err == nil {
		t.Error("accepted from a leader")
	}
}

// Whatever single bit or byte is hurt, and wherever the file ends: it is noticed.
func TestDamageOfEveryByte(t *testing.T) {
	b, _ := image(t)
	for i := range b {
		c := bytes.Clone(b)
		c[i] ^= 1 << (i % 8)
		if readAll(c) == nil {
			t.Fatalf("flipped bit in byte %d goes unnoticed", i)
		}
		if readAll(b[:i]) == nil {
			t.Fatalf("end at %d goes unnoticed", i)
		}
	}
}

func FuzzReader(f *testing.F) {
	b, at := image(f)
	f.Add(b)
	f.Add(b[:at["B"]])
	f.Add(newerHeader())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, c []byte) {
		if err := readAll(c); err == nil && !bytes.Equal(b, c) && len(c) == len(b) {
			t.Error("damaged bytes read as a snapshot")
		}
	})
}
