//lint:file-ignore ST1005 Clients compare these texts.
package replication

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/resp/wire"
)

// Raft must not meet a full disk: it goes on with a log that it could not write. So a
// replica whose log has no room keeps entries away from Raft, while heartbeats and votes
// pass; a leader without room hands leadership over; and when most voters have none
// changes are refused before they are proposed, as none of them could be committed.

// What a replica says of its room. It is repeated while it is not roomHere.
const (
	roomHere   = iota
	roomNone   // this replica takes no entries
	roomNobody // of a leader: nobody who could lead takes any
)

// roomHeld is how long a replica counts as full that does not say it again.
const roomHeld = 2 * time.Second

// heardAfter is in which time a replica has heard of others who ran out of room as well.
const heardAfter = 2 * fateCheck

// handOverAfter is the least time between two attempts to hand leadership over, and
// maxHandOvers how many fail before clients are told that nobody takes their changes.
const (
	handOverAfter = 3 * time.Second
	maxHandOvers  = 2
)

// errNoRoom is what clients get when most voters have no room: nothing was proposed.
var errNoRoom = errors.New("MISCONF Millrace can't write to the logs of most nodes, data is safe but changes are refused: their disks are full")

// errCatchesUp is what clients of a node get that had no room until a moment ago.
var errCatchesUp = errors.New("MISCONF Millrace's log had no room and is catching up with the other nodes, changes are refused until it has")

// entryOverhead is an upper bound of what an entry takes in the log besides its data.
const entryOverhead = 64

// room is what a replica knows of room in logs.
type room struct {
	refused atomic.Uint64 // appends that were kept away from Raft since the log has no room

	mu       sync.Mutex      // covers what follows
	full     bool            // this replica's log has no room
	since    time.Time       // when that began
	linked   map[uint64]bool // who can be reached
	said     uint64          // what this replica has said last
	others   map[uint64]statement
	handed   time.Time // when leadership was last to be handed over
	attempts int       // that failed, since the log has no room
}

// statement is what another replica said of its room.
type statement struct {
	room uint64
	at   time.Time
}

// heard notes what another replica says.
func (r *room) heard(node, said uint64, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if said == roomHere {
		delete(r.others, node)
		return
	}
	if r.others == nil {
		r.others = make(map[uint64]statement)
	}
	r.others[node] = statement{said, now}
}

// link notes whether a node can be reached.
func (r *room) link(node uint64, up bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.linked == nil {
		r.linked = make(map[uint64]bool)
	}
	if up {
		r.linked[node] = true
	} else {
		delete(r.linked, node)
	}
}

// saysLocked is what a node has said, unless that is too long ago.
func (r *room) saysLocked(node uint64, now time.Time) uint64 {
	if s, ok := r.others[node]; ok && now.Sub(s.at) < roomHeld {
		return s.room
	}
	return roomHere
}

// admits reports whether a message may reach Raft. What brings entries that the log has
// no room for is answered here with why; the leader sends it again.
func (p *Partition) admits(rpc raft.RPC) bool {
	a, ok := rpc.Command.(*raft.AppendEntriesRequest)
	if !ok || len(a.Entries) == 0 {
		return true
	}
	size := int64(0)
	for _, e := range a.Entries {
		size += int64(len(e.Data)+len(e.Extensions)) + entryOverhead
	}
	err := p.Refuse(size)
	if err == nil {
		p.takesAgain()
		return true
	}
	if p.room.refused.Add(1) == 1 {
		p.Logger.Warn("log entries of the leader are not taken", "partition", p.ID, "err", err)
	}
	rpc.Respond(&raft.AppendEntriesResponse{}, err)
	return false
}

// takesAgain notes that entries of the leader need not be kept away any more.
func (p *Partition) takesAgain() {
	if p.room.refused.Load() == 0 {
		return
	}
	n := p.room.refused.Swap(0)
	p.Logger.Info("log entries of the leader are taken again", "partition", p.ID, "refused", n)
}

// ownRoom is why this replica takes no entries, nil when it does. It still counts as
// one that doesn't until the leader, who tries again after some seconds, has sent the
// first that is taken: nobody's change must wait for that.
func (p *Partition) ownRoom() error {
	if err := p.Refuse(0); err != nil {
		return err
	}
	if p.room.refused.Load() == 0 {
		return nil
	}
	if p.raft.State() == raft.Leader {
		p.takesAgain()
		return nil
	}
	return errCatchesUp
}

// noRoom is why nothing can be committed at the moment, nil when it can.
func (p *Partition) noRoom() error {
	r := &p.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said == roomNobody {
		return errNoRoom
	}
	// Who says so leads, or did a moment ago; it may be unable to announce that, for a
	// term begins with an entry.
	now := time.Now()
	for node := range r.others {
		if r.saysLocked(node, now) == roomNobody {
			return errNoRoom
		}
	}
	return nil
}

// refusal is why a part of that many bytes can't be taken, nil when it can.
func (p *Partition) refusal(bytes int64) error {
	if err := p.Refuse(bytes); err != nil {
		return err
	}
	if err := p.ownRoom(); err != nil {
		return err
	}
	return p.noRoom()
}

// lookAtRoom finds out whether there is room, tells the others, and acts on it.
func (p *Partition) lookAtRoom(now time.Time) {
	err := p.ownRoom()
	r := &p.room
	r.mu.Lock()
	if r.full != (err != nil) {
		r.full, r.since = err != nil, now
	}
	if err == nil {
		r.attempts = 0
	}
	for node := range r.others {
		if r.saysLocked(node, now) == roomHere {
			delete(r.others, node)
		}
	}
	quiet := err == nil && r.said == roomHere && len(r.others) == 0
	r.mu.Unlock()
	if quiet {
		return
	}
	servers, failed := p.servers()
	if failed != nil {
		return // Raft has ended
	}
	say, to := p.judge(servers, now)
	p.sayRoom(say, servers)
	if to != 0 {
		p.handOver(to, err)
	}
	if err != nil {
		p.refuseOverdue(now.Add(-sendAgainAfter), wire.AppendError(nil, err.Error()))
		p.Flush()
	}
}

// judge is what this replica has to say of its room, and to whom it has to hand
// leadership, 0 for nobody.
func (p *Partition) judge(servers []raft.Server, now time.Time) (say, to uint64) {
	r := &p.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full {
		say = roomNone
	}
	if p.raft.State() != raft.Leader { // it may lead, and be unable to begin its term
		return say, 0
	}
	voters := 0
	var fit []uint64 // the others with room
	for _, s := range servers {
		node, ok := nodeOf(s.ID)
		if !ok || s.Suffrage != raft.Voter {
			continue
		}
		voters++
		if node != p.Origin.Node && r.linked[node] && r.saysLocked(node, now) == roomHere {
			fit = append(fit, node)
		}
	}
	have := len(fit)
	if !r.full {
		have++
	}
	if 2*have <= voters {
		return roomNobody, 0
	}
	if !r.full {
		return roomHere, 0
	}
	if r.attempts >= maxHandOvers {
		say = roomNobody // until one succeeds
	}
	if now.Sub(r.since) < heardAfter || now.Sub(r.handed) < handOverAfter {
		return say, 0
	}
	r.handed = now
	return say, fit[r.attempts%len(fit)]
}

// sayRoom tells the others, again while there is no room.
func (p *Partition) sayRoom(say uint64, servers []raft.Server) {
	r := &p.room
	r.mu.Lock()
	before := r.said
	r.said = say
	r.mu.Unlock()
	if say == roomHere && before == roomHere {
		return
	}
	for _, s := range servers {
		if node, ok := nodeOf(s.ID); ok && node != p.Origin.Node {
			p.sendTo(node, msgRoom, say)
		}
	}
	if before == say {
		return
	}
	switch {
	case say == roomNobody:
		p.Logger.Warn("changes are refused: too few voters have room in their logs", "partition", p.ID)
	case before == roomNobody:
		p.Logger.Info("changes are taken again", "partition", p.ID)
	}
	p.proposer.free()
	p.queue.poke()
}

// handOver has another voter lead, as this one can't take entries.
func (p *Partition) handOver(to uint64, cause error) {
	p.Logger.Warn("hands leadership over for want of room in its log", "partition", p.ID, "to", ServerID(to), "err", cause)
	err := p.TransferTo(to)
	if err == nil || errors.Is(err, ErrNotLeader) {
		return
	}
	p.Logger.Warn("leadership stays where there is no room", "partition", p.ID, "err", err)
	p.room.mu.Lock()
	p.room.attempts++
	p.room.mu.Unlock()
}

// refuseOverdue answers reads that were asked for before a time and wait for entries
// that this replica can't take. Who waits to be ready goes on waiting.
func (p *Partition) refuseOverdue(before time.Time, text []byte) {
	g := &p.gate
	g.run.Lock()
	defer g.run.Unlock()
	g.mu.Lock()
	var reqs []*Request
	for _, r := range g.due {
		if r.asked.Before(before) {
			reqs = append(reqs, r.reqs...)
			r.reqs = nil
		}
	}
	g.changing.Add(-mayLog(reqs))
	g.mu.Unlock()
	p.refuseReads(reqs, text)
}
