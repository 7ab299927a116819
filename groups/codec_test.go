package groups_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/streams"
)

type fataler interface{ Fatal(...any) }

// save returns the header and the blocks of a group.
func save(g *groups.Group) (parts [][]byte) {
	parts = append(parts, g.AppendHeader(nil))
	_ = g.ForEachBlock(func(b []byte) error { // fails only when the function does
		parts = append(parts, bytes.Clone(b))
		return nil
	})
	return parts
}

// load restores a group from its parts.
func load(parts [][]byte) (*groups.Group, error) {
	g, err := groups.NewFromHeader(parts[0])
	if err != nil {
		return nil, err
	}
	for _, b := range parts[1:] {
		if err := g.AddBlock(b); err != nil {
			return nil, err
		}
	}
	return g, g.Complete()
}

// restore sends the group through its snapshot, which must come out the same.
func restore(t fataler, g *groups.Group) *groups.Group {
	parts := save(g)
	restored, err := load(parts)
	if err != nil {
		t.Fatal(err)
	}
	if again := save(restored); !slices.EqualFunc(parts, again, bytes.Equal) {
		t.Fatal("the snapshot of the restored group differs")
	}
	if restored.LastID() != g.LastID() || restored.EntriesRead() != g.EntriesRead() {
		t.Fatal("position differs", restored.LastID(), restored.EntriesRead())
	}
	return restored
}

// sample is a group with everything that a snapshot must keep.
func sample() *groups.Group {
	g := groups.New(streams.ID{Ms: 1_700_000_000_123, Seq: 4}, 17)
	for _, name := range []string{"zoe", "ann", "", "bin\x00\xff", "gone"} {
		g.CreateConsumer([]byte(name), 1_700_000_000_000)
	}
	gone, _ := g.Consumer([]byte("gone"))
	g.DeleteConsumer(gone)
	g.SetActive(2, 1_700_000_000_500)
	owners := []groups.ConsumerID{1, 2, 3, 2, 1, 2}
	for i, owner := range owners {
		g.Put(groups.Pending{ID: streams.ID{Ms: 1_700_000_000_000 + uint64(i/2), Seq: uint64(i)}, Owner: owner, Time: 1_700_000_000_400 - int64(i%3), Count: int64(i)})
	}
	g.Put(groups.Pending{ID: streams.MaxID, Owner: 2, Time: 0, Count: math.MaxInt64})
	g.Put(groups.Pending{ID: at(9), Count: 3})
	g.Put(groups.Pending{ID: at(5), Count: math.MaxInt64})
	return g
}

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden keeps the snapshot format: what it reads today it must read for ever.
func TestGolden(t *testing.T) {
	const path = "testdata/group_v1.golden"
	var text strings.Builder
	for _, part := range save(sample()) {
		fmt.Fprintf(&text, "%x\n", part)
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
		t.Errorf("the format has changed:\n%swant:\n%s", text.String(), golden)
	}
	g, err := load(unhex(t, golden))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := collect(g.AscendTime), collect(sample().AscendTime); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func unhex(t *testing.T, golden []byte) (parts [][]byte) {
	for line := range strings.Lines(string(golden)) {
		part, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	return parts
}

func TestRestoreManyBlocks(t *testing.T) {
	g := groups.New(streams.ID{}, 0)
	long := strings.Repeat("n", 1000)
	for i := range 200 { // several blocks of consumers, one larger than a block should be
		g.CreateConsumer(fmt.Appendf(nil, "%s%d", long, i), int64(i))
	}
	g.CreateConsumer(bytes.Repeat([]byte("x"), 200_000), 1)
	for i := range 5000 {
		g.Put(groups.Pending{ID: entryID(i * i), Owner: groups.ConsumerID(1 + i%200), Time: int64(i % 7), Count: 1})
	}
	parts := save(g)
	if len(parts) < 1+4+5 {
		t.Errorf("%d parts", len(parts))
	}
	restored := restore(t, g)
	if err := restored.Check(); err != nil {
		t.Error(err)
	}
	if !slices.Equal(collect(restored.AscendTime), collect(g.AscendTime)) {
		t.Error("the claim order differs")
	}
	// What was restored goes on as the original does.
	for _, side := range []*groups.Group{g, restored} {
		side.CreateConsumer([]byte("next"), 5)
		side.Put(groups.Pending{ID: at(1), Owner: 7, Time: 3, Count: 1})
	}
	if !slices.EqualFunc(save(g), save(restored), bytes.Equal) {
		t.Error("the restored group takes another way")
	}
}

func TestForEachBlockEndsWithTheFirstError(t *testing.T) {
	stop := errors.New("stop")
	g := filled(5000, 5000)
	for want := 1; want < 5; want++ {
		calls := 0
		err := g.ForEachBlock(func([]byte) error {
			if calls++; calls == want {
				return stop
			}
			return nil
		})
		if err != stop || calls != want {
			t.Errorf("call %d: %v after %d", want, err, calls)
		}
	}
}

// header and the block functions write by hand what a group never writes.
func header(numbers ...uint64) []byte {
	b := []byte{1}
	for _, n := range numbers {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

func block(kind byte, numbers ...int) []byte {
	b := []byte{kind}
	for _, n := range numbers {
		b = append(b, byte(n))
	}
	return b
}

func TestCorruptIsRejected(t *testing.T) {
	const c, p = 1, 2
	// last 0-0, entries-read 0, next order 2, next consumer 3, two consumers, two pending
	head := header(0, 0, 0, 2, 3, 2, 2)
	two := block(c, 1, 'a', 1, 0, 0, 1, 'b', 2, 0, 0)
	// ms, seq, owner, time, count, order
	rows := block(p, 5, 0, 1, 2, 2, 0, 1, 0, 2, 0, 2, 2)
	if _, err := load([][]byte{head, two, rows}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		parts [][]byte
	}{
		{"empty header", [][]byte{nil}},
		{"unknown version", [][]byte{append([]byte{2}, head[1:]...), two, rows}},
		{"short header", [][]byte{head[:len(head)-1], two, rows}},
		{"long header", [][]byte{append(slices.Clone(head), 0), two, rows}},
		{"entries-read below -1", [][]byte{header(0, 0, 3, 2, 3, 2, 2), two, rows}},
		{"next consumer 0", [][]byte{header(0, 0, 0, 2, 0, 2, 2), two, rows}},
		{"next consumer too large", [][]byte{header(0, 0, 0, 2, 1<<32, 2, 2), two, rows}},
		{"empty block", [][]byte{head, two, rows, {}}},
		{"block without rows", [][]byte{head, two, rows, {p}}},
		{"unknown kind", [][]byte{head, two, rows, block(3, 1)}},
		{"missing entries", [][]byte{head, two}},
		{"missing consumers", [][]byte{header(0, 0, 0, 2, 3, 2, 0), block(c, 1, 'a', 1, 0, 0)}},
		{"too many consumers", [][]byte{header(0, 0, 0, 2, 3, 1, 2), two, rows}},
		{"too many entries", [][]byte{header(0, 0, 0, 2, 3, 2, 1), two, rows}},
		{"pending before consumers", [][]byte{head, block(p, 5, 0, 0, 0, 2, 0), two}},
		{"same name twice", [][]byte{head, block(c, 1, 'a', 1, 0, 0, 1, 'a', 2, 0, 0), rows}},
		{"names descend", [][]byte{head, block(c, 1, 'b', 1, 0, 0, 1, 'a', 2, 0, 0), rows}},
		{"same consumer ID twice", [][]byte{head, block(c, 1, 'a', 1, 0, 0, 1, 'b', 1, 0, 0), rows}},
		{"consumer ID 0", [][]byte{head, block(c, 1, 'a', 0, 0, 0, 1, 'b', 1, 0, 0), rows}},
		{"consumer ends early", [][]byte{head, two[:len(two)-1], rows}},
		{"name longer than the block", [][]byte{head, block(c, 9, 'a', 1, 0, 0), rows}},
		{"entry ends early", [][]byte{head, two, rows[:len(rows)-1]}},
		{"IDs equal", [][]byte{head, two, block(p, 5, 0, 1, 2, 2, 0, 0, 0, 2, 0, 2, 2)}},
		{"IDs descend across blocks", [][]byte{head, two, block(p, 5, 0, 1, 2, 2, 0), block(p, 4, 0, 1, 2, 2, 2)}},
		{"IDs wrap around", [][]byte{head, two, append(block(p, 5, 0, 1, 2, 2, 0), append(binary.AppendUvarint(nil, math.MaxUint64), 0, 2, 0, 2, 2)...)}},
		{"unknown owner", [][]byte{head, two, block(p, 5, 0, 3, 2, 2, 0, 1, 0, 2, 0, 2, 2)}},
		{"owner beyond 32 bits", [][]byte{head, two, append(append([]byte{p, 5, 0}, binary.AppendUvarint(nil, 1<<32+1)...), 2, 2, 0)}},
		{"no owner, but a time", [][]byte{head, two, block(p, 5, 0, 0, 2, 2, 0, 1, 0, 2, 0, 2, 2)}},
		{"order number not below the next", [][]byte{head, two, block(p, 5, 0, 1, 2, 2, 4, 1, 0, 2, 0, 2, 2)}},
		{"order number twice", [][]byte{head, two, block(p, 5, 0, 1, 2, 2, 2, 1, 0, 2, 0, 2, 0)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := load(tt.parts); !errors.Is(err, groups.ErrCorrupt) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAddBlockToACompleteGroup(t *testing.T) {
	g := crew()
	if err := g.AddBlock(block(2, 5, 0, 1, 2, 2, 0)); !errors.Is(err, groups.ErrCorrupt) || g.Len() != 0 {
		t.Errorf("%v, %d pending", err, g.Len())
	}
}

// FuzzLoad: no bytes make restoring panic, and what is accepted is a sound group.
func FuzzLoad(f *testing.F) {
	parts := save(sample())
	f.Add(parts[0], parts[1], parts[2])
	f.Add(header(0, 0, 0, 2, 3, 2, 2), block(1, 1, 'a', 1, 0, 0, 1, 'b', 2, 0, 0), block(2, 5, 0, 1, 2, 2, 0, 1, 0, 2, 0, 2, 2))
	f.Fuzz(func(t *testing.T, head, first, second []byte) {
		g, err := load([][]byte{head, first, second})
		if err != nil {
			if !errors.Is(err, groups.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if err := g.Check(); err != nil {
			t.Fatal(err)
		}
		restore(t, g)
	})
}
