package groups_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/streams"
)

// TestCloneIsReadWhileOriginalChanges is for the race detector: clones are read
// on other goroutines while the original goes on.
func TestCloneIsReadWhileOriginalChanges(t *testing.T) {
	const n = 3000
	g := filled(n, 10)
	var readers sync.WaitGroup
	for round := range 8 {
		clone := g.Clone()
		want := clone.Len()
		readers.Go(func() { readAll(t, clone, want) })
		for i := range n {
			switch id := entryID(round*100 + i); i % 3 {
			case 0:
				g.Ack(id)
			case 1:
				g.Put(groups.Pending{ID: id, Owner: groups.ConsumerID(1 + i%10), Time: int64(i), Count: 7})
			}
		}
		id := g.CreateConsumer([]byte("late-"+strconv.Itoa(round)), 1)
		g.Touch(groups.ConsumerID(1+round), 9)
		g.SetActive(id, 9)
		g.DeleteConsumer(id)
		g.SetLastID(entryID(round))
	}
	readers.Wait()
	if err := g.Check(); err != nil {
		t.Error(err)
	}
}

// readAll uses everything that reads.
func readAll(t *testing.T, g *groups.Group, want int) {
	if err := g.Check(); err != nil {
		t.Error(err)
	}
	byTime, owned := collect(g.AscendTime), g.Nacked()
	g.EachConsumer(func(id groups.ConsumerID) bool {
		owned += len(walkOwner(g, id, streams.MinID))
		_, _, _ = g.SeenTime(id), g.ActiveTime(id), g.Bytes()
		return true
	})
	if len(byTime) != want || owned != want || len(walkID(g, streams.MinID)) != want {
		t.Errorf("%d by time, %d by owner, want %d", len(byTime), owned, want)
	}
	if _, err := load(save(g)); err != nil {
		t.Error(err)
	}
}

// TestCloneCostsTheSameForAnySize counts what a clone and the first change after it allocate.
func TestCloneCostsTheSameForAnySize(t *testing.T) {
	cost := func(n int) float64 {
		g := eachConsumer(n)
		return testing.AllocsPerRun(100, func() {
			g.Clone()
			g.Touch(5, 1)
			g.Put(groups.Pending{ID: entryID(5), Owner: 6, Time: 1, Count: 1})
		})
	}
	small, large := cost(1000), cost(30_000)
	if large > small+20 { // the trees are one node higher
		t.Errorf("%v allocations with 1000 consumers, %v with 30000", small, large)
	}
}

func TestBothSidesOfACloneMayChange(t *testing.T) {
	g := filled(500, 2)
	before := walkID(g, streams.MinID)
	clone := g.Clone()
	for i := range 500 {
		g.Ack(entryID(i))
		clone.Put(groups.Pending{ID: entryID(1000 + i), Owner: 1, Time: 5, Count: 1})
	}
	if g.Len() != 0 || clone.Len() != 1000 || !slices.Equal(walkID(clone, streams.MinID)[:500], before) {
		t.Errorf("original %d, clone %d", g.Len(), clone.Len())
	}
	for _, side := range []*groups.Group{g, clone} {
		if err := side.Check(); err != nil {
			t.Error(err)
		}
	}
}
