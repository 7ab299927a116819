package commands

import (
	"slices"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/streams"
)

// pendingProbe is how many entries of a PEL are looked at in ID order before it
// is asked whether the order of delivery times is the shorter way.
const pendingProbe = 1024

// pendingShare is the part of a PEL that may be idle enough for the order of
// delivery times to be the shorter way: candidates found there cost more each, as
// they have to be sorted.
const pendingShare = 8

// selectPending calls fn for the pending entries that o asks for, in the order of
// their IDs, until it returns false. There are two ways to find those that are idle enough: all in the
// order of IDs, until there are enough of them, or only the idle ones, in the
// order of delivery times. The first is best when many are idle, the second when
// few are among very many.
func selectPending(g *groups.Group, o *pendingOptions, now int64, fn func(groups.Pending) bool) {
	s := pendingSelection{g: g, now: now, pendingOptions: o, left: o.limit, fn: fn}
	if o.byConsumer {
		owner, ok := g.Consumer(o.consumer)
		if !ok {
			return
		}
		s.owner = owner
	}
	if s.left <= 0 || o.end.Less(o.start) {
		return
	}
	if o.minIdle <= 0 {
		s.scan(o.start, -1)
		return
	}
	from, done := s.scan(o.start, pendingProbe)
	if done {
		return
	}
	if idle, ok := s.idle(from, g.Len()/pendingShare); ok {
		s.take(idle)
		return
	}
	s.scan(from, -1)
}

type pendingSelection struct {
	*pendingOptions
	g     *groups.Group
	now   int64
	owner groups.ConsumerID // with byConsumer
	left  int64             // of limit
	fn    func(groups.Pending) bool
}

// scan looks at entries in the order of IDs from from on, at most steps of them
// unless that is negative. It reports that it is done, or where to go on.
func (s *pendingSelection) scan(from streams.ID, steps int) (next streams.ID, done bool) {
	done = true
	look := func(p groups.Pending) bool {
		if s.end.Less(p.ID) {
			return false
		}
		if steps == 0 {
			next, done = p.ID, false
			return false
		}
		steps--
		if s.isIdle(p) {
			s.give(p)
		}
		return s.left > 0
	}
	if s.byConsumer {
		s.g.AscendOwner(s.owner, from, look)
	} else {
		s.g.Ascend(from, look)
	}
	return next, done
}

// idle collects what is asked for at from or behind it in the order of delivery
// times. It gives up when it has looked at more than limit entries.
func (s *pendingSelection) idle(from streams.ID, limit int) (found []groups.Pending, ok bool) {
	ok = true
	s.g.AscendTime(func(p groups.Pending) bool {
		if !s.isIdle(p) {
			return false // and so are all that follow
		}
		if limit == 0 {
			ok = false
			return false
		}
		limit--
		if !p.ID.Less(from) && !s.end.Less(p.ID) && (!s.byConsumer || p.Owner == s.owner) {
			found = append(found, p)
		}
		return true
	})
	return found, ok
}

// take gives the first of found, in the order of IDs.
func (s *pendingSelection) take(found []groups.Pending) {
	slices.SortFunc(found, func(a, b groups.Pending) int { return a.ID.Compare(b.ID) })
	for _, p := range found {
		if s.left <= 0 {
			return
		}
		s.give(p)
	}
}

func (s *pendingSelection) give(p groups.Pending) {
	if s.left--; !s.fn(p) {
		s.left = 0
	}
}

// isIdle reports whether p passes IDLE. What nobody owns passes always.
func (s *pendingSelection) isIdle(p groups.Pending) bool {
	return s.minIdle <= 0 || p.Owner == groups.NoOwner || s.now-p.Time >= s.minIdle
}
