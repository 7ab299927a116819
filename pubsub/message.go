package pubsub

// Kind is one of the three spaces of names.
type Kind uint8

// The kinds. Messages are published to channels and to shard channels; a pattern
// stands for all channels that it matches.
const (
	Channel Kind = iota
	Pattern
	Shard
	kinds
)

// Message is a message on its way to the subscribers of one topic. It is valid
// during Receive only.
type Message struct {
	Kind Kind // of the topic
	// Pattern is the topic's name when Kind is Pattern.
	Pattern          string
	Channel, Payload []byte
	// Cause is the receivers' own: what the message comes from, by which they know
	// those that they caused themselves. nil for none of theirs.
	Cause any
	// Encoded is the receivers' own: the message as it goes to a client, by what
	// they choose. All subscribers of a topic get the same Message, one after the
	// other, so it has to be encoded but once.
	Encoded [2][]byte
}

// Receiver takes messages, under the registry's lock and from any goroutine; a
// receiver of several topics may be called for two messages at once.
type Receiver interface {
	// Receive reports whether the message was taken. It must not block, nor call
	// the registry.
	Receive(m *Message) bool
}

// Counts are how many topics of each kind a subscriber has subscribed to.
type Counts [kinds]int

// Any reports whether there are any.
func (c Counts) Any() bool { return c != Counts{} }

// Shown is the number that Redis tells for a kind: channels and patterns are counted
// together, shard channels on their own.
func (c Counts) Shown(k Kind) int {
	if k == Shard {
		return c[Shard]
	}
	return c[Channel] + c[Pattern]
}
