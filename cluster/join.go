package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/replication/mesh"
)

const (
	retryEvery = 500 * time.Millisecond
	// sayEvery is how often it is said that no node answers.
	sayEvery = 10 * time.Second
	// removedMark is in every refusal of a node for having been removed: words between
	// nodes, which must not change.
	removedMark = "was removed from the cluster"
)

// Seeker is a node that looks for a cluster, before it has a folder of its own.
type Seeker struct {
	Mesh  mesh.Options // Self without a cluster, Secret, TLS, Dial, Logger
	Addrs []string     // nodes to ask
}

// Find asks the nodes, one after the other and again until ctx ends, which cluster it
// is. It fails at once when one of them will not have the seeker.
func (s *Seeker) Find(ctx context.Context) (*Peers, error) {
	m := mesh.New(s.Mesh)
	return askEach(ctx, s.Addrs, s.Mesh.Logger, func(ctx context.Context, addr string) (*Peers, error) {
		_, b, err := m.CallAddr(ctx, addr, callHello, nil)
		if err != nil {
			return nil, err
		}
		return decodePeers(b)
	})
}

func decodePeers(b []byte) (*Peers, error) {
	var j peersJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return nil, fmt.Errorf("answer of a node: %w", err)
	}
	p, err := j.decode()
	if err != nil {
		return nil, fmt.Errorf("answer of a node: %w", err)
	}
	return p, nil
}

// peersOf is what nodes of a cluster remember of it.
func peersOf(s *meta.State) *Peers {
	text, _ := s.Setting(databasesSetting)
	databases, _ := strconv.Atoi(text)
	return &Peers{Cluster: s.Cluster(), Partitions: s.Partitions(), Databases: databases, Nodes: s.Nodes()}
}

func (c *Cluster) answerHello(context.Context, mesh.Identity, []byte) ([]byte, error) {
	s := c.State()
	if !told(s) {
		return nil, errNotYet
	}
	return json.Marshal(peersOf(s).encode())
}

// told reports whether a node knows of its cluster all that others have to know first.
func told(s *meta.State) bool {
	_, ok := s.Setting(databasesSetting)
	return s.Begun() && ok
}

var errNotYet = errors.New("the node is not in its cluster yet")

// answerJoin has the sender join, through this node's replica of the meta group.
func (c *Cluster) answerJoin(ctx context.Context, from mesh.Identity, body []byte) ([]byte, error) {
	var n nodeJSON
	if err := json.Unmarshal(body, &n); err != nil {
		return nil, err
	}
	if n.ID != meta.FormatID(from.Node) {
		return nil, fmt.Errorf("node %s asks for node %s", meta.FormatID(from.Node), n.ID)
	}
	if !told(c.State()) {
		return nil, errNotYet
	}
	if _, err := c.propose(ctx, meta.CmdJoin, n.ID, n.Addr, n.Client, n.Name); err != nil {
		return nil, err
	}
	return json.Marshal(peersOf(c.State()).encode())
}

// reach has a node join the cluster of its folder, unless it is known to have joined.
func (c *Cluster) reach(ctx context.Context) error {
	addrs := append([]string{}, c.o.Join...)
	joined := false
	for _, n := range c.peers.Nodes {
		joined = joined || n.ID == c.o.Node
		if n.ID != c.o.Node && n.Addr != c.o.Addr {
			addrs = append(addrs, n.Addr)
		}
	}
	if joined {
		return nil // the mesh goes on trying those it knows
	}
	if len(addrs) == 0 {
		return errors.New("the node has not joined its cluster yet: start it with join set to the address of a node")
	}
	found, err := askEach(ctx, addrs, c.o.Logger, c.join)
	if err != nil {
		return c.refusal(err)
	}
	c.setPeers(found.Nodes)
	c.mu.Lock()
	for _, n := range found.Nodes {
		if l := c.linkLocked(n.ID); n.ID != c.o.Node && l.addr == "" {
			l.addr = n.Addr
		}
	}
	c.mu.Unlock()
	if err := SavePeers(c.o.FS, c.o.Dir, found); err != nil {
		return fmt.Errorf("remember the cluster: %w", err)
	}
	return nil
}

// ErrHasData is the error of a node that is to join with the folder of one on its own: it
// would begin a second cluster, and nobody would notice.
var ErrHasData = errors.New("the folder has the data of a node on its own, which can't join another: " +
	"start with an empty folder, or without join to begin a cluster with this data")

// mayJoin is ErrHasData, or nil. It looks before there is anything of a cluster in the folder.
func (c *Cluster) mayJoin() error {
	if c.peers != nil || len(c.o.Join) == 0 && !c.o.Joins {
		return nil
	}
	last, err := c.o.Stores.Log.LastIndex()
	if err == nil && last == 0 {
		err = ErrHasData
	}
	return err
}

func (c *Cluster) join(ctx context.Context, addr string) (*Peers, error) {
	body, err := json.Marshal(c.self())
	if err != nil {
		return nil, err
	}
	_, b, err := c.mesh.CallAddr(ctx, addr, callJoin, body)
	if err != nil {
		return nil, err
	}
	return decodePeers(b)
}

// self is this node as the meta group should know it.
func (c *Cluster) self() nodeJSON {
	c.mu.Lock()
	defer c.mu.Unlock()
	return nodeJSON{ID: meta.FormatID(c.o.Node), Addr: c.o.Addr, Client: c.client, Name: c.o.Name}
}

// begin makes a node on its own the first of a cluster. All its groups must be groups
// of one by then: whoever has begun is never taken for one that begins again.
func (c *Cluster) begin(ctx context.Context) error {
	ticker := time.NewTicker(busyPace)
	defer ticker.Stop()
	for _, g := range c.groups {
		for {
			if node, _, known := g.Leader(); known && node == c.o.Node {
				break
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-ticker.C:
			}
		}
	}
	n := c.self()
	_, err := c.propose(ctx, meta.CmdBegin, c.o.Cluster, strconv.FormatUint(uint64(c.o.Partitions), 10), n.ID, n.Addr, n.Client, n.Name)
	return err
}

// askEach asks one address after the other until one answers. A refusal that will not
// change ends it.
func askEach(ctx context.Context, addrs []string, logger interface{ Warn(string, ...any) },
	ask func(context.Context, string) (*Peers, error)) (*Peers, error) {
	var said time.Time
	for {
		var last error
		for _, addr := range addrs {
			try, cancel := context.WithTimeout(ctx, proposeWithin)
			found, err := ask(try, addr)
			cancel()
			if err == nil {
				return found, nil
			}
			if last = fmt.Errorf("node at %s: %w", addr, err); final(err) {
				return nil, last
			}
		}
		if now := time.Now(); now.Sub(said) > sayEvery {
			said = now
			logger.Warn("no node of the cluster answers, trying again", "addrs", strings.Join(addrs, " "), "err", last)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(retryEvery):
		}
	}
}

// final reports whether asking again would bring the same answer.
func final(err error) bool {
	var refused *mesh.RefusedError
	if errors.As(err, &refused) && (refused.TLS || refused.Copied && !refused.ByPeer) {
		// It may be the other one that is wrong: by its certificate, or for being a copy.
		return false
	}
	if errors.As(err, &refused) && !refused.NotNow {
		// All nodes may have the same list of addresses, with their own in it.
		return !strings.Contains(refused.Reason, "dialled itself")
	}
	var remote *mesh.RemoteError
	if !errors.As(err, &remote) {
		return false
	}
	for _, reason := range []error{meta.ErrRemoved, meta.ErrLeaving, meta.ErrFull} {
		if strings.Contains(remote.Text, reason.Error()) {
			return true
		}
	}
	return false
}

// refusal is err, as ErrRemoved when that is what it says, and who says it has shown that it
// knows the secret: whoever answers at an address may use the words.
func (c *Cluster) refusal(err error) error {
	var refused *mesh.RefusedError
	var remote *mesh.RemoteError
	proven := errors.As(err, &refused) && refused.Proven || errors.As(err, &remote)
	if proven && strings.Contains(err.Error(), removedMark) {
		return c.removedError()
	}
	return err
}

func (c *Cluster) removedError() error {
	return fmt.Errorf("node %s %s %s: %w", meta.FormatID(c.o.Node), removedMark, c.o.Cluster, ErrRemoved)
}
