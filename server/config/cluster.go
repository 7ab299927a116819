package config

import (
	"errors"
	"net"
	"slices"
	"strings"
)

// Clustered reports that the node belongs to a cluster, be it one of its own.
func (c *Config) Clustered() bool { return c.ClusterAddr != "" }

// ClusterTLS reports that nodes talk TLS.
func (c *Config) ClusterTLS() bool { return c.ClusterTLSCert != "" }

// Redirects reports that clients are sent to the nodes that lead.
func (c *Config) Redirects() bool { return c.Clustered() && c.Routing == RoutingRedirect }

// joinWait is the value of join of a node that is told which cluster to join.
const joinWait = "wait"

// WaitsToJoin reports that a node with an empty folder waits to be told which cluster to join.
func (c *Config) WaitsToJoin() bool { return c.Join == joinWait }

// JoinAddrs are the members that a new node asks to be let in.
func (c *Config) JoinAddrs() []string {
	if c.WaitsToJoin() {
		return nil
	}
	return splitList(c.Join)
}

// ClusterAddress is where other nodes connect, if the listener took the address taken:
// with the port that is in it when none was chosen.
func (c *Config) ClusterAddress(taken string) string {
	return advertised(c.ClusterAdvertise, c.ClusterAddr, taken, "")
}

// ClientAddress is the same for clients.
func (c *Config) ClientAddress(taken string) string {
	host, _, _ := net.SplitHostPort(c.ClusterAddress(c.ClusterAddr))
	return advertised(c.ClientAdvertise, c.Addr, taken, host)
}

// advertised is an address for others: the one that was set, or that of the listener,
// whose host is otherwise where it means all interfaces. Port 0 is the port that was taken.
func advertised(set, listener, taken, otherwise string) string {
	if set == "" {
		set = listener
	}
	host, port, _ := net.SplitHostPort(set) // the settings were checked
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = otherwise
	}
	if port == "0" {
		_, port, _ = net.SplitHostPort(taken)
	}
	return net.JoinHostPort(host, port)
}

// CheckFsync refuses, in a cluster, to sync later than a reply: a node that a crash makes
// forget what it acknowledged to a leader would count, and vote, as if it had it.
func (c *Config) CheckFsync() error {
	if c.Clustered() && c.Fsync != FsyncAlways {
		return errors.New("must be always with cluster-addr: after a crash a node could vote for a leader that lacks what this one had acknowledged, and it would be lost on all")
	}
	return nil
}

// checkCluster finds settings of a cluster that do not go together.
func (c *Config) checkCluster() error {
	if !c.Clustered() {
		switch {
		case c.Join != "":
			return &Error{Origin: "join", Reason: "needs cluster-addr, where the other nodes reach this one"}
		case c.ClusterTLSCert != "" || c.ClusterTLSKey != "" || c.ClusterTLSCA != "":
			return &Error{Origin: "cluster-tls-cert-file", Reason: "needs cluster-addr: a node on its own talks to no other"}
		case c.Routing == RoutingRedirect:
			return &Error{Origin: "routing", Reason: "redirect needs cluster-addr: a node on its own has nowhere to send a client"}
		}
		return nil
	}
	if host, _, _ := net.SplitHostPort(c.ClusterAddress(c.ClusterAddr)); host == "" {
		return &Error{Origin: "cluster-advertise", Reason: "must name the host that other nodes connect to: cluster-addr means all interfaces"}
	}
	if c.joinsItself() {
		return &Error{Origin: "join", Reason: "names this node itself, by its cluster-addr, and no other: leave it out to begin a cluster"}
	}
	if err := c.checkClusterTLS(); err != nil {
		return err
	}
	if c.ClusterSecret == "" && !c.ClusterTLS() && !isLoopback(c.ClusterAddr) {
		return &Error{Origin: "cluster-secret", Reason: "must be set, or cluster-tls-cert-file: cluster-addr " + c.ClusterAddr + " can be reached from other machines"}
	}
	if err := c.CheckFsync(); err != nil {
		return &Error{Origin: "fsync", Reason: err.Error()}
	}
	return nil
}

// checkClusterTLS wants all three files, or none.
func (c *Config) checkClusterTLS() error {
	files := []struct{ name, path string }{
		{"cluster-tls-cert-file", c.ClusterTLSCert}, {"cluster-tls-key-file", c.ClusterTLSKey}, {"cluster-tls-ca-cert-file", c.ClusterTLSCA},
	}
	given, missing := "", ""
	for _, f := range files {
		if f.path == "" {
			missing = f.name
		} else {
			given = f.name
		}
	}
	if given != "" && missing != "" {
		return &Error{Origin: missing, Reason: "must be set with " + given + ": TLS between nodes takes a certificate, its key, and the authority"}
	}
	return nil
}

// joinsItself reports that nobody would ever answer this node.
func (c *Config) joinsItself() bool {
	others := slices.DeleteFunc(c.JoinAddrs(), func(addr string) bool { return addr == c.ClusterAddr || addr == c.ClusterAdvertise })
	return c.Join != "" && !c.WaitsToJoin() && len(others) == 0
}

// isLoopback reports that only this machine reaches an address.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && (strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback())
}
