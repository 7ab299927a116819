package keyspace_test

import (
	"testing"

	"github.com/millrace-io/millrace/keyspace"
)

// A clone has no spare room behind its last chunk: a stream that was copied or renamed
// takes less than the one it was made of.
func TestMemoryOfCopiedAndRenamedStreams(t *testing.T) {
	for name, do := range map[string]func(db *keyspace.DB, k *keyspace.Key){
		"copied":  func(db *keyspace.DB, k *keyspace.Key) { db.Copy(k, db, b("t")) },
		"renamed": func(db *keyspace.DB, k *keyspace.Key) { db.Rename(k, db, b("t")) },
	} {
		st := keyspace.New(1)
		st.Begin(1, 0)
		add(st.DB(0), "s", "value")
		s, _ := st.DB(0).GetForWrite(b("s"), 0).StreamForWrite()
		mixedGroup(s, b("g"))
		mixedProducers(s, 3)
		st.Begin(2, 0)
		do(st.DB(0), st.DB(0).GetForWrite(b("s"), 0))
		if err := st.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		st.DB(0).Delete(b("s"))
		st.DB(0).Delete(b("t"))
		if m := st.Memory(); m != 0 {
			t.Errorf("%s: %d bytes left", name, m)
		}
	}
}
