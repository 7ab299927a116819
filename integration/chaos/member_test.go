package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/faultnet"
	"github.com/millrace-io/millrace/integration/node"
)

// startIn is in which time a node must be ready, learnEvery how often it is asked for
// its id before that.
const (
	startIn    = 3 * time.Minute
	learnEvery = 20 * time.Millisecond
)

// errStruck ends a start: the node was taken down before it was ready, on purpose. Who
// did so has it come back.
var errStruck = errors.New("the node was taken down before it was ready")

// member is one node: its folder and its addresses stay, its processes come and go. Its
// methods may be called from any goroutine: it may be killed while it starts.
type member struct {
	number      int
	dir         string
	addr        string // for clients
	clusterAddr string // for the other nodes, behind the proxy
	proxy       *faultnet.Proxy
	args        []string
	hurt        bool // its disk fails, and its clock jumps, on order

	mu      sync.Mutex // covers all below
	join    []string   // the addresses of others, for a folder that is empty; none for the very first node
	id      uint64     // 0: not known
	process *node.Process
	orders  io.Writer // to the process, of a hurt node
	frozen  bool
	doomed  bool     // the process may end by itself
	stopped bool     // it was told to end in order
	leaving bool     // it is being taken out of the cluster: it may end by itself, and is not started
	logs    []string // of the processes that have ended
}

// start starts the node, unless it is up, and waits until it is ready.
func (m *member) start() error {
	p, err := m.launched()
	if err != nil {
		return err
	}
	if err := m.awaitReady(p); err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.process != p || m.doomed || m.stopped || m.leaving {
			return errStruck
		}
		return fmt.Errorf("node %d: %w", m.number, err)
	}
	return nil
}

// launched is the node's process, a new one if there is none.
func (m *member) launched() (p *node.Process, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.leaving {
		return nil, errStruck
	}
	if m.process != nil {
		return m.process, nil
	}
	args := m.args
	if _, err := os.Stat(filepath.Join(m.dir, identityFile)); err != nil && len(m.join) > 0 {
		args = append(slices.Clone(args), "--join", strings.Join(m.join, ","))
	}
	cmd := node.Command(program, m.dir, args...)
	if m.hurt {
		cmd = hurtCommand(m.dir, args...)
		if m.orders, err = cmd.StdinPipe(); err != nil {
			return nil, err
		}
	}
	m.process, err = node.Launch(cmd)
	m.doomed, m.stopped = false, false
	return m.process, err
}

// awaitReady waits until a process is ready. Meanwhile it learns the node's id, so that
// faults reach one that joins, too.
func (m *member) awaitReady(p *node.Process) error {
	tick, late := time.NewTicker(learnEvery), time.NewTimer(startIn)
	defer tick.Stop()
	defer late.Stop()
	for {
		select {
		case <-p.Ready():
			return m.learn()
		default:
		}
		_ = m.learn() // as soon as there is one
		select {
		case <-p.Ready():
		case <-tick.C:
		case <-p.Done():
			return p.WaitReady(0) // says why
		case <-late.C:
			return p.WaitReady(0)
		}
	}
}

// learn finds out which id the node has.
func (m *member) learn() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.id != 0 || m.proxy == nil {
		return nil
	}
	id, err := readID(m.dir)
	if err != nil {
		return err
	}
	m.id = id
	m.proxy.Know(id)
	return nil
}

// identityFile is where a node's folder has its id.
const identityFile = "node.json"

// readID reads a node's id from its folder.
func readID(dir string) (uint64, error) {
	b, err := os.ReadFile(filepath.Join(dir, identityFile))
	if err != nil {
		return 0, err
	}
	var file struct {
		NodeID string `json:"node_id"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return 0, err
	}
	return strconv.ParseUint(file.NodeID, 16, 64)
}

// identity is the node's id, 0 when it is not known.
func (m *member) identity() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.id
}

// kill ends the node with SIGKILL, if it is up.
func (m *member) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process != nil {
		m.process.Kill()
		m.endedLocked()
	}
}

func (m *member) endedLocked() {
	m.logs = append(m.logs, m.process.Log())
	m.process, m.orders, m.frozen = nil, nil, false
}

// stop ends the node gracefully, if it is up.
func (m *member) stop() error {
	m.mu.Lock()
	p := m.process
	m.stopped = true
	m.mu.Unlock()
	if p == nil {
		return nil
	}
	err := p.Stop()
	m.mu.Lock()
	defer m.mu.Unlock()
	struck := m.process != p || m.doomed || m.leaving
	if m.process == p {
		m.endedLocked()
	}
	if struck {
		return nil
	}
	return err
}

// freeze holds the node up, thaw lets it go on.
func (m *member) freeze() { m.signal(true, (*node.Process).Freeze) }
func (m *member) thaw()   { m.signal(false, (*node.Process).Thaw) }

func (m *member) signal(frozen bool, send func(*node.Process) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process != nil && m.frozen != frozen {
		_ = send(m.process) // one that has ended is found by alive
		m.frozen = frozen
	}
}

// alive returns an error when the node's process has ended by itself.
func (m *member) alive() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process == nil || m.leaving {
		return nil
	}
	select {
	case <-m.process.Done():
		return fmt.Errorf("node %d ended by itself:\n%s", m.number, m.process.Log())
	default:
		return nil
	}
}

// revive has the node run and be well, unless it is on its way out of the cluster.
func (m *member) revive() error {
	m.thaw()
	if err := m.alive(); err != nil {
		return err
	}
	if m.hurt {
		if _, err := m.order(orderWhole); err != nil {
			return err
		}
	}
	if err := m.start(); !errors.Is(err, errStruck) {
		return err
	}
	return nil
}

// leave begins the node's way out of the cluster, which wipe ends.
func (m *member) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leaving = true
}

// wipe makes a node a new one, once it is out.
func (m *member) wipe() error {
	m.kill() // if it has not ended by itself
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id, m.leaving = 0, false
	return os.RemoveAll(m.dir)
}

// log is what all processes of the node logged last.
func (m *member) log() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	text := ""
	for _, l := range m.logs {
		text += l + "--- killed or stopped\n"
	}
	if m.process != nil {
		text += m.process.Log()
	}
	return text
}
