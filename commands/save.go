package commands

import (
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

// errSaving is the answer to who wants a snapshot while one is taken.
var errSaving = errors.New("ERR Background save already in progress")

// SAVE takes a snapshot and answers once it is durable. Other clients are served
// meanwhile.
// https://redis.io/docs/latest/commands/save/
var save = Command{
	Name: "save", Syntax: "SAVE",
	Summary: "Synchronously save the dataset to disk.",
	Since:   "1.0.0", Group: "server", Complexity: "O(N) where N is the total number of keys in all databases",
	Arity: 1, Flags: Admin | NoScript | NoAsyncLoading | NoMulti, Categories: CatAdmin | CatSlow | CatDangerous,

	Differences: "Takes a snapshot of the partition; other clients are served meanwhile. Nothing depends on it: what was acknowledged is in the log.",
	Class:       Barrier,
	Serve: func(c *ServeCall) error {
		fill := c.Later()
		started := c.Node.StartSnapshot(func(err error) {
			if err != nil {
				fill(AppendError(nil, errors.New("ERR "+err.Error())))
				return
			}
			fill(wire.AppendSimple(nil, "OK"))
		})
		if !started {
			fill(AppendError(nil, errSaving))
		}
		return nil
	},
}

// BGSAVE [SCHEDULE] begins a snapshot.
// https://redis.io/docs/latest/commands/bgsave/
var bgSave = Command{
	Name: "bgsave", Syntax: "BGSAVE [SCHEDULE]",
	Summary: "Asynchronously save the dataset to disk.",
	Since:   "1.0.0", Group: "server", Complexity: "O(1)",
	Arguments: []Argument{{Name: "schedule", Type: "pure-token", Token: "SCHEDULE", Optional: true, Since: "3.2.2"}},
	History:   [][2]string{{"3.2.2", "Added the `SCHEDULE` option."}},
	Arity:     -1, Flags: Admin | NoScript | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,

	Differences: "Begins a snapshot. SCHEDULE makes no difference: nothing else stands in its way.",
	Class:       Barrier,
	Serve: func(c *ServeCall) error {
		if len(c.Args) > 2 || len(c.Args) == 2 && !equalFold(c.Args[1], "schedule") {
			return errSyntax
		}
		if !c.Node.StartSnapshot(nil) {
			return errSaving
		}
		c.Out = wire.AppendSimple(c.Out, "Background saving "+c.begun())
		return nil
	},
}

// begun is Redis' word for what has begun: it puts that off until after an EXEC.
func (c *ServeCall) begun() string {
	if c.InExec {
		return "scheduled"
	}
	return "started"
}

var errRewriting = errors.New("ERR Background append only file rewriting already in progress")

// BGREWRITEAOF begins a snapshot, too: behind it the log is shortened.
// https://redis.io/docs/latest/commands/bgrewriteaof/
var bgRewriteAOF = Command{
	Name: "bgrewriteaof", Syntax: "BGREWRITEAOF",
	Summary: "Asynchronously rewrite the append-only file.",
	Since:   "1.0.0", Group: "server", Complexity: "O(1)",
	Arity: 1, Flags: Admin | NoScript | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,

	Differences: "Begins a snapshot; the log that it makes superfluous is dropped.",
	Class:       Barrier,
	Serve: func(c *ServeCall) error {
		if !c.Node.StartSnapshot(nil) {
			return errRewriting
		}
		c.Out = wire.AppendSimple(c.Out, "Background append only file rewriting "+c.begun())
		return nil
	},
}

// LASTSAVE tells when the last snapshot was finished, in Unix seconds.
// https://redis.io/docs/latest/commands/lastsave/
var lastSave = Command{
	Name: "lastsave", Syntax: "LASTSAVE",
	Summary: "Get the UNIX time stamp of the last successful save to disk.",
	Since:   "1.0.0", Group: "server", Complexity: "O(1)",
	Arity: 1, Flags: Loading | Stale | Fast, Categories: CatAdmin | CatFast | CatDangerous,
	Tips: []string{"nondeterministic_output"},

	Differences: "The time of the last snapshot, at first that of the start.",
	Class:       Barrier,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendInt(c.Out, c.Node.LastSnapshot().Unix())
		return nil
	},
}
