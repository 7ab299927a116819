package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/replication/mesh"
)

// Recruit is a node without a folder that waits to be told which cluster to join. It
// belongs to none, so whoever has shown the secret may tell it.
type Recruit struct {
	Mesh mesh.Options // Self without a cluster, Secret, TLS, Listener, Dial, Logger
}

// Wait returns what it was told first. The listener is closed then.
func (r *Recruit) Wait(ctx context.Context) (*Peers, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	told := make(chan *Peers, 1)
	o := r.Mesh
	o.Resolve = func(uint64) (string, bool) { return "", false }
	m := mesh.New(o)
	m.HandleCall(callRecruit, func(_ context.Context, from mesh.Identity, body []byte) ([]byte, error) {
		p, err := decodePeers(body)
		switch {
		case err != nil:
			return nil, err
		case p.Cluster != from.Cluster:
			return nil, fmt.Errorf("node %s of cluster %q tells of cluster %q", meta.FormatID(from.Node), from.Cluster, p.Cluster)
		}
		select {
		case told <- p:
			cancel() // the answer may be lost: the other side looks for the node, not for that
			return nil, nil
		default:
			return nil, errors.New("the node was told to join already")
		}
	})
	err := m.Run(ctx)
	select {
	case p := <-told:
		return p, nil
	default:
	}
	if err == nil {
		err = ctx.Err()
	}
	return nil, err
}

// errOfAnother: what runs at an address that is to be added has a cluster already.
var errOfAnother = errors.New("only a node that was started with an empty folder and join set to wait can be added")

// Recruit has the node that waits at an address join this cluster. It returns when that one
// is known as a node of the cluster; it has yet to catch up.
func (c *Cluster) Recruit(ctx context.Context, addr string) error {
	s := c.State()
	if !told(s) {
		return errNotYet
	}
	body, err := json.Marshal(peersOf(s).encode())
	if err != nil {
		return err
	}
	peer, _, err := c.mesh.CallAddr(ctx, addr, callRecruit, body)
	var remote *mesh.RemoteError
	var refused *mesh.RefusedError
	switch {
	case errors.As(err, &refused) && refused.OtherCluster:
		return fmt.Errorf("node at %s: %w: %w", addr, err, errOfAnother)
	case errors.As(err, &remote), peer.Node == 0: // nobody has answered, or this one was turned away
		return fmt.Errorf("node at %s: %w", addr, err)
	}
	ticker := time.NewTicker(busyPace)
	defer ticker.Stop()
	for {
		if _, there := c.State().Node(peer.Node); there {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("node %s at %s was told to join, and has not yet: %w", meta.FormatID(peer.Node), addr, ctx.Err())
		case <-ticker.C:
		}
	}
}

// answerRecruit is the answer of a node that has a cluster.
func (c *Cluster) answerRecruit(context.Context, mesh.Identity, []byte) ([]byte, error) {
	return nil, fmt.Errorf("it is in cluster %s already", c.o.Cluster)
}
