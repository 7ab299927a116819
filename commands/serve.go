package commands

import (
	"time"

	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/tracking"
)

// ServeCall is one run of an Own, Deferred or Barrier command: one that concerns
// the connection or the node, not the state of a partition.
type ServeCall struct {
	Command *Command
	Args    [][]byte
	Session Session
	Node    Node
	Table   *Table
	// Out is where the reply is appended. Nothing appended: no reply, as for
	// CLIENT REPLY OFF.
	Out []byte
	// Later is called by a command whose reply comes from elsewhere: Serve appends
	// nothing then, and the function it got fills the slot, once, from any
	// goroutine. Behind a Barrier the session runs nothing further before that.
	// The call itself is over when Serve returns: that goroutine takes what it needs
	// of it before.
	Later func() func(reply []byte)
	// InExec tells a command that it runs in a transaction.
	InExec bool
	// Asleep is for how long the command is going to do nothing, elsewhere: it counts as
	// time that the command ran.
	Asleep time.Duration
}

// Session is the connection that a command came from, as commands see it. Its
// methods are called from the session's own turn only.
type Session interface {
	ID() uint64
	Proto() wire.Proto
	SetProto(wire.Proto)
	DB() int
	SelectDB(int)
	// Authenticated reports whether a user is logged in; User is its name.
	Authenticated() bool
	User() string
	Login(user string)
	Name() string
	SetName(string)
	// SetLib sets what CLIENT SETINFO sets: attribute is "lib-name" or "lib-ver".
	SetLib(attribute, value string)
	SetReplyMode(ReplyMode)
	// Multi begins a transaction, Discard drops it and all watches, Unwatch only
	// these. Multi reports false inside of one, Discard outside.
	Multi() bool
	Discard() bool
	Unwatch()
	// Tracking is how the keys that the connection reads are tracked. Track turns it
	// on, or changes it, with options that fit what holds; StopTracking ends it.
	Tracking() tracking.Status
	Track(tracking.Options)
	StopTracking()
	// SetCaching is CLIENT CACHING, of a connection that it fits.
	SetCaching()
	// Subscribe and Unsubscribe see to it that the client gets a confirmation for
	// every name, at its place among the messages: those that are part of the
	// command's reply they append to out. Unsubscribe without names ends all
	// subscriptions of the kind.
	Subscribe(out []byte, k pubsub.Kind, names [][]byte) []byte
	Unsubscribe(out []byte, k pubsub.Kind, names [][]byte) []byte
	// Subscribed reports whether there are subscriptions of any kind.
	Subscribed() bool
	// Publish sends a message and returns how many got it. What the session itself
	// gets of it stands behind the reply of the command.
	Publish(k pubsub.Kind, channel, payload []byte) int
	// Monitor has the client see what all clients call, from behind the reply of the
	// command on; false: not inside a transaction.
	Monitor() bool
	// SetReadOnly is READONLY and READWRITE.
	SetReadOnly(bool)
	// SetNoEvict and SetNoTouch are CLIENT NO-EVICT and NO-TOUCH.
	SetNoEvict(bool)
	SetNoTouch(bool)
	// Reset puts the connection back to where it began, the library's name apart.
	Reset(authenticated bool)
	// CloseAfterReply closes the connection once all replies are sent; nothing
	// that was pipelined behind the command is run.
	CloseAfterReply()
	// Info describes the session for CLIENT INFO.
	Info() ClientInfo
}

// ReplyMode is what CLIENT REPLY chooses.
type ReplyMode uint8

// The reply modes. ReplySkip silences exactly the next command.
const (
	ReplyOn ReplyMode = iota
	ReplyOff
	ReplySkip
)

// ClientInfo is one line of CLIENT LIST. Times are Unix milliseconds.
type ClientInfo struct {
	ID                uint64
	Addr, LocalAddr   string
	FD                int
	Name              string
	Created, LastUsed int64
	DB                int
	User              string
	Proto             wire.Proto
	LibName, LibVer   string
	Command           string // full name of the last command, "" before the first
	Blocked           bool
	Unix              bool // connected through the unix socket
	Monitor           bool
	NoEvict, NoTouch  bool
	ReadOnly          bool // READONLY was called
	Queued            int  // commands in the transaction, -1 outside of one
	Watched           int  // keys
	Closing           bool
	Subscriptions     pubsub.Counts
	Tracking          tracking.Status
	QueryBytes        int // bytes received and not yet run
	QueryFree         int
	ReplyBytes        int // bytes of replies not yet sent
	ReplySlots        int // replies not yet filled
	NetIn, NetOut     uint64
	Commands          uint64
}

// Node is the server as commands see it. Its methods may be called from any
// session's turn.
type Node interface {
	// Config is the set of settings behind CONFIG GET and SET.
	Config() Config
	// CheckPassword compares in constant time; NoPassword reports that the
	// default user needs none.
	CheckPassword(user, password []byte) bool
	NoPassword() bool
	// Databases is the number of databases that SELECT may choose.
	Databases() int
	// RedisVersion is the version of Redis that HELLO and INFO claim.
	RedisVersion() string
	// EachClient calls fn for every connection, in the order of their IDs.
	EachClient(fn func(ClientInfo))
	// HasClient reports whether there is a connection of that ID.
	HasClient(id uint64) bool
	// Pause holds back what clients send, or only what changes keys, until a time. Of
	// two pauses the later end holds and the one that holds back more. done is called
	// once, from any goroutine, when what was on its way to the log before has its
	// place there. Unpause ends it.
	Pause(until time.Time, writesOnly bool, done func())
	Unpause()
	// Unblock ends the wait of a blocked client: with its null reply, or with
	// -UNBLOCKED. done is called once, from any goroutine, with whether it waited.
	Unblock(id uint64, withError bool, done func(unblocked bool))
	// PubSub is who has subscribed to what.
	PubSub() *pubsub.Registry
	// Cluster is the cluster that the node belongs to; nil: it is on its own.
	Cluster() Cluster
	// InfoSections gives the named sections of INFO, in order.
	InfoSections(names []string) string

	Operator
	Debugger
}

// Config is what CONFIG GET, SET, RESETSTAT work on.
type Config interface {
	// Match returns the settings whose Redis name matches the glob pattern, as
	// pairs of name and value, in the order of the declaration.
	Match(pattern string) [][2]string
	// Set changes all pairs or none. The error is the reply.
	Set(pairs [][2]string) error
	ResetStat()
	// Rewrite writes what was set into the file that the node was started with. The
	// error is the reply.
	Rewrite() error
}
