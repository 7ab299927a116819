package meta_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace-io/millrace/meta"
)

// twin is the state as one would write it down: maps, and no care for size.
type twin struct {
	last    uint32
	nodes   map[uint64]meta.Node
	removed map[uint64]bool
	set     map[string]string
}

func (w *twin) staying() (n int) {
	for _, node := range w.nodes {
		if node.Phase != meta.Leaving {
			n++
		}
	}
	return n
}

// step draws a command, says it, and whether it is to work.
func (w *twin) step(rng *rand.Rand) (words []string, ok bool) {
	n := 1 + rng.Uint64N(6)
	node, there := w.nodes[n]
	addr := fmt.Sprintf("h%d:%d", n, rng.IntN(3))
	switch rng.IntN(8) {
	case 0, 1:
		words = []string{"JOIN", id(n), addr, "c", "n"}
		ok = !w.removed[n] && !(there && node.Phase == meta.Leaving)
		if ok && !there {
			w.last++
			node = meta.Node{ID: n, Order: w.last, Phase: meta.Joining}
		}
		if ok {
			node.Addr, node.Client, node.Name = addr, "c", "n"
			w.nodes[n] = node
		}
	case 2:
		words, ok = []string{"MEMBER", id(n)}, there && node.Phase != meta.Leaving
		if ok {
			node.Phase = meta.Member
			w.nodes[n] = node
		}
	case 3:
		words, ok = []string{"READDRESS", id(n), addr, "d", ""}, there
		if ok {
			node.Addr, node.Client, node.Name = addr, "d", ""
			w.nodes[n] = node
		}
	case 4:
		words = []string{"REMOVE", id(n)}
		ok = there && (node.Phase == meta.Leaving || w.staying() > 1)
		if ok {
			node.Phase = meta.Leaving
			w.nodes[n] = node
		}
	case 5:
		words, ok = []string{"FORGET", id(n)}, w.removed[n] || there && node.Phase == meta.Leaving
		if ok {
			delete(w.nodes, n)
			w.removed[n] = true
		}
	case 6:
		words, ok = []string{"SET", fmt.Sprint(n), addr}, true
		w.set[fmt.Sprint(n)] = addr
	default:
		words, ok = []string{"UNSET", fmt.Sprint(n)}, true
		delete(w.set, fmt.Sprint(n))
	}
	return words, ok
}

func (w *twin) compare(t *testing.T, s *meta.State) {
	t.Helper()
	var nodes []meta.Node
	for _, n := range slices.Sorted(maps.Keys(w.nodes)) {
		nodes = append(nodes, w.nodes[n])
	}
	if !slices.Equal(nodes, s.Nodes()) {
		t.Fatalf("nodes %v, want %v", s.Nodes(), nodes)
	}
	for _, n := range nodes {
		if byID, ok := s.Node(n.ID); !ok || byID != n {
			t.Fatalf("node %d is %v", n.ID, byID)
		}
		if byOrder, ok := s.ByOrder(n.Order); !ok || byOrder != n {
			t.Fatalf("number %d is %v", n.Order, byOrder)
		}
	}
	if want := slices.Sorted(maps.Keys(w.removed)); !slices.Equal(want, s.RemovedIDs()) {
		t.Fatalf("removed %v, want %v", s.RemovedIDs(), want)
	}
	if want := slices.Sorted(maps.Keys(w.set)); !slices.Equal(want, s.Settings()) {
		t.Fatalf("settings %v, want %v", s.Settings(), want)
	}
	for key, want := range w.set {
		if value, ok := s.Setting(key); !ok || value != want {
			t.Fatalf("setting %s is %s, want %s", key, value, want)
		}
	}
}

// Random commands against the naive twin; a refused one changes nothing, one that
// changes something makes a new version, and a snapshot gives the same state back.
func TestAgainstTwin(t *testing.T) {
	rng := newRand(t)
	for range 200 {
		s := begun(t)
		w := &twin{last: 1, removed: map[uint64]bool{}, set: map[string]string{}, nodes: map[uint64]meta.Node{
			1: {ID: 1, Order: 1, Phase: meta.Member, Addr: "h1:7001"}}}
		for range 60 {
			words, ok := w.step(rng)
			before, old := text(dump(t, s)), s.Clone()
			_, err := apply(s, words...)
			if (err == nil) != ok {
				t.Fatalf("%v: %v", words, err)
			}
			w.compare(t, s)
			after := text(dump(t, s))
			if changed := before != after; changed != (s.Version() == old.Version()+1) || !changed && s.Version() != old.Version() {
				t.Fatalf("%v: version %d after %d, changed %v", words, s.Version(), old.Version(), changed)
			}
			if text(dump(t, old)) != before {
				t.Fatalf("%v reached a clone", words)
			}
		}
		restored, err := meta.Restore(dump(t, s))
		if err != nil {
			t.Fatal(err)
		}
		if text(dump(t, restored)) != text(dump(t, s)) {
			t.Fatal("a snapshot gives another state back")
		}
	}
}
