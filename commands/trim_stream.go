package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/streams"
)

// trimStream trims a stream as the options say.
func (c *Call) trimStream(s *keyspace.StreamValue, o *trimOptions) uint64 {
	if o.refs == keepRefs {
		return s.Trim(o.trim(), c.Limits)
	}
	refs := newStreamRefs(s)
	if o.refs == dropRefs {
		return s.TrimEntries(o.trim(), c.Limits, streams.MaxID, func(id streams.ID) bool {
			refs.drop(id)
			return true
		})
	}
	walk := newPendingWalk(s)
	return s.TrimEntries(o.trim(), c.Limits, refs.delivered, func(id streams.ID) bool { return !walk.has(id) })
}

// pendingWalk tells of ascending IDs which are pending in some group. It reads the
// PELs alongside, which is several times faster than a look-up for each ID.
type pendingWalk struct{ pels []pelWalk }

func newPendingWalk(s *keyspace.StreamValue) (w pendingWalk) {
	s.EachGroup(func(_ string, g *groups.Group) bool {
		if g.Len() > 0 {
			w.pels = append(w.pels, pelWalk{g: g})
		}
		return true
	})
	return w
}

func (w *pendingWalk) has(id streams.ID) bool {
	for i := range w.pels {
		if w.pels[i].has(id) {
			return true
		}
	}
	return false
}

// pelWalk is how far a walk has come in one PEL.
type pelWalk struct {
	g    *groups.Group
	ids  []streams.ID // the next ones that are pending
	step int          // how many are read at a time: ever more, as most walks are short
	end  bool         // there are none behind ids
}

const longestStep = 256

func (w *pelWalk) has(id streams.ID) bool {
	for {
		for len(w.ids) > 0 && w.ids[0].Less(id) {
			w.ids = w.ids[1:]
		}
		if len(w.ids) > 0 {
			return w.ids[0] == id
		}
		if w.end {
			return false
		}
		w.read(id)
	}
}

// read reads on, from the given ID.
func (w *pelWalk) read(from streams.ID) {
	w.step = min(2*w.step+2, longestStep)
	w.ids, w.end = make([]streams.ID, 0, w.step), true
	w.g.Ascend(from, func(p groups.Pending) bool {
		w.ids = append(w.ids, p.ID)
		w.end = len(w.ids) < w.step
		return w.end
	})
}

// pendingAtOnce is how many pending entries an XADD passes over, on average.
const pendingAtOnce = 256

// trimsNow reports whether an XADD looks for entries to trim. With ~ and ACKED it
// would pass over all that is pending each time, so it does that the more seldom the
// more there is; what stays longer than it must is one in 256 of what is pending. It
// depends on the state alone, as every replica must decide the same; and it is drawn
// from the number of entries, as producers may alternate between XADDs with
// and without a trim.
func trimsNow(s *keyspace.StreamValue, o *trimOptions) bool {
	if o.Kind == streams.TrimNone {
		return false
	}
	if !o.Approx || o.refs != onlyAcked {
		return true
	}
	pending := uint64(0)
	s.EachGroup(func(_ string, g *groups.Group) bool {
		pending += uint64(g.Len())
		return true
	})
	return pending < 2*pendingAtOnce || scatter(s.EntriesAdded())%(pending/pendingAtOnce) == 0
}

// scatter is the finalizer of splitmix64: neighbours come out far apart.
func scatter(n uint64) uint64 {
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
