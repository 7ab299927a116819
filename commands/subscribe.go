//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"

	"github.com/millrace-io/millrace/pubsub"
)

// errShardInExec: Redis makes an exception from "one reply per command" for SUBSCRIBE
// and PSUBSCRIBE in a transaction, and none for this one.
var errShardInExec = errors.New("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")

const subscribeFlags = PubSub | NoScript | Loading | Stale

// shardChannelSpec says where shard channels stand: they are no keys, but as these
// they decide which node a command goes to.
func shardChannelSpec(last int) []KeySpec {
	return []KeySpec{{Flags: []string{notKey}, Begin: 1, Last: last, Step: 1}}
}

// SUBSCRIBE channel [channel ...]: a confirmation for each, and from then on the
// messages that are published there.
// https://redis.io/docs/latest/commands/subscribe/
var subscribe = Command{
	Name: "subscribe", Syntax: "SUBSCRIBE channel [channel ...]",
	Summary: "Listens for messages published to channels.",
	Since:   "2.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of channels to subscribe to.",
	Arguments: []Argument{{Name: "channel", Type: "string", Multiple: true}},
	Arity:     -2, Flags: subscribeFlags, Categories: CatPubSub | CatSlow,
	Class: Barrier, InSubscribed: true,
	Serve: serveSubscribe(pubsub.Channel),
}

// PSUBSCRIBE pattern [pattern ...]: the same for all channels that a glob pattern
// matches.
// https://redis.io/docs/latest/commands/psubscribe/
var psubscribe = Command{
	Name: "psubscribe", Syntax: "PSUBSCRIBE pattern [pattern ...]",
	Summary: "Listens for messages published to channels that match one or more patterns.",
	Since:   "2.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of patterns to subscribe to.",
	Differences: "Of several patterns that match, the one that was subscribed to first on the node comes first; in Redis the order is " +
		"not defined.",
	Arguments: []Argument{{Name: "pattern", Type: "block", Multiple: true, Args: []Argument{{Name: "pattern", Type: "pattern"}}}},
	Arity:     -2, Flags: subscribeFlags, Categories: CatPubSub | CatSlow,
	Class: Barrier, InSubscribed: true,
	Serve: serveSubscribe(pubsub.Pattern),
}

// SSUBSCRIBE shardchannel [shardchannel ...]: shard channels have names and
// messages of their own.
// https://redis.io/docs/latest/commands/ssubscribe/
var ssubscribe = Command{
	Name: "ssubscribe", Syntax: "SSUBSCRIBE shardchannel [shardchannel ...]",
	Summary: "Listens for messages published to shard channels.",
	Since:   "7.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of shard channels to subscribe to.",
	Arguments: []Argument{{Name: "shardchannel", Type: "string", Multiple: true}},
	Arity:     -2, Flags: subscribeFlags, Categories: CatPubSub | CatSlow,
	Keys:  shardChannelSpec(-1),
	Class: Barrier, InSubscribed: true,
	Serve: serveSubscribe(pubsub.Shard),
}

func serveSubscribe(k pubsub.Kind) func(*ServeCall) error {
	return func(c *ServeCall) error {
		if c.InExec && k == pubsub.Shard {
			return errShardInExec
		}
		c.Out = c.Session.Subscribe(c.Out, k, c.Args[1:])
		return nil
	}
}
