package keyspace

import (
	"math"
	"slices"

	"github.com/tidwall/btree"

	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/streams"
)

// A stream whose producers are remembered stands in a tree of its database under the
// time at which it should be looked at, so that what has expired takes no memory for
// ever where nobody adds entries any more. The leader proposes the look (Overdue),
// and names the streams in the log: the trees may differ between replicas, which is
// of no consequence.

// remembering is a stream in that tree.
type remembering struct {
	at   int64 // Unix ms
	name string
}

func (r remembering) less(s remembering) bool {
	return r.at < s.at || r.at == s.at && r.name < s.name
}

// lookEvery rounds times up, so that streams share their looks.
const lookEvery = 1000

// lookAt is when a stream should be looked at; false when it remembers nothing.
func (s *StreamValue) lookAt() (ms int64, ok bool) {
	ms, ok = s.producers.NextExpiry()
	if ms > math.MaxInt64-lookEvery {
		return math.MaxInt64, ok
	}
	return (ms + lookEvery - 1) / lookEvery * lookEvery, ok
}

// Record lets a stream of that name, which came from StreamForWrite or PutStream,
// remember what a pair stands for.
func (d *DB) Record(name []byte, s *StreamValue, pair idmp.Pair, id streams.ID) {
	s.ProducersForWrite().Record(pair, id)
	if at, _ := s.lookAt(); s.lookedAt == 0 || at < s.lookedAt {
		d.planLook(string(name), s)
	}
}

// SetIDMP changes the limits of a stream of that name, which came from StreamForWrite
// or PutStream.
func (d *DB) SetIDMP(name []byte, s *StreamValue, limits idmp.Limits) {
	s.ProducersForWrite().SetLimits(limits)
	d.planLook(string(name), s)
}

// Forget lets a stream drop at most limit iids that have expired, and returns how
// many. The key must have come from GetForWrite.
func (d *DB) Forget(k *Key, now int64, limit int) int {
	s, err := k.StreamForWrite()
	if err != nil {
		return 0
	}
	n := s.producers.Forget(now, limit)
	d.planLook(k.name, s)
	return n
}

// planLook puts a stream that may be changed into its place in the tree, or takes it
// out when there is nothing to look at.
func (d *DB) planLook(name string, s *StreamValue) {
	at, ok := s.lookAt()
	if ok && at == s.lookedAt {
		return
	}
	d.cancelLook(name, s)
	s.lookedAt = 0
	d.state.noteStream(s)
	if !ok {
		return
	}
	s.lookedAt = at
	if d.remembering == nil {
		d.remembering = btree.NewBTreeGOptions(remembering.less, btree.Options{NoLocks: true})
		d.state.remembering = append(d.state.remembering, d)
	}
	d.remembering.Set(remembering{at, name})
}

// cancelLook takes a stream out of the tree; its own field stays, since a view may
// see it.
func (d *DB) cancelLook(name string, s *StreamValue) {
	if s.lookedAt == 0 || d.remembering == nil {
		return
	}
	d.remembering.Delete(remembering{s.lookedAt, name})
	if d.remembering.Len() == 0 {
		d.cancelLooks()
	}
}

// cancelLooks empties the tree.
func (d *DB) cancelLooks() {
	d.remembering = nil
	st := d.state
	if i := slices.Index(st.remembering, d); i >= 0 {
		st.remembering = slices.Delete(st.remembering, i, i+1)
	}
}

// NextLook returns the earliest time (Unix ms) from which on Overdue has something;
// false when no stream remembers anything.
func (st *State) NextLook() (ms int64, ok bool) {
	for _, d := range st.remembering {
		if first, some := d.remembering.Min(); some && (!ok || first.at < ms) {
			ms, ok = first.at, true
		}
	}
	return ms, ok
}

// Overdue calls fn with at most limit streams to be looked at: Forget is for them.
func (st *State) Overdue(now int64, limit int, fn func(db int, name string)) {
	for _, d := range st.remembering {
		d.remembering.Scan(func(r remembering) bool {
			if r.at > now || limit == 0 {
				return false
			}
			limit--
			fn(d.index, r.name)
			return true
		})
	}
}
