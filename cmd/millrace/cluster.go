package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/spf13/cobra"

	"github.com/millrace-io/millrace/server/config"
)

// newCluster is the group of commands that ask a running node: each calls MILLRACE.
func newCluster() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "Look at a cluster and change it",
		Long: "Ask a running node, any of the cluster, what its nodes do, and add, remove or prefer some. What it answers is\n" +
			"described under MILLRACE in docs/commands.md.",
		Args: noArgs,
		RunE: showHelp,
	}
	cmd.AddCommand(newClusterStatus(), newClusterAdd(), newClusterRemove(), newClusterTransfer(), newClusterSnapshot())
	return cmd
}

func newClusterAdd() *cobra.Command {
	return clusterCommand(&cobra.Command{
		Use:   "add host:port",
		Short: "Have a node join the cluster",
		Long: "Have the node that listens for other nodes at that address (its cluster-addr) join the cluster. It must have been\n" +
			"started with an empty folder and --join wait. One that is started with --join and the address of a member joins by itself.",
		Example: "  millrace cluster add 10.0.0.4:7379",
		Args:    wantArgs(1, 1),
	}, func(c redis.Conn, cmd *cobra.Command, args []string) error {
		return manage(c, cmd, "node at "+args[0]+" was added", "add", args...)
	})
}

func newClusterRemove() *cobra.Command {
	return clusterCommand(&cobra.Command{
		Use:   "remove node-id",
		Short: "Take a node out of the cluster",
		Long: "Take a node out of the cluster, be it up or down. It never comes back under its id: with an empty folder it can\n" +
			"join as a new node.",
		Example: "  millrace cluster remove 5f1c22d07a9be431",
		Args:    wantArgs(1, 1),
	}, func(c redis.Conn, cmd *cobra.Command, args []string) error {
		return manage(c, cmd, "node "+args[0]+" was removed", "remove", args...)
	})
}

func newClusterTransfer() *cobra.Command {
	return clusterCommand(&cobra.Command{
		Use:   "transfer [partition] [node-id]",
		Short: "Have another node lead",
		Long: "Hand the leadership of a partition, or without a number of all, over to a node, or without an id to\n" +
			"the one that leads it when leaders are spread evenly, which must be up.",
		Example: "  millrace cluster transfer\n  millrace cluster transfer 3 5f1c22d07a9be431",
		Args:    wantArgs(0, 2),
	}, func(c redis.Conn, cmd *cobra.Command, args []string) error {
		return manage(c, cmd, "leadership was transferred", "transfer", args...)
	})
}

func newClusterSnapshot() *cobra.Command {
	return clusterCommand(&cobra.Command{
		Use:     "snapshot [partition]",
		Short:   "Take a snapshot on the node that is asked",
		Long:    "Take a snapshot of a partition, or without a number of all, on the node that is asked, and wait until it is on disk.",
		Example: "  millrace cluster snapshot --addr 10.0.0.2:6379",
		Args:    wantArgs(0, 1),
	}, func(c redis.Conn, cmd *cobra.Command, args []string) error {
		return manage(c, cmd, "snapshot was taken", "snapshot", args...)
	})
}

// manage calls a subcommand of MILLRACE that answers OK, and says what was done.
func manage(c redis.Conn, cmd *cobra.Command, done, name string, args ...string) error {
	if _, err := call(c, name, args...); err != nil {
		return err
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), done)
	return err
}

// clusterCommand completes a command that asks a node.
func clusterCommand(cmd *cobra.Command, ask func(c redis.Conn, cmd *cobra.Command, args []string) error) *cobra.Command {
	var password string
	var wait time.Duration
	connection := newFlagGroup("Connection")
	connection.Flags.StringVar(&password, "password", "", "password of the node; without it requirepass of the settings")
	connection.Flags.DurationVar(&wait, "wait", time.Minute, "how long to wait for the answer")
	addFlags(cmd, append([]config.FlagGroup{connection}, config.Flags("addr")...))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		settings, err := config.Load(cmd.Flags())
		if err != nil {
			return err
		}
		if !cmd.Flags().Changed("password") {
			password = settings.RequirePass
		}
		c, err := redis.DialContext(cmd.Context(), "tcp", settings.Addr, redis.DialPassword(password),
			redis.DialConnectTimeout(min(wait, 5*time.Second)), redis.DialReadTimeout(wait), redis.DialWriteTimeout(wait))
		if err != nil {
			return fmt.Errorf("ask %s: %w", settings.Addr, err)
		}
		defer c.Close()
		if err = ask(c, cmd, args); err != nil {
			return fmt.Errorf("ask %s: %w", settings.Addr, err)
		}
		return nil
	}
	return cmd
}

// call sends a subcommand of MILLRACE.
func call(c redis.Conn, name string, args ...string) (any, error) {
	words := []any{name}
	for _, a := range args {
		words = append(words, a)
	}
	reply, err := c.Do("MILLRACE", words...)
	var refused redis.Error
	var network net.Error
	switch {
	case errors.As(err, &refused) && strings.Contains(err.Error(), "unknown command"):
		return nil, fmt.Errorf("this is no Millrace that knows of clusters: %w", err)
	case errors.As(err, &refused):
		return nil, errors.New(strings.TrimPrefix(err.Error(), "ERR "))
	case errors.As(err, &network) && network.Timeout():
		return nil, errors.New("no answer in time: it may be done yet, millrace cluster status will tell")
	}
	return reply, err
}
