package commands

// The classes of events, and the two kinds of channel, as in Redis'
// notify-keyspace-events.
const (
	EventKeyspace Interest = 1 << iota // K: __keyspace@<db>__:<key>
	EventKeyevent                      // E: __keyevent@<db>__:<event>
	EventGeneric                       // g
	EventString                        // $
	EventList                          // l
	EventSet                           // s
	EventHash                          // h
	EventZset                          // z
	EventExpired                       // x
	EventEvicted                       // e
	EventStream                        // t
	EventModule                        // d
	EventKeyMiss                       // m
	EventNew                           // n

	// EventMask is all of these; other kinds of effects have bits above it.
	EventMask Interest = 1<<iota - 1

	// EventAll is A: all classes but m and n.
	EventAll = EventGeneric | EventString | EventList | EventSet | EventHash | EventZset | EventExpired | EventEvicted |
		EventStream | EventModule
)

// Notify notes an event of a key of the selected database, for who wants to know of
// its class.
func (c *Call) Notify(class Interest, event string, key []byte) {
	c.notifyIn(class, event, c.DBIndex, key)
}

// miss notes that a key was looked up for reading, and is not there. Who has waited
// looks up the same keys once more: that is no event.
func (c *Call) miss(name []byte) {
	if !c.Woken {
		c.Notify(EventKeyMiss, "keymiss", name)
	}
}

// notifyIn is Notify for a key of another database.
func (c *Call) notifyIn(class Interest, event string, db int, key []byte) {
	if c.interest&class != 0 {
		c.collect(Effect{Event: event, DB: db, Key: string(key)})
	}
}

// eventLetters are the letters of notify-keyspace-events, one for each bit.
const eventLetters = "KEg$lshzxetdmn"

// Events is what notify-keyspace-events asks for: nothing, unless there is a kind of
// channel and a class.
func Events(has func(letter byte) bool) Interest {
	var i Interest
	for bit := range len(eventLetters) {
		if has(eventLetters[bit]) {
			i |= 1 << bit
		}
	}
	if i&(EventKeyspace|EventKeyevent) == 0 {
		return 0
	}
	return i
}

// Tell says which effects of those in mask are wanted from now on. It may be called
// from any goroutine.
func (m *Machine) Tell(mask, wanted Interest) {
	for {
		old := m.interest.Load()
		if m.interest.CompareAndSwap(old, old&^uint32(mask)|uint32(wanted&mask)) {
			return
		}
	}
}

// Interest is what effects are wanted.
func (m *Machine) Interest() Interest { return Interest(m.interest.Load()) }

// keyEvent is an event that the keyspace itself tells of.
func (m *Machine) keyEvent(class Interest, event string, db int, name string) {
	if m.Interest()&class != 0 {
		m.effects.Told = append(m.effects.Told, Effect{Event: event, DB: db, Key: name})
	}
}
