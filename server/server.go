package server

import (
	"context"
	"errors"
	"log/slog"

	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/log"
)

// Run runs a node until ctx ends, or until it can't go on. ready is called once,
// with the address that the listener took, when the node answers commands. The
// error says what is wrong and what to do; nil means a clean stop.
func Run(ctx context.Context, c *config.Config, logger *slog.Logger, ready func(addr string)) error {
	n, err := open(ctx, Outside{}, c, logger)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // it waited for a cluster to join, and was told to stop
	}
	if err != nil {
		return err
	}
	err = n.Run(ctx, ready)
	closed := n.Close()
	if err != nil && errors.Is(closed, log.ErrFailed) {
		return err // has said so already
	}
	return errors.Join(err, closed)
}
