package main

import (
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/millrace-io/millrace/server"
	"github.com/millrace-io/millrace/server/config"
)

func newLog(dump func(string, server.DumpOptions, io.Writer) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Look at the log of a data folder",
		Args:  noArgs,
		RunE:  showHelp,
	}
	cmd.AddCommand(newLogDump(dump))
	return cmd
}

func newLogDump(dump func(string, server.DumpOptions, io.Writer) error) *cobra.Command {
	var o server.DumpOptions
	cmd := &cobra.Command{
		Use:   "dump",
		Short: "Print the commands in the log, one line each",
		Long: "Print the commands in the log, one line each. The folder is only read, and must not be in use by a node.\n" +
			"Values of entries are shown: mind who sees the output.",
		Example: "  millrace log dump --dir /var/lib/millrace --from 1000 --to 1100",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return onFolder(cmd, func(dir string, w io.Writer) error { return dump(dir, o, w) })
		},
	}
	flags := newFlagGroup("What to show")
	flags.Flags.Uint64Var(&o.From, "from", 0, "first `index` to show")
	flags.Flags.Uint64Var(&o.To, "to", math.MaxUint64, "last `index` to show")
	flags.Flags.Int64Var(&o.Group, "group", -1, "`number` of the Raft group to show, -1 for all")
	flags.Flags.Lookup("to").DefValue = "0" // the end: the number would only puzzle
	addFlags(cmd, append([]config.FlagGroup{flags}, config.Flags("dir")...))
	return cmd
}
