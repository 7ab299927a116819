package log

import (
	"errors"
	"fmt"
	"sync"
)

// Group is the log of one Raft group. All methods may be called from several
// goroutines; those that write return when the change is as durable as the sync
// mode says (terms and votes: synced, always).
type Group struct {
	id  GroupID
	log *Log

	mu         sync.RWMutex // covers what follows
	groupState              // what was written, and acknowledged or about to be
	index      index
	cache      entryCache

	readMu sync.Mutex // covers the frame read last: a replay asks for its entries one by one
	read   []Entry
}

func newGroup(l *Log, id GroupID) *Group {
	return &Group{
		id: id, log: l,
		groupState: groupState{first: 1},
		index:      index{base: 1},
		cache:      entryCache{limit: l.o.CacheBytes},
	}
}

// ID names the group.
func (g *Group) ID() GroupID { return g.id }

// FirstIndex is the index of the first entry, 0 when the log is empty.
func (g *Group) FirstIndex() uint64 {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.empty() {
		return 0
	}
	return g.first
}

// LastIndex is the index of the last entry, 0 when the log is empty.
func (g *Group) LastIndex() uint64 {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.empty() {
		return 0
	}
	return g.last
}

// End is the index that the next entry follows: of the last entry, or, in an empty
// group, of the last that there was or that Reset named.
func (g *Group) End() uint64 {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.last
}

// State is the group's term and vote.
func (g *Group) State() State {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.state
}

// LogBytes is the size of the entries behind index since.
func (g *Group) LogBytes(since uint64) int64 {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.index.bytesSince(since)
}

// Term is the term of entry i; ErrNotFound when the group does not hold it.
func (g *Group) Term(i uint64) (uint64, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if !g.index.has(i) {
		return 0, g.notFound(i)
	}
	return g.index.term(i), nil
}

// Entry fills e with entry i, also below FirstIndex while its bytes exist. The
// slices stay valid for ever and must not be changed.
func (g *Group) Entry(i uint64, e *Entry) error {
	if err := g.log.closedErr(); err != nil {
		return err
	}
	g.mu.RLock()
	if g.cache.get(i, e) {
		g.mu.RUnlock()
		return nil
	}
	if !g.index.has(i) {
		g.mu.RUnlock()
		return g.notFound(i)
	}
	p, term := g.index.at(i).place, g.index.term(i)
	g.mu.RUnlock()
	return g.load(p, i, term, e)
}

func (g *Group) notFound(i uint64) error {
	return fmt.Errorf("group %d, index %d: %w", g.id, i, ErrNotFound)
}

// load reads entry i from the frame at p. The term tells entries of the same
// index apart: the frame kept from the last read may have been truncated since.
func (g *Group) load(p place, i, term uint64, e *Entry) error {
	g.readMu.Lock()
	defer g.readMu.Unlock()
	if pick(g.read, i, term, e) {
		return nil
	}
	entries, err := g.log.readEntries(g.id, p)
	if errors.Is(err, errGone) {
		return g.notFound(i)
	}
	if err != nil {
		return err
	}
	g.read = nil
	if len(entries) > 1 {
		g.read = entries
	}
	if !pick(entries, i, term, e) {
		return fmt.Errorf("group %d, index %d: the frame at its place holds others: %w", g.id, i, ErrNotFound)
	}
	return nil
}

func pick(entries []Entry, i, term uint64, e *Entry) bool {
	if len(entries) == 0 || i < entries[0].Index || i-entries[0].Index >= uint64(len(entries)) {
		return false
	}
	if found := &entries[i-entries[0].Index]; found.Term == term {
		*e = *found
		return true
	}
	return false
}

// Append writes entries, which must follow the last one; an empty group takes
// any first index. The group keeps the entries' bytes for a while: they must
// never change again. ErrOrder and ErrNoSpace mean that nothing was written.
func (g *Group) Append(entries []Entry) error {
	if len(entries) == 0 {
		return g.log.endedErr()
	}
	return g.log.commit(&request{group: g, op: &appendOp{entries: entries}})
}

// SetState writes term and vote and syncs them, whatever the mode.
func (g *Group) SetState(s State) error {
	s.VoteFor = append([]byte(nil), s.VoteFor...)
	return g.log.commit(&request{group: g, op: &stateOp{state: s}, urgent: true})
}

// TruncateFront gives up the entries up to and including upto, which moves
// FirstIndex; the bytes go with Collect. Beyond the last entry there is nothing
// to give up.
func (g *Group) TruncateFront(upto uint64) error {
	return g.log.commit(&request{group: g, op: &truncateFrontOp{upto: upto}})
}

// TruncateBack drops the entries from index from on.
func (g *Group) TruncateBack(from uint64) error {
	return g.log.commit(&request{group: g, op: &truncateBackOp{from: from}})
}

// Reset empties the group, whose log then goes on behind a snapshot that ends
// with lastIndex and lastTerm.
func (g *Group) Reset(lastIndex, lastTerm uint64) error {
	return g.log.commit(&request{group: g, op: &resetOp{last: lastIndex, term: lastTerm}})
}
