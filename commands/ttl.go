package commands

import "github.com/millrace-io/millrace/resp/wire"

// The TTL family shows a key's deadline: -1 for none, -2 for no key. TTL rounds to
// the nearest second, as Redis does.
// https://redis.io/docs/latest/commands/ttl/
var (
	ttl = ttlCommand("ttl", "1.0.0", "Returns the expiration time in seconds of a key.", []string{"nondeterministic_output"},
		func(deadline, now int64) int64 { return nearestSecond(deadline - now) })
	pttl = ttlCommand("pttl", "2.6.0", "Returns the expiration time in milliseconds of a key.", []string{"nondeterministic_output"},
		func(deadline, now int64) int64 { return deadline - now })
	expireTime = ttlCommand("expiretime", "7.0.0", "Returns the expiration time of a key as a Unix timestamp.", nil,
		func(deadline, _ int64) int64 { return nearestSecond(deadline) })
	pexpireTime = ttlCommand("pexpiretime", "7.0.0", "Returns the expiration time of a key as a Unix milliseconds timestamp.", nil,
		func(deadline, _ int64) int64 { return deadline })
)

func ttlCommand(name, since, summary string, tips []string, show func(deadline, now int64) int64) Command {
	return Command{
		Name: name, Syntax: upper(name) + " key",
		Summary: summary, Since: since, Group: "generic", Complexity: "O(1)",
		Arguments: []Argument{keyArgument},
		Arity:     2, Flags: ReadOnly | Fast, Categories: CatKeyspace | CatRead | CatFast,
		Tips: tips, Keys: OneKey(1, "RO", "access"),
		Class: Read,
		Run: func(c *Call) error {
			k, err := c.Reader(c.Args[1])
			switch {
			case err != nil:
				return err
			case k == nil:
				c.Out = wire.AppendInt(c.Out, -2)
			case k.Deadline() == 0:
				c.Out = wire.AppendInt(c.Out, -1)
			default:
				c.Out = wire.AppendInt(c.Out, max(show(k.Deadline(), c.Now), 0))
			}
			return nil
		},
	}
}

// nearestSecond rounds milliseconds, up to the highest there are.
func nearestSecond(ms int64) int64 { return ms/1000 + (ms%1000+500)/1000 }
