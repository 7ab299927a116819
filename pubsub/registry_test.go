package pubsub_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/glob"
	"github.com/millrace-io/millrace/pubsub"
)

// inbox is a receiver that keeps what it got.
type inbox struct {
	got    []string
	refuse bool
}

func (i *inbox) Receive(m *pubsub.Message) bool {
	if i.refuse {
		return false
	}
	i.got = append(i.got, fmt.Sprintf("%d %s %s %s", m.Kind, m.Pattern, m.Channel, m.Payload))
	return true
}

// twin is a registry as simple as can be: a list of subscriptions, in their order.
type twin struct{ subs []subscription }

type subscription struct {
	who  int
	kind pubsub.Kind
	name string
}

func (w *twin) find(s subscription) int { return slices.Index(w.subs, s) }

func (w *twin) subscribe(s subscription) pubsub.Counts {
	if w.find(s) < 0 {
		w.subs = append(w.subs, s)
	}
	return w.counts(s.who)
}

func (w *twin) unsubscribe(s subscription) pubsub.Counts {
	if i := w.find(s); i >= 0 {
		w.subs = slices.Delete(w.subs, i, i+1)
	}
	return w.counts(s.who)
}

func (w *twin) drop(who int) {
	w.subs = slices.DeleteFunc(w.subs, func(s subscription) bool { return s.who == who })
}

func (w *twin) counts(who int) (c pubsub.Counts) {
	for _, s := range w.subs {
		if s.who == who {
			c[s.kind]++
		}
	}
	return c
}

// names are the topics of a kind, in byte order.
func (w *twin) names(k pubsub.Kind) (names []string) {
	for _, s := range w.subs {
		if s.kind == k && !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
	}
	slices.Sort(names)
	return names
}

func (w *twin) subscribers(k pubsub.Kind, name string) (n int) {
	for _, s := range w.subs {
		if s.kind == k && s.name == name {
			n++
		}
	}
	return n
}

func (w *twin) clients() int {
	who := map[int]bool{}
	for _, s := range w.subs {
		who[s.who] = true
	}
	return len(who)
}

// expect is what one client gets of a message, patterns in order.
func (w *twin) expect(who int, k pubsub.Kind, channel string, order []string) (got []string) {
	if w.find(subscription{who, k, channel}) >= 0 {
		got = append(got, fmt.Sprintf("%d  %s m", k, channel))
	}
	if k != pubsub.Channel {
		return got
	}
	for _, p := range order {
		if w.find(subscription{who, pubsub.Pattern, p}) >= 0 && glob.Match(p, channel) {
			got = append(got, fmt.Sprintf("%d %s %s m", pubsub.Pattern, p, channel))
		}
	}
	return got
}

func TestRegistryAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const clients = 5
		r, w := pubsub.New(), &twin{}
		var order []string // patterns, first come first
		boxes, subs := make([]*inbox, clients), make([]*pubsub.Subscriber, clients)
		for i := range subs {
			boxes[i] = &inbox{}
			subs[i] = pubsub.NewSubscriber(boxes[i])
		}
		name := rapid.SampledFrom([]string{"", "a", "ab", "abc", "a*", "*", "?b", "[ab]*", "b", "c"})
		kind := rapid.SampledFrom([]pubsub.Kind{pubsub.Channel, pubsub.Pattern, pubsub.Shard})
		draw := func() subscription {
			return subscription{rapid.IntRange(0, clients-1).Draw(t, "who"), kind.Draw(t, "kind"), name.Draw(t, "name")}
		}
		tidy := func() {
			alive := w.names(pubsub.Pattern)
			order = slices.DeleteFunc(order, func(p string) bool { return !slices.Contains(alive, p) })
		}
		t.Repeat(map[string]func(*rapid.T){
			"subscribe": func(t *rapid.T) {
				s := draw()
				told := 0
				r.Subscribe(subs[s.who], s.kind, []byte(s.name), func(n pubsub.Counts) {
					told++
					if want := w.subscribe(s); n != want {
						t.Fatalf("subscribe: counts %v, want %v", n, want)
					}
				})
				if told != 1 {
					t.Fatalf("told %d times", told)
				}
				if s.kind == pubsub.Pattern && !slices.Contains(order, s.name) {
					order = append(order, s.name)
				}
			},
			"unsubscribe": func(t *rapid.T) {
				s := draw()
				r.Unsubscribe(subs[s.who], s.kind, []byte(s.name), func(n pubsub.Counts) {
					if want := w.unsubscribe(s); n != want {
						t.Fatalf("unsubscribe: counts %v, want %v", n, want)
					}
				})
				tidy()
			},
			"drop": func(t *rapid.T) {
				who := rapid.IntRange(0, clients-1).Draw(t, "who")
				r.Drop(subs[who])
				w.drop(who)
				tidy()
			},
			"publish": func(t *rapid.T) {
				k := rapid.SampledFrom([]pubsub.Kind{pubsub.Channel, pubsub.Shard}).Draw(t, "kind")
				channel, total := name.Draw(t, "channel"), 0
				n := r.Publish(k, []byte(channel), []byte("m"), nil)
				for who, box := range boxes {
					want := w.expect(who, k, channel, order)
					total += len(want)
					if !slices.Equal(box.got, want) {
						t.Fatalf("%d got %q, want %q", who, box.got, want)
					}
					box.got = nil
				}
				if n != total {
					t.Fatalf("%d took it, want %d", n, total)
				}
			},
			"": func(t *rapid.T) {
				for _, k := range []pubsub.Kind{pubsub.Channel, pubsub.Pattern, pubsub.Shard} {
					names := w.names(k)
					if got := r.Names(k, []byte("*")); !slices.Equal(got, names) || r.Topics(k) != len(names) {
						t.Fatalf("kind %d: names %q, %d topics, want %q", k, got, r.Topics(k), names)
					}
					for _, name := range append(names, "nobody") {
						if got, want := r.Subscribers(k, []byte(name)), w.subscribers(k, name); got != want {
							t.Fatalf("kind %d, %q: %d subscribers, want %d", k, name, got, want)
						}
					}
					for who, s := range subs {
						if got := r.Subscriptions(s, k); len(got) != w.counts(who)[k] || !slices.IsSorted(got) {
							t.Fatalf("%d has %q of kind %d, want %d", who, got, k, w.counts(who)[k])
						}
					}
				}
				if r.Clients() != w.clients() {
					t.Fatalf("%d clients, want %d", r.Clients(), w.clients())
				}
			},
		})
	})
}

// Who does not take a message is not counted.
func TestPublishCountsWhoTookIt(t *testing.T) {
	r := pubsub.New()
	for i := range 4 {
		s := pubsub.NewSubscriber(&inbox{refuse: i%2 == 0})
		r.Subscribe(s, pubsub.Channel, []byte("c"), func(pubsub.Counts) {})
	}
	if n := r.Publish(pubsub.Channel, []byte("c"), nil, nil); n != 2 {
		t.Errorf("%d took it, want 2", n)
	}
}

// encoder encodes a message unless somebody has.
type encoder struct{ encoded *int }

func (e encoder) Receive(m *pubsub.Message) bool {
	if m.Encoded[0] == nil {
		*e.encoded++
		m.Encoded[0] = bytes.Clone(m.Payload)
	}
	return true
}

func TestMessageIsEncodedOncePerTopic(t *testing.T) {
	r, encoded := pubsub.New(), 0
	for range 100 {
		s := pubsub.NewSubscriber(encoder{&encoded})
		r.Subscribe(s, pubsub.Channel, []byte("c"), func(pubsub.Counts) {})
		r.Subscribe(s, pubsub.Pattern, []byte("c*"), func(pubsub.Counts) {})
	}
	if n := r.Publish(pubsub.Channel, []byte("c"), []byte("m"), nil); n != 200 || encoded != 2 {
		t.Errorf("%d took it, encoded %d times; want 200 and 2", n, encoded)
	}
}

// The argument belongs to the caller again.
func TestNamesAreCopied(t *testing.T) {
	r, box, name := pubsub.New(), &inbox{}, []byte("abc")
	r.Subscribe(pubsub.NewSubscriber(box), pubsub.Channel, name, func(pubsub.Counts) {})
	copy(name, "xyz")
	if got := r.Names(pubsub.Channel, []byte("*")); !slices.Equal(got, []string{"abc"}) {
		t.Errorf("names %q", got)
	}
}

// safe is a receiver for several publishers.
type safe struct {
	mu   sync.Mutex
	last map[string]int
	bad  bool
}

func (s *safe) Receive(m *pubsub.Message) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	fmt.Sscan(string(m.Payload), &n)
	s.bad = s.bad || n <= s.last[string(m.Channel)]
	s.last[string(m.Channel)] = n
	return true
}

// What one publisher sends arrives in its order, whatever others do meanwhile.
func TestOrderUnderConcurrency(t *testing.T) {
	r := pubsub.New()
	listener := &safe{last: map[string]int{}}
	r.Subscribe(pubsub.NewSubscriber(listener), pubsub.Pattern, []byte("*"), func(pubsub.Counts) {})
	var wg sync.WaitGroup
	for p := range 4 {
		wg.Go(func() {
			for n := 1; n <= 200; n++ {
				r.Publish(pubsub.Channel, fmt.Append(nil, p), fmt.Append(nil, n), nil)
			}
		})
		wg.Go(func() {
			s := pubsub.NewSubscriber(&safe{last: map[string]int{}})
			for n := range 200 {
				r.Subscribe(s, pubsub.Kind(n%2), fmt.Append(nil, n%7), func(pubsub.Counts) {})
				r.Unsubscribe(s, pubsub.Kind(n%2), fmt.Append(nil, n%3), func(pubsub.Counts) {})
			}
			r.Drop(s)
		})
	}
	wg.Wait()
	if listener.bad || len(listener.last) != 4 {
		t.Errorf("out of order: %v", listener.last)
	}
	if r.Clients() != 1 || r.Topics(pubsub.Channel) != 0 || r.Topics(pubsub.Pattern) != 1 {
		t.Errorf("left: %d clients, %d channels, %d patterns", r.Clients(), r.Topics(pubsub.Channel), r.Topics(pubsub.Pattern))
	}
}
