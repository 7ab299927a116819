package keyspace_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/millrace-io/millrace/keyspace"
)

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What a key costs beside its value, and how near Memory comes to it.
func TestMemoryPerKey(t *testing.T) {
	const keys = 200_000 // a million gives 192 and 244 bytes
	for _, deadline := range []bool{false, true} {
		before := heap()
		st := keyspace.New(1)
		db := st.DB(0)
		for i := range keys {
			k := db.PutString(fmt.Appendf(nil, "key%07d", i), nil)
			if deadline {
				db.SetDeadline(k, int64(1000+i))
			}
		}
		real := (heap() - before) / keys
		said := st.Memory() / keys
		runtime.KeepAlive(st)
		t.Logf("deadline %v: %d bytes per key of 10 bytes, Memory says %d", deadline, real, said)
		limit := int64(200)
		if deadline {
			limit += 64
		}
		if real > limit {
			t.Errorf("deadline %v: %d bytes per key, at most %d", deadline, real, limit)
		}
		if said < real*3/4 || said > real*5/4 {
			t.Errorf("deadline %v: Memory says %d bytes per key, it is %d", deadline, said, real)
		}
	}
}

func TestMemoryFollowsValues(t *testing.T) {
	st := keyspace.New(1)
	db := st.DB(0)
	st.Begin(1, 0)
	add(db, "s", "x")
	one := st.Memory()
	st.Begin(2, 0)
	add(db, "s", string(make([]byte, 1<<20)))
	if grown := st.Memory() - one; grown < 1<<20 {
		t.Errorf("1 MiB takes %d bytes", grown)
	}
	st.Begin(3, 0)
	db.PutString(b("s"), make([]byte, 1000))
	if m := st.Memory(); m < 1000 || m > 1500 {
		t.Errorf("1000 bytes take %d", m)
	}
	db.Delete(b("s"))
	if m := st.Memory(); m != 0 {
		t.Errorf("%d bytes left", m)
	}
}

// What comes and goes within one command must leave nothing behind, though its
// memory is only looked at when the next one begins.
func TestMemoryOfOneCommand(t *testing.T) {
	for name, do := range map[string]func(db *keyspace.DB){
		"deleted":  func(db *keyspace.DB) { db.Delete(b("s")) },
		"replaced": func(db *keyspace.DB) { db.PutString(b("s"), nil); db.Delete(b("s")) },
		"flushed":  func(db *keyspace.DB) { db.Flush() },
		"group dropped": func(db *keyspace.DB) {
			s, _ := db.GetForWrite(b("s"), 0).StreamForWrite()
			s.DropGroup(b("g"))
			db.Delete(b("s"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			st := keyspace.New(1)
			add(st.DB(0), "s", "value")
			s, _ := st.DB(0).GetForWrite(b("s"), 0).StreamForWrite()
			mixedGroup(s, b("g"))
			do(st.DB(0))
			if m := st.Memory(); m != 0 {
				t.Errorf("%d bytes left", m)
			}
			if err := st.Check(); err != nil || st.Memory() != 0 {
				t.Errorf("%d bytes left, %v", st.Memory(), err)
			}
		})
	}
}

func TestMemoryOfGroupMadeAndDroppedInOneCommand(t *testing.T) {
	st := keyspace.New(1)
	s := st.DB(0).PutStream(b("s"))
	mixedGroup(s, b("g"))
	mixedGroup(s, b("g")) // takes the place of the first
	s.DropGroup(b("g"))
	if err := st.Check(); err != nil {
		t.Error(err)
	}
}
