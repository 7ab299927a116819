package log

import (
	"encoding/binary"
	"fmt"
)

// replay builds the state of all groups from the frames of a log.
type replay struct {
	groups map[GroupID]*replayed
	tops   map[SegmentNum]map[GroupID]uint64
	oldest *segmentFile
}

type replayed struct {
	groupState
	index index
}

func newReplay() *replay {
	return &replay{groups: make(map[GroupID]*replayed), tops: make(map[SegmentNum]map[GroupID]uint64)}
}

func (r *replay) group(id GroupID) *replayed {
	g := r.groups[id]
	if g == nil {
		g = &replayed{groupState: *newGroupState(), index: index{base: 1}}
		r.groups[id] = g
	}
	return g
}

// frame applies a frame. Its checksum is right: what does not fit is damage all
// the same, of the log as a whole.
func (r *replay) frame(f *segmentFile, fr *frame) error {
	if r.oldest == nil {
		r.oldest = f
	}
	if reason := r.apply(f, fr); reason != "" {
		return f.damage(fr.offset, fmt.Sprintf("%s frame: %s", fr.kind, reason))
	}
	return nil
}

func (r *replay) apply(f *segmentFile, fr *frame) (reason string) {
	switch fr.kind {
	case KindFirst:
		return r.first(f, fr)
	case KindMark:
		return ""
	case KindEntries:
		return r.entries(f, fr)
	case KindState:
		s, rest, err := parseState(fr.body)
		if err != nil || len(rest) > 0 {
			return "malformed"
		}
		r.group(fr.group).state = s
		return ""
	}
	return r.cut(fr)
}

func (r *replay) first(f *segmentFile, fr *frame) string {
	if fr.offset != 0 {
		return "not at the beginning of its segment"
	}
	r.tops[f.number] = make(map[GroupID]uint64)
	if f != r.oldest {
		return r.compare(f.first.groups)
	}
	for id, s := range f.first.groups {
		g := r.group(id)
		g.groupState = *s
		g.index.base = s.last + 1
	}
	return ""
}

// compare holds what a first frame says against the log before it.
func (r *replay) compare(groups map[GroupID]*groupState) string {
	for id, s := range groups {
		if g := r.group(id); !g.groupState.equal(s) {
			return fmt.Sprintf("it knows another state of group %d than the log before it: %d to %d in term %d, not %d to %d in term %d",
				id, s.first, s.last, s.state.Term, g.first, g.last, g.state.Term)
		}
	}
	for id, g := range r.groups {
		if groups[id] == nil && !g.groupState.equal(newGroupState()) {
			return fmt.Sprintf("it does not know group %d", id)
		}
	}
	return ""
}

func (r *replay) entries(f *segmentFile, fr *frame) string {
	entries, err := parseEntries(&fr.header, fr.body)
	if err != nil {
		return err.Error()
	}
	g := r.group(fr.group)
	if fr.first == 0 || fr.first+uint64(len(entries)) < fr.first || !g.empty() && fr.first != g.last+1 {
		return fmt.Sprintf("index %d of group %d behind %d", fr.first, fr.group, g.last)
	}
	g.append(fr.first, len(entries))
	g.index.addEntries(entries, makePlace(f.number, fr.offset))
	r.tops[f.number][fr.group] = max(r.tops[f.number][fr.group], g.last)
	return ""
}

// termBody is the body of a truncate-front or reset frame.
func termBody(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// cut applies the frames that take entries away.
func (r *replay) cut(fr *frame) string {
	g := r.group(fr.group)
	switch {
	case fr.kind == KindTruncateFront && len(fr.body) == 8:
		if fr.first < g.first || fr.first > g.last+1 {
			return fmt.Sprintf("first index %d of group %d, which holds %d to %d", fr.first, fr.group, g.first, g.last)
		}
		g.truncateFront(fr.first, termBody(fr.body))
	case fr.kind == KindTruncateBack && len(fr.body) == 0:
		if fr.first < g.first || fr.first > g.last {
			return fmt.Sprintf("from index %d of group %d, which holds %d to %d", fr.first, fr.group, g.first, g.last)
		}
		g.truncateBack(fr.first)
		g.index.truncateBack(fr.first)
		r.lowerTop(fr.group, fr.first-1)
	case fr.kind == KindReset && len(fr.body) == 8:
		g.reset(fr.first, termBody(fr.body))
		g.index.reset(fr.first)
		r.lowerTop(fr.group, 0)
	default:
		return "unknown or malformed"
	}
	return ""
}

func (r *replay) lowerTop(id GroupID, top uint64) {
	for _, tops := range r.tops {
		if tops[id] > top {
			tops[id] = top
		}
	}
}

// complete checks that every entry that a group claims to hold was found.
func (r *replay) complete() error {
	for id, g := range r.groups {
		if !g.empty() && g.index.base > g.first {
			return r.oldest.damage(0, fmt.Sprintf("entries %d to %d of group %d lie before it and are missing", g.first, g.index.base-1, id))
		}
	}
	return nil
}
