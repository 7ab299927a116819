package commands

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"

	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// valueDigest is a hash of a value with all that belongs to it: of a stream also
// its groups. The same values have the same one, however they came to be; none has
// 40 zeros.
type valueDigest [sha1.Size]byte

func valueDigestOf(k *keyspace.Key) valueDigest { return sha1.Sum(k.AppendDump(nil)) }

func (d valueDigest) String() string { return hex.EncodeToString(d[:]) }

// Views are the states of all partitions of a node.
type Views []*View

// Digest is a hash of all keys with their values and deadlines, and does not depend
// on their order, nor on the partitions that they are in.
func (vs Views) Digest() string {
	var sum valueDigest
	for _, v := range vs {
		v.addDigest(&sum)
	}
	return sum.String()
}

func (v *View) addDigest(sum *valueDigest) {
	for i := range v.state.Databases() {
		v.state.DB(i).Each(func(k *keyspace.Key) bool {
			value := valueDigestOf(k)
			one := sha1.Sum(fmt.Appendf(value[:], " %d %d %q", i, k.Deadline(), k.Name()))
			for j := range sum {
				sum[j] ^= one[j]
			}
			return true
		})
	}
}

// key is a key, nil when there is none or its deadline has passed.
func (vs Views) key(db int, name []byte) *keyspace.Key {
	for _, v := range vs {
		d := v.state.DB(db)
		if d == nil {
			continue
		}
		if k, _ := d.Get(name, v.now); k != nil {
			return k
		}
	}
	return nil
}

// debugDigest reads all there is, so somewhere else.
func debugDigest(c *ServeCall) error {
	view, fill := c.Node.View(), c.Later()
	go func() { fill(wire.AppendSimple(nil, view.Digest())) }()
	return nil
}

func debugDigestValue(c *ServeCall) error {
	view, db := c.Node.View(), c.Session.DB()
	c.Out = wire.AppendArray(c.Out, len(c.Args)-2)
	for _, name := range c.Args[2:] {
		var d valueDigest
		if k := view.key(db, name); k != nil {
			d = valueDigestOf(k)
		}
		c.Out = wire.AppendSimple(c.Out, d.String())
	}
	return nil
}

// debugObject shows what Redis shows of a value. A moving collector has no address
// to tell, and no account is kept of when a value was last used.
func debugObject(c *ServeCall) error {
	k := c.Node.View().key(c.Session.DB(), c.Args[2])
	if k == nil {
		return errNoSuchKey
	}
	c.Out = wire.AppendSimple(c.Out, fmt.Sprintf("Value at:0x0 refcount:%d encoding:%s serializedlength:%d lru:0 lru_seconds_idle:0",
		references(k), encodingOf(k), len(k.AppendDump(nil))))
	return nil
}

func debugTables(c *ServeCall) error {
	i, err := parseInteger(c.Args[2])
	if err != nil {
		return err
	}
	keys, expires, known := 0, 0, false
	for _, v := range c.Node.View() {
		if d := v.state.DB(int(i)); d != nil {
			keys, expires, known = keys+d.Len(), expires+d.Expires(), true
		}
	}
	if !known {
		return errDBIndex
	}
	c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(),
		fmt.Sprintf("[Dictionary HT]\n number of elements: %d\n[Expires HT]\n number of elements: %d\n", keys, expires))
	return nil
}
