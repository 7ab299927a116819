package commands

import "github.com/millrace-io/millrace/pubsub"

// UNSUBSCRIBE [channel [channel ...]]: ends subscriptions, without arguments all to
// channels. A confirmation for each, also for what was none.
// https://redis.io/docs/latest/commands/unsubscribe/
var unsubscribe = Command{
	Name: "unsubscribe", Syntax: "UNSUBSCRIBE [channel [channel ...]]",
	Summary: "Stops listening to messages posted to channels.",
	Since:   "2.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of channels to unsubscribe from.",
	Differences: "Without arguments the confirmations come in byte order of the names.",
	Arguments:   []Argument{{Name: "channel", Type: "string", Optional: true, Multiple: true}},
	Arity:       -1, Flags: subscribeFlags, Categories: CatPubSub | CatSlow,
	Class: Barrier, InSubscribed: true,
	Serve: serveUnsubscribe(pubsub.Channel),
}

// PUNSUBSCRIBE [pattern [pattern ...]].
// https://redis.io/docs/latest/commands/punsubscribe/
var punsubscribe = Command{
	Name: "punsubscribe", Syntax: "PUNSUBSCRIBE [pattern [pattern ...]]",
	Summary: "Stops listening to messages published to channels that match one or more patterns.",
	Since:   "2.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of patterns to unsubscribe from.",
	Arguments: []Argument{{Name: "pattern", Type: "pattern", Optional: true, Multiple: true}},
	Arity:     -1, Flags: subscribeFlags, Categories: CatPubSub | CatSlow,
	Class: Barrier, InSubscribed: true,
	Serve: serveUnsubscribe(pubsub.Pattern),
}

// SUNSUBSCRIBE [shardchannel [shardchannel ...]].
// https://redis.io/docs/latest/commands/sunsubscribe/
var sunsubscribe = Command{
	Name: "sunsubscribe", Syntax: "SUNSUBSCRIBE [shardchannel [shardchannel ...]]",
	Summary: "Stops listening to messages posted to shard channels.",
	Since:   "7.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of shard channels to unsubscribe from.",
	Arguments: []Argument{{Name: "shardchannel", Type: "string", Optional: true, Multiple: true}},
	Arity:     -1, Flags: subscribeFlags, Categories: CatPubSub | CatSlow,
	Keys:  shardChannelSpec(-1),
	Class: Barrier, InSubscribed: true,
	Serve: serveUnsubscribe(pubsub.Shard),
}

func serveUnsubscribe(k pubsub.Kind) func(*ServeCall) error {
	return func(c *ServeCall) error {
		c.Out = c.Session.Unsubscribe(c.Out, k, c.Args[1:])
		return nil
	}
}
