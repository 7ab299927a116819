package history

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// ID is an entry's ID.
type ID struct{ Ms, Seq uint64 }

// ParseID reads an ID as it stands in a reply.
func ParseID(s string) (ID, error) {
	ms, seq, ok := strings.Cut(s, "-")
	if !ok {
		return ID{}, fmt.Errorf("no entry ID: %q", s)
	}
	var id ID
	var err error
	if id.Ms, err = strconv.ParseUint(ms, 10, 64); err != nil {
		return ID{}, fmt.Errorf("entry ID %q: %w", s, err)
	}
	if id.Seq, err = strconv.ParseUint(seq, 10, 64); err != nil {
		return ID{}, fmt.Errorf("entry ID %q: %w", s, err)
	}
	return id, nil
}

func (id ID) String() string { return fmt.Sprintf("%d-%d", id.Ms, id.Seq) }

// Compare orders IDs.
func (id ID) Compare(other ID) int {
	return cmp.Or(cmp.Compare(id.Ms, other.Ms), cmp.Compare(id.Seq, other.Seq))
}
