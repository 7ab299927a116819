package server

import (
	"context"
	"errors"
	"sync"

	"github.com/millrace-io/millrace/resp"
)

// Run serves until ctx ends or the node fails. It returns when all its goroutines
// have ended; Close comes next.
func (n *Node) Run(ctx context.Context, ready func(addr string)) error {
	// What is in flight when ctx ends is finished first: the parts below the front
	// run on until the front has drained.
	below, stopBelow := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	defer func() {
		stopBelow() // first: a panic must not wait for what nobody ends
		wg.Wait()
	}()
	wg.Go(func() { n.memory.run(below) }) // before the log is run again, which fills the heap
	wg.Go(func() { n.report(n.log.Run(below)) })

	starting, started := n.untilBroken(ctx)
	err := n.startGroups(starting, below, &wg)
	started()
	if err != nil {
		stopBelow()
		wg.Wait()
		return n.cause(ctx, errors.Join(err, n.stopPartitions()))
	}
	n.tellEvents(n.live.Config()) // not before: what is run again at the start is no news
	for _, pt := range n.partitions {
		pt.machine.ResetCounts() // what the start did was not for clients
	}
	wg.Go(func() { n.runSnapshots(below) })
	wg.Go(func() { n.rates.run(below, n.takeSample) })

	if err = n.settleSettings(); err != nil {
		err = n.cause(ctx, err)
	} else {
		err = n.serve(ctx, ready)
	}
	stopBelow()
	return n.cause(context.Background(), errors.Join(err, n.stopPartitions()))
}

// serve runs the front until ctx ends or the node fails, and drains it.
func (n *Node) serve(ctx context.Context, ready func(addr string)) (err error) {
	if n.place != nil {
		n.place.SetClientAddr(n.live.Config().ClientAddress(n.addr))
	}
	n.memory.started()
	front, stopFront := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := n.front.Run(front); !errors.Is(err, resp.ErrClosed) { // it was stopped before it ran
			n.report(err)
		}
	})
	ready(n.addr)

	select {
	case <-ctx.Done():
		n.handOver(ctx) // before no client is let in any more: it is served until then
		close(n.stopping)
		n.drain(ctx)
	case <-n.quit:
		n.logger.Info("stopping", "cause", "SHUTDOWN")
		n.handOver(ctx)
		close(n.stopping)
		n.drain(ctx)
	case <-n.leaving():
		close(n.stopping)
		n.drain(ctx)
		err = n.leave(ctx)
	case err = <-n.failed:
		close(n.stopping)
	}
	stopFront()
	wg.Wait()
	return err
}

// drain lets the front finish what it has read.
func (n *Node) drain(ctx context.Context) {
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	drain, drained := n.untilBroken(deadline)
	defer drained()
	if n.front.Shutdown(drain) != nil && deadline.Err() != nil {
		// A client that does not read can't keep the node from stopping, and that it
		// got no reply is no failure of the node.
		n.logger.Warn("stopped with replies that clients had not read", "waited", stopWithin)
	}
}

// cause is why the node ended: its own failure, if it was not reported yet, says
// more than what followed from it. A stop during the start is no error.
func (n *Node) cause(ctx context.Context, err error) error {
	select {
	case failed := <-n.failed:
		return failed
	default:
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// fail ends the node. The first failure is the one that is reported.
func (n *Node) fail(err error) {
	select {
	case n.failed <- err:
	default:
	}
	n.breakOnce.Do(func() { close(n.broken) })
}

// untilBroken is ctx until the node fails: a start that waits for what a failed
// log can't give must end.
func (n *Node) untilBroken(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-n.broken:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func (n *Node) report(err error) {
	if err != nil {
		n.fail(err)
	}
}
