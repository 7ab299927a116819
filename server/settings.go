package server

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp"
	"github.com/millrace-io/millrace/server/config"
)

func (n *Node) frontOptions(c *config.Config) resp.Options {
	return resp.Options{
		Listener: resp.ListenerKind(c.Listener), Limits: frontLimits(c),
		TrackedKeys: int(c.TrackingTableMaxKeys), Unpaused: n.unpaused,
		Served: n.served, Redirect: c.Redirects(), Published: n.publish, Listen: n.outside.Listen,
	}
}

// served is told of each command that a session has served itself.
func (n *Node) served(c *commands.Command, args [][]byte, by resp.Requester, took time.Duration) {
	n.latency.ran(c, took)
	n.slow.note(c, args, by, took)
}

func frontLimits(c *config.Config) resp.Limits {
	return resp.Limits{
		MaxClients:        c.MaxClients,
		ProtoMaxBulkLen:   c.ProtoMaxBulkLen,
		ClientQueryBuffer: c.ClientQueryBufferLimit,
		Output:            outputLimit(c.ClientOutputBufferLimit.Normal),
		PubSubOutput:      outputLimit(c.ClientOutputBufferLimit.PubSub),
		Timeout:           c.Timeout,
		TCPKeepalive:      c.TCPKeepalive,
		ProtectedMode:     c.ProtectedMode,
	}
}

func outputLimit(l config.BufferLimit) resp.OutputLimit {
	return resp.OutputLimit{Hard: l.Hard, Soft: l.Soft, SoftFor: time.Duration(l.Seconds) * time.Second}
}

// watchSettings makes changes by CONFIG SET take effect.
func (n *Node) watchSettings() {
	n.tellRouting(n.live.Config())
	for _, name := range []string{
		"maxclients", "proto-max-bulk-len", "client-query-buffer-limit", "client-output-buffer-limit",
		"timeout", "tcp-keepalive", "protected-mode",
	} {
		n.live.OnChange(name, func(c *config.Config) error {
			n.front.SetLimits(frontLimits(c))
			return nil
		})
	}
	n.live.OnChange("fsync", func(c *config.Config) error {
		if err := c.CheckFsync(); err != nil {
			return err
		}
		return n.log.SetSync(syncMode(c.Fsync))
	})
	for i, s := range partitionSettings(n.live.Config()) {
		n.live.OnChange(s.Name, func(c *config.Config) error { return n.logSettings(n.partitions, partitionSettings(c)[i]) })
	}
	for _, name := range []string{"slowlog-log-slower-than", "slowlog-max-len"} {
		n.live.OnChange(name, func(c *config.Config) error {
			n.slow.configure(c)
			return nil
		})
	}
	n.live.OnChange("tracking-table-max-keys", func(c *config.Config) error {
		if n.front.Tracked().SetMax(int(c.TrackingTableMaxKeys)) {
			n.front.Flush()
		}
		return nil
	})
	n.live.OnChange("notify-keyspace-events", func(c *config.Config) error {
		n.tellEvents(c)
		return nil
	})
	for _, name := range []string{"latency-monitor-threshold", "latency-tracking"} {
		n.live.OnChange(name, func(c *config.Config) error {
			n.latency.configure(c)
			return nil
		})
	}
	n.live.OnChange("maxmemory", func(c *config.Config) error {
		n.memory.setMax(c.MaxMemory)
		return nil
	})
	n.live.OnResetStat(n.front.ResetStats)
	n.live.OnResetStat(n.denied.ResetDenials)
	for _, pt := range n.partitions {
		n.live.OnResetStat(pt.machine.ResetCounts)
	}
}

// partitionSettings are the settings of c that are part of a partition's state.
func partitionSettings(c *config.Config) []commands.PartitionSetting {
	return []commands.PartitionSetting{
		{Name: "stream-node-max-bytes", Value: c.StreamNodeMaxBytes},
		{Name: "stream-node-max-entries", Value: c.StreamNodeMaxEntries},
		{Name: "stream-idmp-duration", Value: int64(c.StreamIDMPDuration / time.Second)},
		{Name: "stream-idmp-maxsize", Value: c.StreamIDMPMaxSize},
	}
}

// logSettings changes settings that are part of the state of partitions, and returns
// once that is applied in all of them.
func (n *Node) logSettings(in []*partition, settings ...commands.PartitionSetting) error {
	done := make(reply, len(in))
	for _, pt := range in {
		pt.SubmitInternal(&replication.Request{Args: commands.ChangeSettings(settings...), To: done})
	}
	var errs []error
	for range in {
		select {
		case text := <-done:
			if bytes.HasPrefix(text, []byte("-")) {
				errs = append(errs, errors.New(strings.TrimSpace(string(text[1:]))))
			}
		case <-n.broken:
			return errors.New("the node has failed")
		}
	}
	return errors.Join(errs...)
}

// reply takes the replies of internal commands; it has room for all of them.
type reply chan []byte

// Fill implements replication.Replier.
func (r reply) Fill(b []byte) { r <- bytes.Clone(b) }

// adoptSettings shows what the partitions' states say by now: in a cluster CONFIG SET may
// have been called on another node.
func (n *Node) adoptSettings() {
	if !n.place.settled.Load() {
		return // the state may have none of ours yet
	}
	s := n.partitions[0].settings()
	if n.place.settings != s {
		n.place.settings = s
		n.live.Adopt(showing(s))
	}
}

// showing has a configuration show the settings of a state.
func showing(s commands.Settings) func(*config.Config) {
	return func(c *config.Config) {
		c.StreamNodeMaxBytes, c.StreamNodeMaxEntries = int64(s.StreamNodeMaxBytes), int64(s.StreamNodeMaxEntries)
		c.StreamIDMPDuration, c.StreamIDMPMaxSize = time.Duration(s.IDMP.Duration)*time.Second, int64(s.IDMP.MaxSize)
	}
}

// settings are those in the partition's state.
func (pt *partition) settings() (s commands.Settings) {
	pt.Inspect(func(replication.StateMachine, int64) { s = pt.machine.Settings() })
	return s
}

// settleSettings brings the settings that are part of the state together with the
// configuration: a new folder takes them from there; later the state is right, and
// CONFIG SET changes both. Of a cluster's new partition it is the leader's configuration
// that counts: who joins just then has nothing to say.
func (n *Node) settleSettings() error {
	var fresh []*partition
	for _, pt := range n.partitions {
		switch {
		case !pt.Fresh():
			n.live.Adopt(showing(pt.settings()))
		case n.place == nil || pt.Leads():
			fresh = append(fresh, pt)
		}
	}
	err := n.logSettings(fresh, partitionSettings(n.live.Config())...)
	if n.place != nil {
		n.place.settled.Store(err == nil)
	}
	return err
}

// tellAddr makes CONFIG GET show the address that the listener really took.
func (n *Node) tellAddr(addr string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return
	}
	n.live.SetFact("bind", host)
	n.live.SetFact("port", port)
}
