package replication

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
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

func goldenParts() []part {
	o := Origin{Node: 0x1122334455667788, Boot: 0x99}
	return []part{
		{origin: o, number: 7, reqs: []*Request{
			{Args: args("expire"), Internal: true},
			{Args: args("XADD", "s", "*", "f", "v"), Proto: wire.RESP2},
			{Args: args("XLEN", "s"), Class: Read},
			{Args: args("XACK", "s", "g", "1-1"), DB: 200, Proto: wire.RESP3},
		}},
		{origin: Origin{Node: 2, Boot: 1}, number: 1, reqs: []*Request{
			{Args: args("XREADGROUP", ""), Proto: wire.RESP3, Woken: true},
			{Exec: []*Request{{Args: args("SET", "k", "v"), InExec: true}}, Watch: []Watched{{DB: 1, Key: []byte("w"), Index: 9, Ordinal: 2}}},
		}},
	}
}

const goldenTime = 1_700_000_000_123

func appendEntry(timeMs int64, parts []part) []byte {
	b := appendHeader(make([]byte, 0, headerSize+sizeOf(parts)), timeMs)
	for i := range parts {
		b = appendSized(b, &parts[i])
	}
	return b
}

// TestEntryFormat pins the bytes: an entry of this version must be readable for
// ever.
func TestEntryFormat(t *testing.T) {
	got := appendEntry(goldenTime, goldenParts())
	const path = "testdata/entry-2.golden"
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

// TestOldEntryFormat reads what a lone voter wrote before there were clusters.
func TestOldEntryFormat(t *testing.T) {
	b, err := os.ReadFile("testdata/entry-1.golden")
	if err != nil {
		t.Fatal(err)
	}
	e, err := readEntry(b)
	if err != nil || e.time != goldenTime {
		t.Fatalf("header %+v, %v", e, err)
	}
	var got []string
	for {
		var pt part
		more, err := e.next(&pt)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
		for _, r := range pt.reqs {
			got = append(got, fmt.Sprintf("%v %s internal %v woken %v db %d proto %d", pt.old, r.Args[0], r.Internal, r.Woken, r.DB, r.Proto))
		}
	}
	want := []string{
		"true expire internal true woken false db 0 proto 2", "true XADD internal false woken false db 0 proto 2",
		"true XACK internal false woken false db 200 proto 3", "true XREADGROUP internal false woken true db 0 proto 3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestEntryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := rapid.Int64().Draw(t, "time")
		var parts []part
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			pt := part{origin: Origin{rapid.Uint64().Draw(t, "node"), rapid.Uint64().Draw(t, "boot")}, number: rapid.Uint64().Draw(t, "number")}
			for range rapid.IntRange(0, 5).Draw(t, "requests") {
				r := &Request{
					DB: rapid.IntRange(0, 1000).Draw(t, "db"), Proto: rapid.SampledFrom([]wire.Proto{wire.RESP2, wire.RESP3}).Draw(t, "proto"),
					Woken: rapid.Bool().Draw(t, "woken"), Internal: rapid.Bool().Draw(t, "internal"),
				}
				for range rapid.IntRange(1, 4).Draw(t, "argc") {
					r.Args = append(r.Args, rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "arg"))
				}
				pt.reqs = append(pt.reqs, r)
			}
			if rapid.Bool().Draw(t, "encoded") {
				pt.encoded = appendPart(nil, &pt)
			}
			parts = append(parts, pt)
		}
		b := appendEntry(now, parts)
		if len(b) > headerSize+sizeOf(parts) {
			t.Fatalf("%d bytes, announced %d", len(b), headerSize+sizeOf(parts))
		}
		compareEntry(t, b, now, parts)
	})
}

func sizeOf(parts []part) (n int) {
	for i := range parts {
		n += partSize(&parts[i])
	}
	return n
}

func compareEntry(t *rapid.T, b []byte, now int64, parts []part) {
	e, err := readEntry(b)
	if err != nil {
		t.Fatal(err)
	}
	if e.time != now {
		t.Fatalf("time %d, want %d", e.time, now)
	}
	var got part
	for i := range parts {
		if more, err := e.next(&got); err != nil || !more {
			t.Fatalf("part %d: %v %v", i, more, err)
		}
		if err := got.decode(); err != nil {
			t.Fatal(err)
		}
		want := &parts[i]
		if got.origin != want.origin || got.number != want.number || len(got.reqs) != len(want.reqs) {
			t.Fatalf("part %d: got %+v, want %+v", i, got, *want)
		}
		for j, r := range want.reqs {
			g := got.reqs[j]
			if g.DB != r.DB || g.Proto != r.Proto || g.Woken != r.Woken || g.Internal != r.Internal || len(g.Args) != len(r.Args) {
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
	f.Add(appendEntry(goldenTime, goldenParts()))
	f.Add([]byte{entryFormat})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := readEntry(b)
		var pt part
		for err == nil {
			var more bool
			if more, err = e.next(&pt); !more {
				break
			}
			err = pt.decode()
		}
		if err != nil && !errors.Is(err, ErrEntry) {
			t.Fatalf("unknown error %v", err)
		}
	})
}

func TestReadEntryRefusesNewerApplyVersion(t *testing.T) {
	b := appendEntry(goldenTime, goldenParts())
	b[1] = applyVersion + 1
	if _, err := readEntry(b); !errors.Is(err, ErrEntry) {
		t.Fatalf("got %v", err)
	}
}
