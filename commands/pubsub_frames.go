package commands

import (
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/resp/wire"
)

// verbs are the words of frames, by kind.
var verbs = [...]struct{ subscribe, unsubscribe, message string }{
	pubsub.Channel: {"subscribe", "unsubscribe", "message"},
	pubsub.Pattern: {"psubscribe", "punsubscribe", "pmessage"},
	pubsub.Shard:   {"ssubscribe", "sunsubscribe", "smessage"},
}

// AppendSubscribed appends the confirmation of a subscription: n is what the client
// has now.
func AppendSubscribed(b []byte, p wire.Proto, k pubsub.Kind, name []byte, n pubsub.Counts) []byte {
	b = wire.AppendPush(b, p, 3)
	b = wire.AppendBulkString(b, verbs[k].subscribe)
	b = wire.AppendBulk(b, name)
	return wire.AppendInt(b, int64(n.Shown(k)))
}

// AppendUnsubscribed appends the confirmation that a subscription has ended, or was
// none. A nil name says that there was nothing to end.
func AppendUnsubscribed(b []byte, p wire.Proto, k pubsub.Kind, name []byte, n pubsub.Counts) []byte {
	b = wire.AppendPush(b, p, 3)
	b = wire.AppendBulkString(b, verbs[k].unsubscribe)
	if name == nil {
		b = wire.AppendNull(b, p)
	} else {
		b = wire.AppendBulk(b, name)
	}
	return wire.AppendInt(b, int64(n.Shown(k)))
}

// AppendMessage appends a message as subscribers get it.
func AppendMessage(b []byte, p wire.Proto, m *pubsub.Message) []byte {
	elements := 3
	if m.Kind == pubsub.Pattern {
		elements = 4
	}
	b = wire.AppendPush(b, p, elements)
	b = wire.AppendBulkString(b, verbs[m.Kind].message)
	if m.Kind == pubsub.Pattern {
		b = wire.AppendBulkString(b, m.Pattern)
	}
	b = wire.AppendBulk(b, m.Channel)
	return wire.AppendBulk(b, m.Payload)
}
