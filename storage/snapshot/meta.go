package snapshot

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Meta is what a snapshot says of itself.
type Meta struct {
	Index, Term        uint64 // of the last log entry that it includes
	Configuration      []byte // of the Raft group
	ConfigurationIndex uint64
	Version            int    // of the Raft snapshot protocol
	Format             uint32 // of the sections
}

// Info is a snapshot in a Store.
type Info struct {
	ID string
	Meta
	Bytes int64 // size of the file, which is also the size of the raw form
}

const (
	fileSuffix = ".snap"
	tempSuffix = ".tmp"
)

// name is an ID taken apart. Snapshots are ordered by index: a snapshot holds
// committed entries only, so a larger index is a later state whatever the terms.
type name struct {
	index, term uint64
	n           int
}

func (n name) String() string { return fmt.Sprintf("%020d-%020d-%04d", n.index, n.term, n.n) }

func (n name) compare(m name) int {
	return cmp.Or(cmp.Compare(n.index, m.index), cmp.Compare(n.term, m.term), cmp.Compare(n.n, m.n))
}

// parseName is strict: only what String writes is an ID, so an ID never leads
// out of the folder.
func parseName(id string) (name, bool) {
	parts := strings.Split(id, "-")
	if len(parts) != 3 {
		return name{}, false
	}
	index, err1 := strconv.ParseUint(parts[0], 10, 64)
	term, err2 := strconv.ParseUint(parts[1], 10, 64)
	n, err3 := strconv.ParseUint(parts[2], 10, 31)
	if err1 != nil || err2 != nil || err3 != nil {
		return name{}, false
	}
	parsed := name{index, term, int(n)}
	return parsed, parsed.String() == id
}
