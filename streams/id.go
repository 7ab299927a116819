package streams

import (
	"math"
	"strconv"
)

// ID names an entry: milliseconds, then a sequence number within them. The
// zero ID is "0-0": no entry ever has it, so it also means "none".
type ID struct{ Ms, Seq uint64 }

// The ends of the ID space. No entry has MinID; one may have MaxID.
var (
	MinID = ID{}
	MaxID = ID{Ms: math.MaxUint64, Seq: math.MaxUint64}
)

// Compare returns -1, 0 or 1 as id is below, equal to or above other.
func (id ID) Compare(other ID) int {
	switch {
	case id == other:
		return 0
	case id.Less(other):
		return -1
	}
	return 1
}

// Less reports whether id is below other.
func (id ID) Less(other ID) bool {
	return id.Ms < other.Ms || id.Ms == other.Ms && id.Seq < other.Seq
}

// IsZero reports whether id is 0-0.
func (id ID) IsZero() bool { return id == ID{} }

// Next returns the ID right above id; false when id is MaxID.
func (id ID) Next() (ID, bool) {
	switch {
	case id.Seq < math.MaxUint64:
		return ID{id.Ms, id.Seq + 1}, true
	case id.Ms < math.MaxUint64:
		return ID{id.Ms + 1, 0}, true
	}
	return id, false
}

// Prev returns the ID right below id; false when id is MinID.
func (id ID) Prev() (ID, bool) {
	switch {
	case id.Seq > 0:
		return ID{id.Ms, id.Seq - 1}, true
	case id.Ms > 0:
		return ID{id.Ms - 1, math.MaxUint64}, true
	}
	return id, false
}

// AppendText appends "ms-seq" to b.
func (id ID) AppendText(b []byte) []byte {
	b = strconv.AppendUint(b, id.Ms, 10)
	b = append(b, '-')
	return strconv.AppendUint(b, id.Seq, 10)
}

// String returns "ms-seq".
func (id ID) String() string {
	var buf [41]byte
	return string(id.AppendText(buf[:0]))
}
