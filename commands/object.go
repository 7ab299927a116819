package commands

import (
	"math"

	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// OBJECT looks at how a value is kept.
// https://redis.io/docs/latest/commands/object/
var object = Command{
	Name: "object", Syntax: "OBJECT",
	Summary: "A container for object introspection commands.",
	Since:   "2.2.3", Group: "generic", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,
	Sub: []*Command{
		&objectEncoding, &objectFreq, &objectIdleTime, &objectRefCount,
		helpCommand("object", "generic", "6.2.0", CatKeyspace, objectHelpLines...),
	},
}

var (
	objectEncoding = objectCommand("encoding", "2.2.3", "Returns the internal encoding of a Redis object.", "",
		func(c *Call, k *keyspace.Key) error {
			c.Out = wire.AppendBulkString(c.Out, encodingOf(k))
			return nil
		})
	objectFreq = objectCommand("freq", "4.0.0", "Returns the logarithmic access frequency counter of a Redis object.",
		"Nothing is evicted by how often it is used: always an error.",
		func(*Call, *keyspace.Key) error { return errNoFrequencies })
	objectIdleTime = objectCommand("idletime", "2.2.3", "Returns the time since the last access to a Redis object.",
		"Nothing is evicted by the time of its last access, of which no account is kept: always 0.",
		func(c *Call, _ *keyspace.Key) error {
			c.Out = wire.AppendInt(c.Out, 0)
			return nil
		})
	objectRefCount = objectCommand("refcount", "2.2.3", "Returns the reference count of a value of a key.", "",
		func(c *Call, k *keyspace.Key) error {
			c.Out = wire.AppendInt(c.Out, references(k))
			return nil
		})
)

func objectCommand(name, since, summary, differences string, show func(c *Call, k *keyspace.Key) error) Command {
	return Command{
		Name: name, Syntax: "OBJECT " + upper(name) + " key",
		Summary: summary, Since: since, Group: "generic", Complexity: "O(1)",
		Differences: differences,
		Arguments:   []Argument{keyArgument},
		Arity:       3, Flags: ReadOnly, Categories: CatKeyspace | CatRead | CatSlow,
		Tips:  []string{"nondeterministic_output"},
		Keys:  OneKey(2, "RO"),
		Class: Read,
		Run: func(c *Call) error {
			k, err := c.keyToChange(c.DB, c.Args[2])
			if err != nil {
				return err
			}
			c.count(k) // but a missing key is no event
			if k == nil {
				c.Out = wire.AppendNull(c.Out, c.Proto)
				return nil
			}
			return show(c, k)
		},
	}
}

var objectHelpLines = []string{
	"ENCODING <key>",
	"    Return the kind of internal representation used in order to store the value",
	"    associated with a <key>.",
	"FREQ <key>",
	"    Return the access frequency index of the <key>. The returned integer is",
	"    proportional to the logarithm of the recent access frequency of the key.",
	"IDLETIME <key>",
	"    Return the idle time of the <key>, that is the approximated number of",
	"    seconds elapsed since the last access to the key.",
	"REFCOUNT <key>",
	"    Return the number of references of the value associated with the specified",
	"    <key>.",
}

// embeddedMost is the length up to which Redis keeps a string beside its object.
const embeddedMost = 44

// encodingOf is the name of the encoding that Redis would have chosen.
func encodingOf(k *keyspace.Key) string {
	text, err := k.String()
	_, isInt := parseInt(text)
	switch {
	case err != nil:
		return k.Kind().String()
	case k.Form() == keyspace.Plain && isInt:
		return "int"
	case k.Form() != keyspace.Edited && len(text) <= embeddedMost:
		return "embstr"
	}
	return "raw"
}

// references is 1, but for the small numbers that Redis keeps once for all.
func references(k *keyspace.Key) int64 {
	if encodingOf(k) == "int" {
		text, _ := k.String()
		if n, _ := parseInt(text); n >= 0 && n < 10_000 {
			return math.MaxInt32
		}
	}
	return 1
}
