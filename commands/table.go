package commands

import (
	"bytes"
	"errors"
	"strings"
	"sync"
)

// list is every command there is, in the order of the documentation.
func list() []*Command {
	return []*Command{
		&auth, &client, &command, &config, &echo, &hello, &info, &ping, &quit, &reset, &selectDB, &timeNow,
		&acl, &bgRewriteAOF, &bgSave, &debugging, &failover, &function, &lastSave, &latency, &lolwut, &module, &monitor, &replicaOf, &role, &save, &script, &shutdown, &slaveOf, &slowlog,
		&asking, &cluster, &millrace, &readOnlyMode, &readWriteMode, &waitAOF, &waitReplicas,
		&discard, &exec, &multi, &unwatch, &watch,
		&psubscribe, &publish, &pubSub, &punsubscribe, &spublish, &ssubscribe, &subscribe, &sunsubscribe, &unsubscribe,
		&dbSize, &del, &exists, &expire, &expireAt, &expireTime, &flushAll, &flushDB, &keys, &persist,
		&pexpire, &pexpireAt, &pexpireTime, &pttl, &scan, &touch, &ttl, &typeOf, &unlink,
		&copyKey, &dump, &memory, &move, &object, &randomKey, &rename, &renameNX, &restore, &swapDB,
		&appendTo, &decr, &decrBy, &delEx, &digest, &get, &getDel, &getEx, &getRange, &getSet, &incr, &incrBy, &incrByFloat,
		&mget, &mset, &msetEx, &msetNX, &psetEx, &set, &setEx, &setNX, &setRange, &strLen, &subStr,
		&xack, &xackdel, &xadd, &xautoclaim, &xcfgset, &xclaim, &xdel, &xdelex, &xgroup, &xidmprecord, &xinfo, &xlen, &xnack, &xpending,
		&xrange, &xread, &xreadgroup, &xrevrange, &xsetid, &xtrim,
	}
}

// Table finds commands by name. It never changes after NewTable.
type Table struct {
	list   []*Command
	byName map[string]*Command
}

// NewTable returns the table of all commands, which is one for all nodes of a
// process: nothing in it ever changes.
func NewTable() *Table { return sharedTable() }

var sharedTable = sync.OnceValue(func() *Table { return NewTableOf(list()) })

// NewTableOf returns a table of the given commands, which belong to it from now on.
func NewTableOf(list []*Command) *Table {
	t := &Table{list: list, byName: make(map[string]*Command)}
	for _, c := range t.list {
		t.byName[c.Name] = c
		for _, sub := range c.Sub {
			sub.container = c
		}
	}
	return t
}

// Commands returns all commands, containers without their subcommands taken
// apart. The caller must not change the slice.
func (t *Table) Commands() []*Command { return t.list }

// Lookup returns the command or container of that name in any case, nil when
// there is none.
func (t *Table) Lookup(name []byte) *Command {
	var lower [32]byte
	if len(name) > len(lower) {
		return nil
	}
	for i, ch := range name {
		if 'A' <= ch && ch <= 'Z' {
			ch += 'a' - 'A'
		}
		lower[i] = ch
	}
	return t.byName[string(lower[:len(name)])]
}

// lookupFull returns the command of a full name in any case, as "xgroup|create";
// nil for none.
func (t *Table) lookupFull(name []byte) *Command {
	container, sub, found := bytes.Cut(name, []byte("|"))
	c := t.Lookup(container)
	if c != nil && found {
		return c.subcommand(sub)
	}
	return c
}

// Find returns the command that args call, or the error that Redis gives when
// there is none or the number of arguments is wrong. args is not empty.
func (t *Table) Find(args [][]byte) (*Command, error) {
	c := t.Lookup(args[0])
	if c == nil {
		return nil, unknownCommand(args)
	}
	if c.Sub != nil && len(args) > 1 {
		sub := c.subcommand(args[1])
		if sub == nil {
			return nil, unknownSubcommand(c, args[1])
		}
		c = sub
	}
	if !c.arityFits(len(args)) {
		return nil, wrongArity(c)
	}
	return c, nil
}

// Named returns the command that args name, whatever their number; nil when there is
// none.
func (t *Table) Named(args [][]byte) *Command {
	c := t.Lookup(args[0])
	if c != nil && c.Sub != nil && len(args) > 1 {
		return c.subcommand(args[1])
	}
	return c
}

func (c *Command) subcommand(name []byte) *Command {
	for _, sub := range c.Sub {
		if equalFold(name, sub.Name) {
			return sub
		}
	}
	return nil
}

func (c *Command) arityFits(n int) bool {
	return n == c.Arity || c.Arity < 0 && n >= -c.Arity
}

// equalFold compares a word of a command with a lower-case one, ASCII letters in
// any case.
func equalFold(word []byte, lower string) bool {
	if len(word) != len(lower) {
		return false
	}
	for i, ch := range word {
		if 'A' <= ch && ch <= 'Z' {
			ch += 'a' - 'A'
		}
		if ch != lower[i] {
			return false
		}
	}
	return true
}

// nameLimit is where Redis cuts names and argument lists in its errors.
const nameLimit = 128

// unknownCommand is Redis' text, with its blank behind every argument. The list
// of arguments stops once it has 128 bytes, the last one cut to fit.
func unknownCommand(args [][]byte) error {
	var b strings.Builder
	b.WriteString("ERR unknown command '")
	b.WriteString(cString(args[0], nameLimit))
	b.WriteString("', with args beginning with: ")
	list := 0
	for _, a := range args[1:] {
		if list >= nameLimit {
			break
		}
		text := "'" + cString(a, nameLimit-list) + "' "
		b.WriteString(text)
		list += len(text)
	}
	return errors.New(b.String())
}

func unknownSubcommand(container *Command, sub []byte) error {
	return errors.New("ERR unknown subcommand '" + cString(sub, nameLimit) + "'. Try " + strings.ToUpper(container.Name) + " HELP.")
}

func wrongArity(c *Command) error {
	return errors.New("ERR wrong number of arguments for '" + c.FullName() + "' command")
}

// cString is what C's %.*s prints of b: at most n bytes, up to the first NUL.
func cString(b []byte, n int) string {
	if len(b) > n {
		b = b[:n]
	}
	for i, ch := range b {
		if ch == 0 {
			b = b[:i]
			break
		}
	}
	return string(b)
}
