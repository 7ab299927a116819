package keyspace_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/keyspace"
)

// scanAll walks a database to the end; between is called after each call of Scan.
func scanAll(db *keyspace.DB, count int, between func()) (seen []string) {
	for cursor := uint64(0); ; {
		next := db.Scan(cursor, count, func(k *keyspace.Key) bool {
			seen = append(seen, k.Name())
			return true
		})
		if next == 0 {
			return seen
		}
		if next <= cursor {
			panic("the cursor does not ascend")
		}
		cursor = next
		between()
	}
}

func TestScanSeesWhatStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := keyspace.New(1)
		db := st.DB(0)
		stays, n := map[string]bool{}, rapid.IntRange(0, 200).Draw(t, "keys")
		for i := range n {
			name := fmt.Sprintf("key:%d", i)
			db.PutString(b(name), nil)
			stays[name] = rapid.IntRange(0, 2).Draw(t, "stays") > 0
		}
		maybe := rapid.IntRange(0, 300)
		count := rapid.IntRange(1, 20).Draw(t, "count")
		seen := scanAll(db, count, func() {
			for range rapid.IntRange(0, 10).Draw(t, "changes") {
				name := fmt.Sprintf("key:%d", maybe.Draw(t, "key"))
				switch {
				case stays[name] && rapid.Bool().Draw(t, "view"):
					st.View()
					db.Touch(db.GetForWrite(b(name), 0))
				case stays[name]:
				case !db.Delete(b(name)):
					db.PutString(b(name), nil)
				}
			}
		})
		for name, stayed := range stays {
			if stayed && !slices.Contains(seen, name) {
				t.Fatalf("%s was there throughout and not seen", name)
			}
		}
		slices.Sort(seen)
		if len(slices.Compact(seen)) != len(seen) {
			t.Fatal("a key was seen twice, though positions ascend")
		}
	})
}

func TestScanCursorsAreBelowSignedRange(t *testing.T) {
	db := keyspace.New(1).DB(0)
	for i := range 1000 {
		db.PutString(fmt.Append(nil, i), nil)
	}
	for cursor, last := uint64(0), uint64(0); ; last = cursor {
		if cursor = db.Scan(cursor, 1, func(*keyspace.Key) bool { return true }); cursor == 0 {
			return
		}
		if cursor>>63 != 0 || cursor <= last {
			t.Fatalf("cursor %d after %d", cursor, last)
		}
	}
}

func TestScanTakesAnyCursor(t *testing.T) {
	db := keyspace.New(1).DB(0)
	db.PutString(b("a"), nil) // slot 15495
	db.PutString(b("b"), nil) // slot 3300
	for _, tt := range []struct {
		name   string
		cursor uint64
		count  int
		stop   bool
		want   []string
		next   uint64
	}{
		{name: "whole", count: 10, want: []string{"b", "a"}},
		{name: "one", count: 1, want: []string{"b"}, next: keyspace.PositionOf("a")},
		{name: "no count", count: 0, want: []string{"b"}, next: keyspace.PositionOf("a")},
		{name: "stopped", count: 10, stop: true, want: []string{"b"}, next: keyspace.PositionOf("a")},
		{name: "at the second", cursor: keyspace.PositionOf("a"), count: 1, want: []string{"a"}},
		{name: "behind the last", cursor: keyspace.PositionOf("a") + 1, count: 1},
		{name: "beyond all positions", cursor: 1 << 63, count: 1},
		{name: "largest", cursor: 1<<64 - 1, count: 1},
	} {
		var seen []string
		next := db.Scan(tt.cursor, tt.count, func(k *keyspace.Key) bool {
			seen = append(seen, k.Name())
			return !tt.stop
		})
		if !slices.Equal(seen, tt.want) || next != tt.next {
			t.Errorf("%s: %q and %d, want %q and %d", tt.name, seen, next, tt.want, tt.next)
		}
	}
}
