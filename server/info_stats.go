package server

import (
	"fmt"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/resp"
)

func (n *Node) infoStats(b *infoText) {
	s, rate, counts := n.front.Totals(), n.rates.now(), n.counts()
	b.line("total_connections_received", s.ConnectionsReceived)
	b.line("total_commands_processed", s.Commands)
	b.line("instantaneous_ops_per_sec", int64(rate.commandsPerSec))
	b.line("total_net_input_bytes", s.NetIn)
	b.line("total_net_output_bytes", s.NetOut)
	b.line("total_net_repl_input_bytes", 0)
	b.line("total_net_repl_output_bytes", 0)
	b.line("instantaneous_input_kbps", fmt.Sprintf("%.2f", rate.inPerSec/1024))
	b.line("instantaneous_output_kbps", fmt.Sprintf("%.2f", rate.outPerSec/1024))
	b.line("instantaneous_input_repl_kbps", "0.00")
	b.line("instantaneous_output_repl_kbps", "0.00")
	b.line("rejected_connections", s.ConnectionsRejected)
	b.line("sync_full", 0)
	b.line("sync_partial_ok", 0)
	b.line("sync_partial_err", 0)
	b.line("expired_keys", counts.Expired)
	b.line("expired_stale_perc", "0.00") // keys go in the order of their deadlines
	b.line("expired_time_cap_reached_count", 0)
	b.line("evicted_keys", 0)
	b.line("evicted_clients", 0)
	b.line("keyspace_hits", counts.Hits)
	b.line("keyspace_misses", counts.Misses)
	b.line("pubsub_channels", n.front.PubSub().Topics(pubsub.Channel))
	b.line("pubsub_patterns", n.front.PubSub().Topics(pubsub.Pattern))
	b.line("pubsubshard_channels", n.front.PubSub().Topics(pubsub.Shard))
	b.line("latest_fork_usec", 0)
	b.line("total_forks", 0)
	b.line("migrate_cached_sockets", 0)
	tracked := n.front.Tracked().Census()
	b.line("tracking_total_keys", tracked.Keys)
	b.line("tracking_total_items", tracked.Items)
	b.line("tracking_total_prefixes", tracked.Prefixes)
	b.line("unexpected_error_replies", 0)
	b.line("total_error_replies", s.ErrorReplies)
	b.line("dump_payload_sanitizations", 0)
	b.line("total_reads_processed", s.Reads)
	b.line("total_writes_processed", s.Writes)
	b.line("client_query_buffer_limit_disconnections", s.QueryBufferDisconnections)
	b.line("client_output_buffer_limit_disconnections", s.OutputLimitDisconnections)
	b.line("eventloop_cycles", s.Rounds)
	b.line("instantaneous_eventloop_cycles_per_sec", int64(rate.roundsPerSec))
	b.line("acl_access_denied_auth", n.denied.Denials())
	b.line("acl_access_denied_cmd", 0)
	b.line("acl_access_denied_key", 0)
	b.line("acl_access_denied_channel", 0)
}

func (n *Node) infoCommandStats(b *infoText) {
	n.front.EachCommand(func(c *commands.Command, s resp.CommandCounts) {
		usec := s.Took.Microseconds()
		fmt.Fprintf(b, "cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d\r\n",
			c.FullName(), s.Calls, usec, float64(usec)/float64(max(s.Calls, 1)), s.Rejected, s.Failed)
	})
}

func (n *Node) infoErrorStats(b *infoText) {
	n.front.EachError(func(code string, count uint64) {
		fmt.Fprintf(b, "errorstat_%s:count=%d\r\n", code, count)
	})
}
