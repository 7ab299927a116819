package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace-io/millrace/server"
	"github.com/millrace-io/millrace/server/config"
)

// commandSet is what the commands run; main fills it in.
type commandSet struct {
	// Serve runs a node until ctx ends or something fails; it calls ready once,
	// with the address that clients connect to.
	Serve func(ctx context.Context, c *config.Config, logger *slog.Logger, ready func(addr string)) error
	// Check reads a data folder and writes what it found. An error says that the
	// folder is damaged or cannot be read.
	Check func(dir string, w io.Writer) error
	// DumpLog writes the log of a data folder as text.
	DumpLog func(dir string, o server.DumpOptions, w io.Writer) error
}

// run executes the command line args and returns the exit code.
func run(args []string, set commandSet, stdout, stderr io.Writer) int {
	root := newRoot(set)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "millrace: %s\n", strings.Join(strings.Fields(err.Error()), " "))
	return exitCode(err)
}

func newRoot(set commandSet) *cobra.Command {
	root := &cobra.Command{
		Use:   "millrace",
		Short: "A durable stream server that speaks the Redis protocol",
		Long: "Millrace is a stream server that speaks the Redis protocol: any Redis client talks to it unchanged.\n" +
			"An entry that was acknowledged is on disk before the client sees the reply.",
		Example:       "  millrace serve\n  redis-cli XADD jobs '*' task mail",
		SilenceErrors: true, // run prints them
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          showHelp,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(
		newServe(set.Serve),
		newCluster(),
		newLog(set.DumpLog),
		newCheck(set.Check),
		newConfig(),
		newVersion(),
	)
	return root
}

func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }
