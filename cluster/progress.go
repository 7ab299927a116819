package cluster

import (
	"context"
	"encoding/json"

	"github.com/millrace-io/millrace/replication/mesh"
)

// Progress is how far a node's replica of a group is.
type Progress struct {
	Group uint32 `json:"group"`
	// Last is where its log ends, Applied what its state holds.
	Last    uint64 `json:"last"`
	Applied uint64 `json:"applied"`
	// Leader is who leads the group as far as the node knows, 0 for nobody.
	Leader uint64 `json:"leader,omitempty"`
	Term   uint64 `json:"term,omitempty"`
}

func (c *Cluster) ownProgress() []Progress {
	list := make([]Progress, len(c.groups))
	for i, g := range c.groups {
		p := Progress{Group: g.number, Last: g.LastIndex(), Applied: g.Applied()}
		if node, term, known := g.Leader(); known {
			p.Leader, p.Term = node, term
		}
		list[i] = p
	}
	return list
}

func (c *Cluster) answerProgress(context.Context, mesh.Identity, []byte) ([]byte, error) {
	return json.Marshal(c.ownProgress())
}

// progress asks a node how far its replicas are.
func (c *Cluster) progress(ctx context.Context, node uint64) ([]Progress, error) {
	if node == c.o.Node {
		return c.ownProgress(), nil
	}
	b, err := c.mesh.Call(ctx, node, callProgress, nil)
	if err != nil {
		return nil, err
	}
	var list []Progress
	return list, json.Unmarshal(b, &list)
}
