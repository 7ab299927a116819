package replication

import (
	"testing"

	"github.com/millrace-io/millrace/blocking"
)

var turnKey = blocking.Key{Name: "k"}

// turnPartition is a partition with two that wait for a key: the first shares a turn.
func turnPartition(turn *Turn) (p *Partition, first, second *Request, to *filled) {
	p, to = New(&looked{}, Options{Flush: func() {}}), &filled{}
	first, second = &Request{To: to, Turn: turn}, &Request{To: &filled{}}
	for _, r := range []*Request{first, second} {
		p.await(r, &blocking.Wait{Keys: []blocking.Key{turnKey}, Group: "g"})
	}
	return p, first, second, to
}

// claims has one waiter of the group claimed, and says whose request it is.
func claims(t *testing.T, p *Partition) (*waiter, *Request) {
	t.Helper()
	list := p.waits.claimFirst(turnKey)
	if len(list) != 1 {
		t.Fatalf("%d claimed", len(list))
	}
	return list[0], list[0].request
}

// While one partition may serve a client, another one passes it over; when that came to
// nothing, it has its old place again.
func TestTurnIsForOneAtATime(t *testing.T) {
	turn := new(Turn)
	a, inA, _, _ := turnPartition(turn)
	b, inB, behind, _ := turnPartition(turn)
	held, r := claims(t, a)
	if r != inA {
		t.Fatal("the first in line was not claimed")
	}
	other, r := claims(t, b)
	if r != behind {
		t.Fatal("the other partition does not serve who stands behind")
	}
	if !b.Waits(inB) {
		t.Error("who is passed over does not wait any more")
	}
	b.waits.unserved(other, &other.Wait)
	a.waits.unserved(held, &held.Wait)
	if len(b.waits.owed) == 0 {
		t.Error("the other partition does not look again")
	}
	if _, r = claims(t, b); r != inB {
		t.Error("who was passed over has lost its place")
	}
	if _, r = claims(t, a); r == inA {
		t.Error("both partitions serve the client")
	}
}

// A wait that is passed over ends like any other, also when the turn is given back later.
func TestTurnOfWhoIsGone(t *testing.T) {
	turn := new(Turn)
	a, _, _, _ := turnPartition(turn)
	b, inB, _, to := turnPartition(turn)
	held, _ := claims(t, a)
	claims(t, b)
	b.Cancel(inB)
	if len(to.replies) != 1 || b.Waits(inB) {
		t.Errorf("replies %q", to.replies)
	}
	a.waits.unserved(held, &held.Wait)
	if len(to.replies) != 1 || len(b.waits.owed) != 0 {
		t.Errorf("replies %q, looks again for %v", to.replies, b.waits.owed)
	}
}
