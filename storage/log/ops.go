package log

import (
	"encoding/binary"
	"fmt"
	"math"
)

// operation is one change of one group: stage checks it and gathers its frames,
// publish changes what readers look up once the frames are written (the group's
// state is published by the writer). Both run in the writer's turn; between them
// no other operation of the same group runs.
type operation interface {
	// stage returns a refusal (ErrOrder, ErrNoSpace, ErrTooLarge) when nothing
	// was changed. s is the writer's own copy of the group's state: it runs
	// ahead of what is published, and a first frame is made from it.
	stage(w *writer, id GroupID, s *groupState) error
	publish(g *Group)
}

type stateOp struct{ state State }

func (o *stateOp) stage(w *writer, id GroupID, s *groupState) error {
	body := appendState(nil, o.state)
	if err := w.room(headerSize+int64(len(body)), KindState); err != nil {
		return err
	}
	w.tail.small(KindState, id, 0, 0, body)
	s.state = o.state
	return nil
}

func (o *stateOp) publish(*Group) {}

type truncateFrontOp struct{ upto uint64 }

func (o *truncateFrontOp) stage(w *writer, id GroupID, s *groupState) error {
	// What is not there need not be given up: Raft compacts an empty log too.
	if o.upto = min(o.upto, s.last); o.upto < s.first {
		return nil
	}
	prevTerm := w.termOf(id, o.upto)
	if err := w.room(headerSize+8, KindTruncateFront); err != nil {
		return err
	}
	w.tail.small(KindTruncateFront, id, 0, o.upto+1, binary.LittleEndian.AppendUint64(nil, prevTerm))
	s.truncateFront(o.upto+1, prevTerm)
	return nil
}

// The bytes below the mark stay readable until Collect takes them.
func (o *truncateFrontOp) publish(*Group) {}

func (s *groupState) truncateFront(first, prevTerm uint64) {
	s.first, s.prevTerm = first, prevTerm
}

type truncateBackOp struct{ from uint64 }

func (o *truncateBackOp) stage(w *writer, id GroupID, s *groupState) error {
	// What lies below the mark was given up already: it is not cut.
	if o.from = max(o.from, s.first); o.from > s.last {
		return nil
	}
	if err := w.room(headerSize, KindTruncateBack); err != nil {
		return err
	}
	w.truncateBack(id, s, o.from)
	return nil
}

func (s *groupState) truncateBack(from uint64) { s.last = from - 1 }

func (o *truncateBackOp) publish(g *Group) {
	g.index.truncateBack(o.from)
	g.cache.truncateBack(o.from)
	g.log.lowerTop(g.id, o.from-1)
}

type resetOp struct{ last, term uint64 }

func (o *resetOp) stage(w *writer, id GroupID, s *groupState) error {
	if o.last == math.MaxUint64 {
		return fmt.Errorf("group %d: reset to %d: %w", id, o.last, ErrOrder)
	}
	if err := w.room(headerSize+8, KindReset); err != nil {
		return err
	}
	w.tail.small(KindReset, id, 0, o.last, binary.LittleEndian.AppendUint64(nil, o.term))
	s.reset(o.last, o.term)
	return nil
}

func (s *groupState) reset(last, term uint64) {
	s.first, s.last, s.prevTerm = last+1, last, term
}

func (o *resetOp) publish(g *Group) {
	g.index.reset(o.last)
	g.cache.clear(o.last + 1)
	g.log.lowerTop(g.id, 0)
}
