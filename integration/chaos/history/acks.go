package history

import (
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// standing is an entry's place in a group, as the model of Acks knows it.
type standing uint8

const (
	undelivered standing = iota
	pending
	acknowledged
)

// step is what the model of Acks does.
type step uint8

const (
	stepDeliver      step = iota // as new: was undelivered
	stepClaim                    // was pending
	stepAckOne                   // XACK counted it: was pending
	stepAckNone                  // XACK did not count it: was not pending
	stepAckSome                  // XACK counted some of several
	stepMayDeliver               // a delivery whose reply nobody got
	stepSeenPending              // in the end it is pending
	stepSeenFinished             // in the end it is not
)

// next does a step; ok is false where the standing does not allow it.
func (s step) next(at standing) (to standing, ok bool) {
	switch s {
	case stepDeliver:
		return pending, at == undelivered
	case stepMayDeliver:
		return max(at, pending), true
	case stepClaim, stepSeenPending:
		return at, at == pending
	case stepAckOne:
		return acknowledged, at == pending
	case stepAckNone, stepSeenFinished:
		return at, at != pending
	}
	if at == pending {
		return acknowledged, true
	}
	return at, true // stepAckSome
}

var standings = porcupine.Model{
	Init: func() any { return undelivered },
	Step: func(state, input, _ any) (bool, any) {
		to, ok := input.(step).next(state.(standing))
		return ok, to
	},
}

// Acks checks for each entry of each group that its deliveries, claims and
// acknowledgements, and what is pending in the end, are linearizable. An entry is
// delivered as new and acknowledged once at most, so any number of such operations of
// unknown outcome are as good as one that began with the first of them. Each entry may
// take so long; undecided are those that took longer.
func Acks(ops []Op, final Final, within time.Duration) (found []string, undecided int) {
	var b broken
	var end time.Duration
	for i := range ops {
		end = max(end, ops[i].Return)
	}
	for name, g := range lives(ops) {
		waiting := map[ID]bool{}
		for _, p := range final.Streams[name.key].Groups[name.group].Pending {
			waiting[p.ID] = true
		}
		for id, l := range g.entries {
			switch porcupine.CheckOperationsTimeout(standings, l.steps(g, waiting[id], end), within) {
			case porcupine.Illegal:
				b.add("%v: no order explains what happened to %v: %v, and pending in the end: %v", name, id, slices.Concat(l.deliveries(), l.acks), waiting[id])
			case porcupine.Unknown:
				undecided++
			}
		}
	}
	return b.list(), undecided
}

// steps are the operations of one entry, with a look at it after the end.
func (l *life) steps(g *groupLife, waiting bool, end time.Duration) (all []porcupine.Operation) {
	do := func(s step, from, to time.Duration) {
		all = append(all, porcupine.Operation{ClientId: len(all), Input: s, Call: int64(from), Return: int64(to)})
	}
	for _, op := range l.news {
		do(stepDeliver, op.Call, op.Return)
	}
	for _, op := range l.claims {
		do(stepClaim, op.Call, op.Return)
	}
	unseen, unsure := forever, forever
	for _, op := range g.unknown {
		if op.Kind == Deliver {
			unseen = min(unseen, op.Call)
		}
	}
	for _, op := range l.acks {
		switch {
		case op.Outcome == Unknown:
			unsure = min(unsure, op.Call)
		case op.N == 0:
			do(stepAckNone, op.Call, op.Return)
		case op.N == int64(len(op.IDs)):
			do(stepAckOne, op.Call, op.Return)
		default:
			do(stepAckSome, op.Call, op.Return)
		}
	}
	if unseen < forever {
		do(stepMayDeliver, unseen, forever)
	}
	if unsure < forever {
		do(stepAckSome, unsure, forever)
	}
	if waiting {
		do(stepSeenPending, end+1, end+2)
	} else {
		do(stepSeenFinished, end+1, end+2)
	}
	return all
}
