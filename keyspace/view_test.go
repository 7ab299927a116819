package keyspace_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/streams"
)

// mixedState has n keys of all kinds, some with deadlines, groups and pending
// entries.
func mixedState(n int) *keyspace.State {
	st := keyspace.New(3)
	st.OnExpired(func(int, string) {})
	for i := range n {
		st.Begin(uint64(i+1), uint32(i%3))
		mixedKey(st, i)
	}
	st.Begin(uint64(n+1), 0)
	return st
}

func mixedKey(st *keyspace.State, i int) {
	db, name := st.DB(i%2), fmt.Appendf(nil, "key:%d", i)
	switch i % 4 {
	case 0:
		db.PutString(name, fmt.Appendf(nil, "value %d", i))
	case 1:
		db.SetDeadline(db.PutString(name, nil), int64(1_000_000+i))
	default:
		s := db.PutStream(name)
		for e := range i%7 + 1 {
			s.Append(streams.ID{Ms: uint64(e + 1)}, [][]byte{b("f"), name}, streams.Limits{MaxEntries: 3})
		}
		s.Delete(streams.ID{Ms: 2})
		for j := range i % 3 {
			mixedGroup(s, fmt.Appendf(nil, "group:%d", j))
		}
	}
}

func mixedGroup(s *keyspace.StreamValue, name []byte) {
	g := groups.New(streams.ID{Ms: 1}, 1)
	ann := g.CreateConsumer(b("ann"), 5)
	g.CreateConsumer(b("bob"), 6)
	for c := s.Range(streams.MinID, streams.MaxID); c.Next(); {
		g.Put(groups.Pending{ID: c.ID(), Owner: ann, Time: 7, Count: 1})
	}
	s.CreateGroup(name, g)
}

// mutate changes keys at random, as commands would.
func mutate(st *keyspace.State, rnd *rand.Rand, index uint64, keys int) {
	st.Begin(index, 0)
	i := rnd.IntN(keys)
	db, name := st.DB(i%2), fmt.Appendf(nil, "key:%d", i)
	k := db.GetForWrite(name, 0)
	switch {
	case k == nil:
		mixedKey(st, i)
	case rnd.IntN(5) == 0:
		db.Delete(name)
	case k.Kind() == keyspace.StringKind:
		db.SetDeadline(k, rnd.Int64N(1000))
		db.Touch(k)
	default:
		s, _ := k.StreamForWrite()
		s.Append(streams.ID{Ms: s.LastID().Ms + 1}, [][]byte{b("f"), name}, streams.Limits{MaxEntries: 3})
		s.Delete(s.FirstID())
		pair := idmp.NewPair(b("producer"), fmt.Append(nil, index))
		s.ProducersForWrite().Record(pair, s.LastID())
		s.ProducersForWrite().Forget(int64(s.LastID().Ms)+99_000, 1)
		if g := s.GroupForWrite(b("group:0")); g != nil {
			ann, _ := g.Consumer(b("ann"))
			g.Put(groups.Pending{ID: s.LastID(), Owner: ann, Time: int64(index), Count: 2})
			if first, ok := g.MinPending(); ok {
				g.Ack(first)
			}
		}
		db.Touch(k)
	}
}

// Run with -race: readers of views share nothing with the one who changes the state.
func TestViewsAreReadWhileTheStateChanges(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	const keys = 200
	st := mixedState(keys)
	var readers sync.WaitGroup
	defer readers.Wait()
	index := uint64(keys)
	for range 20 {
		hash, v := st.Hash(), st.View()
		for range 2 {
			readers.Go(func() {
				if got := v.Hash(); got != hash {
					t.Errorf("view has hash %x, the state had %x", got, hash)
				}
				readView(t, v)
			})
		}
		for range 100 {
			index++
			mutate(st, rnd, index, keys)
		}
	}
	if err := st.Check(); err != nil {
		t.Error(err)
	}
}

// readView reads a view in the ways of a database.
func readView(t *testing.T, v *keyspace.View) {
	for i := range v.Databases() {
		db, expires := v.DB(i), 0
		db.Each(func(k *keyspace.Key) bool {
			if found, expired := db.Get(b(k.Name()), 0); found != k || expired {
				t.Errorf("view does not find %q", k.Name())
			}
			if k.Deadline() != 0 {
				expires++
			}
			return true
		})
		if n := len(scanAll(db, 7, func() {})); n != db.Len() || expires != db.Expires() {
			t.Errorf("scan of a view finds %d of %d keys, %d deadlines of %d", n, db.Len(), expires, db.Expires())
		}
		if k, _ := db.Get(b("nosuch"), 0); k != nil {
			t.Error("view finds a key that is not there")
		}
	}
}

func TestViewIsReadOnly(t *testing.T) {
	st := mixedState(8)
	db := st.View().DB(0)
	for name, change := range map[string]func(){
		"put":    func() { db.PutStream(b("new")) },
		"delete": func() { db.Delete(b("key:0")) },
		"flush":  func() { db.Flush() },
		"write":  func() { db.GetForWrite(b("key:0"), 0) },
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
	if v := st.View(); v.DB(-1) != nil || v.DB(3) != nil || v.Settings() != st.Settings() {
		t.Error("databases and settings of a view")
	}
}

func TestViewTakesTheSameWorkForAnyNumberOfKeys(t *testing.T) {
	work := func(keys int) float64 {
		st := mixedState(keys)
		return testing.AllocsPerRun(20, func() { st.View() })
	}
	if few, many := work(10), work(100_000); few != many {
		t.Errorf("%v allocations with 10 keys, %v with 100,000", few, many)
	}
}

// A view costs the writer, once per key, the copy of that key alone: not the
// chunks of its stream, nor its pending entries.
func TestChangeAfterViewCopiesOneKey(t *testing.T) {
	work := func(entries int) float64 {
		st := keyspace.New(1)
		s := st.DB(0).PutStream(b("s"))
		for i := range entries {
			s.Append(streams.ID{Ms: uint64(i + 1)}, [][]byte{b("f"), b("v")}, streams.DefaultLimits)
		}
		mixedGroup(s, b("g"))
		return testing.AllocsPerRun(20, func() {
			st.View()
			st.Begin(1, 0)
			s, _ := st.DB(0).GetForWrite(b("s"), 0).StreamForWrite()
			s.GroupForWrite(b("g"))
		})
	}
	if few, many := work(1000), work(100_000); many > few+2 {
		t.Errorf("%v allocations for 1000 entries, %v for 100,000", few, many)
	}
}
