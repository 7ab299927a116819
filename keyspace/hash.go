package keyspace

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Hash returns a hash over everything that is replicated: two nodes that have
// applied the same log have the same. It reads the whole state.
func (st *State) Hash() uint64 { return hashSnapshot(st.dbs, st.settings, 0) }

// LiveHash is the hash of what a reader finds at now: keys past their deadline, which
// may be there or not, count for nothing.
func (st *State) LiveHash(now int64) uint64 { return hashSnapshot(st.dbs, st.settings, now) }

// Hash returns what the state's Hash was when the view was taken.
func (v *View) Hash() uint64 { return hashSnapshot(v.dbs, v.settings, 0) }

func hashSnapshot(dbs []*DB, settings Settings, now int64) uint64 {
	h := &sectionHasher{digest: xxhash.New()}
	if err := writeSnapshot(h, dbs, settings, now); err != nil {
		panic(err) // the hasher returns none
	}
	return h.digest.Sum64()
}

type sectionHasher struct{ digest *xxhash.Digest }

func (h *sectionHasher) Section(kind uint8, body []byte) error {
	var head [9]byte
	head[0] = kind
	binary.LittleEndian.PutUint64(head[1:], uint64(len(body)))
	h.digest.Write(head[:])
	h.digest.Write(body)
	return nil
}
