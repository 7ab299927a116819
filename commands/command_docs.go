package commands

import "github.com/millrace-io/millrace/resp/wire"

// COMMAND DOCS [name ...]: what there is to read about commands; redis-cli makes
// its hints of it. Unknown names are left out.
var commandDocs = Command{
	Name: "docs", Syntax: "COMMAND DOCS [command-name [command-name ...]]",
	Summary: "Returns documentary information about one, multiple or all commands.",
	Since:   "7.0.0", Group: "server", Complexity: "O(N) where N is the number of commands to look up.",
	Arguments: []Argument{commandNamesArgument},
	Arity:     -2, Flags: Loading | Stale, Categories: CatSlow | CatConnection,
	Tips:  []string{"nondeterministic_output_order"},
	Class: Own,
	Serve: func(c *ServeCall) error {
		list := c.Table.Commands()
		if len(c.Args) > 2 {
			list = nil
			for _, n := range c.Args[2:] {
				if cmd := c.Table.lookupFull(n); cmd != nil {
					list = append(list, cmd)
				}
			}
		}
		c.Out = appendDocs(c.Out, c.Session.Proto(), list)
		return nil
	},
}

// appendDocs appends a map from names to documentation.
func appendDocs(b []byte, p wire.Proto, list []*Command) []byte {
	b = wire.AppendMap(b, p, len(list))
	for _, cmd := range list {
		b = wire.AppendBulkString(b, cmd.FullName())
		b = cmd.appendDoc(b, p)
	}
	return b
}

func (c *Command) appendDoc(b []byte, p wire.Proto) []byte {
	m := openMap(b, p)
	m.text("summary", c.Summary)
	m.text("since", c.Since)
	m.text("group", c.Group)
	m.text("complexity", c.Complexity)
	if c.DeprecatedSince != "" {
		m.b = appendSimpleSet(m.field("doc_flags"), p, "", []string{"deprecated"})
		m.text("deprecated_since", c.DeprecatedSince)
		m.text("replaced_by", c.ReplacedBy)
	}
	if len(c.History) > 0 {
		m.b = wire.AppendSet(m.field("history"), p, len(c.History))
		for _, h := range c.History {
			m.b = wire.AppendArray(m.b, 2)
			m.b = wire.AppendBulkString(m.b, h[0])
			m.b = wire.AppendBulkString(m.b, h[1])
		}
	}
	if len(c.Arguments) > 0 {
		m.b = appendArguments(m.field("arguments"), p, c.Arguments)
	}
	if len(c.Sub) > 0 {
		m.b = appendDocs(m.field("subcommands"), p, c.Sub)
	}
	return m.close()
}

func appendArguments(b []byte, p wire.Proto, list []Argument) []byte {
	b = wire.AppendArray(b, len(list))
	for i := range list {
		b = list[i].appendDoc(b, p)
	}
	return b
}

func (a *Argument) appendDoc(b []byte, p wire.Proto) []byte {
	m := openMap(b, p)
	m.text("name", a.Name)
	m.text("type", a.Type)
	if a.Type != "oneof" && a.Type != "block" {
		m.text("display_text", a.Name)
	}
	if a.KeySpec > 0 {
		m.b = wire.AppendInt(m.field("key_spec_index"), int64(a.KeySpec-1))
	}
	m.text("token", a.Token)
	m.text("since", a.Since)
	if a.Optional || a.Multiple {
		var flags []string
		if a.Optional {
			flags = append(flags, "optional")
		}
		if a.Multiple {
			flags = append(flags, "multiple")
		}
		if a.MultipleToken {
			flags = append(flags, "multiple_token")
		}
		m.b = appendSimpleSet(m.field("flags"), p, "", flags)
	}
	if len(a.Args) > 0 {
		m.b = appendArguments(m.field("arguments"), p, a.Args)
	}
	return m.close()
}

// docMap is a map being written, whose number of pairs is known at its end.
type docMap struct {
	b     []byte
	proto wire.Proto
	head  header
	pairs int64
}

func openMap(b []byte, p wire.Proto) *docMap {
	m := &docMap{b: b, proto: p}
	m.head = openHeader(&m.b, 10)
	return m
}

// field appends the name of a pair and returns the bytes for its value to follow.
func (m *docMap) field(name string) []byte {
	m.pairs++
	return wire.AppendBulkString(m.b, name)
}

// text appends a pair, when there is a value.
func (m *docMap) text(name, value string) {
	if value != "" {
		m.b = wire.AppendBulkString(m.field(name), value)
	}
}

func (m *docMap) close() []byte {
	if m.proto == wire.RESP3 {
		m.head.close(&m.b, '%', m.pairs)
	} else {
		m.head.close(&m.b, '*', 2*m.pairs)
	}
	return m.b
}
