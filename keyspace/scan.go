package keyspace

// Scan calls fn with some count keys from the cursor on and returns the cursor of
// the next call, 0 when it has reached the end. A cursor is a position in the
// order of keys, so any number is a good one and nothing is kept between calls:
// whatever comes and goes meanwhile, a key that is there from the first call to
// the last is seen. Keys that share a position are all seen in the same call,
// however many. When fn returns false the call ends as soon as that allows. fn
// must not change the database.
func (d *DB) Scan(cursor uint64, count int, fn func(*Key) bool) (next uint64) {
	if d.Len() == 0 || position(cursor) > maxPosition {
		return 0
	}
	last, seen, full := position(0), 0, false
	d.keys.Ascend(placed{pos: position(cursor)}, func(p placed) bool {
		if full && p.pos != last {
			next = uint64(p.pos)
			return false
		}
		last = p.pos
		seen++
		if !fn(p.key) || seen >= count {
			full = true
		}
		return true
	})
	return next
}
