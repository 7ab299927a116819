package replication

import (
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/raft"
)

// ErrSnapshot is the error of a snapshot that can't be restored.
var ErrSnapshot = errors.New("snapshot can't be restored")

// Kinds of a snapshot's first section, which holds what the partition itself
// replicates; the state machine's kinds are below them.
//
//	sectionPartition  time (8, Unix ms) applied (8) origins
//	sectionOld        time (8) and what a lone voter's origins were
const (
	sectionPartition = 0xF1
	sectionOld       = 0xF0
)

// fsm is the partition as Raft sees it.
type fsm struct{ p *Partition }

// Apply implements raft.FSM.
func (f fsm) Apply(l *raft.Log) any {
	f.p.apply(l)
	return nil
}

// StoreConfiguration implements raft.ConfigurationStore: reads wait for the indexes of
// these entries, too.
func (f fsm) StoreConfiguration(index uint64, c raft.Configuration) {
	p := f.p
	p.setPeers(c.Servers)
	p.mu.Lock()
	p.applied = index
	p.shown.Store(index)
	p.mu.Unlock()
	if p.gate.wanted.Load() > 0 {
		p.gate.ask()
	}
}

// Snapshot implements raft.FSM: on the apply goroutine it only takes a view.
func (f fsm) Snapshot() (raft.FSMSnapshot, error) {
	p := f.p
	p.mu.Lock()
	defer p.mu.Unlock()
	head := p.origins.appendTo(appendFixed(appendFixed(nil, uint64(p.lastTime)), p.applied))
	return &snapshot{head: head, view: p.sm.View()}, nil
}

// Restore implements raft.FSM. source is one that a SnapshotStore of ours opened.
func (f fsm) Restore(source io.ReadCloser) error {
	defer source.Close()
	p := f.p
	p.mu.Lock()
	err := p.restoreLocked(source)
	seen := p.origins.of(p.Origin.Node)
	p.shown.Store(p.applied)
	p.mu.Unlock()
	switch {
	case err == nil:
		p.restored(seen)
	case p.opened.Load():
		// Raft would go on with what is left of the state. At a start it tries an older one.
		p.Fatal(fmt.Errorf("partition %s: snapshot of the leader: %w", p.ID, err))
	}
	return err
}

func (p *Partition) restoreLocked(source io.ReadCloser) error {
	sections, ok := sectionsOf(source)
	if !ok {
		return fmt.Errorf("%w: it comes from a store that knows no sections", ErrSnapshot)
	}
	kind, body, err := sections.Next()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if kind != sectionPartition && kind != sectionOld {
		return fmt.Errorf("%w: it does not begin with the partition's section", ErrSnapshot)
	}
	if err := p.restoreHead(kind, body); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if err := p.sm.Restore(sections); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	return nil
}

func (p *Partition) restoreHead(kind uint8, body []byte) error {
	r := &entryReader{rest: body}
	t, err := r.fixed()
	if err != nil {
		return err
	}
	p.lastTime, p.origins = int64(t), origins{}
	if kind == sectionOld {
		return nil
	}
	if p.applied, err = r.fixed(); err != nil {
		return err
	}
	return p.origins.readFrom(r)
}

// sectionsOf finds the reader of sections in what Raft hands to Restore, which
// wraps the source it opened.
func sectionsOf(source io.ReadCloser) (SectionReader, bool) {
	for {
		if s, ok := source.(SectionReader); ok {
			return s, true
		}
		w, ok := source.(raft.ReadCloserWrapper)
		if !ok {
			return nil, false
		}
		source = w.WrappedReadCloser()
	}
}

// snapshot is a view on its way to the disk, while the state goes on changing.
type snapshot struct {
	head []byte
	view View
}

// Persist implements raft.FSMSnapshot. The sink is one of our SnapshotStore's.
func (s *snapshot) Persist(sink raft.SnapshotSink) error {
	if err := s.write(sink); err != nil {
		return err // Raft cancels the sink
	}
	return sink.Close()
}

func (s *snapshot) write(sink raft.SnapshotSink) error {
	w, ok := sink.(SectionWriter)
	if !ok {
		return errors.New("snapshot store knows no sections")
	}
	if err := w.Section(sectionPartition, s.head); err != nil {
		return err
	}
	return s.view.Snapshot(w)
}

// Release implements raft.FSMSnapshot.
func (s *snapshot) Release() { s.view = nil }
