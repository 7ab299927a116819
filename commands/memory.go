package commands

import "github.com/millrace-io/millrace/resp/wire"

// MEMORY tells what takes how much memory.
// https://redis.io/docs/latest/commands/memory/
var memory = Command{
	Name: "memory", Syntax: "MEMORY",
	Summary: "A container for memory diagnostics commands.",
	Since:   "4.0.0", Group: "server", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,
	Sub: []*Command{
		&memoryDoctor, helpCommand("memory", "server", "4.0.0", 0, memoryHelpLines...),
		&memoryMallocStats, &memoryPurge, &memoryStats, &memoryUsage,
	},
}

var memoryHelpLines = []string{
	"DOCTOR", "    Return memory problems reports.",
	"MALLOC-STATS", "    Return internal statistics report from the memory allocator.",
	"PURGE", "    Attempt to purge dirty pages for reclamation by the allocator.",
	"STATS", "    Return information about the memory usage of the server.",
	"USAGE <key> [SAMPLES <count>]",
	"    Return memory in bytes used by <key> and its value. Nested values are",
	"    sampled up to <count> times (default: 5, 0 means sample all).",
}

// MEMORY USAGE key [SAMPLES count]: the memory of a key in bytes. It is accounted for at
// each change, so there is nothing to sample.
var memoryUsage = Command{
	Name: "usage", Syntax: "MEMORY USAGE key [SAMPLES count]",
	Summary: "Estimates the memory usage of a key.",
	Since:   "4.0.0", Group: "server", Complexity: "O(G) with G the number of consumer groups.",
	Differences: "The memory of all entries is known: SAMPLES makes no difference.",
	Arguments:   []Argument{keyArgument, {Name: "count", Type: "integer", Token: "SAMPLES", Optional: true}},
	Arity:       -3, Flags: ReadOnly, Categories: CatRead | CatSlow,
	Keys:  OneKey(2, "RO"),
	Class: Read,
	Check: checkMemoryUsage,
	Run: func(c *Call) error {
		if err := checkMemoryUsage(c.Args); err != nil {
			return err
		}
		k, err := c.keyToChange(c.DB, c.Args[2])
		switch {
		case err != nil:
			return err
		case k == nil:
			c.Out = wire.AppendNull(c.Out, c.Proto)
		default:
			c.Out = wire.AppendInt(c.Out, k.Memory())
		}
		return nil
	},
}

func checkMemoryUsage(args [][]byte) error {
	for i := 3; i < len(args); i += 2 {
		if !equalFold(args[i], "samples") || i+1 == len(args) {
			return errSyntax
		}
		n, err := parseInteger(args[i+1])
		switch {
		case err != nil:
			return err
		case n < 0:
			return errSyntax
		}
	}
	return nil
}
