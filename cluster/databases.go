package cluster

import (
	"context"
	"fmt"
	"strconv"
)

// databasesSetting is the setting of the cluster that says how many databases there are:
// as many as its first node had. A command that names one must do the same on every
// replica, so no node may have others.
const databasesSetting = "databases"

// maxDatabases bounds what another node or a file says.
const maxDatabases = 1 << 16

// Databases is how many databases this node is to have: the cluster's, or for the first
// node of one what it was started with.
func (c *Cluster) Databases() int {
	if c.peers != nil && c.peers.Databases > 0 {
		return c.peers.Databases
	}
	return c.o.Databases
}

// agreeOnDatabases has the cluster note how many there are, if it has not yet: no node
// is told of the cluster before that.
func (c *Cluster) agreeOnDatabases(ctx context.Context) error {
	has, ok := c.State().Setting(databasesSetting)
	own := strconv.Itoa(c.Databases())
	switch {
	case !ok:
		return c.Set(ctx, databasesSetting, own)
	case has != own:
		return fmt.Errorf("the cluster has %s databases, this node was started with %s: set databases to %s", has, own, has)
	}
	return nil
}
