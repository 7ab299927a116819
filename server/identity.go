package server

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/millrace-io/millrace/storage"
)

// newIdentity draws the ids of a new node, and of the cluster that it begins.
func newIdentity() (nodeID, clusterID string, err error) {
	return fmt.Sprintf("%016x", randomNumber()), fmt.Sprintf("%016x", randomNumber()), nil
}

// nodeNumber is the node's id as it stands in log entries.
func nodeNumber(n storage.Node) (uint64, error) {
	id, err := strconv.ParseUint(n.ID, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("node id %q: must be 16 hex digits", n.ID)
	}
	return id, nil
}

func randomNumber() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails, by its documentation
	return binary.LittleEndian.Uint64(b[:])
}
