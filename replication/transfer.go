package replication

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// A leader that hands over takes no proposals: Raft refuses them, with an error that
// nobody looks at, until the other one leads or the attempt has failed. So what would be
// proposed meanwhile is kept, here and in the inbox, and goes into the log of the next
// term, or of this one.

// transfer is the handing over of leadership.
type transfer struct {
	// proposing is held while an entry is made and given to Raft, and while held is set.
	proposing sync.Mutex
	held      atomic.Bool // nothing may be proposed

	attempt chan struct{}        // holds a token during an attempt, which covers failed
	failed  map[uint64]time.Time // when the last attempt with a node failed
}

const (
	// transferPoll is how often a leader that is refused by its Raft tries again.
	transferPoll = 10 * time.Millisecond
	// transferAgain is how long no other attempt is made with a node that did not take
	// over. hashicorp/raft (issue 696) leaves a request to the goroutine that feeds the
	// node, which takes it when it gets round to it; a second one on top, and the end
	// of the term, would leave Raft in a transfer that never ends.
	transferAgain = 30 * time.Second
	// transferStuck is how long a transfer may last: many times what all its steps take.
	transferStuck = 30 * time.Second
)

// ErrTransferFailed is returned for a node that did not take over a moment ago.
var ErrTransferFailed = errors.New("it did not take over a moment ago")

var errNoAnswer = errors.New("no answer within an election timeout")

// errStuck ends the node: its Raft refuses everything, while others wait for it to lead.
var errStuck = errors.New("leadership is being handed over and that does not end: only a restart helps")

// TransferTo hands leadership to a node's replica. It returns when this one leads no more,
// or still does and takes proposals again. 0 is any replica that is fit, for a node
// that is about to stop: it may be tried again and again.
func (p *Partition) TransferTo(node uint64) error {
	t := &p.transfer
	t.attempt <- struct{}{}
	defer func() { <-t.attempt }()
	if at, ok := t.failed[node]; ok && node != 0 && time.Since(at) < transferAgain {
		return fmt.Errorf("partition %s: hand over leadership: %w", p.ID, ErrTransferFailed)
	}
	p.lease.bar()
	p.hold(true)
	defer p.hold(false)
	err := p.transferTo(node)
	if err == nil {
		delete(t.failed, node)
		return nil
	}
	if errors.Is(err, raft.ErrNotLeader) {
		return fmt.Errorf("partition %s: hand over leadership: %w", p.ID, ErrNotLeader)
	}
	if t.failed == nil {
		t.failed = make(map[uint64]time.Time)
	}
	t.failed[node] = time.Now()
	// Raft says that it has failed before it takes proposals again.
	if lost := p.proposeNothing(); lost != nil {
		return nil
	}
	return fmt.Errorf("partition %s: hand over leadership: %w", p.ID, err)
}

func (p *Partition) transferTo(node uint64) error {
	if node == 0 {
		return p.raft.LeadershipTransfer().Error()
	}
	id := ServerID(node)
	return p.raft.LeadershipTransferToServer(id, raft.ServerAddress(id)).Error()
}

// TimeoutNow implements raft.Transport: tells a node to stand for election. While it
// lasts this leader takes nothing, so it is not as patient as the transport.
func (t *nudged) TimeoutNow(id raft.ServerID, target raft.ServerAddress, args *raft.TimeoutNowRequest, _ *raft.TimeoutNowResponse) error {
	done := make(chan error, 1)
	go func() { done <- t.Transport.TimeoutNow(id, target, args, new(raft.TimeoutNowResponse)) }()
	timer := time.NewTimer(t.patience)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errNoAnswer
	}
}

// hold keeps what would be proposed, or lets it go.
func (p *Partition) hold(held bool) {
	t := &p.transfer
	t.proposing.Lock()
	t.held.Store(held)
	t.proposing.Unlock()
	if !held {
		p.proposer.free()
		p.queue.poke()
		p.Flush() // who found the partition busy
	}
}

// proposeNothing takes an entry of nothing to the log and waits until it is applied. Its
// error says that this replica doesn't lead: a transfer that has not ended, maybe one of
// an earlier term, is waited for.
func (p *Partition) proposeNothing() error {
	for began := time.Now(); ; {
		err := outcome(p.raft.ApplyLog(raft.Log{Data: appendHeader(nil, 0)}, 0), p.stop)
		if !errors.Is(err, raft.ErrLeadershipTransferInProgress) {
			return err
		}
		if time.Since(began) > transferStuck {
			err := fmt.Errorf("partition %s: %w", p.ID, errStuck)
			p.Fatal(err)
			return err
		}
		select {
		case <-p.stop:
			return ErrStopped
		case <-time.After(transferPoll):
		}
	}
}
