package keyspace

// EachInSlot calls fn with the keys of a hash slot, in the order of hash and name, until
// it returns false. fn must not change the database.
func (d *DB) EachInSlot(slot uint16, fn func(*Key) bool) {
	if d.Len() == 0 {
		return
	}
	end := (position(slot) + 1) << hashBits
	d.keys.Ascend(placed{pos: position(slot) << hashBits}, func(p placed) bool {
		return p.pos < end && fn(p.key)
	})
}
