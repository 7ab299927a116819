package mesh

import (
	"sync"

	"github.com/hashicorp/raft"
)

// pipeline stands between Raft and its transport's pipeline, which alone can block for
// ever (https://github.com/hashicorp/raft/issues/612): Raft stops taking answers after
// one that it does not like, but may send once more; the transport hands over an answer
// before it takes the next request, so that send waits for ever, and with it the
// replication to the peer, and the end of the group. Here answers are always taken.
type pipeline struct {
	raft.AppendPipeline
	// answers is read by Raft, and closed by nobody.
	answers chan raft.AppendFuture
	closed  chan struct{} // closed by Close
	once    sync.Once
}

// AppendEntriesPipeline implements raft.Transport.
func (t *transport) AppendEntriesPipeline(id raft.ServerID, target raft.ServerAddress) (raft.AppendPipeline, error) {
	inner, err := t.NetworkTransport.AppendEntriesPipeline(id, target)
	if err != nil {
		return nil, err
	}
	p := &pipeline{AppendPipeline: inner, answers: make(chan raft.AppendFuture), closed: make(chan struct{})}
	go p.relay()
	return p, nil
}

// Consumer implements raft.AppendPipeline.
func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.answers }

// Close implements raft.AppendPipeline.
func (p *pipeline) Close() error {
	p.once.Do(func() { close(p.closed) })
	return p.AppendPipeline.Close()
}

// relay passes answers on in their order. Few ever wait: Raft takes them, or is about
// to close the pipeline.
func (p *pipeline) relay() {
	var waiting []raft.AppendFuture
	for {
		var to chan<- raft.AppendFuture
		var next raft.AppendFuture
		if len(waiting) > 0 {
			to, next = p.answers, waiting[0]
		}
		select {
		case answer := <-p.AppendPipeline.Consumer():
			waiting = append(waiting, answer)
		case to <- next:
			waiting = waiting[1:]
		case <-p.closed:
			return
		}
	}
}
