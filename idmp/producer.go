package idmp

import (
	"slices"
	"unsafe"

	"github.com/tidwall/btree"
)

// token marks who may change a producer in place: the tracked that holds the same
// one. Clone gives both sides a new one.
type token struct{ _ byte }

// producer is the queue of one producer's records: sealed blocks, then the tail.
type producer struct {
	owner  *token
	pid    string
	number uint64 // of its sealed blocks in the tree
	live   int
	oldest uint64 // milliseconds of the first record's ID
	skip   int    // bytes of the first block whose records are gone
	sealed int    // number of sealed blocks
	tail   block
}

// The places of a producer in the trees.
type (
	byPID struct {
		pid string
		*producer
	}
	byAge struct {
		oldest uint64
		pid    string // holds no pointer to the producer: it is replaced when it changes
	}
)

// row leads from the hash of an iid to the record.
type row struct{ hash, seq uint64 }

// What takes memory beside buffers, as measured (TestMemoryPerIID): tree nodes are
// half to fully used, and pids come in any order.
const (
	producerOverhead = int64(unsafe.Sizeof(producer{}) + (unsafe.Sizeof(byPID{})+unsafe.Sizeof(byAge{}))*2)
	rowBytes         = 26
	trackedOverhead  = int64(unsafe.Sizeof(tracked{})) + 4*128
)

// tracked is all producers of a stream that are remembered.
type tracked struct {
	token    *token
	byPID    *btree.BTreeG[byPID]
	byAge    *btree.BTreeG[byAge]
	byIID    *btree.BTreeG[row]
	sealed   *btree.BTreeG[sealedBlock]
	seq      uint64 // of the next record
	number   uint64 // of the next producer
	records  int    // live and dead
	producer int64  // bytes of the producers, their blocks included
}

func newTracked() *tracked {
	noLocks := btree.Options{NoLocks: true}
	return &tracked{
		token: new(token),
		byPID: btree.NewBTreeGOptions(func(a, b byPID) bool { return a.pid < b.pid }, noLocks),
		byAge: btree.NewBTreeGOptions(func(a, b byAge) bool {
			return a.oldest < b.oldest || a.oldest == b.oldest && a.pid < b.pid
		}, noLocks),
		byIID: btree.NewBTreeGOptions(func(a, b row) bool {
			return a.hash < b.hash || a.hash == b.hash && a.seq < b.seq
		}, noLocks),
		sealed: btree.NewBTreeGOptions(func(a, b sealedBlock) bool {
			return a.producer < b.producer || a.producer == b.producer && a.low < b.low
		}, noLocks),
	}
}

// clone returns a tracked that shares all blocks and producers with t. It writes to t.
func (t *tracked) clone() *tracked {
	c := *t
	c.byPID, c.byAge, c.byIID, c.sealed = t.byPID.Copy(), t.byAge.Copy(), t.byIID.Copy(), t.sealed.Copy()
	t.token, c.token = new(token), new(token)
	return &c
}

func (t *tracked) bytes() int64 {
	return trackedOverhead + t.producer + rowBytes*int64(t.byIID.Len())
}

// get returns a producer for reading, nil when there is none.
func (t *tracked) get(pid []byte) *producer {
	// The string is only compared with and gone when Get returns: no need to copy it.
	p, _ := t.byPID.Get(byPID{pid: unsafe.String(unsafe.SliceData(pid), len(pid))})
	return p.producer
}

// own returns the producer for changing.
func (t *tracked) own(p *producer) *producer {
	if p.owner == t.token {
		return p
	}
	c := *p
	c.owner = t.token
	c.tail.buf = slices.Clip(c.tail.buf) // the room behind it may be a clone's, too
	t.producer += c.size() - p.size()
	t.byPID.Set(byPID{c.pid, &c})
	return &c
}

// create adds a producer, which gets its first record next.
func (t *tracked) create(pid []byte) *producer {
	p := &producer{owner: t.token, pid: string(pid), number: t.number}
	t.number++
	t.byPID.Set(byPID{p.pid, p})
	t.producer += p.size()
	return p
}

// size is the memory of the producer without its sealed blocks.
func (p *producer) size() int64 {
	return producerOverhead + int64(len(p.pid)+cap(p.tail.buf))
}

// hash is the hash of an iid among those of all producers.
func (p *producer) hash(pair Pair) uint64 {
	return pair.hash ^ p.number*0x9E3779B97F4A7C15 // spreads the numbers over all bits
}
