package commands

import "github.com/millrace-io/millrace/blocking"

// Effects is what the commands of a batch caused beyond state and replies. The
// machine hands it to the partition, whose leader acts on it.
type Effects struct {
	// Ready are keys whose waiters may have something to gain: entries came, or
	// the key or one of its groups went away.
	Ready []blocking.Key
	// All says that every waiter should look, whatever it waits for.
	All bool
	// Told is what others are to be told that the command being applied did, in the
	// order in which it did it; empty unless Machine.Tell asked for it.
	Told []Effect
}

// Effect is one thing that others are to be told: who wants to know is no affair of
// the commands. What a command did goes, as one list, the way of its reply
// (Request.Told), so its receiver knows whose request it was.
type Effect struct {
	Kind EffectKind
	// Event is the name of a KeyEvent.
	Event string
	DB    int
	Key   string
}

// EffectKind is what an Effect says. Each kind is collected only while it is
// wanted: see Interest.
type EffectKind uint8

// KeyEvent says that something happened to a key: a keyspace notification.
const KeyEvent EffectKind = iota

// Interest is what is wanted of effects, as a set. The machine's is asked for before
// anything is built: nobody pays for what nobody wants.
type Interest uint32

// collect appends an effect to those of the command: those of an applied one stand
// with what the keyspace tells by itself, a read has a list of its own.
func (c *Call) collect(e Effect) {
	if c.effects != nil {
		c.effects.Told = append(c.effects.Told, e)
	} else {
		c.told = append(c.told, e)
	}
}

// handOver gives a command's effects to who asked for them. They are the receiver's
// from then on.
func (r *Request) handOver(effects []Effect) {
	if len(effects) > 0 && r.Told != nil {
		*r.Told = effects
	}
}
