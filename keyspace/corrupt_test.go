package keyspace_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/keyspace"
)

// Kinds of section, as in doc.go.
const (
	header = 1 + iota
	key
	text
	stream
	chunk
	chunks
	group
	blocks
	end
	producers
	iids
)

// indexOf finds the first section of a kind.
func indexOf(s sections, kind uint8) int {
	return slices.IndexFunc(s, func(x section) bool { return x.kind == kind })
}

func TestRestoreRefusesDamage(t *testing.T) {
	good := snapshotOf(t, goldenState())
	drop := func(kind uint8) func(s sections) sections {
		return func(s sections) sections { i := indexOf(s, kind); return slices.Delete(s, i, i+1) }
	}
	twice := func(kind uint8) func(s sections) sections {
		return func(s sections) sections { i := indexOf(s, kind); return slices.Insert(s, i, s[i]) }
	}
	put := func(kind uint8, body ...byte) func(s sections) sections {
		return func(s sections) sections { s[indexOf(s, kind)].body = body; return s }
	}
	insert := func(i int, kind uint8, body ...byte) func(s sections) sections {
		return func(s sections) sections { return slices.Insert(s, i, section{kind, body}) }
	}
	for _, tt := range []struct {
		name   string
		damage func(s sections) sections
		says   string
	}{
		{"nothing", func(sections) sections { return nil }, "without an end"},
		{"no header", drop(header), "section 0 (key)"},
		{"no end", drop(end), "without an end"},
		{"no key", drop(key), "not expected"},
		{"no string", drop(text), "has no value"},
		{"no stream", drop(stream), "not expected"},
		{"no chunks", drop(chunks), "corrupt stream"},
		{"no group", drop(group), "not expected"},
		{"no blocks", drop(blocks), "corrupt consumer group"},
		{"two headers", twice(header), "not expected"},
		{"two keys", twice(key), "has no value"},
		{"two strings", twice(text), "not expected"},
		{"two streams", twice(stream), "not expected"},
		{"two chunks", twice(chunks), "corrupt stream"},
		{"two groups", twice(group), "group"},
		{"two blocks", twice(blocks), "corrupt consumer group"},
		{"no producers", drop(producers), "not expected"},
		{"no iids", drop(iids), "corrupt idempotent IDs"},
		{"two producers", twice(producers), "not expected"},
		{"two iids", twice(iids), "corrupt idempotent IDs"},
		{"chunks behind producers", func(s sections) sections {
			i := indexOf(s, producers)
			return slices.Insert(s, i+1, section{chunks, nil}, section{chunk, []byte{0}})
		}, "not expected"},
		{"producers behind a group", func(s sections) sections {
			return slices.Insert(s, indexOf(s, blocks)+1, section{producers, nil})
		}, "not expected"},
		{"producers before the stream", insert(1, producers, 1), "not expected"},
		{"iids before the stream", insert(1, iids, 1, 1), "not expected"},
		{"producers for nothing", put(producers, 1, 100, 100, 0, 0, 0, 0), "need no section"},
		{"two ends", twice(end), "section"},
		{"string before the first key", insert(1, text, 'x'), "not expected"},
		{"group before the first key", insert(1, group, 0), "not expected"},
		{"chunk before the first key", insert(1, chunk, 0), "not expected"},
		{"unknown kind", insert(1, 77), "section 1 (unknown): kind 77"},
		{"empty header", put(header), "malformed"},
		{"newer format", put(header, 3, 1, 4, 0, 0, 2, 2), "format version 3"},
		{"no databases", put(header, 2, 0, 4, 0, 0, 2, 2), "0 databases"},
		{"too many databases", put(header, 2, 0xff, 0xff, 0xff, 1, 4, 0, 0, 2, 2), "databases"},
		{"settings missing", put(header, 2, 1, 4, 0, 0, 2), "malformed"},
		{"settings unknown", put(header, 2, 1, 5, 0, 0, 2, 2, 2), "malformed"},
		{"settings of version 1", put(header, 2, 1, 2, 0, 0), "malformed"},
		{"settings that version 1 did not have", put(header, 1, 1, 4, 0, 0, 2, 2), "malformed"},
		{"duration of 0", put(header, 2, 1, 4, 0, 0, 0, 2), "settings"},
		{"maximum beyond the highest", put(header, 2, 1, 4, 0, 0, 2, 0x82, 0x89, 0x7a), "settings"},
		{"empty key", put(key), "malformed"},
		{"key of a missing database", put(key, 3, 2, 0, 1, 0, 'k'), "no such database"},
		{"key of no kind", put(key, 0, 0, 0, 1, 0, 'k'), "kind of value 0"},
		{"key of unknown kind", put(key, 0, 5, 0, 1, 0, 'k'), "kind of value 5"},
		{"ordinal beyond 32 bits", put(key, 0, 2, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x7f, 'k'), "ordinal"},
		{"keys out of order", insert(1, key, 1, 2, 0, 1, 0, 'k'), "has no value"},
		{"database out of order", func(s sections) sections {
			return slices.Insert(s, 1, section{key, []byte{2, 2, 0, 1, 0, 'k'}}, section{text, nil})
		}, "out of order"},
		{"same key again", func(s sections) sections {
			i := indexOf(s, text)
			return slices.Insert(s, i+1, s[i-1], s[i])
		}, "out of order"},
		{"chunk cut short", put(chunks, 200, 1), "malformed"},
		{"group name cut short", put(group, 9, 'x'), "malformed"},
		{"wrong counts", put(end, 1, 1), "keys in"},
		{"empty end", put(end), "malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st, err := keyspace.Restore(tt.damage(slices.Clone(good)).reader())
			if st != nil || !errors.Is(err, keyspace.ErrCorrupt) {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%q does not say %q", err, tt.says)
			}
		})
	}
}

func TestErrorNamesTheKey(t *testing.T) {
	s := snapshotOf(t, goldenState())
	i := indexOf(s, stream)
	s[i].body = nil
	_, err := keyspace.Restore(s.reader())
	if err == nil || !strings.Contains(err.Error(), `at key "key:`) || !strings.Contains(err.Error(), "of database 0") {
		t.Errorf("error %v", err)
	}
}

// FuzzRestore feeds damaged snapshots: what is accepted is whole and stands for
// itself.
func FuzzRestore(f *testing.F) {
	f.Add(snapshotOf(f, keyspace.New(1)).pack())
	f.Add(snapshotOf(f, goldenState()).pack())
	f.Add(snapshotOf(f, goldenState1()).pack())
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := keyspace.Restore(unpack(b).reader())
		if err != nil {
			if !errors.Is(err, keyspace.ErrCorrupt) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if err := st.Check(); err != nil {
			t.Fatal(err)
		}
		if restored(t, snapshotOf(t, st)).Hash() != st.Hash() {
			t.Fatal("another state after a second round")
		}
	})
}
