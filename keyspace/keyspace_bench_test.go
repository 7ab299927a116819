package keyspace_test

import (
	"fmt"
	"testing"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/streams"
)

func keyNames(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = fmt.Appendf(nil, "key%07d", i)
	}
	return all
}

func filled(all [][]byte) *keyspace.State {
	st := keyspace.New(1)
	for _, name := range all {
		st.DB(0).PutString(name, nil)
	}
	return st
}

// Look-up by name in the state, through the map, and in a view, through the tree.
// Names come in an order that no cache likes.
func BenchmarkGet(bench *testing.B) {
	for _, keys := range []int{1000, 1_000_000} {
		all := keyNames(keys)
		st := filled(all)
		for name, db := range map[string]*keyspace.DB{"state": st.DB(0), "view": st.View().DB(0)} {
			bench.Run(fmt.Sprintf("in=%s/keys=%d", name, keys), func(bench *testing.B) {
				bench.ReportAllocs()
				for i := 0; bench.Loop(); i += 7919 {
					if k, _ := db.Get(all[i%keys], 0); k == nil {
						bench.Fatal("missing")
					}
				}
			})
		}
	}
}

func BenchmarkPutDelete(bench *testing.B) {
	const keys = 1_000_000
	all := keyNames(keys)
	db := filled(all).DB(0)
	bench.ReportAllocs()
	for i := 0; bench.Loop(); i += 7919 {
		db.Delete(all[i%keys])
		db.PutString(all[i%keys], nil)
	}
}

// What a command pays beside its stream and group, with and without a view taken
// before each.
func BenchmarkForWrite(bench *testing.B) {
	for _, views := range []bool{false, true} {
		bench.Run(fmt.Sprintf("view=%v", views), func(bench *testing.B) {
			st := filled(keyNames(100_000))
			st.DB(0).PutStream(b("stream")).CreateGroup(b("group"), groups.New(streams.ID{}, 0))
			bench.ReportAllocs()
			for i := uint64(1); bench.Loop(); i++ {
				if views {
					st.View()
				}
				st.Begin(i, 0)
				k := st.DB(0).GetForWrite(b("stream"), 0)
				s, _ := k.StreamForWrite()
				s.GroupForWrite(b("group"))
				st.DB(0).Touch(k)
			}
		})
	}
}

func BenchmarkView(bench *testing.B) {
	for _, keys := range []int{10, 1_000_000} {
		bench.Run(fmt.Sprintf("keys=%d", keys), func(bench *testing.B) {
			st := filled(keyNames(keys))
			bench.ReportAllocs()
			for bench.Loop() {
				st.View()
			}
		})
	}
}

func BenchmarkSnapshotAndRestore(bench *testing.B) {
	st := mixedState(100_000)
	bench.Run("snapshot", func(bench *testing.B) {
		bench.ReportAllocs()
		for bench.Loop() {
			st.Hash()
		}
	})
	s := snapshotOf(bench, st)
	bench.Run("restore", func(bench *testing.B) {
		bench.SetBytes(int64(len(s.pack())))
		bench.ReportAllocs()
		for bench.Loop() {
			restored(bench, s)
		}
	})
}

func BenchmarkFlush(bench *testing.B) {
	all := keyNames(100_000)
	for bench.Loop() {
		bench.StopTimer()
		st := filled(all)
		bench.StartTimer()
		st.DB(0).Flush()
	}
}
