package commands

import "github.com/millrace-io/millrace/resp/wire"

// COMMAND INFO [name ...]: the facts about commands; null for an unknown one.
var commandInfo = Command{
	Name: "info", Syntax: "COMMAND INFO [command-name [command-name ...]]",
	Summary: "Returns information about one, multiple or all commands.",
	Since:   "2.8.13", Group: "server", Complexity: "O(N) where N is the number of commands to look up.",
	History:   [][2]string{{"7.0.0", "Allowed to be called with no argument to get info on all commands."}},
	Arguments: []Argument{commandNamesArgument},
	Arity:     -2, Flags: Loading | Stale, Categories: CatSlow | CatConnection,
	Tips:  []string{"nondeterministic_output_order"},
	Class: Own,
	Serve: func(c *ServeCall) error {
		names := c.Args[2:]
		if len(names) == 0 {
			c.infoOfAll()
			return nil
		}
		c.Out = wire.AppendArray(c.Out, len(names))
		for _, n := range names {
			if cmd := c.Table.lookupFull(n); cmd != nil {
				c.appendCommandInfo(cmd)
			} else {
				c.Out = wire.AppendNull(c.Out, c.Session.Proto())
			}
		}
		return nil
	},
}

// infoOfAll appends what COMMAND INFO says of every command.
func (c *ServeCall) infoOfAll() {
	all := c.Table.Commands()
	c.Out = wire.AppendArray(c.Out, len(all))
	for _, cmd := range all {
		c.appendCommandInfo(cmd)
	}
}

// appendCommandInfo appends the ten facts about a command. A container ends with
// its subcommands, ten facts each.
func (c *ServeCall) appendCommandInfo(cmd *Command) {
	b, p := c.Out, c.Session.Proto()
	first, last, step := cmd.keyRange()
	b = wire.AppendArray(b, 10)
	b = wire.AppendBulkString(b, cmd.FullName())
	b = wire.AppendInt(b, int64(cmd.Arity))
	b = appendSimpleSet(b, p, "", namesOf(cmd.shownFlags(), flagNames))
	b = wire.AppendInt(b, int64(first))
	b = wire.AppendInt(b, int64(last))
	b = wire.AppendInt(b, int64(step))
	b = appendSimpleSet(b, p, "@", namesOf(cmd.Categories, categoryNames))
	b = wire.AppendSet(b, p, len(cmd.Tips))
	for _, tip := range cmd.Tips {
		b = wire.AppendBulkString(b, tip)
	}
	b = wire.AppendSet(b, p, len(cmd.Keys))
	for i := range cmd.Keys {
		b = cmd.Keys[i].appendInfo(b, p)
	}
	if len(cmd.Sub) == 0 {
		c.Out = wire.AppendSet(b, p, 0) // not an array: so it is in Redis
		return
	}
	c.Out = wire.AppendArray(b, len(cmd.Sub))
	for _, sub := range cmd.Sub {
		c.appendCommandInfo(sub)
	}
}

func appendSimpleSet(b []byte, p wire.Proto, prefix string, texts []string) []byte {
	b = wire.AppendSet(b, p, len(texts))
	for _, t := range texts {
		b = wire.AppendSimple(b, prefix+t)
	}
	return b
}

// appendInfo appends a key specification: how the first key is found, and how the
// others from there.
func (k *KeySpec) appendInfo(b []byte, p wire.Proto) []byte {
	if k.Notes != "" {
		b = wire.AppendMap(b, p, 4)
		b = wire.AppendBulkString(b, "notes")
		b = wire.AppendBulkString(b, k.Notes)
	} else {
		b = wire.AppendMap(b, p, 3)
	}
	b = wire.AppendBulkString(b, "flags")
	b = appendSimpleSet(b, p, "", k.Flags)
	b = wire.AppendBulkString(b, "begin_search")
	if k.Keyword == "" {
		b = appendSpecHeader(b, p, "index", 1)
		b = appendIntPair(b, "index", k.Begin)
	} else {
		b = appendSpecHeader(b, p, "keyword", 2)
		b = wire.AppendBulkString(b, "keyword")
		b = wire.AppendBulkString(b, k.Keyword)
		b = appendIntPair(b, "startfrom", k.Begin)
	}
	b = wire.AppendBulkString(b, "find_keys")
	if k.Counted {
		b = appendSpecHeader(b, p, "keynum", 3)
		b = appendIntPair(b, "keynumidx", 0)
		b = appendIntPair(b, "firstkey", 1)
		return appendIntPair(b, "keystep", k.Step)
	}
	b = appendSpecHeader(b, p, "range", 3)
	b = appendIntPair(b, "lastkey", k.Last)
	b = appendIntPair(b, "keystep", k.Step)
	return appendIntPair(b, "limit", k.Limit)
}

// appendSpecHeader opens a map of type and spec; the pairs of spec follow.
func appendSpecHeader(b []byte, p wire.Proto, kind string, pairs int) []byte {
	b = wire.AppendMap(b, p, 2)
	b = wire.AppendBulkString(b, "type")
	b = wire.AppendBulkString(b, kind)
	b = wire.AppendBulkString(b, "spec")
	return wire.AppendMap(b, p, pairs)
}

func appendIntPair(b []byte, name string, n int) []byte {
	return wire.AppendInt(wire.AppendBulkString(b, name), int64(n))
}
