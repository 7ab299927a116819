package keyspace_test

import (
	"slices"
	"testing"

	"github.com/millrace-io/millrace/keyspace"
)

type observed []string

func (o *observed) KeyChanged(name string) { *o = append(*o, name) }
func (o *observed) ManyChanged()           { *o = append(*o, "*") }

// Whatever changes what WATCH compares is told, and nothing else is.
func TestObserverIsToldOfEveryChange(t *testing.T) {
	var told observed
	st := keyspace.New(2)
	st.Observe(&told)
	db := st.DB(0)
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"a new string", func() { db.PutString(b("k"), b("v")) }, []string{"k"}},
		{"another value", func() { db.SetString(db.GetForWrite(b("k"), 0), b("w"), keyspace.Plain) }, []string{"k"}},
		{"a look", func() { db.Get(b("k"), 0); db.GetForWrite(b("k"), 0) }, nil},
		{"a stream in its place", func() { db.PutStream(b("k")) }, []string{"k", "k"}},
		{"a change of it", func() { db.Touch(db.GetForWrite(b("k"), 0)) }, []string{"k"}},
		{"a rename", func() { db.Rename(db.GetForWrite(b("k"), 0), db, b("l")) }, []string{"k", "l"}},
		{"a copy", func() { db.Copy(db.GetForWrite(b("l"), 0), st.DB(1), b("m")) }, []string{"m"}},
		{"a deletion", func() { db.Delete(b("l")); db.Delete(b("l")) }, []string{"l"}},
		{"a deadline", func() { db.SetDeadline(db.PutString(b("e"), nil), 10) }, []string{"e"}},
		{"its end, seen by a command", func() { db.GetForWrite(b("e"), 10) }, []string{"e"}},
		{"its end by the log", func() {
			db.SetDeadline(db.PutString(b("f"), nil), 10)
			st.ExpireDue(10, 9, func(int, string) {})
		}, []string{"f", "f"}},
		{"a swap", func() { st.Swap(0, 1); st.Swap(1, 1) }, []string{"*"}},
		{"a flush, of nothing too", func() { db.Flush(); db.Flush() }, []string{"*", "*"}},
	} {
		t.Run(step.name, func(t *testing.T) {
			told = nil
			st.Begin(1, 0)
			step.do()
			if !slices.Equal(told, observed(step.want)) {
				t.Errorf("told %q, want %q", told, step.want)
			}
		})
	}
	view := st.View()
	told = nil
	view.DB(0).Get(b("m"), 0)
	if told != nil {
		t.Errorf("a view told %q", told)
	}
}
