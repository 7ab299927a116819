package commands

import (
	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/resp/wire"
)

// Class says where a command runs and what its place in a pipeline means.
type Class uint8

const (
	// Log commands change a partition: they get a place in its log.
	Log Class = iota
	// Read commands look at one partition.
	Read
	// Own commands are the session's own affair and run at once (PING, SELECT).
	Own
	// Deferred commands run once all earlier slots are filled, while the session
	// goes on (PUBLISH).
	Deferred
	// Barrier commands run once all earlier slots are filled, and nothing later
	// starts before they end (CONFIG SET, CLIENT LIST).
	Barrier
	// Transact is EXEC: it runs what the session has queued.
	Transact
)

// Flags are the command flags that COMMAND INFO shows.
type Flags uint32

// The flags, in the order in which Redis lists them.
const (
	Write Flags = 1 << iota
	ReadOnly
	DenyOOM
	Admin
	PubSub
	NoScript
	Blocking
	Loading
	Stale
	SkipMonitor
	SkipSlowlog
	Fast
	NoAuth
	NoMulti
	NoAsyncLoading
	MovableKeys
	AllowBusy
)

// Categories are the ACL categories of a command.
type Categories uint32

// The categories, in the order in which Redis lists them.
const (
	CatKeyspace Categories = 1 << iota
	CatRead
	CatWrite
	CatSet
	CatSortedSet
	CatList
	CatHash
	CatString
	CatBitmap
	CatHyperLogLog
	CatGeo
	CatStream
	CatPubSub
	CatAdmin
	CatFast
	CatSlow
	CatBlocking
	CatDangerous
	CatConnection
	CatTransaction
	CatScripting
)

// KeySpec says where keys stand among the arguments and what is done to them, in
// the terms of COMMAND INFO's key specifications.
type KeySpec struct {
	Flags []string // "RO", "access", ...
	// Begin is the index of the first key, or, with Keyword, of the argument from
	// which the keyword is searched; the keys begin behind it.
	Begin   int
	Keyword string
	// Last is the index of the last key relative to the first; negative counts
	// from the end of the arguments. Step is the distance between keys, Limit as
	// in COMMAND INFO (2: only the first half of what follows are keys).
	Last, Step, Limit int
	// Counted says that the first argument is the number of keys, which begin behind
	// it, Step apart. FindKeys finds them.
	Counted bool
	Notes   string // what COMMAND INFO says beside it
}

// notKey flags a specification of what is no key, but goes where one would.
const notKey = "not_key"

// OneKey is the specification of a single key at index i.
func OneKey(i int, flags ...string) []KeySpec {
	return []KeySpec{{Flags: flags, Begin: i, Step: 1}}
}

// Command is one entry of the table: all there is to know about a command.
type Command struct {
	// Name is in lower case; a subcommand's is without its container's.
	Name   string
	Syntax string // as on the Redis page
	// Documentation for COMMAND DOCS and docs/commands.md.
	Summary, Since, Group, Complexity string
	Differences                       string // from Redis, for docs/commands.md
	Arguments                         []Argument
	History                           [][2]string
	// DeprecatedSince is the version since which Redis advises against the command,
	// ReplacedBy what it advises instead.
	DeprecatedSince, ReplacedBy string

	Arity      int // as in COMMAND INFO: negative means at least
	Flags      Flags
	Categories Categories
	Tips       []string
	Keys       []KeySpec
	// FindKeys finds keys that KeySpecs can't describe; nil: Keys say it all. It
	// returns indexes into args.
	FindKeys func(args [][]byte) []int
	// Spread says how the command runs in several partitions; nil: its keys must all
	// be in one.
	Spread *Spread

	Class Class
	// Sub are a container's subcommands. A container has no Run, and Serve only
	// when it may be called without a subcommand.
	Sub []*Command

	// Check finds what is wrong with the arguments alone, before the command
	// costs anybody anything; nil: nothing to find. Only errors that Redis
	// reports before it looks at a key.
	Check func(args [][]byte) error
	// Run runs a Log or Read command on the state of its partition.
	Run func(c *Call) error
	// MayBlock reports whether the command may wait; nil: never.
	MayBlock func(args [][]byte) bool
	// NeedsDebug says that the command is refused unless the node allows DEBUG.
	NeedsDebug bool
	// NotQueued says that the command is run at once in a transaction.
	NotQueued bool
	// InSubscribed says that a client with subscriptions may call the command even in
	// RESP2, where nothing tells a message from a reply.
	InSubscribed bool
	// Settles says of an Own command that it changes what messages the connection
	// gets, or their form: where there are subscriptions it is run as a Barrier.
	Settles bool
	// NotPaused says that CLIENT PAUSE does not hold the command back.
	NotPaused bool
	// SetsCaching says of CLIENT CACHING that it decides whether what the commands
	// behind it read is tracked: a transaction has to know before.
	SetsCaching bool
	// Watches says that the command's reply is for the session: the versions of the
	// keys that it watches from now on.
	Watches bool
	// Foresee tells which database and protocol the connection will have once the
	// command has run: a transaction has to know before. nil: the same.
	Foresee func(args [][]byte, db int, proto wire.Proto, node Node) (int, wire.Proto)
	// Adds reports that the command adds an entry to the stream that is its first
	// argument, for certain; nil: it does not.
	Adds func(args [][]byte) bool
	// Quiet reports, on the applied state with nothing in flight, that a Log
	// command would change nothing, so that it can be run as a read; nil: unknown.
	Quiet func(c *Call) bool
	// Secrets are the indexes of arguments that MONITOR and SLOWLOG must not show, of
	// any arguments whatever; nil: none.
	Secrets func(args [][]byte) []int
	// Serve runs an Own, Deferred or Barrier command.
	Serve func(c *ServeCall) error

	container *Command // set by the table
}

// FullName is the name as in errors and ACL rules: "xgroup|create".
func (c *Command) FullName() string {
	if c.container != nil {
		return c.container.Name + "|" + c.Name
	}
	return c.Name
}

// In reports whether the command is a subcommand of that container. nil is of none.
func (c *Command) In(container string) bool {
	return c != nil && c.container != nil && c.container.Name == container
}

// Argument documents one argument for COMMAND DOCS.
type Argument struct {
	Name     string
	Type     string // key, string, integer, unix-time, pure-token, oneof, block, pattern
	Token    string
	KeySpec  int // 1-based index of the key specification, 0 none
	Optional bool
	Multiple bool
	// MultipleToken: each of several has the token before it.
	MultipleToken bool
	Since         string
	Args          []Argument
}

// wait is what a command that has to wait asks its partition for.
type wait = blocking.Wait
