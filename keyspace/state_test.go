package keyspace_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/streams"
)

func b(s string) []byte { return []byte(s) }

// add appends an entry with the next sequence number to a stream, as XADD does.
func add(db *keyspace.DB, name, value string) {
	k := db.GetForWrite(b(name), 0)
	var s *keyspace.StreamValue
	if k == nil {
		s = db.PutStream(b(name))
	} else {
		s, _ = k.StreamForWrite()
	}
	last := s.LastID()
	s.Append(streams.ID{Ms: last.Ms, Seq: last.Seq + 1}, [][]byte{b("f"), b(value)}, streams.DefaultLimits)
	db.Touch(k)
}

func names(db *keyspace.DB) (all []string) {
	db.Each(func(k *keyspace.Key) bool {
		all = append(all, k.Name())
		return true
	})
	return all
}

func TestKeyOfEachKind(t *testing.T) {
	st := keyspace.New(2)
	db := st.DB(0)
	st.Begin(7, 3)
	db.PutString(b("text"), b("value"))
	add(db, "log", "x")

	text, _ := db.Get(b("text"), 0)
	if v, err := text.String(); string(v) != "value" || err != nil || text.Kind() != keyspace.StringKind {
		t.Errorf("string is %q, %v, %v", v, err, text.Kind())
	}
	if _, err := text.Stream(); !errors.Is(err, keyspace.ErrWrongType) {
		t.Errorf("Stream of a string: %v", err)
	}
	if _, err := text.StreamForWrite(); !errors.Is(err, keyspace.ErrWrongType) {
		t.Errorf("StreamForWrite of a string: %v", err)
	}
	log, _ := db.Get(b("log"), 0)
	if s, err := log.Stream(); err != nil || s.Len() != 1 {
		t.Errorf("stream: %v", err)
	}
	if _, err := log.String(); !errors.Is(err, keyspace.ErrWrongType) {
		t.Errorf("String of a stream: %v", err)
	}
	if v := log.Version(); v != (keyspace.Version{Index: 7, Ordinal: 3}) {
		t.Errorf("version %v", v)
	}
	if k, expired := st.DB(1).Get(b("log"), 0); k != nil || expired {
		t.Error("another database has the key")
	}
}

func TestKindStrings(t *testing.T) {
	for kind, want := range []string{"none", "stream", "string", "none"} {
		if got := keyspace.Kind(kind).String(); got != want {
			t.Errorf("kind %d is %q, want %q", kind, got, want)
		}
	}
}

func TestDatabaseThatIsNotThereReadsAsEmpty(t *testing.T) {
	st := keyspace.New(1)
	for _, i := range []int{-1, 1} {
		db := st.DB(i)
		if k, expired := db.Get(b("k"), 0); k != nil || expired || db.GetForWrite(b("k"), 0) != nil || db.Delete(b("k")) {
			t.Errorf("database %d has a key", i)
		}
		db.Flush()
		if db.Len() != 0 || db.Expires() != 0 || db.Scan(0, 10, nil) != 0 || names(db) != nil {
			t.Errorf("database %d is not empty", i)
		}
	}
	if st.Changed() {
		t.Error("changed")
	}
}

func TestPutReplacesValueAndDeadline(t *testing.T) {
	st := keyspace.New(1)
	db := st.DB(0)
	db.SetDeadline(db.PutString(b("k"), b("v")), 10)
	st.Begin(2, 0)
	db.PutStream(b("k"))
	k, _ := db.Get(b("k"), 100)
	if k == nil || k.Kind() != keyspace.StreamKind || k.Deadline() != 0 || db.Expires() != 0 || db.Len() != 1 {
		t.Fatalf("key %+v", k)
	}
	if _, ok := st.NextDeadline(); ok {
		t.Error("a deadline is left")
	}
}

func TestPutStringCopies(t *testing.T) {
	db := keyspace.New(1).DB(0)
	value := b("value")
	k := db.PutString(b("k"), value)
	value[0] = 'X'
	if v, _ := k.String(); string(v) != "value" || cap(v) != len(v) {
		t.Errorf("value %q of capacity %d", v, cap(v))
	}
}

func TestVersionsFollowTouch(t *testing.T) {
	st := keyspace.New(1)
	db := st.DB(0)
	st.Begin(1, 0)
	db.PutStream(b("k"))
	st.Begin(2, 5)
	k := db.GetForWrite(b("k"), 0)
	if k.Version().Index != 1 || st.Changed() {
		t.Fatal("a look-up changed the key")
	}
	db.Touch(k)
	if v := k.Version(); v != (keyspace.Version{Index: 2, Ordinal: 5}) || !st.Changed() {
		t.Errorf("version %v, changed %v", v, st.Changed())
	}
}

func TestChangedIsSetByEveryChange(t *testing.T) {
	type change func(st *keyspace.State, db *keyspace.DB, k *keyspace.Key)
	for name, do := range map[string]change{
		"put stream": func(_ *keyspace.State, db *keyspace.DB, _ *keyspace.Key) { db.PutStream(b("new")) },
		"put string": func(_ *keyspace.State, db *keyspace.DB, _ *keyspace.Key) { db.PutString(b("new"), nil) },
		"delete":     func(_ *keyspace.State, db *keyspace.DB, _ *keyspace.Key) { db.Delete(b("s")) },
		"flush":      func(_ *keyspace.State, db *keyspace.DB, _ *keyspace.Key) { db.Flush() },
		"touch":      func(_ *keyspace.State, db *keyspace.DB, k *keyspace.Key) { db.Touch(k) },
		"deadline":   func(_ *keyspace.State, db *keyspace.DB, k *keyspace.Key) { db.SetDeadline(k, 5) },
		"expiry":     func(_ *keyspace.State, db *keyspace.DB, _ *keyspace.Key) { db.GetForWrite(b("old"), 100) },
		"settings":   func(st *keyspace.State, _ *keyspace.DB, _ *keyspace.Key) { st.SetSettings(keyspace.Settings{}) },
		"stream":     func(_ *keyspace.State, _ *keyspace.DB, k *keyspace.Key) { k.StreamForWrite() },
		"create group": func(_ *keyspace.State, _ *keyspace.DB, k *keyspace.Key) {
			s, _ := k.Stream()
			s.CreateGroup(b("h"), groups.New(streams.ID{}, 0))
		},
		"drop group": func(_ *keyspace.State, _ *keyspace.DB, k *keyspace.Key) { s, _ := k.Stream(); s.DropGroup(b("g")) },
		"group":      func(_ *keyspace.State, _ *keyspace.DB, k *keyspace.Key) { s, _ := k.Stream(); s.GroupForWrite(b("g")) },
	} {
		t.Run(name, func(t *testing.T) {
			st := keyspace.New(1)
			db := st.DB(0)
			db.PutStream(b("s")).CreateGroup(b("g"), groups.New(streams.ID{}, 0))
			db.SetDeadline(db.PutString(b("old"), nil), 50)
			st.Begin(1, 0)
			k := db.GetForWrite(b("s"), 0)
			if st.Changed() {
				t.Fatal("changed before")
			}
			do(st, db, k)
			if !st.Changed() {
				t.Error("not changed")
			}
			st.Begin(2, 0)
			if st.Changed() {
				t.Error("changed after Begin")
			}
		})
	}
}

func TestFlushDropsOneDatabase(t *testing.T) {
	st := keyspace.New(2)
	for i := range 3000 {
		db := st.DB(i % 2)
		db.SetDeadline(db.PutString(fmt.Appendf(nil, "k%d", i), b("v")), int64(1000+i))
	}
	st.Begin(2, 0)
	add(st.DB(0), "s", "x")
	st.DB(0).Flush()
	if n := st.DB(0).Len() + st.DB(0).Expires(); n != 0 || st.DB(1).Len() != 1500 {
		t.Errorf("%d keys left, %d in the other", n, st.DB(1).Len())
	}
	if next, _ := st.NextDeadline(); next != 1001 {
		t.Errorf("next deadline %d", next)
	}
	st.DB(1).Flush()
	if m := st.Memory(); m != 0 {
		t.Errorf("%d bytes left", m)
	}
	add(st.DB(0), "s", "x")
	if st.DB(0).Len() != 1 {
		t.Error("database can't be used after a flush")
	}
}

func TestManyGroupsInByteOrder(t *testing.T) {
	const n = 10_000
	st := keyspace.New(1)
	s := st.DB(0).PutStream(b("s"))
	for i := range n {
		s.CreateGroup(fmt.Appendf(nil, "g%d", i*7919%n), groups.New(streams.ID{Ms: uint64(i)}, 0))
	}
	var all []string
	s.EachGroup(func(name string, _ *groups.Group) bool {
		all = append(all, name)
		return true
	})
	if len(all) != n || s.NumGroups() != n || !slices.IsSorted(all) {
		t.Fatalf("%d groups, sorted %v", len(all), slices.IsSorted(all))
	}
	if g := s.Group(b("g7919")); g == nil || g.LastID().Ms != 1 {
		t.Error("group g7919")
	}
	if s.Group(b("nosuch")) != nil || s.GroupForWrite(b("nosuch")) != nil || s.DropGroup(b("nosuch")) {
		t.Error("a group that is not there")
	}
	if !s.DropGroup(b("g5")) || s.Group(b("g5")) != nil || s.NumGroups() != n-1 {
		t.Error("dropped group is there")
	}
}

func TestChangeOfWhatWasNotLookedUpForWritingPanics(t *testing.T) {
	st := keyspace.New(1)
	db := st.DB(0)
	db.PutStream(b("s")).CreateGroup(b("g"), groups.New(streams.ID{}, 0))
	k, _ := db.Get(b("s"), 0)
	s, _ := k.Stream()
	st.View()
	for name, change := range map[string]func(){
		"touch":    func() { db.Touch(k) },
		"deadline": func() { db.SetDeadline(k, 1) },
		"stream":   func() { k.StreamForWrite() },
		"group":    func() { s.GroupForWrite(b("g")) },
		"drop":     func() { s.DropGroup(b("g")) },
		"create":   func() { s.CreateGroup(b("h"), groups.New(streams.ID{}, 0)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			change()
		}()
	}
}
