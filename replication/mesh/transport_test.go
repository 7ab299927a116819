package mesh_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/replication/mesh"
	"github.com/millrace-io/millrace/replication/mesh/meshtest"
)

// member is a Raft group's server on a mesh.
type member struct {
	*raft.Raft
	state *state
}

// state is a log of commands, as a state machine.
type state struct {
	mu      sync.Mutex // covers applied
	applied [][]byte
}

func (s *state) Apply(l *raft.Log) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applied = append(s.applied, l.Data)
	return nil
}

func (s *state) all() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied[:len(s.applied):len(s.applied)]
}

func (s *state) Snapshot() (raft.FSMSnapshot, error) { return image(s.all()), nil }

func (s *state) Restore(r io.ReadCloser) error {
	defer r.Close()
	var applied [][]byte
	for {
		var size uint32
		if err := binary.Read(r, binary.LittleEndian, &size); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(r, data); err != nil {
			return err
		}
		applied = append(applied, data)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applied = applied
	return nil
}

type image [][]byte

func (i image) Persist(sink raft.SnapshotSink) error {
	for _, data := range i {
		if _, err := sink.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(data))), data...)); err != nil {
			return err
		}
	}
	return sink.Close()
}

func (image) Release() {}

// group starts servers of a Raft group on nodes, the first configuration of which is
// all of them.
func (c *cluster) group(number uint32, all []uint64, start ...uint64) map[uint64]*member {
	c.t.Helper()
	var conf raft.Configuration
	for _, id := range all {
		name := fmt.Sprintf("%x", id)
		conf.Servers = append(conf.Servers, raft.Server{ID: raft.ServerID(name), Address: raft.ServerAddress(name)})
	}
	members := map[uint64]*member{}
	for _, id := range start {
		members[id] = c.join(number, id, &conf)
	}
	return members
}

func (c *cluster) join(number uint32, id uint64, first *raft.Configuration) *member {
	c.t.Helper()
	conf := raft.DefaultConfig()
	conf.LocalID = raft.ServerID(fmt.Sprintf("%x", id))
	conf.Logger = hclog.NewNullLogger()
	conf.TrailingLogs = 0
	store, s := raft.NewInmemStore(), &state{}
	snapshots := raft.NewInmemSnapshotStore()
	transport := c.nodes[id].Transport(number)
	if first != nil {
		if err := raft.BootstrapCluster(conf, store, store, snapshots, transport, *first); err != nil {
			c.t.Fatal(err)
		}
	}
	r, err := raft.NewRaft(conf, s, store, store, snapshots, transport)
	if err != nil {
		c.t.Fatal(err)
	}
	m := &member{r, s}
	c.t.Cleanup(func() { m.Shutdown().Error() })
	return m
}

// leader waits until one of the members leads.
func leader(t testing.TB, members map[uint64]*member) uint64 {
	t.Helper()
	var found uint64
	eventually(t, "a leader", func() bool {
		for id, m := range members {
			if m.State() == raft.Leader {
				found = id
				return true
			}
		}
		return false
	})
	return found
}

func replicate(t testing.TB, members map[uint64]*member, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		command := fmt.Appendf(nil, "command %d", i)
		eventually(t, "the command is applied", func() bool {
			return members[leader(t, members)].Apply(command, 5*time.Second).Error() == nil
		})
	}
}

func same(t testing.TB, members map[uint64]*member, count int) {
	t.Helper()
	for id, m := range members {
		eventually(t, fmt.Sprintf("node %d has applied all", id), func() bool { return len(m.state.all()) >= count })
		for i, command := range m.state.all() {
			if string(command) != fmt.Sprintf("command %d", i) {
				t.Fatalf("node %d: command %d is %q", id, i, command)
			}
		}
	}
}

func TestGroupsElectAndReplicate(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		c.linked(3, nil)
		for _, number := range []uint32{0, 7} {
			members := c.group(number, []uint64{1, 2, 3}, 1, 2, 3)
			leader(t, members)
			replicate(t, members, 0, 50)
			same(t, members, 50)
		}
	})
}

// A group that is not open on a node yet is none of the others' concern; once it is,
// the node takes part.
func TestGroupOpensLater(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		c.linked(3, nil)
		all := []uint64{1, 2, 3}
		members := c.group(4, all, 1, 2)
		replicate(t, members, 0, 10)
		members[3] = c.group(4, all, 3)[3]
		same(t, members, 10)
	})
}

func TestLeaderCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		c.linked(3, nil)
		members := c.group(1, []uint64{1, 2, 3}, 1, 2, 3)
		replicate(t, members, 0, 10)
		for range 5 {
			old := leader(t, members)
			for id := range members {
				if id != old {
					network.Cut(fmt.Sprintf("node%d", old), fmt.Sprintf("node%d", id))
				}
			}
			began := time.Now()
			eventually(t, "another leads", func() bool {
				return leader(t, members) != old
			})
			if d := time.Since(began); d > 10*time.Second {
				t.Errorf("another leads after %v", d)
			}
			count := len(members[leader(t, members)].state.all())
			replicate(t, members, count, count+10)
			network.HealAll()
			healed := time.Now()
			same(t, members, count+10)
			if d := time.Since(healed); d > 6*time.Second {
				t.Errorf("caught up after %v", d)
			}
		}
	})
}

// A restarted node's old connections, in the pools of the others, cost no vote.
func TestVoteOverDeadConnection(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		c.linked(2, nil)
		one, two := c.nodes[1].Transport(1), c.nodes[2].Transport(1)
		ask := func() error {
			var answer raft.RequestVoteResponse
			return one.RequestVote("2", "2", &raft.RequestVoteRequest{Term: 5}, &answer)
		}
		grant := func(transport raft.Transport, ended <-chan struct{}) {
			for {
				select {
				case rpc := <-transport.Consumer():
					rpc.Respond(&raft.RequestVoteResponse{Granted: true}, nil)
				case <-ended:
					return
				}
			}
		}
		ended := make(chan struct{})
		go grant(two, ended)
		if err := ask(); err != nil {
			t.Fatal(err)
		}
		c.nodes[2].stop()
		close(ended)
		c.start(c.options(2), nil)
		ended = make(chan struct{})
		defer close(ended)
		go grant(c.nodes[2].Transport(1), ended)
		eventually(t, "node 2 listens", func() bool {
			_, _, err := c.nodes[1].CallAddr(t.Context(), c.nodes[2].addr, kindEcho, nil)
			var remote *mesh.RemoteError
			return errors.As(err, &remote)
		})
		if err := ask(); err != nil {
			t.Error(err)
		}
	})
}

// A large snapshot over a slow link arrives, though it takes many times what Raft waits
// for an answer, and the leader's heartbeats go on meanwhile. It travels compressed.
func TestSnapshotOverSlowLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, size = 1 << 20, 40 << 20
		network := meshtest.New()
		c := newCluster(t, network)
		c.linked(2, nil)
		members := c.group(1, []uint64{1}, 1)
		leader(t, members)
		noise := rand.NewChaCha8([32]byte{1})
		for range size / (1 << 20) {
			command := make([]byte, 1<<20) // half of it can be compressed
			noise.Read(command[:1<<19])
			if err := members[1].Apply(command, 0).Error(); err != nil {
				t.Fatal(err)
			}
		}
		if err := members[1].Snapshot().Error(); err != nil {
			t.Fatal(err)
		}
		network.Rate("node1", "node2", rate)
		members[2] = c.join(1, 2, nil)
		began := time.Now()
		if err := members[1].AddVoter("2", "2", 0, 0).Error(); err != nil {
			t.Fatal(err)
		}
		var lastContact time.Duration
		for len(members[2].state.all()) < size/(1<<20) {
			time.Sleep(10 * time.Millisecond)
			if at := members[2].LastContact(); !at.IsZero() {
				lastContact = max(lastContact, time.Since(at))
			}
			if time.Since(began) > 5*time.Minute || members[1].State() != raft.Leader {
				t.Fatalf("node 1 is %v after %v", members[1].State(), time.Since(began))
			}
		}
		if d := time.Since(began); d < size/2/rate*time.Second || d > size*3/4/rate*time.Second {
			t.Errorf("took %v", d)
		}
		if lastContact > time.Second {
			t.Errorf("no heartbeat for %v", lastContact)
		}
		for i, command := range members[1].state.all() {
			if !bytes.Equal(command, members[2].state.all()[i]) {
				t.Fatalf("command %d differs", i)
			}
		}
	})
}

// Entries that need longer on the link than Raft waits for an answer arrive all the
// same, alone and in a pipeline.
func TestLargeEntriesOverSlowLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		c.linked(2, nil)
		one, two := c.nodes[1].Transport(1), c.nodes[2].Transport(1)
		ended := make(chan struct{})
		defer close(ended)
		go func() {
			for {
				select {
				case rpc := <-two.Consumer():
					rpc.Respond(&raft.AppendEntriesResponse{Success: true}, nil)
				case <-ended:
					return
				}
			}
		}()
		network.Rate("node1", "node2", 1<<20)
		req := &raft.AppendEntriesRequest{Term: 1, Entries: []*raft.Log{{Data: make([]byte, 20<<20)}}}
		var answer raft.AppendEntriesResponse
		if err := one.AppendEntries("2", "2", req, &answer); err != nil || !answer.Success {
			t.Errorf("%+v, %v", answer, err)
		}
		p, err := one.AppendEntriesPipeline("2", "2")
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for range 2 {
			if _, err := p.AppendEntries(req, &raft.AppendEntriesResponse{}); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if f := <-p.Consumer(); f.Error() != nil || !f.Response().Success {
				t.Errorf("in a pipeline: %+v, %v", f.Response(), f.Error())
			}
		}
	})
}

// The follower's main loop reads the snapshot: a leader that dies half-way must not
// keep it for ever.
func TestSnapshotOfDeadLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		for id := uint64(1); id <= 2; id++ {
			c.start(c.options(id), nil)
		}
		one, two := c.nodes[1].Transport(1), c.nodes[2].Transport(1)
		body, feed := io.Pipe()
		sent := make(chan error, 1)
		go func() {
			var answer raft.InstallSnapshotResponse
			sent <- one.InstallSnapshot("2", "2", &raft.InstallSnapshotRequest{Size: 1 << 30}, &answer, body)
		}()
		go feed.Write(make([]byte, 1<<20))
		rpc := <-two.Consumer()
		network.Cut("node1", "node2")
		began := time.Now()
		if _, err := io.Copy(io.Discard, rpc.Reader); err == nil {
			t.Error("read to the end")
		}
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("ended after %v", d)
		}
		rpc.Respond(&raft.InstallSnapshotResponse{}, nil)
		c.nodes[1].stop()
		feed.Close()
		if err := <-sent; err == nil {
			t.Error("installed")
		}
	})
}

// Raft may send once more after it has stopped taking answers: that must not block.
func TestPipelineTakesMoreThanIsConsumed(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		for id := uint64(1); id <= 2; id++ {
			c.start(c.options(id), nil)
		}
		one, two := c.nodes[1].Transport(1), c.nodes[2].Transport(1)
		ended := make(chan struct{})
		defer close(ended)
		go func() {
			for {
				select {
				case rpc := <-two.Consumer():
					rpc.Respond(&raft.AppendEntriesResponse{}, nil)
				case <-ended:
					return
				}
			}
		}()
		p, err := one.AppendEntriesPipeline("2", "2")
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for i := range uint64(10) {
			sent := make(chan error, 1)
			go func() {
				_, err := p.AppendEntries(&raft.AppendEntriesRequest{PrevLogEntry: i}, &raft.AppendEntriesResponse{})
				sent <- err
			}()
			select {
			case err := <-sent:
				if err != nil {
					t.Fatal(err)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("request %d is stuck", i)
			}
		}
		for i := range uint64(10) {
			if f := <-p.Consumer(); f.Request().PrevLogEntry != i {
				t.Fatalf("answer %d is of request %d", i, f.Request().PrevLogEntry)
			}
		}
	})
}
