package server

import "github.com/millrace-io/millrace/server/config"

// redirects reports that clients are to behave as with Redis Cluster. With routing proxy
// the node looks to them like one on its own.
func (n *Node) redirects() bool { return n.cluster != nil && n.cluster.Redirects() }

// mode is Redis' word for it.
func (n *Node) mode() string {
	if n.redirects() {
		return "cluster"
	}
	return "standalone"
}

// tellRouting makes CONFIG GET show what follows from the routing.
func (n *Node) tellRouting(c *config.Config) {
	if c.Redirects() {
		n.live.SetFact("cluster-enabled", "yes")
		n.live.SetFact("databases", "1")
	}
}
