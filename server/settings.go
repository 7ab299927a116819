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

func frontOptions(c *config.Config) resp.Options {
	return resp.Options{Listener: resp.ListenerKind(c.Listener), Limits: frontLimits(c)}
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
	for _, name := range []string{
		"maxclients", "proto-max-bulk-len", "client-query-buffer-limit", "client-output-buffer-limit",
		"timeout", "tcp-keepalive", "protected-mode",
	} {
		n.live.OnChange(name, func(c *config.Config) error {
			n.front.SetLimits(frontLimits(c))
			return nil
		})
	}
	n.live.OnChange("fsync", func(c *config.Config) error { return n.log.SetSync(syncMode(c.Fsync)) })
	n.live.OnChange("stream-node-max-bytes", func(c *config.Config) error {
		return n.logSettings(commands.PartitionSetting{Name: "stream-node-max-bytes", Value: c.StreamNodeMaxBytes})
	})
	n.live.OnChange("stream-node-max-entries", func(c *config.Config) error {
		return n.logSettings(commands.PartitionSetting{Name: "stream-node-max-entries", Value: c.StreamNodeMaxEntries})
	})
	for _, name := range []string{"slowlog-log-slower-than", "slowlog-max-len"} {
		n.live.OnChange(name, func(c *config.Config) error {
			n.slow.configure(c)
			return nil
		})
	}
	n.live.OnChange("latency-monitor-threshold", func(c *config.Config) error {
		n.latency.configure(c)
		return nil
	})
	n.live.OnChange("maxmemory", func(c *config.Config) error {
		n.memory.setMax(c.MaxMemory)
		return nil
	})
	n.live.OnResetStat(n.front.ResetStats)
	n.live.OnResetStat(n.latency.reset)
}

// logSettings changes settings that are part of the partition's state, and returns
// once that is applied.
func (n *Node) logSettings(settings ...commands.PartitionSetting) error {
	done := make(reply, 1)
	n.partition.SubmitInternal(&replication.Request{Args: commands.ChangeSettings(settings...), To: done})
	select {
	case text := <-done:
		if bytes.HasPrefix(text, []byte("-")) {
			return errors.New(strings.TrimSpace(string(text[1:])))
		}
		return nil
	case <-n.broken:
		return errors.New("the node has failed")
	}
}

// reply takes the reply of an internal command.
type reply chan []byte

// Fill implements replication.Replier.
func (r reply) Fill(b []byte) { r <- bytes.Clone(b) }

// settleSettings brings the settings that are part of the state together with the
// configuration: a new folder takes them from there; later the state is right, and
// CONFIG SET changes both.
func (n *Node) settleSettings() error {
	if n.partition.Fresh() {
		c := n.live.Config()
		return n.logSettings(
			commands.PartitionSetting{Name: "stream-node-max-bytes", Value: c.StreamNodeMaxBytes},
			commands.PartitionSetting{Name: "stream-node-max-entries", Value: c.StreamNodeMaxEntries},
		)
	}
	var s commands.Settings
	n.partition.Inspect(func(replication.StateMachine, int64) { s = n.machine.Settings() })
	n.live.Adopt(func(c *config.Config) {
		c.StreamNodeMaxBytes, c.StreamNodeMaxEntries = int64(s.StreamNodeMaxBytes), int64(s.StreamNodeMaxEntries)
	})
	return nil
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
