package keyspace_test

import (
	"encoding/binary"
	"errors"
	"hash/crc64"
	"testing"

	"github.com/millrace-io/millrace/keyspace"
)

// dumpOf makes a dump of sections: a good checksum over whatever they are.
func dumpOf(parts ...byte) []byte {
	b := append([]byte("MR\x01"), parts...)
	return binary.LittleEndian.AppendUint64(b, crc64.Checksum(b, crc64.MakeTable(crc64.ECMA)))
}

func TestDumpGivesTheValueBack(t *testing.T) {
	st := goldenState()
	for i := range st.Databases() {
		st.DB(i).Each(func(k *keyspace.Key) bool {
			other := keyspace.New(1)
			other.Begin(1, 0)
			v, err := keyspace.ParseDump(k.AppendDump([]byte("before"))[6:])
			if err != nil {
				t.Fatalf("key %q: %v", k.Name(), err)
			}
			if v.Kind() != k.Kind() {
				t.Errorf("key %q: %v, was %v", k.Name(), v.Kind(), k.Kind())
			}
			back := other.DB(0).PutDumped(b("another name"), v, 0)
			if string(back.AppendDump(nil)) != string(k.AppendDump(nil)) {
				t.Errorf("key %q: another dump after a second round", k.Name())
			}
			if err := other.Check(); err != nil {
				t.Error(err)
			}
			return true
		})
	}
}

func keyOf(st *keyspace.State, name string) *keyspace.Key {
	k, _ := st.DB(0).Get(b(name), 0)
	return k
}

// The format is fixed: dumps of today are read for ever.
func TestDumpFormat(t *testing.T) {
	st := keyspace.New(1)
	st.Begin(7, 3)
	s := st.DB(0).PutStream(b("s"))
	if d := keyOf(st, "s").AppendDump(nil); d[2] != 1 {
		t.Errorf("version %d of a dump that is as ever", d[2])
	}
	mixedProducers(s, 1)
	if d := keyOf(st, "s").AppendDump(nil); d[2] != 2 {
		t.Errorf("version %d of a dump with producers", d[2])
	}
	k := st.DB(0).PutString(b("k"), b("hi"))
	st.DB(0).SetDeadline(k, 5)
	if got, want := string(k.AppendDump(nil)), string(dumpOf(2, 5, 0, 2, 0, 0, 0, 3, 2, 'h', 'i')); got != want {
		t.Errorf("dump %q, want %q", got, want)
	}
}

func TestParseDumpRefuses(t *testing.T) {
	good := dumpOf(2, 5, 0, 2, 0, 0, 0, 3, 2, 'h', 'i')
	other := append([]byte{}, good...)
	other[2] = 3
	for name, tt := range map[string]struct {
		dump []byte
		err  error
	}{
		"nothing":            {nil, keyspace.ErrNotADump},
		"a few bytes":        {b("MR\x01"), keyspace.ErrNotADump},
		"RDB":                {b("\x00\x01a\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00"), keyspace.ErrNotADump},
		"another version":    {other, keyspace.ErrNotADump},
		"cut":                {good[:len(good)-1], keyspace.ErrNotADump},
		"longer":             {append(good[:len(good):len(good)], 0), keyspace.ErrNotADump},
		"no section":         {dumpOf(), keyspace.ErrCorrupt},
		"no value":           {dumpOf(2, 5, 0, 2, 0, 0, 0), keyspace.ErrCorrupt},
		"value without key":  {dumpOf(3, 2, 'h', 'i'), keyspace.ErrCorrupt},
		"two keys":           {dumpOf(2, 5, 0, 2, 0, 0, 0, 3, 1, 'a', 2, 6, 0, 2, 0, 0, 0, 'b', 3, 1, 'a'), keyspace.ErrCorrupt},
		"two values":         {dumpOf(2, 5, 0, 2, 0, 0, 0, 3, 1, 'a', 3, 1, 'a'), keyspace.ErrCorrupt},
		"another database":   {dumpOf(2, 5, 1, 2, 0, 0, 0, 3, 1, 'a'), keyspace.ErrCorrupt},
		"an unknown kind":    {dumpOf(2, 5, 0, 9, 0, 0, 0, 3, 1, 'a'), keyspace.ErrCorrupt},
		"a header":           {dumpOf(1, 5, 1, 1, 2, 0, 0), keyspace.ErrCorrupt},
		"an end":             {dumpOf(2, 5, 0, 2, 0, 0, 0, 3, 1, 'a', 9, 2, 1, 3), keyspace.ErrCorrupt},
		"a section cut":      {dumpOf(2, 5, 0, 2, 0, 0, 0, 3, 9, 'a'), keyspace.ErrCorrupt},
		"a stream of string": {dumpOf(2, 5, 0, 1, 0, 0, 0, 3, 1, 'a'), keyspace.ErrCorrupt},
	} {
		if v, err := keyspace.ParseDump(tt.dump); v != nil || !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", name, err, tt.err)
		}
	}
}

// FuzzParseDump feeds sections behind a good checksum.
func FuzzParseDump(f *testing.F) {
	st := goldenState()
	for i := range st.Databases() {
		st.DB(i).Each(func(k *keyspace.Key) bool {
			d := k.AppendDump(nil)
			f.Add(d[3 : len(d)-8])
			return true
		})
	}
	f.Fuzz(func(t *testing.T, parts []byte) {
		v, err := keyspace.ParseDump(dumpOf(parts...))
		if err != nil {
			if !errors.Is(err, keyspace.ErrCorrupt) {
				t.Fatalf("error %v", err)
			}
			return
		}
		st := keyspace.New(1)
		k := st.DB(0).PutDumped(b("k"), v, 0)
		if _, err := keyspace.ParseDump(k.AppendDump(nil)); err != nil {
			t.Fatal(err)
		}
		if err := st.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

// A string's form is kept by snapshots and dumps.
func TestFormIsKept(t *testing.T) {
	st := keyspace.New(1)
	for form := keyspace.Plain; form <= keyspace.Edited; form++ {
		name := []byte{'a' + byte(form)}
		st.DB(0).SetString(st.DB(0).PutString(name, nil), b("1"), form)
	}
	st = restored(t, snapshotOf(t, st))
	for form := keyspace.Plain; form <= keyspace.Edited; form++ {
		k, _ := st.DB(0).Get([]byte{'a' + byte(form)}, 0)
		v, err := keyspace.ParseDump(k.AppendDump(nil))
		if err != nil {
			t.Fatal(err)
		}
		if back := st.DB(0).PutDumped(b("k"), v, 0); k.Form() != form || back.Form() != form || back.Kind() != keyspace.StringKind {
			t.Errorf("form %d became %d, then %d", form, k.Form(), back.Form())
		}
	}
}
