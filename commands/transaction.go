//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"encoding/binary"
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

var (
	errNestedMulti = errors.New("ERR MULTI calls can not be nested")
	errNoDiscard   = errors.New("ERR DISCARD without MULTI")

	// These are the session's, which queues the commands of a transaction.
	ErrWatchInMulti     = errors.New("ERR WATCH inside MULTI is not allowed")
	ErrExecWithoutMulti = errors.New("ERR EXEC without MULTI")
	ErrExecAbort        = errors.New("EXECABORT Transaction discarded because of previous errors.")
	ErrNotInMulti       = errors.New("ERR Command not allowed inside a transaction")
)

// transactionFlags are those of the commands that make transactions.
const transactionFlags = NoScript | Loading | Stale | Fast | AllowBusy

// MULTI: the commands that follow are queued until EXEC.
// https://redis.io/docs/latest/commands/multi/
var multi = Command{
	Name: "multi", Syntax: "MULTI",
	Summary: "Starts a transaction.",
	Since:   "1.2.0", Group: "transactions", Complexity: "O(1)",
	Arity: 1, Flags: transactionFlags, Categories: CatFast | CatTransaction,
	Class: Own, NotQueued: true,
	Serve: func(c *ServeCall) error {
		if !c.Session.Multi() {
			return errNestedMulti
		}
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}

// EXEC: runs what was queued, as one entry of the log: all of it is there after a
// crash, or nothing.
// https://redis.io/docs/latest/commands/exec/
var exec = Command{
	Name: "exec", Syntax: "EXEC",
	Summary: "Executes all commands in a transaction.",
	Since:   "1.2.0", Group: "transactions", Complexity: "Depends on commands in the transaction",
	Arity: 1, Flags: NoScript | Loading | Stale | SkipSlowlog, Categories: CatSlow | CatTransaction,
	Class: Transact, NotQueued: true,
}

// DISCARD: drops what was queued, and the watches.
// https://redis.io/docs/latest/commands/discard/
var discard = Command{
	Name: "discard", Syntax: "DISCARD",
	Summary: "Discards a transaction.",
	Since:   "2.0.0", Group: "transactions", Complexity: "O(N), when N is the number of queued commands",
	Arity: 1, Flags: transactionFlags, Categories: CatFast | CatTransaction,
	Class: Own, NotQueued: true,
	Serve: func(c *ServeCall) error {
		if !c.Session.Discard() {
			return errNoDiscard
		}
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}

// WATCH key [key ...]: the next EXEC runs only if these keys are as they are now.
// What Run appends is not the reply but the versions of the keys, for the session: a
// zero byte, then index and ordinal of each, 12 bytes.
// https://redis.io/docs/latest/commands/watch/
var watch = Command{
	Name: "watch", Syntax: "WATCH key [key ...]",
	Summary: "Monitors changes to keys to determine the execution of a transaction.",
	Since:   "2.2.0", Group: "transactions", Complexity: "O(1) for every key.",
	Differences: "A key that is missing, is made and is removed again is what it was: EXEC runs, where Redis does not run it.",
	Arguments:   []Argument{manyKeysArgument},
	Arity:       -2, Flags: transactionFlags, Categories: CatFast | CatTransaction,
	Keys:  []KeySpec{{Flags: []string{"RO"}, Begin: 1, Last: -1, Step: 1}},
	Class: Read, NotQueued: true, Watches: true,
	Run: func(c *Call) error {
		c.Out = append(c.Out, 0)
		for _, name := range c.Args[1:] {
			k, err := c.keyToChange(c.DB, name)
			if err != nil {
				return err
			}
			var v [12]byte
			if k != nil {
				version := k.Version()
				binary.LittleEndian.PutUint64(v[:], version.Index)
				binary.LittleEndian.PutUint32(v[8:], version.Ordinal)
			}
			c.Out = append(c.Out, v[:]...)
		}
		return nil
	},
}

// UNWATCH: forgets all watched keys.
// https://redis.io/docs/latest/commands/unwatch/
var unwatch = Command{
	Name: "unwatch", Syntax: "UNWATCH",
	Summary: "Forgets about watched keys of a transaction.",
	Since:   "2.2.0", Group: "transactions", Complexity: "O(1)",
	Arity: 1, Flags: transactionFlags, Categories: CatFast | CatTransaction,
	Class: Own,
	Serve: func(c *ServeCall) error {
		c.Session.Unwatch()
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}
