package groups

import "fmt"

// Check lets the tests of package groups_test verify the invariants.
func (g *Group) Check() error { return g.check() }

// check verifies the invariants of the package comment. It walks over
// everything, so only tests call it.
func (g *Group) check() error {
	for name, t := range map[string]*table{"by ID": &g.pel.byID, "by owner": &g.pel.byOwner, "by time": &g.pel.byTime} {
		if err := t.check(); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
		if t.rows != g.pel.byID.rows {
			return fmt.Errorf("invariant 1: %d rows %s, %d by ID", t.rows, name, g.pel.byID.rows)
		}
	}
	if err := g.checkRows(); err != nil {
		return err
	}
	return g.consumers.check()
}

// checkRows verifies invariants 1 to 4 from byID's side: as the tables have the
// same number of rows, each one found is enough.
func (g *Group) checkRows() (err error) {
	counts := map[ConsumerID]int{}
	g.pel.byID.ascend(key{}, func(r *row) bool {
		p := r.pending()
		counts[p.Owner]++
		byTime, ok := g.pel.byTime.get(new(r.timeKey()))
		_, owned := g.pel.byOwner.get(new(r.ownerKey()))
		switch {
		case !ok || byTime != r.timeRow() || !owned:
			err = fmt.Errorf("invariant 1: %v is not in all tables", p)
		case r[idOrder] >= g.nextOrder:
			err = fmt.Errorf("invariant 2: %v has order %d, next is %d", p, r[idOrder], g.nextOrder)
		case p.Owner == NoOwner && p.Time != 0, p.Owner != NoOwner && g.consumers.get(p.Owner) == nil:
			err = fmt.Errorf("invariant 3: %v", p)
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	if counts[NoOwner] != g.nacked {
		return fmt.Errorf("invariant 4: %d without owner, counted %d", counts[NoOwner], g.nacked)
	}
	g.consumers.byID.Scan(func(c consumerByID) bool {
		if c.pending != counts[c.id] {
			err = fmt.Errorf("invariant 4: %v has %d pending, counted %d", c.id, counts[c.id], c.pending)
		}
		return err == nil
	})
	return err
}

// check verifies invariants 5 and 8.
func (t *table) check() (err error) {
	var rows int
	var bytes int64
	var before key
	t.tree.Scan(func(s span) bool {
		bytes += s.block.size()
		if s.block.n < 1 && t.tree.Len() > 1 || s.block.n > maxRows {
			err = fmt.Errorf("invariant 5: block of %d rows", s.block.n)
		}
		if rows > 0 && before.compare(&s.low) >= 0 {
			err = fmt.Errorf("invariant 5: low %v behind key %v", s.low, before)
		}
		for i := range int(s.block.n) {
			r := s.block.row(i)
			k := t.keyOf(&r)
			if k.compare(&s.low) < 0 || rows > 0 && before.compare(&k) >= 0 {
				err = fmt.Errorf("invariant 5: key %v behind %v in the block of %v", k, before, s.low)
			}
			before = k
			rows++
		}
		return err == nil
	})
	if err == nil && (rows != t.rows || bytes != t.bytes) {
		err = fmt.Errorf("invariant 8: %d rows, %d bytes; counted %d, %d", rows, bytes, t.rows, t.bytes)
	}
	return err
}

// check verifies invariants 7 and 8.
func (cs *consumers) check() (err error) {
	var bytes int64
	cs.byName.Scan(func(n consumerByName) bool {
		c := cs.get(n.id)
		if n.id == NoOwner || c == nil || c.id != n.id || c.name != n.name {
			err = fmt.Errorf("invariant 7: name %q leads to %v: %+v", n.name, n.id, c)
		}
		bytes += consumerOverhead + int64(len(n.name))
		return err == nil
	})
	if err == nil && (cs.byID.Len() != cs.byName.Len() || cs.next == NoOwner) {
		err = fmt.Errorf("invariant 7: %d by ID, %d by name, next %d", cs.byID.Len(), cs.byName.Len(), cs.next)
	}
	if err == nil && bytes != cs.bytes {
		err = fmt.Errorf("invariant 8: consumers take %d bytes, counted %d", bytes, cs.bytes)
	}
	return err
}
