package log

import (
	"errors"
	"fmt"
	"math"
)

// placed says where a frame of entries was put.
type placed struct {
	place   place
	entries []Entry
}

type appendOp struct {
	entries []Entry
	placed  []placed
}

func (o *appendOp) stage(w *writer, id GroupID, s *groupState) error {
	if err := o.check(id, s); err != nil {
		return err
	}
	for rest := o.entries; len(rest) > 0; {
		n := frameCount(rest)
		if err := o.frame(w, id, s, rest[:n]); err != nil {
			return o.undo(w, id, s, err)
		}
		rest = rest[n:]
	}
	return nil
}

func (o *appendOp) check(id GroupID, s *groupState) error {
	next := o.entries[0].Index
	if next == 0 || !s.empty() && next != s.last+1 {
		return fmt.Errorf("group %d: append %d behind %d: %w", id, next, s.last, ErrOrder)
	}
	for i := range o.entries {
		e := &o.entries[i]
		if e.Index != next+uint64(i) || e.Index == math.MaxUint64 {
			return fmt.Errorf("group %d: append %d where %d comes next: %w", id, e.Index, next+uint64(i), ErrOrder)
		}
		if len(e.Extensions) > maxExtensions || framedSize(o.entries[i:i+1])+frameAlign > math.MaxUint32 {
			return fmt.Errorf("group %d: index %d has %d bytes: %w", id, e.Index, entrySpan(e), ErrTooLarge)
		}
	}
	return nil
}

// frameCount is how many of the entries go into the next frame.
func frameCount(entries []Entry) int {
	size := headerSize + entrySpan(&entries[0])
	n := 1
	for n < len(entries) && size+entrySpan(&entries[n]) <= frameTarget {
		size += entrySpan(&entries[n])
		n++
	}
	return n
}

func (o *appendOp) frame(w *writer, id GroupID, s *groupState, entries []Entry) error {
	if err := w.room(framedSize(entries), KindEntries); err != nil {
		return err
	}
	offset := w.tail.entries(id, entries)
	s.append(entries[0].Index, len(entries))
	w.log.raiseTop(w.tail.seg, id, s.last)
	o.placed = append(o.placed, placed{place: makePlace(w.tail.seg.life.number, offset), entries: entries})
	return nil
}

// append moves the last index; an empty log may begin anywhere.
func (s *groupState) append(first uint64, n int) {
	if s.empty() && first != s.first {
		s.first, s.prevTerm = first, 0
	}
	s.last = first + uint64(n) - 1
}

// undo takes back the frames of an append that ran out of space half way: they
// are in the log, so a truncation behind them must be as well.
func (o *appendOp) undo(w *writer, id GroupID, s *groupState, cause error) error {
	if len(o.placed) == 0 || !errors.Is(cause, ErrNoSpace) {
		return cause
	}
	o.placed = nil
	if err := w.room(headerSize, KindTruncateBack); err != nil {
		return w.fail(fmt.Errorf("take back a partial append: %w", err))
	}
	w.truncateBack(id, s, o.entries[0].Index)
	return cause
}

func (o *appendOp) publish(g *Group) {
	for _, p := range o.placed {
		g.index.addEntries(p.entries, p.place)
	}
	g.cache.add(o.entries)
}

// addEntries notes the entries of one frame.
func (x *index) addEntries(entries []Entry, p place) {
	for i := range entries {
		x.add(entries[i].Index, entries[i].Term, p, entrySpan(&entries[i]))
	}
}
