package commandstest

import (
	"bytes"
	"fmt"
	"log/slog"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/resp/wire"
)

// CoreTime is the clock of a Core when a section begins: Unix milliseconds.
const CoreTime = 1_700_000_000_000

// Core is the commands in process, with nothing around them, as a Target. Beside
// what a transcript says it holds commands to what their fields promise: see
// coreConn.Do.
type Core struct {
	table   *commands.Table
	machine *commands.Machine
	node    *coreNode
	index   uint64
	now     int64
	join    func(*commands.Machine) commands.Cluster // nil: the node is on its own
}

// NewCore returns a core of all commands.
func NewCore() *Core { return &Core{table: commands.NewTable()} }

// NewClusterCore returns a core whose node is in a cluster, a new one for each section.
func NewClusterCore(join func(*commands.Machine) commands.Cluster) *Core {
	c := NewCore()
	c.join = join
	return c
}

// Reset implements Target.
func (c *Core) Reset(p wire.Proto) (Conn, error) {
	c.machine = commands.NewMachine(c.table, 16, slog.New(slog.DiscardHandler))
	c.index, c.now, c.node = 0, CoreTime, newCoreNode()
	if c.join != nil {
		c.node.cluster = c.join(c.machine)
	}
	return &coreConn{core: c, session: newCoreSession(p, true, c.node.pubsub)}, nil
}

// Dial implements Target.
func (c *Core) Dial(wire.Proto) (Conn, error) { return nil, ErrNoConnections }

// Old implements Target.
func (c *Core) Old() bool { return false }

// Knows implements Target.
func (c *Core) Knows(name []byte) (bool, error) { return c.table.Lookup(name) != nil, nil }

// Exists implements Target.
func (c *Core) Exists(key []byte) (bool, error) {
	k, expired := c.machine.State().DB(0).Get(key, c.now)
	return k != nil && !expired, nil
}

// SetString implements Target.
func (c *Core) SetString(key, value []byte) error {
	c.begin()
	c.machine.State().Begin(c.index, 0)
	c.machine.State().DB(0).PutString(key, value)
	return nil
}

// Advance implements Target.
func (c *Core) Advance(ms int64) bool {
	c.now += ms
	return true
}

// begin begins the next entry of the log.
func (c *Core) begin() {
	c.index++
	c.machine.Begin(c.index, c.now)
}

type coreConn struct {
	core    *Core
	session *coreSession
}

// Receive implements Conn: nothing waits here.
func (c *coreConn) Receive() ([]byte, error) { return nil, ErrNoConnections }

// Close implements Conn.
func (c *coreConn) Close() error { return nil }

// Do implements Conn. A command that waits gets its null at once. What it checks
// besides: an error, be it found by Check, leaves the state as it was; a read, or
// what Quiet says to be as good as one, does so, too, and answers the same whether
// it is applied or only read.
func (c *coreConn) Do(args [][]byte) ([]byte, error) {
	if err := c.session.open(); err != nil {
		return nil, err
	}
	reply, err := c.run(args)
	if err != nil {
		return nil, err
	}
	return c.session.voice(reply), nil
}

func (c *coreConn) run(args [][]byte) ([]byte, error) {
	cmd, err := c.core.table.Find(args)
	if err != nil {
		return wire.AppendError(nil, err.Error()), nil
	}
	if err := c.session.admit(cmd); err != nil {
		return commands.AppendError(nil, err), nil
	}
	if cmd.Serve != nil {
		return c.serve(cmd, args), nil
	}
	proto := c.session.Proto()
	r := commands.Request{Command: cmd, Args: args, DB: c.session.DB(), Proto: proto}
	m := c.core.machine
	before := m.State().Hash()
	var read []byte
	asRead := cmd.Class == commands.Read || m.Quiet(r, c.core.now)
	if asRead {
		if read, before, err = c.look(r); err != nil {
			return nil, err
		}
	}
	groups := c.groups(cmd, args)
	// A command takes keys past their deadline away, whatever it answers, and nothing
	// else when it answers an error.
	live := m.State().LiveHash(c.core.now)
	c.core.begin()
	reply, wait := m.Apply(r, 0, nil)
	if wait != nil {
		if len(reply) != 0 {
			return nil, fmt.Errorf("waits with a reply: %q", reply)
		}
		reply = wire.AppendNullArray(reply, proto)
	}
	switch {
	case !asRead || bytes.Equal(read, reply):
	case cmd.Name != "randomkey":
		return nil, fmt.Errorf("applied it answers %q, read %q", reply, read)
	case !c.isKey(read) || !c.isKey(reply):
		return nil, fmt.Errorf("applied it answers %q, read %q, which are not both keys", reply, read)
	}
	changed := m.State().Hash() != before
	if changed && reply[0] == '-' && m.State().LiveHash(c.core.now) != live {
		return nil, fmt.Errorf("%q, and yet the state has changed", reply)
	}
	if changed && asRead && (!movesSeenTime(cmd) || c.groups(cmd, args) != groups) {
		return nil, fmt.Errorf("as good as a read, and yet the state has changed")
	}
	return reply, checked(cmd, args, reply)
}

// look runs a command as a read, and returns the state's hash besides.
func (c *coreConn) look(r commands.Request) (reply []byte, hash uint64, err error) {
	m := c.core.machine
	hash = m.State().Hash()
	reply, wait, err := m.Read(r, c.core.now, false, nil)
	if err == commands.ErrExpired {
		// As a partition does: the expiry is logged, and the read comes behind it.
		c.core.begin()
		m.ApplyInternal(commands.Request{Args: [][]byte{[]byte("expire")}}, 0)
		hash = m.State().Hash()
		reply, wait, err = m.Read(r, c.core.now, false, nil)
	}
	if err != nil {
		return nil, 0, err
	}
	if wait != nil {
		reply = wire.AppendNullArray(reply, r.Proto)
	}
	if m.State().Hash() != hash {
		return nil, 0, fmt.Errorf("a read changed the state")
	}
	return reply, hash, nil
}

// isKey reports whether a reply is the name of a key.
func (c *coreConn) isKey(reply []byte) bool {
	head, rest, _ := bytes.Cut(reply, []byte("\r\n"))
	name, whole := bytes.CutSuffix(rest, []byte("\r\n"))
	k, _ := c.core.machine.State().DB(c.session.DB()).Get(name, c.core.now)
	return len(head) > 0 && head[0] == '$' && whole && k != nil
}

// movesSeenTime reports whether a command notes that a consumer was seen even when
// it does nothing else: in the state when applied, beside it when read.
func movesSeenTime(cmd *commands.Command) bool {
	switch cmd.Name {
	case "xreadgroup", "xclaim", "xautoclaim":
		return true
	}
	return false
}

// groups is what XINFO and XPENDING say of the groups of a command's keys, without
// the consumers' times.
func (c *coreConn) groups(cmd *commands.Command, args [][]byte) string {
	if !movesSeenTime(cmd) {
		return ""
	}
	keys := []int{1}
	if cmd.FindKeys != nil {
		keys = cmd.FindKeys(args)
	}
	var all []byte
	for _, i := range keys {
		for _, look := range [][][]byte{
			{[]byte("XINFO"), []byte("GROUPS"), args[i]},
			{[]byte("XPENDING"), args[i], groupOf(args)},
			{[]byte("XPENDING"), args[i], groupOf(args), []byte("-"), []byte("+"), []byte("1000")},
		} {
			r := commands.Request{Args: look, DB: c.session.DB(), Proto: wire.RESP2}
			r.Command, _ = c.core.table.Find(look)
			all, _, _ = c.core.machine.Read(r, c.core.now, false, all)
		}
	}
	return string(all)
}

// groupOf is the group that a command names.
func groupOf(args [][]byte) []byte {
	for i, a := range args {
		if i+1 < len(args) && bytes.EqualFold(a, []byte("group")) {
			return args[i+1]
		}
	}
	return args[2]
}

// checked fails when Check finds an error that Run does not give.
func checked(cmd *commands.Command, args [][]byte, reply []byte) error {
	if cmd.Check == nil {
		return nil
	}
	if err := cmd.Check(args); err != nil {
		if want := commands.AppendError(nil, err); !bytes.Equal(reply, want) {
			return fmt.Errorf("the check says %q, the run %q", want, reply)
		}
	}
	return nil
}

// serve runs a command that concerns the connection or the node. One whose reply
// comes from elsewhere is waited for.
func (c *coreConn) serve(cmd *commands.Command, args [][]byte) []byte {
	var later chan []byte
	call := commands.ServeCall{
		Command: cmd, Args: args, Session: c.session, Node: c.core.node, Table: c.core.table,
		Later: func() func([]byte) {
			later = make(chan []byte, 1)
			return func(reply []byte) { later <- reply }
		},
	}
	if err := cmd.Serve(&call); err != nil {
		return commands.AppendError(nil, err)
	}
	if later != nil {
		return <-later
	}
	return call.Out
}
