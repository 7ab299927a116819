package mesh

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Identity says who a node is.
type Identity struct {
	// Node is the node's id. Boot is higher at each start of its folder; 0: it has none yet.
	Node, Boot uint64
	// Instance is a random number that the mesh draws for its process: two with the same
	// Boot run on copies of one folder.
	Instance uint64
	// Cluster is the cluster's id; empty for a node that has not joined one yet.
	Cluster string
	// Addr is where the node's own listener is reached.
	Addr string
}

// purpose is what a connection is for. The dialling side names it in its hello.
type purpose uint8

const (
	forMessages  purpose = 1 + iota // ordered messages, from the dialling side to the other
	forCalls                        // requests of the dialling side and their answers
	forRaft                         // a stream of a Raft group's transport
	forSnapshots                    // the same, for one snapshot: compressed towards the accepting side
)

func (p purpose) String() string {
	switch p {
	case forMessages:
		return "messages"
	case forCalls:
		return "calls"
	case forRaft:
		return "raft"
	case forSnapshots:
		return "snapshots"
	}
	return fmt.Sprintf("purpose %d", uint8(p))
}

const (
	magic        = "millrace"
	protocol     = 2 // raised by every change of what goes over the wire
	nonceSize    = 32
	prefixSize   = len(magic) + 2 + 2 + 8
	maxHelloBody = 1024
	maxCluster   = 255
	maxAddr      = 255
)

// hello is what each side says first.
type hello struct {
	Identity
	version uint16
	nonce   [nonceSize]byte
	purpose purpose // 0 from the accepting side
	group   uint32

	// raw are the bytes on the wire: what the proofs are computed over.
	raw []byte
}

var (
	errNotMesh   = errors.New("not a node of millrace")
	errHello     = errors.New("malformed hello")
	errNameSizes = fmt.Errorf("cluster id or address of more than %d bytes", maxAddr)
)

// encode fills raw.
func (h *hello) encode() error {
	if len(h.Cluster) > maxCluster || len(h.Addr) > maxAddr {
		return errNameSizes
	}
	body := make([]byte, 0, 64+len(h.Cluster)+len(h.Addr))
	body = binary.LittleEndian.AppendUint64(body, h.Boot)
	body = binary.LittleEndian.AppendUint64(body, h.Instance)
	body = append(body, h.nonce[:]...)
	body = append(body, byte(h.purpose))
	body = binary.LittleEndian.AppendUint32(body, h.group)
	body = append(append(body, byte(len(h.Cluster))), h.Cluster...)
	body = append(append(body, byte(len(h.Addr))), h.Addr...)

	raw := append(make([]byte, 0, prefixSize+len(body)), magic...)
	raw = binary.LittleEndian.AppendUint16(raw, h.version)
	raw = binary.LittleEndian.AppendUint16(raw, uint16(len(body)))
	raw = binary.LittleEndian.AppendUint64(raw, h.Node)
	h.raw = append(raw, body...)
	return nil
}

// readHello reads the other side's hello. One of another version comes with its
// version and node only: these stand at the same place in every version.
func readHello(r io.Reader, version uint16) (hello, error) {
	prefix := make([]byte, prefixSize)
	if _, err := io.ReadFull(r, prefix); err != nil {
		return hello{}, err
	}
	if string(prefix[:len(magic)]) != magic {
		return hello{}, errNotMesh
	}
	rest := prefix[len(magic):]
	h := hello{version: binary.LittleEndian.Uint16(rest)}
	size := int(binary.LittleEndian.Uint16(rest[2:]))
	h.Node = binary.LittleEndian.Uint64(rest[4:])
	if size > maxHelloBody {
		return hello{}, errHello
	}
	h.raw = append(prefix, make([]byte, size)...)
	if _, err := io.ReadFull(r, h.raw[prefixSize:]); err != nil {
		return hello{}, err
	}
	if h.version != version {
		return h, nil
	}
	return h, h.decode(h.raw[prefixSize:])
}

func (h *hello) decode(body []byte) error {
	const fixed = 8 + 8 + nonceSize + 1 + 4
	if len(body) < fixed {
		return errHello
	}
	h.Boot = binary.LittleEndian.Uint64(body)
	h.Instance = binary.LittleEndian.Uint64(body[8:])
	copy(h.nonce[:], body[16:])
	h.purpose = purpose(body[16+nonceSize])
	h.group = binary.LittleEndian.Uint32(body[16+nonceSize+1:])
	cluster, body, ok := cutText(body[fixed:])
	if !ok {
		return errHello
	}
	addr, body, ok := cutText(body)
	if !ok || len(body) > 0 {
		return errHello
	}
	h.Cluster, h.Addr = cluster, addr
	return nil
}

// cutText takes a text with its length in front off the body.
func cutText(body []byte) (text string, rest []byte, ok bool) {
	if len(body) == 0 || len(body)-1 < int(body[0]) {
		return "", nil, false
	}
	size := int(body[0])
	return string(body[1 : 1+size]), body[1+size:], true
}
