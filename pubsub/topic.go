package pubsub

// topic is a channel, pattern or shard channel with its subscribers.
type topic struct {
	name string
	subs []*Subscriber // never empty, in no order
	// place is the index of a pattern in the list of patterns.
	place int
}

// Subscriber is somebody who subscribes. The registry's lock covers it.
type Subscriber struct {
	receiver Receiver
	// places has, for each topic, the subscriber's index in it. Made when needed:
	// most subscribers know one kind.
	places [kinds]map[*topic]int
}

// NewSubscriber returns a subscriber that has subscribed to nothing.
func NewSubscriber(r Receiver) *Subscriber { return &Subscriber{receiver: r} }

func (s *Subscriber) counts() (c Counts) {
	for k := range c {
		c[k] = len(s.places[k])
	}
	return c
}

// join puts s into t.
func (s *Subscriber) join(k Kind, t *topic) {
	if s.places[k] == nil {
		s.places[k] = make(map[*topic]int)
	}
	s.places[k][t] = len(t.subs)
	t.subs = append(t.subs, s)
}

// leave takes s out of t: the last one of t takes its place.
func (s *Subscriber) leave(k Kind, t *topic) {
	i, last := s.places[k][t], len(t.subs)-1
	moved := t.subs[last]
	t.subs[i], t.subs[last] = moved, nil
	t.subs = t.subs[:last]
	moved.places[k][t] = i
	delete(s.places[k], t)
	if len(s.places[k]) == 0 {
		s.places[k] = nil // a map never shrinks
	}
	if last >= minShrink && last <= cap(t.subs)/4 {
		t.subs = append(make([]*Subscriber, 0, 2*last), t.subs...)
	}
}

// minShrink is the size below which a list keeps its memory.
const minShrink = 64

// patternList is all patterns in the order in which they came. Patterns that went
// leave a hole until there are more holes than patterns.
type patternList struct {
	list  []*topic
	holes int
}

func (l *patternList) add(t *topic) {
	t.place = len(l.list)
	l.list = append(l.list, t)
}

func (l *patternList) remove(t *topic) {
	l.list[t.place] = nil
	l.holes++
	if l.holes <= len(l.list)/2 {
		return
	}
	kept := make([]*topic, 0, len(l.list)-l.holes)
	for _, t := range l.list {
		if t != nil {
			t.place = len(kept)
			kept = append(kept, t)
		}
	}
	l.list, l.holes = kept, 0
}
