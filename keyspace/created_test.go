package keyspace_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/millrace-io/millrace/keyspace"
)

// A key comes into being under a name that had none, and whenever a value is brought
// there whole; a value of another kind in its place is no new key.
func TestOnCreated(t *testing.T) {
	st := keyspace.New(2)
	var told []string
	st.OnCreated(func(db int, name string) { told = append(told, fmt.Sprint(db, " ", name)) })
	a, other := st.DB(0), st.DB(1)
	st.Begin(1, 0)
	for _, step := range []struct {
		name string
		do   func()
		want string
	}{
		{"string", func() { a.PutString(b("s"), b("v")) }, "0 s"},
		{"the same again", func() { a.PutString(b("s"), b("w")) }, ""},
		{"stream in its place", func() { a.PutStream(b("s")) }, ""},
		{"stream", func() { other.PutStream(b("t")) }, "1 t"},
		{"copy", func() { other.Copy(other.GetForWrite(b("t"), 0), a, b("s")) }, "0 s"},
		{"rename", func() { a.Rename(a.GetForWrite(b("s"), 0), other, b("u")) }, "1 u"},
		{"swap", func() { st.Swap(0, 1) }, ""},
		{"in the database that it has become", func() { a.PutString(b("v"), nil) }, "1 v"},
		{"delete", func() { a.Delete(b("v")) }, ""},
	} {
		told = nil
		step.do()
		if want := slices.DeleteFunc([]string{step.want}, func(s string) bool { return s == "" }); !slices.Equal(told, want) {
			t.Errorf("%s: told %q, want %q", step.name, told, want)
		}
	}
}
