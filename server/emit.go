package server

import (
	"strconv"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/server/config"
)

// emit tells others what a request at the partition did; its reply goes to to. It is
// called in the order of the partition's log, and must not block: messages are put into the
// output of who subscribed, within their limits, and sent by their own loops.
func (n *Node) emit(to replication.Replier, caused any) {
	to = clientOf(to)
	wanted := n.partitions[0].machine.Interest() // all are told the same
	for _, e := range caused.([]commands.Effect) {
		switch e.Kind {
		case commands.KeyEvent:
			n.emitKeyEvent(to, wanted, e)
		}
	}
}

// tellEvents has the machines note the events that the configuration asks for.
func (n *Node) tellEvents(c *config.Config) {
	for _, pt := range n.partitions {
		pt.machine.Tell(commands.EventMask, commands.Events(c.NotifyKeyspaceEvents.Has))
	}
}

// emitKeyEvent publishes a keyspace notification, the key's channel first, as Redis
// does.
func (n *Node) emitKeyEvent(to replication.Replier, wanted commands.Interest, e commands.Effect) {
	if wanted&commands.EventKeyspace != 0 {
		n.front.PublishBehind(to, pubsub.Channel, eventChannel("__keyspace@", e.DB, e.Key), []byte(e.Event))
	}
	if wanted&commands.EventKeyevent != 0 {
		n.front.PublishBehind(to, pubsub.Channel, eventChannel("__keyevent@", e.DB, e.Event), []byte(e.Key))
	}
}

func eventChannel(prefix string, db int, of string) []byte {
	b := make([]byte, 0, len(prefix)+len(of)+8)
	b = strconv.AppendInt(append(b, prefix...), int64(db), 10)
	return append(append(b, "__:"...), of...)
}
