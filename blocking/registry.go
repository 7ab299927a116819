package blocking

import (
	"time"

	"github.com/tidwall/btree"
)

// Key is a key that somebody waits for.
type Key struct {
	DB   int
	Name string
}

// Wait is what a command that has to wait asks for.
type Wait struct {
	Keys []Key
	// Group is the consumer group of an XREADGROUP: its waiters share what
	// arrives. Shared waits (XREAD) have none: what arrives serves all of them.
	Group   string
	Shared  bool
	Timeout time.Duration // 0: for ever
	// Claim is true for an XREADGROUP that pending entries can wake, too, once they
	// have been idle for MinIdle. LookAt is when that may be so, in Unix ms by the
	// clock of the partition; 0: never. Taker: it takes what is released at once.
	Claim   bool
	MinIdle int64
	LookAt  int64
	Taker   bool
	// Args is the command to run again, when it differs from the one received:
	// IDs like '$' are resolved when the wait begins.
	Args [][]byte
}

// Waiter is a Wait that stands in line.
type Waiter struct {
	Wait
	// Owner is whatever the registry's owner wants to find again.
	Owner any

	number  uint64 // 0: never added
	claimed bool
	class   *class // with Claim
}

// Claimed reports whether somebody serves w at the moment.
func (w *Waiter) Claimed() bool { return w.claimed }

// Before reports whether w came before other.
func (w *Waiter) Before(other *Waiter) bool { return w.number < other.number }

// Registry orders the waiters of one partition.
type Registry struct {
	lines map[Key]*lines
	count int // waiters added and not removed, claimed ones included
	last  uint64

	classes map[question]*class
	looks   *btree.BTreeG[*class] // those that look some day; nil: none ever did
}

// lines are the waiters of one key: of XREAD in one line, of XREADGROUP in one
// for each group.
type lines struct {
	shared line
	groups map[string]*groupLine
}

// groupLine is the waiters of one group for one key, takers also in a line of
// their own: they need not wait behind those that nothing released can serve.
type groupLine struct{ all, takers line }

type line struct {
	order *btree.BTreeG[*Waiter] // nil: empty
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{lines: make(map[Key]*lines), classes: make(map[question]*class)}
}

// Len is the number of waiters, claimed ones included.
func (r *Registry) Len() int { return r.count }

// Keys is the number of keys that somebody stands in line for.
func (r *Registry) Keys() int { return len(r.lines) }

// KeysOfGroups is the number of keys that a group's waiters stand in line for.
func (r *Registry) KeysOfGroups() (n int) {
	for _, l := range r.lines {
		if len(l.groups) > 0 {
			n++
		}
	}
	return n
}

// AppendKeys appends every key that somebody stands in line for, in no order.
func (r *Registry) AppendKeys(to []Key) []Key {
	for k := range r.lines {
		to = append(to, k)
	}
	return to
}

// Add puts w in the line of each of its keys. w must not be in the registry.
func (r *Registry) Add(w *Waiter) {
	r.last++
	w.number = r.last
	r.count++
	if w.Claim {
		r.join(w)
	}
	r.enter(w)
}

// Claim takes w out of its lines until Release or Remove.
func (r *Registry) Claim(w *Waiter) {
	if !w.claimed {
		r.leave(w)
		w.claimed = true
	}
}

// Release puts a claimed waiter back at its old place. Its class looks again at
// once, unless SetLook says better.
func (r *Registry) Release(w *Waiter) {
	if !w.claimed {
		return
	}
	w.claimed = false
	r.enter(w)
	if w.class != nil {
		r.SetLook(w, atOnce)
	}
}

// Remove forgets w. It reports whether w was in the registry.
func (r *Registry) Remove(w *Waiter) bool {
	if w.number == 0 {
		return false
	}
	if !w.claimed {
		r.leave(w)
	}
	if w.class != nil {
		r.part(w)
	}
	w.claimed, w.number = false, 0
	r.count--
	return true
}

// EachShared calls fn for every XREAD in line for k. fn must not change the
// registry.
func (r *Registry) EachShared(k Key, fn func(*Waiter)) {
	if l := r.lines[k]; l != nil {
		l.shared.each(fn)
	}
}

// EachFirst calls fn for the first waiter in line of every group that waits for
// k, the longest waiting first: so the order does not depend on a map.
func (r *Registry) EachFirst(k Key, fn func(*Waiter)) {
	r.eachFirst(k, fn, func(g *groupLine) *line { return &g.all })
}

func (r *Registry) eachFirst(k Key, fn func(*Waiter), of func(*groupLine) *line) {
	l := r.lines[k]
	if l == nil {
		return
	}
	first := line{}
	for _, g := range l.groups {
		if w, ok := of(g).first(); ok {
			first.add(w)
		}
	}
	first.each(fn)
}

func (r *Registry) enter(w *Waiter) {
	for _, k := range w.Keys {
		l := r.lines[k]
		if l == nil {
			l = &lines{}
			r.lines[k] = l
		}
		l.enter(w)
	}
	if c := w.class; c != nil {
		c.line.add(w)
		r.schedule(c, c.at)
	}
}

func (r *Registry) leave(w *Waiter) {
	for _, k := range w.Keys {
		l := r.lines[k]
		if l == nil {
			continue // the same key twice in one command
		}
		l.leave(w)
		if l.shared.empty() && len(l.groups) == 0 {
			delete(r.lines, k)
		}
	}
	if c := w.class; c != nil {
		c.line.remove(w)
		r.schedule(c, c.at)
	}
}

func (l *lines) enter(w *Waiter) {
	if w.Shared {
		l.shared.add(w)
		return
	}
	g := l.groups[w.Group]
	if g == nil {
		if l.groups == nil {
			l.groups = make(map[string]*groupLine, 1)
		}
		g = &groupLine{}
		l.groups[w.Group] = g
	}
	g.all.add(w)
	if w.Taker {
		g.takers.add(w)
	}
}

func (l *lines) leave(w *Waiter) {
	if w.Shared {
		l.shared.remove(w)
		return
	}
	g := l.groups[w.Group]
	if g == nil {
		return // the same key twice
	}
	g.all.remove(w)
	if w.Taker {
		g.takers.remove(w)
	}
	if g.all.empty() {
		delete(l.groups, w.Group)
	}
}

func (l *line) empty() bool { return l.order == nil || l.order.Len() == 0 }

func (l *line) first() (w *Waiter, ok bool) {
	if l.order == nil {
		return nil, false
	}
	return l.order.Min()
}

func (l *line) add(w *Waiter) {
	if l.order == nil {
		// A low degree: most lines are short, and 50,000 of them must be cheap.
		l.order = btree.NewBTreeGOptions(arrivedBefore, btree.Options{NoLocks: true, Degree: 4})
	}
	l.order.Set(w)
}

func (l *line) remove(w *Waiter) {
	if l.order != nil {
		l.order.Delete(w)
	}
}

func (l *line) each(fn func(*Waiter)) {
	if l.order != nil {
		l.order.Scan(func(w *Waiter) bool {
			fn(w)
			return true
		})
	}
}

func arrivedBefore(a, b *Waiter) bool { return a.number < b.number }
