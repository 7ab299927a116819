package commands

import (
	"sync/atomic"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// Call is one run of a Log or Read command on the state of a partition. It is
// valid during Run only; the machine uses the same value for the next one.
type Call struct {
	Command *Command
	// Args is the command as received: Args[0] the name, for a subcommand Args[1]
	// its own. Read only; copy what is kept.
	Args  [][]byte
	Proto wire.Proto
	// Now is the entry's time, or the partition clock of a read: Unix
	// milliseconds. One command has one clock reading.
	Now int64
	// DB is the database selected by the client, DBIndex its number.
	DB      *keyspace.DB
	DBIndex int
	State   *keyspace.State
	Limits  streams.Limits
	// Out is where the reply is appended.
	Out []byte
	// InExec tells a command that it runs in a transaction, where nothing waits.
	InExec bool
	// Woken tells a command that it has waited and looks again.
	Woken bool
	// Applying is true for a command at its place in the log, false for a read.
	Applying bool

	// Wait is set, and Out left as it was, by a command that wants to wait.
	Wait *wait

	effects  *Effects // of an applied command
	told     []Effect // of a read
	interest Interest
	seen     *seenTimes
	hits     uint64 // keys that were looked up and found; misses: and not
	misses   uint64
	draws    *atomic.Uint64 // how often a read has drawn something at random
	scratch  [][]byte       // fields of an entry on their way to the reply

	riding     bool // a read at its place in an entry, or on a view: expired is missing
	unbounded  bool // on a view, where a reply of any length may be built
	replyStart int  // of this command in Out
}

// Signal notes that waiters of key should look again.
func (c *Call) Signal(key []byte) {
	if c.effects == nil {
		return
	}
	ready := c.effects.Ready
	if n := len(ready); n > 0 && ready[n-1].DB == c.DBIndex && ready[n-1].Name == string(key) {
		return // a pipeline of XADD says the same again and again
	}
	c.effects.Ready = append(ready, blocking.Key{DB: c.DBIndex, Name: string(key)})
}

// SignalAll notes that all waiters should look again.
func (c *Call) SignalAll() {
	if c.effects != nil {
		c.effects.All = true
	}
}

// TooLong reports that a read has built as much of its reply as it may while it
// holds the partition: it returns ErrLong then, and is run again on a view.
func (c *Call) TooLong() bool { return c.tooLong(len(c.Out) - c.replyStart) }

// tooLong is TooLong for a reply of n bytes that is not in Out yet.
func (c *Call) tooLong(n int) bool { return !c.Applying && !c.unbounded && n > longReply }

// Reader looks a key up for a Read command, without changing anything. It
// returns nil for a missing key and ErrExpired for one past its deadline. A key that
// is missing is an event.
func (c *Call) Reader(name []byte) (*keyspace.Key, error) {
	k, err := c.keyToChange(c.DB, name)
	if err != nil {
		return nil, err
	}
	c.count(k)
	if k == nil {
		c.miss(name)
	}
	return k, nil
}

// Stream looks up a stream: nil when the key is missing, ErrWrongType when it is
// something else.
func (c *Call) Stream(name []byte) (*keyspace.StreamValue, error) {
	k, err := c.Reader(name)
	if err != nil || k == nil {
		return nil, err
	}
	return k.Stream()
}

// StreamForWrite looks up a stream that the command is going to change, with its
// key; both are nil when the key is missing.
func (c *Call) StreamForWrite(name []byte) (*keyspace.Key, *keyspace.StreamValue, error) {
	k := c.DB.GetForWrite(name, c.Now)
	if k == nil {
		return nil, nil, nil
	}
	s, err := k.StreamForWrite()
	return k, s, err
}
