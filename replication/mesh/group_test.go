package mesh_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
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
