package replication

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/resp/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func args(words ...string) [][]byte {
	var a [][]byte
	for _, w := range words {
		a = append(a, []byte(w))
	}
	return a
}

func goldenParts() (header, []part) {
	o := Origin{Node: 0x1122334455667788, Boot: 0x99}
	return header{time: 1_700_000_000_123, proposer: o, proposal: 300}, []part{
		{kind: partInternal, reqs: []*Request{{Args: args("expire")}}},
		{kind: partBatch, origin: o, number: 7, reqs: []*Request{
			{Args: args("XADD", "s", "*", "f", "v"), Proto: wire.RESP2},
			{Args: args("XLEN", "s"), Class: Read},
			{Args: args("XACK", "s", "g", "1-1"), DB: 200, Proto: wire.RESP3},
		}},
		{kind: partWait, origin: o, number: 3, lowest: 2, reqs: []*Request{{Args: args("XREADGROUP", ""), Proto: wire.RESP3}}},
		{kind: partBatch, origin: o, reqs: []*Request{{Args: args("XLEN", "s"), Class: Read}}},
	}
}

// TestEntryFormat pins the bytes: an entry of this version must be readable for
// ever.
func TestEntryFormat(t *testing.T) {
	h, parts := goldenParts()
	got := appendEntry(h, parts)
	const path = "testdata/entry-1.golden"
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("the format of entries changed:\n got %x\nwant %x", got, want)
	}
}

func TestEntryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := header{rapid.Int64().Draw(t, "time"), Origin{rapid.Uint64().Draw(t, "node"), rapid.Uint64().Draw(t, "boot")}, rapid.Uint64().Draw(t, "proposal")}
		var parts []part
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			pt := part{kind: rapid.SampledFrom([]byte{partBatch, partWait, partInternal}).Draw(t, "kind")}
			n := 1
			if pt.kind == partBatch {
				n = rapid.IntRange(1, 5).Draw(t, "requests")
			}
			if pt.kind != partInternal {
				pt.origin, pt.number = h.proposer, rapid.Uint64().Draw(t, "number")
			}
			if pt.kind == partWait {
				pt.lowest = rapid.Uint64().Draw(t, "lowest")
			}
			for range n {
				r := &Request{DB: rapid.IntRange(0, 1000).Draw(t, "db"), Proto: rapid.SampledFrom([]wire.Proto{wire.RESP2, wire.RESP3}).Draw(t, "proto")}
				for range rapid.IntRange(1, 4).Draw(t, "argc") {
					r.Args = append(r.Args, rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "arg"))
				}
				pt.reqs = append(pt.reqs, r)
			}
			parts = append(parts, pt)
		}
		b := appendEntry(h, parts)
		if cap(b) < len(b) || len(b) > 40+sizeOf(parts) {
			t.Fatalf("%d bytes, announced %d", len(b), 40+sizeOf(parts))
		}
		compareEntry(t, b, h, parts)
	})
}

func sizeOf(parts []part) (n int) {
	for i := range parts {
		n += partSize(&parts[i])
	}
	return n
}

func compareEntry(t *rapid.T, b []byte, h header, parts []part) {
	e, err := readEntry(b)
	if err != nil {
		t.Fatal(err)
	}
	if e.header != h {
		t.Fatalf("header %+v, want %+v", e.header, h)
	}
	var got part
	for i := range parts {
		if more, err := e.next(&got); err != nil || !more {
			t.Fatalf("part %d: %v %v", i, more, err)
		}
		want := &parts[i]
		if got.kind != want.kind || got.origin != want.origin || got.number != want.number || got.lowest != want.lowest || len(got.reqs) != len(want.reqs) {
			t.Fatalf("part %d: got %+v, want %+v", i, got, *want)
		}
		for j, r := range want.reqs {
			g := got.reqs[j]
			if g.DB != r.DB || g.Proto != r.Proto || len(g.Args) != len(r.Args) {
				t.Fatalf("request %d: got %+v, want %+v", j, g, r)
			}
			for k := range r.Args {
				if !bytes.Equal(g.Args[k], r.Args[k]) {
					t.Fatalf("argument %d: got %q, want %q", k, g.Args[k], r.Args[k])
				}
			}
		}
	}
	if more, err := e.next(&got); more || err != nil {
		t.Fatalf("behind the last part: %v %v", more, err)
	}
}

// FuzzReadEntry: whatever the bytes, decoding ends, with ErrEntry or an entry that
// encodes to something that decodes.
func FuzzReadEntry(f *testing.F) {
	f.Add(appendEntry(goldenParts()))
	f.Add([]byte{entryFormat})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := readEntry(b)
		var pt part
		for err == nil {
			var more bool
			if more, err = e.next(&pt); !more {
				break
			}
		}
		if err != nil && !errors.Is(err, ErrEntry) {
			t.Fatalf("unknown error %v", err)
		}
	})
}

func TestReadEntryRefusesNewerApplyVersion(t *testing.T) {
	b := appendEntry(goldenParts())
	b[1] = applyVersion + 1
	if _, err := readEntry(b); !errors.Is(err, ErrEntry) {
		t.Fatalf("got %v", err)
	}
}
