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

// Digest is a hash of all keys with their values and deadlines, and does not depend
// on their order.
func (v *View) Digest() string {
	var sum valueDigest
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
	return sum.String()
}

// key is a key of a view, nil when there is none or its deadline has passed.
func (v *View) key(db int, name []byte) *keyspace.Key {
	d := v.state.DB(db)
	if d == nil {
		return nil
	}
	k, _ := d.Get(name, v.now)
	return k
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
	d := c.Node.View().state.DB(int(i))
	if d == nil {
		return errDBIndex
	}
	c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(),
		fmt.Sprintf("[Dictionary HT]\n number of elements: %d\n[Expires HT]\n number of elements: %d\n", d.Len(), d.Expires()))
	return nil
}
