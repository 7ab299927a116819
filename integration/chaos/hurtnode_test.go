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
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"go.uber.org/goleak"

	"github.com/millrace-io/millrace/server"
	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// A hurt node is a process of the test binary that runs the server of millrace serve
// on a disk that fails, and by a clock that jumps, on order. The orders come as lines on
// its standard input. When it is stopped in order it must leave no goroutine behind.

// hurtEnv makes the test binary a hurt node: its arguments are the flags of serve.
const hurtEnv = "CHAOS_HURT_NODE"

const (
	orderFull   = "full"   // no new block can be had
	orderBroken = "broken" // every sync of data fails
	orderWhole  = "whole"  // the disk is in order again
	orderPower  = "power"  // the machine loses its power
	orderClock  = "clock " // and how much the wall clock is ahead from now on
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
	var state machine
	go state.obey()
	before := goleak.IgnoreCurrent()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	n, err := server.OpenOn(ctx, server.Outside{FS: vfs.WithFaults(vfs.OS(), state.hook), Wall: state.wall}, c, logger)
	if err != nil {
		return err
	}
	err = n.Run(ctx, func(addr string) { logger.Info("ready", "addr", addr) })
	closed := n.Close()
	if err != nil && errors.Is(closed, log.ErrFailed) {
		return err // has said so already
	}
	if err := errors.Join(err, closed); err != nil {
		return err
	}
	stop()
	return goleak.Find(before)
}

// machine is what is wrong with the disk and the clock.
type machine struct {
	full, broken atomic.Bool
	ahead        atomic.Int64 // nanoseconds
	power        power
}

// obey takes orders until whoever gives them is gone.
func (d *machine) obey() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if by, is := strings.CutPrefix(lines.Text(), orderClock); is {
			ahead, err := time.ParseDuration(by)
			if err != nil {
				panic(err)
			}
			d.ahead.Store(int64(ahead))
			continue
		}
		d.full.Store(lines.Text() == orderFull)
		d.broken.Store(lines.Text() == orderBroken)
		if lines.Text() == orderPower {
			d.power.lose(rand.New(rand.NewPCG(rand.Uint64(), 0)))
			os.Exit(1)
		}
	}
}

// wall is the machine's clock, without a monotonic reading of its own: Add would move
// that, too.
func (d *machine) wall() time.Time { return time.Now().Round(0).Add(time.Duration(d.ahead.Load())) }

// hook fails an operation. On a full disk what has its blocks can be written: the
// segments of the log are allocated before they are used.
func (d *machine) hook(op vfs.Op) error {
	switch {
	case d.broken.Load() && (op.Kind == vfs.OpDataSync || op.Kind == vfs.OpSync):
		return syscall.EIO
	case d.full.Load() && (op.Kind == vfs.OpAllocate || op.Kind == vfs.OpCreate):
		return syscall.ENOSPC
	}
	d.power.note(op)
	return nil
}
