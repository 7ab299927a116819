package streams_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/streams"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenStream has everything that the format knows: two chunks, shared names,
// names of their own, no fields, tombstones, a jump in ms and in seq.
func goldenStream() *streams.Stream {
	s := streams.New()
	lim := streams.Limits{MaxEntries: 4}
	add := func(id streams.ID, fields ...string) {
		var args [][]byte
		for _, f := range fields {
			args = append(args, []byte(f))
		}
		s.Append(id, args, lim)
	}
	add(id(1, 5), "task", "paint", "by", "ann")
	add(id(1, 6), "task", "sand", "by", "bob")
	add(id(300, 0), "note", "\x00\xff\r\n")
	add(id(300, 70000), "task", strings.Repeat("long ", 40), "by", "")
	add(id(1<<40, 1))
	add(id(1<<40, 2), "task", "varnish")
	add(id(top, top), "task", "rest")
	s.Delete(id(300, 0))
	s.Delete(id(1<<40, 1))
	s.SetEntriesAdded(12)
	return s
}

// TestGoldenSnapshot pins the format: lines of hexadecimal, the header first.
func TestGoldenSnapshot(t *testing.T) {
	const path = "testdata/stream-v1.golden"
	header, chunks := encoded(goldenStream())
	var text strings.Builder
	for _, b := range append([][]byte{header}, chunks...) {
		fmt.Fprintf(&text, "%x\n", b)
	}
	if *update {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(golden) {
		t.Errorf("the encoding is now\n%swant\n%s", text.String(), golden)
	}
	var blocks [][]byte
	for line := range strings.Lines(string(golden)) {
		b, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, b)
	}
	s, err := decoded(blocks[0], blocks[1:])
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sum(s), sum(goldenStream()); got != want {
		t.Errorf("the golden file reads as %s, want %s", got, want)
	}
}

// TestDamagedSnapshot flips, cuts and repeats: the reader must say ErrCorrupt or
// make a sound stream, and never panic.
func TestDamagedSnapshot(t *testing.T) {
	header, chunks := encoded(goldenStream())
	blocks := append([][]byte{header}, chunks...)
	for i := range blocks {
		for off := range blocks[i] {
			for bit := range 8 {
				damaged := bytes.Clone(blocks[i])
				damaged[off] ^= 1 << bit
				tryRestore(t, replaced(blocks, i, damaged))
			}
			if tryRestore(t, replaced(blocks, i, blocks[i][:off])) == nil {
				t.Errorf("block %d cut to %d bytes was taken", i, off)
			}
		}
		if tryRestore(t, replaced(blocks, i, append(bytes.Clone(blocks[i]), 0))) == nil {
			t.Errorf("block %d with a byte more was taken", i)
		}
	}
	for name, order := range map[string][]int{
		"a chunk missing": {0, 1}, "a chunk twice": {0, 1, 1}, "chunks swapped": {0, 2, 1}, "a chunk too many": {0, 1, 2, 2},
	} {
		var picked [][]byte
		for _, i := range order {
			picked = append(picked, blocks[i])
		}
		if tryRestore(t, picked) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestHeaderIsCanonical(t *testing.T) {
	for name, b := range map[string][]byte{
		"number in more bytes than it needs": {1, 0x81, 0, 0, 0, 0, 0, 0, 0},
		"number of more than 64 bits":        append([]byte{1}, bytes.Repeat([]byte{0xff}, 11)...),
		"other version":                      {2, 0, 0, 0, 0, 0, 0, 0},
		"more chunks than entries":           {1, 9, 0, 0, 0, 1, 1, 2},
		"entries without chunks":             {1, 9, 0, 0, 0, 1, 1, 0},
		"empty":                              {},
	} {
		if _, err := streams.NewFromHeader(b); !errors.Is(err, streams.ErrCorrupt) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func replaced(blocks [][]byte, i int, with []byte) [][]byte {
	out := append([][]byte(nil), blocks...)
	out[i] = with
	return out
}

// tryRestore reads blocks and uses whatever comes out of them.
func tryRestore(t *testing.T, blocks [][]byte) error {
	t.Helper()
	s, err := decoded(blocks[0], blocks[1:])
	if err == nil {
		streams.CheckInvariants(t, s)
		sum(s)
		first := s.FirstID()
		s.Delete(first)
		s.Trim(maxLen(1), streams.DefaultLimits)
		if next, ok := s.LastID().Next(); ok {
			s.Append(next, [][]byte{[]byte("task"), []byte("go on")}, streams.DefaultLimits)
		}
		streams.CheckInvariants(t, s)
	} else if !errors.Is(err, streams.ErrCorrupt) {
		t.Errorf("error %v is not ErrCorrupt", err)
	}
	return err
}

// FuzzRestore feeds arbitrary bytes to both decoders; what they accept must have
// the very same encoding again.
func FuzzRestore(f *testing.F) {
	header, chunks := encoded(goldenStream())
	for _, b := range chunks {
		f.Add(header, b)
	}
	one := streams.New()
	one.Append(id(5, 5), [][]byte{[]byte("f"), []byte("v")}, streams.DefaultLimits)
	header, chunks = encoded(one)
	f.Add(header, chunks[0])
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0}, []byte{})
	f.Fuzz(func(t *testing.T, header, chunk []byte) {
		s, err := streams.NewFromHeader(header)
		if err != nil {
			return
		}
		if err := s.AddChunk(chunk); err != nil {
			if s.Len() != 0 || s.Chunks() != 0 {
				t.Errorf("a refused chunk left something behind")
			}
			return
		}
		streams.CheckInvariants(t, s)
		if s.Complete() != nil {
			return
		}
		if tryRestore(t, [][]byte{header, chunk}) != nil {
			t.Errorf("refused the second time")
		}
		restored(t, s)
		if h, c := encoded(s); !bytes.Equal(h, header) || !bytes.Equal(c[0], chunk) {
			t.Errorf("the encoding is not canonical")
		}
	})
}
