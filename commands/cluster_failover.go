//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"
	"strings"

	"github.com/millrace-io/millrace/resp/wire"
)

var errFailoverOfMaster = errors.New("ERR You should send CLUSTER FAILOVER to a replica")

// CLUSTER FAILOVER [FORCE|TAKEOVER]: this node takes over what others lead.
var clusterFailover = Command{
	Name: "failover", Syntax: "CLUSTER FAILOVER [FORCE | TAKEOVER]",
	Summary: "Forces a replica to perform a manual failover of its master.",
	Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
	Arguments: []Argument{{Name: "options", Type: "oneof", Optional: true, Args: []Argument{{Name: "force", Type: "pure-token", Token: "FORCE"}, {Name: "takeover", Type: "pure-token", Token: "TAKEOVER"}}}},
	Arity:     -2, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,

	Differences: "Leadership of every partition that the node does not lead is transferred to it, in good order whatever the option, and the OK comes when that is done. A node that leads all of them gives the error of a master.",
	Class:       Barrier,
	Serve:       inCluster(serveClusterFailover),
}

func serveClusterFailover(c *ServeCall, cluster Cluster) error {
	if len(c.Args) > 3 || len(c.Args) == 3 && !equalFold(c.Args[2], "force") && !equalFold(c.Args[2], "takeover") {
		return errSyntax
	}
	t := cluster.Topology()
	if len(t.Leads(t.Self)) == len(t.Partitions) {
		return errFailoverOfMaster
	}
	cluster.Transfer(AllPartitions, t.Self, c.whenDone())
	return nil
}

// whenDone is for work that takes its time: the command answers OK when it has ended
// well, or with the error's text.
func (c *ServeCall) whenDone() func(error) {
	fill := c.Later()
	return func(err error) {
		if err != nil {
			fill(AppendError(nil, withCode(err)))
			return
		}
		fill(wire.AppendSimple(nil, "OK"))
	}
}

// withCode gives an error the code ERR unless its text begins with one: MISCONF, say, of
// a meta group that took no order.
func withCode(err error) error {
	code, _, more := strings.Cut(err.Error(), " ")
	if more && code != "" && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		return err
	}
	return errors.New("ERR " + err.Error())
}
