package server

import (
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/commands"
)

// infoReplication is what ROLE says, in more words.
func (n *Node) infoReplication(b *infoText) {
	if master, follows := commands.Follows(n.cluster); follows {
		n.infoReplica(b, master)
	} else {
		n.infoMaster(b)
	}
	b.line("master_failover_state", "no-failover")
	b.line("master_replid", n.runID)
	b.line("master_replid2", strings.Repeat("0", 40))
	b.line("master_repl_offset", n.applied())
	b.line("second_repl_offset", -1)
	b.line("repl_backlog_active", 0)
	b.line("repl_backlog_size", 1<<20)
	b.line("repl_backlog_first_byte_offset", 0)
	b.line("repl_backlog_histlen", 0)
}

func (n *Node) infoMaster(b *infoText) {
	b.line("role", "master")
	var peers []commands.ClusterPeer
	if n.cluster != nil {
		peers = n.cluster.Topology().Peers()
	}
	b.line("connected_slaves", len(peers))
	for i, p := range peers {
		b.line(fmt.Sprintf("slave%d", i), fmt.Sprintf("ip=%s,port=%d,state=online,offset=%d,lag=0", p.Client.Host, p.Client.Port, p.Applied))
	}
}

// infoReplica: heartbeats come several times a second, so a known leader was heard of
// just now.
func (n *Node) infoReplica(b *infoText, master commands.Endpoint) {
	link, heard := "up", 0
	if master.Port == 0 {
		link, heard = "down", -1
	}
	b.line("role", "slave")
	b.line("master_host", master.Host)
	b.line("master_port", master.Port)
	b.line("master_link_status", link)
	b.line("master_last_io_seconds_ago", heard)
	b.line("master_sync_in_progress", 0)
	b.line("slave_read_repl_offset", n.applied())
	b.line("slave_repl_offset", n.applied())
	if link == "down" {
		b.line("master_link_down_since_seconds", -1) // not known
	}
	b.line("slave_priority", 100)
	b.line("slave_read_only", 1)
	b.line("replica_announced", 1)
	b.line("connected_slaves", 0)
}

// infoCluster adds what CLUSTER INFO says to Redis' one line, since with routing proxy
// that is refused.
func (n *Node) infoCluster(b *infoText) {
	b.line("cluster_enabled", boolInt(n.redirects()))
	if n.cluster == nil {
		return
	}
	for _, f := range commands.ClusterFigures(n.cluster) {
		b.line(f.Name, f.Value)
	}
}
