package server

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millrace-io/millrace/storage/vfs"
)

// never is an operation that no test comes to.
const never = 1 << 40

// freezer holds every changing operation from the n-th on, until release: between
// any two of them a picture of the disk can be taken, as a power loss or kill -9
// at that moment would leave it. What goes on behind the picture changes only the
// disk of the dead.
type freezer struct {
	after    atomic.Int64
	passed   atomic.Int64
	once     sync.Once
	reached  chan struct{} // closed when the first operation is held
	released chan struct{}
}

func newFreezer(after int) *freezer {
	f := &freezer{reached: make(chan struct{}), released: make(chan struct{})}
	f.after.Store(int64(after))
	return f
}

func (f *freezer) hook(op vfs.Op) error {
	if op.Kind.Changes() && f.passed.Add(1) > f.after.Load() {
		f.once.Do(func() { close(f.reached) })
		<-f.released
	}
	return nil
}

// in lets n more operations pass.
func (f *freezer) in(n int) { f.after.Store(f.passed.Load() + int64(n)) }

func (f *freezer) release() { close(f.released) }

// drained returns when every reply that the node had sent before has reached its
// client's socket: the loops have answered something later.
func drained(t testing.TB, p *process) {
	t.Helper()
	for range 4 { // more connections than loops
		c := dial(t, p)
		c.must(t, "PING")
		c.Close()
	}
}
