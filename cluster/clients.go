package cluster

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/millrace-io/millrace/replication/mesh"
)

// Client ids are unique in the cluster: the bits from clientBits on are the node's
// number, less one, so that those of a first node are as on a node on its own. All of
// them are exact in a double, as JavaScript reads them.
const clientBits = 38

// FirstClientID is what the ids of this node's clients are counted from. It is known
// once Ready has returned, and stays.
func (c *Cluster) FirstClientID() uint64 {
	n, _ := c.State().Node(c.o.Node)
	return uint64(max(n.Order, 1)-1) << clientBits
}

// errNoAnswer: the node of a client can't be asked.
var errNoAnswer = errors.New("ERR the node that the client is connected to does not answer")

// Unblock ends the wait of a client of any other node. It reports false when that was
// not waiting; local says that the client would be this node's own.
func (c *Cluster) Unblock(ctx context.Context, client uint64, withError bool) (unblocked, local bool, err error) {
	n, ok := c.State().ByOrder(uint32(client>>clientBits) + 1)
	switch {
	case !ok:
		return false, false, nil
	case n.ID == c.o.Node:
		return false, true, nil
	}
	body := append(binary.LittleEndian.AppendUint64(nil, client), 0)
	if withError {
		body[8] = 1
	}
	b, err := c.mesh.Call(ctx, n.ID, callUnblock, body)
	if err != nil {
		return false, false, errNoAnswer
	}
	return len(b) == 1 && b[0] == 1, false, nil
}

func (c *Cluster) answerUnblock(ctx context.Context, _ mesh.Identity, body []byte) ([]byte, error) {
	if len(body) != 9 {
		return nil, errors.New("malformed call")
	}
	done := make(chan bool, 1)
	c.o.Unblock(binary.LittleEndian.Uint64(body), body[8] == 1, func(unblocked bool) { done <- unblocked })
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case unblocked := <-done:
		if unblocked {
			return []byte{1}, nil
		}
		return []byte{0}, nil
	}
}
