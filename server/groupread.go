package server

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp/wire"
)

// groupRead is an XREADGROUP with streams in several partitions. It goes in rounds:
//
//  1. All partitions are asked what there is. That changes nothing, so an error of one
//     is the reply before another has delivered anything. Where there is nothing it waits,
//     if it may: when it is woken, the partition delivers in the entry that brings what it
//     waited for. The parts share a turn, so that one of them does that and no other.
//  2. Those that have something deliver it, all at once or, where the order counts, one
//     after the other. What one was given reaches the client, whatever becomes of the
//     others: an error by then can only come of what has happened since.
//  3. When others were faster and there is nothing any more, it begins again.
//
// Nothing that its connection sends later runs before its reply (Request.Holds), so the
// order of a connection is kept though rounds are submitted late.
type groupRead struct {
	r       *replication.Request
	of      *commands.Spread
	read    *commands.GroupRead
	waiting *waitingSpreads
	at      []keysAt
	blocks  bool
	until   time.Time // zero: it waits for ever

	// Of the second round; they belong to who fills the last part of what is on its way.
	turns []keysAt // still to be read, when the order counts
	taken []commands.SpreadPart

	mu        sync.Mutex // covers what follows
	now       *round     // on its way
	gone      bool       // the client is: no further round begins
	unblocked bool       // nor does one then
}

var _ way = (*groupRead)(nil)

// readGroups makes a groupRead of a request.
func (r *slotRouter) readGroups(q *replication.Request, cmd *commands.Command, keys []int) error {
	read, err := commands.NewGroupRead(q.Args, q.Proto)
	if err != nil {
		return err
	}
	g := &groupRead{r: q, of: cmd.Spread, read: read, waiting: &r.waiting, at: r.byPartition(q, keys)}
	var wait time.Duration
	if wait, g.blocks = read.Blocks(); wait > 0 {
		g.until = time.Now().Add(wait)
	}
	g.now = g.look(wait)
	q.Way, q.Holds = g, true
	return nil
}

// look is the first round, which waits for as long as that.
func (g *groupRead) look(wait time.Duration) *round {
	return g.ask(g.at, g.looked, func(keys []int) [][]byte { return g.read.Look(keys, wait) })
}

func (g *groupRead) ask(list []keysAt, done func(), args func(keys []int) [][]byte) *round {
	r, turn := newRound(g.r.To, done), new(replication.Turn)
	for _, k := range list {
		q := &r.add(*g.r, k.at, k.keys).req
		q.Args, q.Class, q.Peek, q.Turn = args(k.keys), replication.Read, true, turn
	}
	return r
}

// addTo implements way.
func (g *groupRead) addTo(b bins) {
	if g.blocks {
		g.waiting.add(g)
	}
	g.now.addTo(b)
}

// looked goes on when all partitions have answered the first round, or have been told
// that they need not.
func (g *groupRead) looked() {
	var ready []keysAt
	replies := g.now.replies()
	for i, p := range replies {
		if string(p.Reply) == replication.Peeked {
			ready = append(ready, g.at[i])
			replies[i].Reply = nil
		}
	}
	switch reply := g.merged(replies); {
	case commands.IsError(reply) && replication.IsUncertain(reply):
		g.fill(reply) // what a part that waited was given may be lost: to ask again would hide it
	case commands.IsError(reply) && severalFailed(replies):
		g.begin(g.ask(eachAlone(g.at), g.blamed, g.read.LookOnce))
	case reply != nil:
		g.fill(reply)
	case len(ready) == 0 || g.ended():
		g.fillNothing()
	default:
		g.taken, g.turns = nil, nil
		if g.read.InTurn() {
			turns := inOrder(ready)
			if g.read.OneByOne() {
				turns = eachAlone(ready)
			}
			ready, g.turns = turns[:1], turns[1:]
		}
		g.take(ready) // the limits leave room for the first
	}
}

// severalFailed reports whether the error of the first key that has one may be any part's.
func severalFailed(parts []commands.SpreadPart) bool {
	n := 0
	for _, p := range parts {
		if commands.IsError(p.Reply) {
			n++
		}
	}
	return n > 1
}

// blamed goes on when each stream was asked for by itself, as several partitions had
// errors: that of the first stream is the reply.
func (g *groupRead) blamed() {
	for _, p := range g.now.replies() {
		if commands.IsError(p.Reply) {
			g.fill(p.Reply)
			return
		}
	}
	g.begin(g.look(g.left())) // what was wrong is so no more
}

// left is for how long it may wait still, 0 for ever; what is over has one moment left.
func (g *groupRead) left() time.Duration {
	if g.until.IsZero() {
		return 0
	}
	return max(time.Until(g.until), 1)
}

// merged is what was delivered, or else the first error, but for one that leaves open what
// happened; nil: there is neither.
func (g *groupRead) merged(parts []commands.SpreadPart) (reply []byte) {
	var some []commands.SpreadPart
	for _, p := range parts {
		switch {
		case commands.IsNull(p.Reply):
		case !commands.IsError(p.Reply):
			some = append(some, p)
		case reply == nil || replication.IsUncertain(p.Reply):
			reply = p.Reply
		}
	}
	if len(some) > 0 {
		return g.of.Merge(g.r.Args, g.r.Proto, some)
	}
	return reply
}

// takeNext takes what is next in turn; false: there is no more to take.
func (g *groupRead) takeNext() bool {
	if len(g.turns) == 0 || g.ended() {
		return false
	}
	next := g.turns[:1]
	g.turns = g.turns[1:]
	return g.take(next)
}

// take is the second round, or one turn of it; false: the limits leave nothing to take.
func (g *groupRead) take(list []keysAt) bool {
	r := newRound(g.r.To, g.took)
	for _, k := range list {
		args := g.read.Take(k.keys)
		if args == nil {
			return false
		}
		r.add(*g.r, k.at, k.keys).req.Args = args
	}
	g.begin(r)
	return true
}

// took goes on when what was to be taken at once is there.
func (g *groupRead) took() {
	failed := false
	for _, p := range g.now.replies() {
		g.read.Took(p.Reply)
		failed = failed || commands.IsError(p.Reply)
		g.taken = append(g.taken, p)
	}
	if !failed && g.takeNext() {
		return
	}
	if reply := g.merged(g.taken); reply != nil {
		g.fill(reply)
		return
	}
	if !g.blocks || g.ended() || !g.until.IsZero() && time.Now().After(g.until) {
		g.fillNothing()
		return
	}
	g.begin(g.look(g.left()))
}

// begin submits a round. One that was ended before does not wait.
func (g *groupRead) begin(r *round) {
	g.mu.Lock()
	g.now = r
	gone := g.gone || g.unblocked
	g.mu.Unlock()
	if gone {
		r.cancel()
	}
	r.submit()
}

func (g *groupRead) fill(reply []byte) {
	if g.blocks {
		g.waiting.remove(g)
	}
	g.r.To.Fill(reply)
}

// fillNothing says that there was nothing, to a client that is still there.
func (g *groupRead) fillNothing() {
	g.mu.Lock()
	gone := g.gone
	g.mu.Unlock()
	if gone {
		g.fill(nil)
	} else {
		g.fill(wire.AppendNullArray(nil, g.r.Proto))
	}
}

func (g *groupRead) ended() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.gone || g.unblocked
}

func (g *groupRead) current() *round {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// cancel implements way.
func (g *groupRead) cancel() {
	g.mu.Lock()
	g.gone = true
	r := g.now
	g.mu.Unlock()
	r.cancel()
}

// unblock implements way.
func (g *groupRead) unblock(withError bool, done func(bool)) {
	g.current().unblock(withError, func(ended bool) {
		if ended {
			g.mu.Lock()
			g.unblocked = true
			g.mu.Unlock()
		}
		done(ended)
	})
}

// waits implements way.
func (g *groupRead) waits() bool { return g.current().waits() }

func (g *groupRead) waitingParts() int { return g.current().waitingParts() }

// inOrder cuts keys into runs of those that are in the same partition, in the order in
// which they stand among the arguments.
func inOrder(list []keysAt) (runs []keysAt) {
	runs = eachAlone(list)
	n := 0
	for _, k := range runs {
		if n > 0 && runs[n-1].at == k.at {
			runs[n-1].keys = append(runs[n-1].keys, k.keys...)
		} else {
			runs[n] = k
			n++
		}
	}
	return runs[:n]
}

// eachAlone makes a list of single keys, in the order of the arguments.
func eachAlone(list []keysAt) (single []keysAt) {
	for _, k := range list {
		for i := range k.keys {
			single = append(single, keysAt{k.at, k.keys[i : i+1 : i+1]})
		}
	}
	slices.SortFunc(single, func(a, b keysAt) int { return cmp.Compare(a.keys[0], b.keys[0]) })
	return single
}
