package commands

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// RANDOMKEY: the name of some key, null when there is none.
// https://redis.io/docs/latest/commands/randomkey/
var randomKey = Command{
	Name: "randomkey", Syntax: "RANDOMKEY",
	Summary: "Returns a random key name from the database.",
	Since:   "1.0.0", Group: "generic", Complexity: "O(log K) with K being the number of keys.",
	Arity: 1, Flags: ReadOnly, Categories: CatKeyspace | CatRead | CatSlow,
	Tips:  []string{"request_policy:all_shards", "nondeterministic_output"},
	Class: Read, Run: runRandomKey, Spread: spreadAny,
}

// randomKeyTries bounds the keys past their deadline that are passed over in one go.
const randomKeyTries = 1000

// runRandomKey takes the first key from a random place in the order of keys on. Their
// places are hashes, so that all have about the same chance.
func runRandomKey(c *Call) error {
	var found *keyspace.Key
	tries := 0
	look := func(k *keyspace.Key) bool {
		tries++
		if found == nil && !k.Expired(c.Now) {
			found = k
		}
		return found == nil && tries < randomKeyTries
	}
	if c.DB.Scan(c.draw()>>1, randomKeyTries, look); found == nil && tries < randomKeyTries {
		c.DB.Scan(0, randomKeyTries, look)
	}
	switch {
	case found != nil:
		c.Out = wire.AppendBulkString(c.Out, found.Name())
	case tries > 0 && !c.Applying && !c.riding:
		return ErrExpired // nothing but keys past their deadline: they go first
	default:
		c.Out = wire.AppendNull(c.Out, c.Proto)
	}
	return nil
}

// draw is a random number: for a command in the log one that follows from its place
// there, on every replica the same; for a read the next of this node's.
func (c *Call) draw() uint64 {
	var seed [24]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(c.Now))
	if c.Applying {
		v := c.State.Version()
		binary.LittleEndian.PutUint64(seed[8:], v.Index)
		binary.LittleEndian.PutUint64(seed[16:], uint64(v.Ordinal)+1)
	} else {
		binary.LittleEndian.PutUint64(seed[8:], c.draws.Add(1))
	}
	return xxh3.Hash(seed[:])
}
