package resp_test

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/tracking"
)

// testTable has a command of every class.
func testTable() *commands.Table {
	ok := func(c *commands.ServeCall) error {
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	}
	return commands.NewTableOf(append(realCommands(), []*commands.Command{
		{Name: "ping", Arity: -1, Class: commands.Own, Serve: func(c *commands.ServeCall) error {
			c.Out = wire.AppendSimple(c.Out, "PONG")
			return nil
		}},
		{Name: "echo", Arity: 2, Class: commands.Own, Serve: func(c *commands.ServeCall) error {
			c.Out = wire.AppendBulk(c.Out, c.Args[1])
			return nil
		}},
		{Name: "panic", Arity: 1, Class: commands.Own, Serve: func(*commands.ServeCall) error { panic("on purpose") }},
		{Name: "quit", Arity: -1, Flags: commands.NoAuth, Class: commands.Own, Serve: func(c *commands.ServeCall) error {
			c.Session.CloseAfterReply()
			return ok(c)
		}},
		{Name: "reset", Arity: 1, Flags: commands.NoAuth, Class: commands.Own, Serve: func(c *commands.ServeCall) error {
			c.Session.Reset(c.Node.NoPassword())
			c.Out = wire.AppendSimple(c.Out, "RESET")
			return nil
		}},
		{Name: "select", Arity: 2, Class: commands.Own, Serve: func(c *commands.ServeCall) error {
			n, err := strconv.Atoi(string(c.Args[1]))
			if err != nil {
				return err
			}
			c.Session.SelectDB(n)
			return ok(c)
		}},
		{Name: "auth", Arity: 2, Flags: commands.NoAuth, Class: commands.Own, Serve: func(c *commands.ServeCall) error {
			if !c.Node.CheckPassword([]byte("default"), c.Args[1]) {
				c.Out = wire.AppendError(c.Out, "WRONGPASS invalid username-password pair or user is disabled.")
				return nil
			}
			c.Session.Login("default")
			return ok(c)
		}},
		{Name: "client", Arity: -2, Sub: []*commands.Command{
			{Name: "id", Arity: 2, Class: commands.Own, Serve: func(c *commands.ServeCall) error {
				c.Out = wire.AppendInt(c.Out, int64(c.Session.ID()))
				return nil
			}},
			{Name: "tracking", Arity: -3, Class: commands.Barrier, Serve: func(c *commands.ServeCall) error {
				c.Session.Track(tracking.Options{BCast: len(c.Args) > 3})
				return ok(c)
			}},
			{Name: "reply", Arity: 3, Class: commands.Own, Serve: func(c *commands.ServeCall) error {
				switch string(bytes.ToLower(c.Args[2])) {
				case "on":
					c.Session.SetReplyMode(commands.ReplyOn)
					return ok(c)
				case "off":
					c.Session.SetReplyMode(commands.ReplyOff)
				default:
					c.Session.SetReplyMode(commands.ReplySkip)
				}
				return nil
			}},
			{Name: "setname", Arity: 3, Class: commands.Own, Serve: func(c *commands.ServeCall) error {
				c.Session.SetName(string(c.Args[2]))
				return ok(c)
			}},
			{Name: "list", Arity: 2, Class: commands.Barrier, Serve: func(c *commands.ServeCall) error {
				n := 0
				c.Node.EachClient(func(commands.ClientInfo) { n++ })
				c.Out = wire.AppendInt(c.Out, int64(n))
				return nil
			}},
			{Name: "unblock", Arity: -3, Class: commands.Barrier, Serve: func(c *commands.ServeCall) error {
				id, _ := strconv.ParseUint(string(c.Args[2]), 10, 64)
				fill := c.Later()
				c.Node.Unblock(id, len(c.Args) > 3, func(unblocked bool) {
					if unblocked {
						fill([]byte(":1\r\n"))
					} else {
						fill([]byte(":0\r\n"))
					}
				})
				return nil
			}},
		}},
		{Name: "publish", Arity: 2, Class: commands.Deferred, Serve: func(c *commands.ServeCall) error {
			c.Node.(*fakeNode).published(string(c.Args[1]))
			c.Out = wire.AppendInt(c.Out, 0)
			return nil
		}},
		{Name: "barrier", Arity: 2, Class: commands.Barrier, Serve: func(c *commands.ServeCall) error {
			c.Node.(*fakeNode).published(string(c.Args[1]))
			return ok(c)
		}},
		{Name: "set", Arity: -2, Class: commands.Log},
		{Name: "get", Arity: -2, Flags: commands.ReadOnly, Class: commands.Read},
		{Name: "big", Arity: 2, Class: commands.Read},
		{Name: "picky", Arity: 2, Class: commands.Log, Check: func(args [][]byte) error {
			if string(args[1]) != "good" {
				return errSyntax{}
			}
			return nil
		}},
		{Name: "block", Arity: -1, Class: commands.Log, MayBlock: func([][]byte) bool { return true }},
		{Name: "refuse", Arity: 1, Class: commands.Log},
	}...))
}

type errSyntax struct{}

func (errSyntax) Error() string { return "ERR syntax error" }

// fakeNode is a node with an optional password. Its front is set once it is there.
type fakeNode struct {
	commands.Operator // of which only what is below is called
	commands.Debugger // likewise
	front             *resp.Server
	outOfMemory       atomic.Bool

	mu       sync.Mutex
	password string
	log      []string // what was published, and what the router ran
}

func (n *fakeNode) OutOfMemory(int64) bool  { return n.outOfMemory.Load() }
func (n *fakeNode) Config() commands.Config { return nil }
func (n *fakeNode) CheckPassword(_, password []byte) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.password != "" && string(password) == n.password
}
func (n *fakeNode) NoPassword() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.password == ""
}
func (n *fakeNode) Databases() int                             { return 16 }
func (n *fakeNode) RedisVersion() string                       { return "8.4.0" }
func (n *fakeNode) EachClient(fn func(commands.ClientInfo))    { n.front.EachClient(fn) }
func (n *fakeNode) Unblock(id uint64, e bool, done func(bool)) { n.front.Unblock(id, e, done) }
func (n *fakeNode) HasClient(id uint64) bool                   { return n.front.HasClient(id) }
func (n *fakeNode) Pause(until time.Time, writes bool, done func()) {
	n.front.Pause(until, writes)
	done()
}
func (n *fakeNode) Cluster() commands.Cluster    { return nil }
func (n *fakeNode) Unpause()                     { n.front.Unpause() }
func (n *fakeNode) PubSub() *pubsub.Registry     { return n.front.PubSub() }
func (n *fakeNode) InfoSections([]string) string { return "" }

func (n *fakeNode) published(what string) {
	n.mu.Lock()
	n.log = append(n.log, what)
	n.mu.Unlock()
}

func (n *fakeNode) ran() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.log...)
}

// fakeRouter answers set with +OK, get with what it was asked (and db), big with
// so many bytes; block waits for unblock or cancel.
type fakeRouter struct {
	node *fakeNode

	mu       sync.Mutex
	busy     bool // ReadNow says no
	onTheWay bool // what Busy says
	full     bool
	holding  bool // requests are kept instead of answered
	held     []*replication.Request
	waiting  []*replication.Request
	cancels  int
	changed  *sync.Cond
	queue    []*replication.Request
	stop     bool
	done     chan struct{}
}

func newFakeRouter(n *fakeNode) *fakeRouter {
	r := &fakeRouter{node: n, done: make(chan struct{})}
	r.changed = sync.NewCond(&r.mu)
	go r.run()
	return r
}

func (r *fakeRouter) run() {
	defer close(r.done)
	for {
		r.mu.Lock()
		for !r.stop && (len(r.queue) == 0 || r.holding) {
			r.changed.Wait()
		}
		if r.stop {
			r.mu.Unlock()
			return
		}
		batch := r.queue
		r.queue = nil
		r.mu.Unlock()
		for _, q := range batch {
			r.apply(q)
		}
		r.node.front.Flush()
	}
}

func (r *fakeRouter) close() {
	r.mu.Lock()
	r.stop = true
	r.changed.Broadcast()
	r.mu.Unlock()
	<-r.done
}

func (r *fakeRouter) apply(q *replication.Request) {
	name := q.Op.(*commands.Command).Name
	if name == "block" {
		r.mu.Lock()
		r.waiting = append(r.waiting, q)
		r.changed.Broadcast()
		r.mu.Unlock()
		return
	}
	if name != "get" && name != "big" && len(q.Args) > 1 && len(q.Args[1]) < 100 {
		r.node.published(string(q.Args[1]))
	}
	q.To.Fill(answer(name, q))
}

func answer(name string, q *replication.Request) []byte {
	switch name {
	case "get":
		return wire.AppendBulkString(nil, strconv.Itoa(q.DB)+":"+string(q.Args[1]))
	case "big":
		n, _ := strconv.Atoi(string(q.Args[1]))
		return wire.AppendBulk(nil, bytes.Repeat([]byte("x"), n))
	case "refuse":
		return nil
	case "set":
		if string(q.Args[1]) == "fail" {
			return wire.AppendError(nil, "ERR failed")
		}
	}
	return []byte("+OK\r\n")
}

func (r *fakeRouter) Route(*replication.Request) error { return nil }

func (r *fakeRouter) ReadNow(q *replication.Request) bool {
	r.mu.Lock()
	busy := r.busy || r.holding
	r.mu.Unlock()
	if busy {
		return false
	}
	r.apply(q)
	return true
}

func (r *fakeRouter) Submit(reqs []*replication.Request) {
	r.mu.Lock()
	if r.holding {
		r.held = append(r.held, reqs...)
	} else {
		r.queue = append(r.queue, reqs...)
	}
	r.changed.Broadcast()
	r.mu.Unlock()
}

func (r *fakeRouter) Busy() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.onTheWay
}

func (r *fakeRouter) Cancel(q *replication.Request) {
	if r.endWait(q, []byte("*-1\r\n"), true) {
		r.node.front.Flush()
	}
}

func (r *fakeRouter) Unblock(q *replication.Request, withError bool, done func(bool)) {
	reply := []byte("*-1\r\n")
	if withError {
		reply = []byte("-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n")
	}
	done(r.endWait(q, reply, false))
	r.node.front.Flush()
}

func (r *fakeRouter) Waits(q *replication.Request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.waiting, q)
}

func (r *fakeRouter) endWait(q *replication.Request, reply []byte, cancel bool) bool {
	r.mu.Lock()
	found := false
	for i, w := range r.waiting {
		if w == q {
			r.waiting = append(r.waiting[:i], r.waiting[i+1:]...)
			found = true
			break
		}
	}
	if found && cancel {
		r.cancels++
	}
	r.changed.Broadcast()
	r.mu.Unlock()
	if found {
		q.To.Fill(reply)
	}
	return found
}

func (r *fakeRouter) Full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.full
}

// await waits until cond holds under the router's lock.
func (r *fakeRouter) await(cond func() bool) {
	late := false
	stop := time.AfterFunc(patience, func() { r.set(func() { late = true }) })
	defer stop.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for !cond() {
		if late {
			panic(fmt.Sprintf("waited in vain: %d held, %d waiting, %d cancelled", len(r.held), len(r.waiting), r.cancels))
		}
		r.changed.Wait()
	}
}

func (r *fakeRouter) set(fn func()) {
	r.mu.Lock()
	fn()
	r.changed.Broadcast()
	r.mu.Unlock()
}
