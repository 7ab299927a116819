package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/millrace-io/millrace/server"
	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// A hurt node is a process of the test binary that runs the server of millrace serve
// on a disk that fails on order. The orders come as lines on its standard input.

// hurtEnv makes the test binary a hurt node: its arguments are the flags of serve.
const hurtEnv = "CHAOS_HURT_NODE"

const (
	orderFull   = "full"   // no new block can be had
	orderBroken = "broken" // every sync of data fails
	orderWhole  = "whole"  // the disk is in order again
	orderPower  = "power"  // the machine loses its power
)

// hurtCommand is the command that runs a hurt node.
func hurtCommand(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append([]string{"--dir", dir, "--log-format", "json"}, args...)...)
	cmd.Env = append(os.Environ(), hurtEnv+"=1")
	return cmd
}

// hurtNode is the whole process.
func hurtNode() (code int) {
	flags := pflag.NewFlagSet("hurt node", pflag.ContinueOnError)
	for _, g := range config.Flags() {
		flags.AddFlagSet(g.Flags)
	}
	err := flags.Parse(os.Args[1:])
	if err == nil {
		err = runHurt(flags)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func runHurt(flags *pflag.FlagSet) error {
	c, err := config.Load(flags)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	var state disk
	go state.obey()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	n, err := server.OpenFS(vfs.WithFaults(vfs.OS(), state.hook), c, logger)
	if err != nil {
		return err
	}
	err = n.Run(ctx, func(addr string) { logger.Info("ready", "addr", addr) })
	closed := n.Close()
	if err != nil && errors.Is(closed, log.ErrFailed) {
		return err // has said so already
	}
	return errors.Join(err, closed)
}

// disk is what is wrong with the disk.
type disk struct {
	full, broken atomic.Bool
	power        power
}

// obey takes orders until whoever gives them is gone.
func (d *disk) obey() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		d.full.Store(lines.Text() == orderFull)
		d.broken.Store(lines.Text() == orderBroken)
		if lines.Text() == orderPower {
			d.power.lose(rand.New(rand.NewPCG(rand.Uint64(), 0)))
			os.Exit(1)
		}
	}
}

// hook fails an operation. On a full disk what has its blocks can be written: the
// segments of the log are allocated before they are used.
func (d *disk) hook(op vfs.Op) error {
	switch {
	case d.broken.Load() && (op.Kind == vfs.OpDataSync || op.Kind == vfs.OpSync):
		return syscall.EIO
	case d.full.Load() && (op.Kind == vfs.OpAllocate || op.Kind == vfs.OpCreate):
		return syscall.ENOSPC
	}
	d.power.note(op)
	return nil
}
