package commands

import (
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/resp/wire"
)

// PUBLISH channel message: how many got it. At most once: nothing is stored.
// https://redis.io/docs/latest/commands/publish/
var publish = Command{
	Name: "publish", Syntax: "PUBLISH channel message",
	Summary: "Posts a message to a channel.",
	Since:   "2.0.0", Group: "pubsub",
	Complexity: "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).",
	Differences: "It is run once all earlier commands of its connection are done: who gets the message finds what they changed. In RESP3 " +
		"the publisher's own message comes right behind the reply, as in Redis 7.4.",
	Arguments: []Argument{{Name: "channel", Type: "string"}, {Name: "message", Type: "string"}},
	Arity:     3, Flags: PubSub | Loading | Stale | Fast, Categories: CatPubSub | CatFast,
	Class: Deferred,
	Serve: servePublish(pubsub.Channel),
}

// SPUBLISH shardchannel message: the same for a shard channel.
// https://redis.io/docs/latest/commands/spublish/
var spublish = Command{
	Name: "spublish", Syntax: "SPUBLISH shardchannel message",
	Summary: "Posts a message to a shard channel.",
	Since:   "7.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of clients subscribed to the receiving shard channel.",
	Arguments: []Argument{{Name: "shardchannel", Type: "string"}, {Name: "message", Type: "string"}},
	Arity:     3, Flags: PubSub | Loading | Stale | Fast, Categories: CatPubSub | CatFast,
	Keys:  shardChannelSpec(0),
	Class: Deferred,
	Serve: servePublish(pubsub.Shard),
}

func servePublish(k pubsub.Kind) func(*ServeCall) error {
	return func(c *ServeCall) error {
		c.Out = wire.AppendInt(c.Out, int64(c.Session.Publish(k, c.Args[1], c.Args[2])))
		return nil
	}
}
