package log

import "sort"

// place is where a frame lies: the segment's number in the upper 32 bits, the
// offset divided by frameAlign in the lower.
type place uint64

func makePlace(n SegmentNum, offset int64) place {
	return place(uint64(n)<<32 | uint64(offset/frameAlign))
}

func (p place) segment() SegmentNum { return SegmentNum(p >> 32) }

func (p place) offset() int64 { return int64(uint32(p)) * frameAlign }

// position is one entry in memory.
type position struct {
	place place
	end   uint64 // bytes of the group's entries up to and including this one, since an arbitrary zero
}

// termRun begins at first and reaches to the next run.
type termRun struct{ first, term uint64 }

// index finds a group's entries: 16 bytes for each, terms as runs.
//
// It holds base .. base+len(list)-1 without a gap, and begins at or below the
// group's first index while older bytes still exist.
type index struct {
	base  uint64
	list  []position
	start uint64 // end of the entry before base
	terms []termRun
}

func (x *index) next() uint64 { return x.base + uint64(len(x.list)) }

func (x *index) has(i uint64) bool { return i >= x.base && i < x.next() }

func (x *index) at(i uint64) position { return x.list[i-x.base] }

// total is the end of the newest entry.
func (x *index) total() uint64 {
	if len(x.list) == 0 {
		return x.start
	}
	return x.list[len(x.list)-1].end
}

// add appends entry i of the given size; an i that does not follow starts anew.
func (x *index) add(i, term uint64, p place, size int64) {
	if i != x.next() || len(x.list) == 0 {
		x.clear()
		x.base = i
	}
	x.list = append(x.list, position{place: p, end: x.total() + uint64(size)})
	if n := len(x.terms); n == 0 || x.terms[n-1].term != term {
		x.terms = append(x.terms, termRun{first: i, term: term})
	}
}

func (x *index) clear() {
	x.start = x.total()
	x.list, x.terms = nil, nil
}

// reset forgets everything; the next entry is the one behind last.
func (x *index) reset(last uint64) {
	x.clear()
	x.base = last + 1
}

// truncateBack drops the entries from i on.
func (x *index) truncateBack(i uint64) {
	if i <= x.base {
		x.clear()
		x.base = i
		return
	}
	if i >= x.next() {
		return
	}
	x.list = x.list[:i-x.base]
	for n := len(x.terms); n > 0 && x.terms[n-1].first >= i; n-- {
		x.terms = x.terms[:n-1]
	}
}

// dropSegment forgets the entries in segment n, which must be the oldest.
func (x *index) dropSegment(n SegmentNum) {
	k := 0
	for k < len(x.list) && x.list[k].place.segment() <= n {
		k++
	}
	if k == 0 {
		return
	}
	if k == len(x.list) {
		next := x.next()
		x.clear()
		x.base = next
		return
	}
	x.start = x.list[k-1].end
	// A copy: re-slicing would keep the dropped positions in memory.
	x.list = append([]position(nil), x.list[k:]...)
	x.base += uint64(k)
	r := x.run(x.base)
	x.terms = append([]termRun(nil), x.terms[r:]...)
	x.terms[0].first = x.base
}

// run is the number of the run that holds i.
func (x *index) run(i uint64) int {
	return sort.Search(len(x.terms), func(k int) bool { return x.terms[k].first > i }) - 1
}

// term of entry i, which must be there.
func (x *index) term(i uint64) uint64 { return x.terms[x.run(i)].term }

// bytesSince is the size of the entries behind index i.
func (x *index) bytesSince(i uint64) int64 {
	switch {
	case i >= x.next():
		return 0
	case i < x.base || len(x.list) == 0:
		return int64(x.total() - x.start)
	}
	return int64(x.total() - x.at(i).end)
}
