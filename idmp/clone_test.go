package idmp_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/streams"
)

func filled(n int) *idmp.Producers {
	p := idmp.New(idmp.Limits{Duration: 1, MaxSize: idmp.MaxMaxSize})
	for i := range n {
		p.Record(idmp.NewPair(fmt.Append(nil, "p", i%7), uuid(i)), streams.ID{Ms: uint64(i)})
	}
	return &p
}

// A clone, and the first change after it, cost the way down a few trees.
func TestCloneCopiesLittle(t *testing.T) {
	work := func(n int) float64 {
		p := filled(n)
		return testing.AllocsPerRun(20, func() {
			p.Clone()
			n++
			p.Record(idmp.NewPair([]byte("p1"), uuid(n)), streams.ID{Ms: uint64(n)})
		})
	}
	if few, many := work(1000), work(50_000); many > few+10 {
		t.Errorf("%v allocations with 1000 iids, %v with 50,000", few, many)
	}
}

// TestCloneReadWhileOriginalChanges is for the race detector.
func TestCloneReadWhileOriginalChanges(t *testing.T) {
	p := filled(500)
	var wg sync.WaitGroup
	defer wg.Wait()
	for round := range 20 {
		view := p.Clone()
		first, next := round*10, 500+round*20
		wg.Go(func() {
			for i := range next {
				id, ok := view.Find(idmp.NewPair(fmt.Append(nil, "p", i%7), uuid(i)), 0)
				if ok != (i >= first) || ok && id.Ms != uint64(i) {
					t.Errorf("round %d: iid %d is %v, %v", round, i, id, ok)
				}
			}
			if _, err := decoded(encoded(&view)); err != nil {
				t.Error(err)
			}
			if _, ok := view.Find(idmp.NewPair(fmt.Append(nil, "p", next%7), uuid(next)), 0); ok {
				t.Errorf("round %d: an iid of later is there", round)
			}
		})
		for i := next; i < next+20; i++ {
			p.Record(idmp.NewPair(fmt.Append(nil, "p", i%7), uuid(i)), streams.ID{Ms: uint64(i)})
		}
		if n := p.Forget(1000+int64(first)+9, 10); n != 10 {
			t.Fatalf("%d forgotten", n)
		}
	}
}
