package commands

import "github.com/millrace-io/millrace/resp/wire"

// FLUSHALL [ASYNC|SYNC] and FLUSHDB drop all keys, of all databases or of one. Both
// cut them off at once; the memory is freed later, whatever the option.
// https://redis.io/docs/latest/commands/flushall/
var (
	flushAll = flushCommand("flushall", "Removes all keys from all databases.", func(c *Call) {
		for i := range c.State.Databases() {
			c.State.DB(i).Flush()
		}
	})
	flushDB = flushCommand("flushdb", "Removes all keys from the current database.", func(c *Call) { c.DB.Flush() })
)

func flushCommand(name, summary string, flush func(c *Call)) Command {
	return Command{
		Name: name, Syntax: upper(name) + " [ASYNC | SYNC]",
		Summary: summary, Since: "1.0.0", Group: "server", Complexity: "O(1)",
		Differences: "ASYNC and SYNC are the same: what was there is freed later.",
		History:     [][2]string{{"4.0.0", "Added the `ASYNC` flushing mode modifier."}, {"6.2.0", "Added the `SYNC` flushing mode modifier."}},
		Arguments: []Argument{{Name: "flush-type", Type: "oneof", Optional: true, Args: []Argument{
			{Name: "async", Type: "pure-token", Token: "ASYNC", Since: "4.0.0"},
			{Name: "sync", Type: "pure-token", Token: "SYNC", Since: "6.2.0"},
		}}},
		Arity: -1, Flags: Write, Categories: CatKeyspace | CatWrite | CatSlow | CatDangerous,
		Tips:  []string{"request_policy:all_shards", "response_policy:all_succeeded"},
		Class: Log, Check: checkFlush, Spread: spreadOK,
		Run: func(c *Call) error {
			if err := checkFlush(c.Args); err != nil {
				return err
			}
			flush(c)
			c.SignalAll()
			c.Out = wire.AppendSimple(c.Out, "OK")
			return nil
		},
	}
}

func checkFlush(args [][]byte) error {
	if len(args) > 2 || len(args) == 2 && !equalFold(args[1], "async") && !equalFold(args[1], "sync") {
		return errSyntax
	}
	return nil
}
