//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"
	"math"

	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

var (
	errSlot        = errors.New("ERR Invalid slot")
	errSlotOrCount = errors.New("ERR Invalid slot or number of keys")
)

// CLUSTER KEYSLOT key: the slot of a key.
var clusterKeySlot = Command{
	Name: "keyslot", Syntax: "CLUSTER KEYSLOT key",
	Summary: "Returns the hash slot of the specified key.",
	Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the number of bytes in the key",
	Arguments: []Argument{{Name: "key", Type: "string"}},
	Arity:     3, Flags: Stale, Categories: CatSlow,
	Class: Own,
	Serve: inCluster(func(c *ServeCall, _ Cluster) error {
		c.Out = wire.AppendInt(c.Out, int64(keyspace.Slot(c.Args[2])))
		return nil
	}),
}

// CLUSTER COUNTKEYSINSLOT slot: how many keys the slot holds on this node.
var clusterCountKeysInSlot = Command{
	Name: "countkeysinslot", Syntax: "CLUSTER COUNTKEYSINSLOT slot",
	Summary: "Return the number of local keys in the specified hash slot.",
	Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
	Arguments: []Argument{{Name: "slot", Type: "integer"}},
	Arity:     3, Flags: Stale, Categories: CatSlow,

	Differences: "Counts this node's replica, which may be behind the leader's. Each key of the slot is looked at.",
	Class:       Barrier,
	Serve: inCluster(func(c *ServeCall, cluster Cluster) error {
		slot, err := parseInteger(c.Args[2])
		switch {
		case err != nil:
			return err
		case slot < 0 || slot >= keyspace.Slots:
			return errSlot
		}
		c.Out = wire.AppendInt(c.Out, int64(cluster.CountKeysInSlot(uint16(slot))))
		return nil
	}),
}

// CLUSTER GETKEYSINSLOT slot count: names of keys that the slot holds on this node.
var clusterGetKeysInSlot = Command{
	Name: "getkeysinslot", Syntax: "CLUSTER GETKEYSINSLOT slot count",
	Summary: "Return local key names in the specified hash slot.",
	Since:   "3.0.0", Group: "cluster", Complexity: "O(log(N)) where N is the number of requested keys",
	Arguments: []Argument{{Name: "slot", Type: "integer"}, {Name: "count", Type: "integer"}},
	Arity:     4, Flags: Stale, Categories: CatSlow,
	Tips: []string{"nondeterministic_output"},

	Differences: "Looks at this node's replica, which may be behind the leader's.",
	Class:       Barrier,
	Serve:       inCluster(serveGetKeysInSlot),
}

func serveGetKeysInSlot(c *ServeCall, cluster Cluster) error {
	slot, err := parseInteger(c.Args[2])
	if err != nil {
		return err
	}
	count, err := parseInteger(c.Args[3])
	if err != nil {
		return err
	}
	if slot < 0 || slot >= keyspace.Slots || count < 0 {
		return errSlotOrCount
	}
	names := cluster.KeysInSlot(uint16(slot), int(min(count, math.MaxInt32)))
	c.Out = wire.AppendArray(c.Out, len(names))
	for _, name := range names {
		c.Out = wire.AppendBulkString(c.Out, name)
	}
	return nil
}

// CountKeysInSlot is how many keys of database 0 are in a slot, those past their deadline
// included.
func (m *Machine) CountKeysInSlot(slot uint16) (n int) {
	m.state.DB(0).EachInSlot(slot, func(*keyspace.Key) bool {
		n++
		return true
	})
	return n
}

// KeysInSlot returns the names of at most limit of them.
func (m *Machine) KeysInSlot(slot uint16, limit int) (names []string) {
	m.state.DB(0).EachInSlot(slot, func(k *keyspace.Key) bool {
		if len(names) < limit {
			names = append(names, k.Name())
		}
		return len(names) < limit
	})
	return names
}
