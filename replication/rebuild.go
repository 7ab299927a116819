package replication

import (
	"fmt"

	"github.com/hashicorp/raft"
)

// Rebuild throws the state away and makes it again as a start does: from the newest
// snapshot and the log behind it. Everything else waits meanwhile. What it fails at
// a start would fail at: the node must stop.
func (p *Partition) Rebuild() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	// As during a start nobody hears of what is applied.
	defer p.ready.Store(p.ready.Swap(false))
	err := p.rebuildLocked()
	if err != nil {
		err = fmt.Errorf("rebuild partition %s: %w", p.ID, err)
		p.Fatal(err)
	}
	return err
}

func (p *Partition) rebuildLocked() error {
	upto := p.applied
	from, err := p.restoreNewestLocked()
	if err != nil {
		return err
	}
	p.applied = upto
	for i := from; i <= upto; i++ {
		var l raft.Log
		if err := p.stores.Log.GetLog(i, &l); err != nil {
			return fmt.Errorf("log entry %d: %w", i, err)
		}
		if l.Type != raft.LogCommand {
			continue
		}
		entry, err := readEntry(l.Data)
		if err != nil {
			return fmt.Errorf("log entry %d: %w", i, err)
		}
		p.lastTime = max(entry.time, p.lastTime)
		p.sm.Begin(i, p.lastTime)
		a := &application{p: p, told: new(telling), time: p.lastTime, index: i} // nobody is told
		a.run(entry)
	}
	p.sm.Ready() // whoever waits for a key has seen all this
	return nil
}

// restoreNewestLocked makes the state that of the newest snapshot, empty when there
// is none, and returns the index of the first log entry behind it.
func (p *Partition) restoreNewestLocked() (uint64, error) {
	list, err := p.stores.Snapshots.List()
	if err != nil {
		return 0, fmt.Errorf("list snapshots: %w", err)
	}
	if len(list) == 0 {
		p.sm.Clear()
		p.origins, p.lastTime = origins{}, 0
		return p.stores.Log.FirstIndex()
	}
	meta, source, err := p.stores.Snapshots.Open(list[0].ID)
	if err != nil {
		return 0, fmt.Errorf("open snapshot %s: %w", list[0].ID, err)
	}
	defer source.Close()
	return meta.Index + 1, p.restoreLocked(source)
}

// HoldUp keeps the state to itself until wait returns: no command on keys runs.
func (p *Partition) HoldUp(wait func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait()
}
