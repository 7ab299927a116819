//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"
	"strconv"

	"github.com/millrace-io/millrace/keyspace"
)

// Errors of Redis Cluster, for clients that are sent to the leaders.
var (
	// ErrSlotNotServed refuses a command on a slot of no partition, ErrClusterDown on one
	// of which no leader is known. Neither was run.
	ErrSlotNotServed = errors.New("CLUSTERDOWN Hash slot not served")
	ErrClusterDown   = errors.New("CLUSTERDOWN The cluster is down")

	errSelectInCluster = errors.New("ERR SELECT is not allowed in cluster mode")
	errSwapInCluster   = errors.New("ERR SWAPDB is not allowed in cluster mode")
	errMoveInCluster   = errors.New("ERR MOVE is not allowed in cluster mode")
	errCopyInCluster   = errors.New("ERR Copying to another database is not allowed in cluster mode")
)

// ErrMoved sends a client to the leader of a slot.
func ErrMoved(slot uint16, leader *ClusterNode) error {
	return errors.New("MOVED " + strconv.Itoa(int(slot)) + " " + leader.Client.String())
}

// EachKey calls fn with the keys of a command, and the shard channels, until it returns
// false. The number of args fits the command.
func (c *Command) EachKey(args [][]byte, fn func(key []byte) bool) {
	if len(c.Keys) == 1 && c.FindKeys == nil && c.Keys[0].Keyword == "" && c.Keys[0].Last == 0 && !c.Keys[0].Counted {
		if at := c.Keys[0].Begin; at < len(args) { // most commands have one key, at its place
			fn(args[at])
		}
		return
	}
	if len(c.Keys) == 0 {
		return
	}
	for _, k := range c.keysOf(args) {
		if !fn(args[k.index]) {
			return
		}
	}
}

// SlotOf is the hash slot that all keys of a command are in; keyed is false when it has
// none. The error is ErrCrossSlot.
func (c *Command) SlotOf(args [][]byte) (slot uint16, keyed bool, err error) {
	c.EachKey(args, func(key []byte) bool {
		s := keyspace.Slot(key)
		if keyed && s != slot {
			err = ErrCrossSlot
			return false
		}
		slot, keyed = s, true
		return true
	})
	return slot, keyed, err
}

// RefusedInCluster is why a command can't be run where clients are sent to the leaders:
// there is one database then. nil for what can be.
func (c *Command) RefusedInCluster(args [][]byte) error {
	switch c.Name {
	case "swapdb":
		return errSwapInCluster
	case "move":
		return errMoveInCluster
	case "copy":
		if copiesElsewhere(args) {
			return errCopyInCluster
		}
	}
	return nil
}

// copiesElsewhere reports that a COPY which is right in itself names another database.
func copiesElsewhere(args [][]byte) (elsewhere bool) {
	for i := 3; i < len(args); i++ {
		switch {
		case equalFold(args[i], "replace"):
		case equalFold(args[i], "db") && i+1 < len(args):
			i++
			db, err := parseInteger(args[i])
			if err != nil {
				return false
			}
			elsewhere = db != 0
		default:
			return false
		}
	}
	return elsewhere
}
