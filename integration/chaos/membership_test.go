package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"
)

const (
	// joinIn is in which time a node must be a voter of all partitions, or out of them.
	joinIn = 2 * time.Minute
	// answerIn is how long one node is waited for when another can be asked.
	answerIn = 15 * time.Second
)

// membership changes who belongs to a cluster. It may do so while faults come: what one
// node does not answer, another is asked.
type membership struct {
	cluster *cluster
	rng     *rand.Rand
	strict  bool     // nothing is broken: whoever is asked does it
	told    []string // what it did
}

// change is one way to change a membership; in the end the cluster's members are as
// many as before.
type change struct {
	name string
	make func(*membership) error
}

var changes = []change{
	{"a dead node is replaced", (*membership).replaceDead},
	{"a node is replaced", (*membership).replace},
	{"the leader is removed", (*membership).dismiss},
	{"a node more, and one less", (*membership).grow},
}

// during changes the membership again and again until it is stopped. It ends in the
// middle of nothing.
func (s *membership) during(stop <-chan struct{}) error {
	began := time.Now()
	for {
		s.cluster.pause(stop, 100*time.Millisecond, time.Second)
		select {
		case <-stop:
			return nil
		default:
		}
		c := changes[s.rng.IntN(len(changes))]
		at := time.Since(began)
		err := c.make(s)
		s.told = append(s.told, fmt.Sprintf("%v to %v: meanwhile %s", at.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), c.name))
		if err != nil {
			return fmt.Errorf("meanwhile %s: %w", c.name, err)
		}
	}
}

// replaceDead takes a dead node out and has one with an empty folder join in its place.
func (s *membership) replaceDead() error {
	i := s.follower()
	s.cluster.members[i].leave()
	s.cluster.members[i].kill()
	s.cluster.pause(nil, 0, time.Second)
	return s.rejoin(i, (i+1)%len(s.cluster.members))
}

// replace does so with one that is up, as far as faults let it.
func (s *membership) replace() error {
	i := s.follower()
	return s.rejoin(i, (i+1)%len(s.cluster.members))
}

// dismiss takes the leader out while it leads, by its own order, and has it come back as
// a new node.
func (s *membership) dismiss() error {
	i := s.leader()
	return s.rejoin(i, i)
}

// grow has one more node join, which is killed now and then while it does, and takes it
// out again.
func (s *membership) grow() error {
	m := s.cluster.spare
	if s.rng.IntN(2) == 0 {
		died := make(chan struct{})
		go func() {
			defer close(died)
			s.cluster.pause(nil, 0, 2*time.Second)
			m.kill()
		}()
		if err := m.start(); err != nil && err != errStruck {
			return err
		}
		<-died
	}
	if err := m.start(); err != nil {
		return err
	}
	if err := s.cluster.votes(m); err != nil {
		return err
	}
	m.leave()
	if err := s.remove(m, s.rng.IntN(len(s.cluster.members))); err != nil {
		return err
	}
	return m.wipe()
}

func (s *membership) leader() int { return s.cluster.leader(s.rng) }

func (s *membership) follower() int {
	return (s.leader() + 1 + s.rng.IntN(len(s.cluster.members)-1)) % len(s.cluster.members)
}

// rejoin takes a node out, by the order of one, and has a new one join in its place.
func (s *membership) rejoin(i, by int) error {
	m := s.cluster.members[i]
	m.leave()
	if err := s.remove(m, by); err != nil {
		return err
	}
	if err := m.wipe(); err != nil {
		return err
	}
	if err := m.start(); err != nil && err != errStruck { // who struck it starts it again
		return err
	}
	return s.cluster.votes(m)
}

// remove has nodes take one out, the first one at first, until it is out.
func (s *membership) remove(m *member, first int) (err error) {
	id := fmt.Sprintf("%016x", m.identity())
	for end, by := time.Now().Add(joinIn), first; time.Now().Before(end); by = s.rng.IntN(len(s.cluster.members)) {
		if err = s.cluster.ask(by, answerIn, "MILLRACE", "REMOVE", id); err == nil || removed.MatchString(err.Error()) {
			return nil
		}
		if s.strict && !later.MatchString(err.Error()) {
			break
		}
		if err := s.cluster.tick(); err != nil {
			return err
		}
	}
	return fmt.Errorf("remove node %d: %w", m.number, err)
}

// removed says that a node is out already: who was asked before did it without an answer.
var removed = regexp.MustCompile("was removed already$")

// ask has a node do something, if it does within some time.
func (c *cluster) ask(node int, within time.Duration, args ...any) error {
	ctx, cancel := context.WithTimeout(c.t.Context(), within)
	defer cancel()
	client := c.clientFor(node, within)
	defer client.Close()
	return client.Do(ctx, args...).Err()
}

// votes waits until a node that has joined votes in all partitions: as long as it does
// not, the loss of another could stop the cluster.
func (c *cluster) votes(m *member) error {
	var seen any
	i := m.number
	for end := time.Now().Add(joinIn); time.Now().Before(end); i++ {
		if i%len(c.members) == m.number { // what the others say counts
			continue
		}
		client := c.client(i % len(c.members))
		reply, err := client.Do(c.t.Context(), "MILLRACE", "NODES").Slice()
		client.Close()
		if seen = err; err == nil {
			seen = reply
		}
		want := fmt.Sprintf("%016x", m.identity())
		for _, one := range reply {
			if n, ok := one.(map[any]any); ok && n["id"] == want && n["voter"] == int64(1) {
				return nil
			}
		}
		if err := c.tick(); err != nil {
			return err
		}
	}
	return fmt.Errorf("node %d is no voter after %v: %v", m.number, joinIn, seen)
}
