package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/gomodule/redigo/redis"
	"github.com/spf13/cobra"
)

func newClusterStatus() *cobra.Command {
	return clusterCommand(&cobra.Command{
		Use:   "status",
		Short: "Show the nodes, what they lead and how far they lag",
		Long: "Show every node as the one that is asked (marked with *) knows it. LEADS are the numbers of the partitions that it\n" +
			"leads, LAG is for each partition how many log entries it is behind the leader, ? where that is not known.",
		Example: "  millrace cluster status --addr 10.0.0.1:6379",
		Args:    noArgs,
	}, func(c redis.Conn, cmd *cobra.Command, _ []string) error {
		reply, err := redis.Values(call(c, "nodes"))
		if err != nil {
			return err
		}
		nodes := make([]nodeStatus, len(reply))
		for i := range reply {
			if nodes[i], err = readNodeStatus(reply[i]); err != nil {
				return fmt.Errorf("read its answer: %w", err)
			}
		}
		return writeStatus(cmd.OutOrStdout(), nodes)
	})
}

// nodeStatus is a row of MILLRACE NODES.
type nodeStatus struct {
	id, state, clusterAddr, clientAddr string
	self, voter                        bool
	leads, lag                         []string
}

func readNodeStatus(reply any) (n nodeStatus, err error) {
	pairs, err := redis.Values(reply, nil)
	if err != nil {
		return n, err
	}
	for i := 0; i+1 < len(pairs) && err == nil; i += 2 {
		var name string
		if name, err = redis.String(pairs[i], nil); err != nil {
			return n, err
		}
		switch name {
		case "id":
			n.id, err = redis.String(pairs[i+1], nil)
		case "state":
			n.state, err = redis.String(pairs[i+1], nil)
		case "cluster-addr":
			n.clusterAddr, err = redis.String(pairs[i+1], nil)
		case "client-addr":
			n.clientAddr, err = redis.String(pairs[i+1], nil)
		case "self":
			n.self, err = redis.Bool(pairs[i+1], nil)
		case "voter":
			n.voter, err = redis.Bool(pairs[i+1], nil)
		case "leads":
			n.leads, err = readNumbers(pairs[i+1])
		case "lag":
			n.lag, err = readNumbers(pairs[i+1])
		}
	}
	return n, err
}

// readNumbers reads a list of numbers; what is null becomes a question mark.
func readNumbers(reply any) (list []string, err error) {
	values, err := redis.Values(reply, nil)
	for _, v := range values {
		text := "?"
		if v != nil {
			var n int64
			if n, err = redis.Int64(v, nil); err != nil {
				return nil, err
			}
			text = strconv.FormatInt(n, 10)
		}
		list = append(list, text)
	}
	return list, err
}

// writeStatus writes the table.
func writeStatus(w io.Writer, nodes []nodeStatus) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NODE\tSTATE\tCLUSTER ADDRESS\tCLIENT ADDRESS\tVOTES\tLEADS\tLAG")
	for _, n := range nodes {
		self, votes := "", "no"
		if n.self {
			self = "*"
		}
		if n.voter {
			votes = "yes"
		}
		fmt.Fprintf(t, "%s%s\t%s\t%s\t%s\t%s\t%s\t%s\n", n.id, self, n.state, known(n.clusterAddr), known(n.clientAddr), votes, listed(n.leads), listed(n.lag))
	}
	return t.Flush()
}

func listed(words []string) string {
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ",")
}

// known is an address, or - for one without a host: of a node that was removed, or has
// not served yet.
func known(addr string) string {
	if addr == "" || strings.HasPrefix(addr, ":") {
		return "-"
	}
	return addr
}
