package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/millrace-io/millrace/server/config"
)

func newServe(serve func(context.Context, *config.Config, *slog.Logger, func(string)) error) *cobra.Command {
	var profiles profiles
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a node",
		Long: "Run a node until SIGTERM or SIGINT. Without any flag it keeps its data in ./millrace-data and listens on\n" +
			"127.0.0.1:6379. The log record \"ready\" says that it takes commands, and where.",
		Example: "  millrace serve\n" +
			"  millrace serve --dir /var/lib/millrace --addr :6379 --config /etc/millrace.yaml\n" +
			"  MILLRACE_REQUIREPASS=secret millrace serve --fsync everysec",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			c, err := config.Load(cmd.Flags())
			if err != nil {
				return err
			}
			written, err := profiles.start()
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, written()) }()
			stderr := cmd.ErrOrStderr()
			logger := c.NewLogger(stderr, isTerminal(stderr))
			ctx, stop := untilSignal(cmd.Context(), logger, os.Exit)
			defer stop()
			return serve(ctx, c, logger, func(addr string) { logger.Info("ready", "addr", addr) })
		},
	}
	addFlags(cmd, config.Flags())
	_ = profiles.flags(cmd.Flags()) // it declares the flags that it hides
	return cmd
}
