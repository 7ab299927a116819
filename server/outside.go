package server

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/vfs"
)

// Outside is what a node has from the machine that it runs on, so that a simulation
// can be that machine. What is nil comes from the operating system.
type Outside struct {
	FS vfs.FS
	// Listen listens on a TCP address. Listeners of another kind than the system's are
	// served only by the listener redcon.
	Listen func(addr string) (net.Listener, error)
	// Dial reaches other nodes.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	// Wall is the wall clock, by which entries are drawn IDs and keys expire. It may
	// jump; how long things take is measured by the monotonic clock all the same.
	Wall func() time.Time
}

func (o Outside) withDefaults() Outside {
	if o.FS == nil {
		o.FS = vfs.OS()
	}
	return o // who uses the others has defaults of its own
}

// OpenOn is Open on another machine than the process'. With an empty folder and a
// cluster to join it waits, until ctx ends, for a node of that to answer.
func OpenOn(ctx context.Context, o Outside, c *config.Config, logger *slog.Logger) (*Node, error) {
	return open(ctx, o, c, logger)
}
