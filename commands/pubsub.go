package commands

import (
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/resp/wire"
)

// PUBSUB: who has subscribed to what.
// https://redis.io/docs/latest/commands/pubsub/
var pubSub = Command{
	Name: "pubsub", Syntax: "PUBSUB", Summary: "A container for Pub/Sub commands.",
	Since: "2.8.0", Group: "pubsub", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,
	Class: Barrier,
	Sub: []*Command{
		&pubSubChannels, pubSubHelp, &pubSubNumPat, &pubSubNumSub, &pubSubShardChannels, &pubSubShardNumSub,
	},
}

var pubSubHelp = helpCommand("pubsub", "pubsub", "6.2.0", 0,
	"CHANNELS [<pattern>]", "    Return the currently active channels matching a <pattern> (default: '*').",
	"NUMPAT", "    Return number of subscriptions to patterns.",
	"NUMSUB [<channel> ...]", "    Return the number of subscribers for the specified channels, excluding",
	"    pattern subscriptions(default: no channels).",
	"SHARDCHANNELS [<pattern>]", "    Return the currently active shard level channels matching a <pattern> (default: '*').",
	"SHARDNUMSUB [<shardchannel> ...]", "    Return the number of subscribers for the specified shard level channel(s)",
)

const pubSubFlags = PubSub | Loading | Stale

// PUBSUB CHANNELS [pattern]: the channels with a subscriber of their own, in byte
// order.
var pubSubChannels = Command{
	Name: "channels", Syntax: "PUBSUB CHANNELS [pattern]",
	Summary: "Returns the active channels.",
	Since:   "2.8.0", Group: "pubsub",
	Complexity:  "O(N log N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)",
	Differences: "The names come in byte order.",
	Arguments:   []Argument{{Name: "pattern", Type: "pattern", Optional: true}},
	Arity:       -2, Flags: pubSubFlags, Categories: CatPubSub | CatSlow,
	Class: Barrier,
	Serve: serveChannels(pubsub.Channel),
}

// PUBSUB SHARDCHANNELS [pattern].
var pubSubShardChannels = Command{
	Name: "shardchannels", Syntax: "PUBSUB SHARDCHANNELS [pattern]",
	Summary: "Returns the active shard channels.",
	Since:   "7.0.0", Group: "pubsub",
	Complexity: "O(N log N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).",
	Arguments:  []Argument{{Name: "pattern", Type: "pattern", Optional: true}},
	Arity:      -2, Flags: pubSubFlags, Categories: CatPubSub | CatSlow,
	Class: Barrier,
	Serve: serveChannels(pubsub.Shard),
}

// PUBSUB NUMSUB [channel ...]: channels and their subscribers, a flat list in both
// protocols.
var pubSubNumSub = Command{
	Name: "numsub", Syntax: "PUBSUB NUMSUB [channel [channel ...]]",
	Summary: "Returns a count of subscribers to channels.",
	Since:   "2.8.0", Group: "pubsub", Complexity: "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
	Arguments: []Argument{{Name: "channel", Type: "string", Optional: true, Multiple: true}},
	Arity:     -2, Flags: pubSubFlags, Categories: CatPubSub | CatSlow,
	Class: Barrier,
	Serve: serveNumSub(pubsub.Channel),
}

// PUBSUB SHARDNUMSUB [shardchannel ...].
var pubSubShardNumSub = Command{
	Name: "shardnumsub", Syntax: "PUBSUB SHARDNUMSUB [shardchannel [shardchannel ...]]",
	Summary: "Returns the count of subscribers of shard channels.",
	Since:   "7.0.0", Group: "pubsub", Complexity: "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
	Arguments: []Argument{{Name: "shardchannel", Type: "string", Optional: true, Multiple: true}},
	Arity:     -2, Flags: pubSubFlags, Categories: CatPubSub | CatSlow,
	Class: Barrier,
	Serve: serveNumSub(pubsub.Shard),
}

// PUBSUB NUMPAT: distinct patterns.
var pubSubNumPat = Command{
	Name: "numpat", Syntax: "PUBSUB NUMPAT",
	Summary: "Returns a count of unique pattern subscriptions.",
	Since:   "2.8.0", Group: "pubsub", Complexity: "O(1)",
	Arity: 2, Flags: pubSubFlags, Categories: CatPubSub | CatSlow,
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendInt(c.Out, int64(c.Node.PubSub().Topics(pubsub.Pattern)))
		return nil
	},
}

func serveChannels(k pubsub.Kind) func(*ServeCall) error {
	return func(c *ServeCall) error {
		pattern := []byte("*")
		switch len(c.Args) {
		case 2:
		case 3:
			pattern = c.Args[2]
		default:
			return wrongSubcommandShape("PUBSUB", c.Args[1])
		}
		names := c.Node.PubSub().Names(k, pattern)
		c.Out = wire.AppendArray(c.Out, len(names))
		for _, name := range names {
			c.Out = wire.AppendBulkString(c.Out, name)
		}
		return nil
	}
}

func serveNumSub(k pubsub.Kind) func(*ServeCall) error {
	return func(c *ServeCall) error {
		names := c.Args[2:]
		c.Out = wire.AppendArray(c.Out, 2*len(names))
		for _, name := range names {
			c.Out = wire.AppendBulk(c.Out, name)
			c.Out = wire.AppendInt(c.Out, int64(c.Node.PubSub().Subscribers(k, name)))
		}
		return nil
	}
}
