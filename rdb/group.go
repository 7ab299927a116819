package rdb

import (
	"math"
	"slices"

	"github.com/millrace-io/millrace/streams"
)

// unowned marks a pending entry whose consumer has not been read yet.
const unowned = -1

func (s *Stream) readGroups(d *decoder, kind byte) {
	seen := map[string]bool{}
	for n := d.length(); n > 0 && !d.failed; n-- {
		g := d.group(kind)
		if seen[string(g.Name)] {
			d.fail()
			return
		}
		seen[string(g.Name)] = true
		s.Groups = append(s.Groups, g)
	}
}

func (d *decoder) group(kind byte) Group {
	g := Group{Name: d.string(), LastID: d.id(), Read: -1, Estimated: kind == typeStream1}
	if !g.Estimated {
		// -1 was written as a length.
		g.Read = int64(d.length())
	}
	if g.Read < -1 {
		d.fail()
	}
	last := streams.ID{}
	for n := d.length(); n > 0 && !d.failed; n-- {
		p := Pending{ID: d.rawID(), Time: max(d.time(), 0), Consumer: unowned}
		count := d.length()
		if count > math.MaxInt64 || !last.Less(p.ID) {
			d.fail()
			return g
		}
		p.Count, last = int64(count), p.ID
		g.Pending = append(g.Pending, p)
	}
	d.consumers(&g, kind)
	if slices.ContainsFunc(g.Pending, func(p Pending) bool { return p.Consumer == unowned }) {
		d.fail()
	}
	return g
}

func (d *decoder) consumers(g *Group, kind byte) {
	seen := map[string]bool{}
	for n := d.length(); n > 0 && !d.failed; n-- {
		c := Consumer{Name: d.string(), Seen: max(d.time(), 0)}
		c.Active = c.Seen
		if kind == typeStream3 {
			c.Active = max(d.time(), -1) // -1: never
		}
		if seen[string(c.Name)] {
			d.fail()
			return
		}
		seen[string(c.Name)] = true
		g.Consumers = append(g.Consumers, c)
		d.owned(g)
	}
}

// owned gives the last consumer its pending entries.
func (d *decoder) owned(g *Group) {
	for n := d.length(); n > 0 && !d.failed; n-- {
		i, found := slices.BinarySearchFunc(g.Pending, d.rawID(), func(p Pending, id streams.ID) int { return p.ID.Compare(id) })
		if !found || g.Pending[i].Consumer != unowned {
			d.fail()
			return
		}
		g.Pending[i].Consumer = len(g.Consumers) - 1
	}
}
