package tracking

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

// Table is all trackers of a node and what they have read. Its methods may be called
// from any goroutine.
type Table struct {
	// active is the number of trackers, to be asked without the lock.
	active atomic.Int64

	// mu covers all below, and every Tracker.
	mu       sync.Mutex
	max      int
	byKey    map[string]*entry
	all      []*entry // the same, in no order: one to be dropped is drawn from here
	items    int      // sum of their trackers
	trackers map[*Tracker]bool
	prefixes prefixes
}

// New returns an empty table of at most so many keys, 0 for any number.
func New(most int) *Table {
	return &Table{
		max: most, byKey: make(map[string]*entry), trackers: make(map[*Tracker]bool),
		prefixes: prefixes{byText: make(map[string]*prefix), lengths: make(map[int]int)},
	}
}

// Active reports whether there is anybody to tell.
func (t *Table) Active() bool { return t.active.Load() > 0 }

// Start turns tracking on for tr, or changes how it tracks. Prefixes are added to
// those that it has; keys that were remembered stay.
func (t *Table) Start(tr *Tracker, o Options) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !tr.on {
		tr.on = true
		t.trackers[tr] = true
		t.active.Add(1)
	}
	tr.bcast, tr.noLoop = o.BCast, o.NoLoop
	if !o.BCast {
		return
	}
	for _, text := range o.Prefixes {
		t.prefixes.add(text, tr)
	}
	if len(o.Prefixes) == 0 {
		t.prefixes.add("", tr)
	}
}

// Stop ends tracking for tr and forgets all that it has read; it is never told of
// anything again, unless Start is called again.
func (t *Table) Stop(tr *Tracker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !tr.on {
		return
	}
	tr.on = false
	delete(t.trackers, tr)
	t.active.Add(-1)
	t.prefixes.drop(tr)
	for e := range tr.keys {
		tr.leave(e)
		t.items--
		if len(e.trackers) == 0 {
			t.remove(e)
		}
	}
	// A map never gives its memory back: the next one begins small.
	tr.keys = make(map[*entry]int)
	t.shrink()
}

// Remember notes that a reader has read keys. It reports whether others were told of
// keys that had to make room. The names are copied.
func (t *Table) Remember(tr *Tracker, keys [][]byte) (told bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !tr.on || tr.bcast {
		return false
	}
	for _, name := range keys {
		e := t.byKey[string(name)]
		if e == nil {
			e = &entry{key: string(name), place: len(t.all)}
			t.byKey[e.key] = e
			t.all = append(t.all, e)
		}
		if _, already := tr.keys[e]; !already {
			tr.join(e)
			t.items++
		}
	}
	return t.makeRoom()
}

// SetMax changes how many keys there may be.
func (t *Table) SetMax(most int) (told bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.max = most
	return t.makeRoom()
}

// makeRoom drops keys at random until the rest is within the bound.
func (t *Table) makeRoom() (told bool) {
	for t.max > 0 && len(t.all) > t.max {
		t.tell(t.all[rand.IntN(len(t.all))], nil)
		told = true
	}
	return told
}

// Invalidate tells of keys that one command has changed, in this order: one after
// the other to those who have read them, and together, in byte order, to those who
// asked for their prefixes. by is who changed them, nil for none that tracks. The
// slice is put in order.
func (t *Table) Invalidate(keys []string, by *Tracker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keys {
		if e := t.byKey[k]; e != nil {
			t.tell(e, by)
		}
	}
	slices.Sort(keys)
	for _, m := range t.prefixes.match(slices.Compact(keys)) {
		i := Invalidation{Keys: m.keys}
		for _, tr := range m.trackers {
			if tr != by || !tr.noLoop {
				tr.to.Invalidate(&i)
			}
		}
	}
	t.shrink()
}

// tell tells of a key's change, and forgets it.
func (t *Table) tell(e *entry, by *Tracker) {
	i := Invalidation{Keys: []string{e.key}}
	for _, tr := range e.trackers {
		delete(tr.keys, e)
		if tr != by || !tr.noLoop {
			tr.to.Invalidate(&i)
		}
	}
	t.items -= len(e.trackers)
	e.trackers = nil
	t.remove(e)
}

// InvalidateAll tells everybody that any key may have changed, and forgets what they
// have read.
func (t *Table) InvalidateAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byKey, t.all, t.items = make(map[string]*entry), nil, 0
	i := Invalidation{}
	for tr := range t.trackers {
		tr.keys = make(map[*entry]int)
		tr.to.Invalidate(&i)
	}
}

// remove takes a key that has no trackers out of the table.
func (t *Table) remove(e *entry) {
	last := len(t.all) - 1
	t.all[e.place] = t.all[last]
	t.all[e.place].place = e.place
	t.all[last] = nil
	t.all = t.all[:last]
	delete(t.byKey, e.key)
}

// shrink lets go of what a large table leaves behind once its last key is gone.
func (t *Table) shrink() {
	if len(t.all) == 0 && cap(t.all) > 1024 {
		t.byKey, t.all = make(map[string]*entry), nil
	}
}

// Census is how much there is: of trackers, keys, keys times trackers, prefixes.
type Census struct{ Trackers, Keys, Items, Prefixes int }

// Census counts.
func (t *Table) Census() Census {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Census{len(t.trackers), len(t.all), t.items, len(t.prefixes.byText)}
}
