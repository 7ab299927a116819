package log_test

import (
	"errors"
	"flag"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the random tests; 0 draws one")

func newRand(t testing.TB) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

const dir = "/node/log"

func smallLog() log.Options { return log.Options{SegmentBytes: 64 << 10, CacheBytes: -1} }

func newMem(t testing.TB) *vfs.Mem {
	m := vfs.NewMem()
	must(t, m.MkdirAll("/node", 0o700))
	must(t, m.SyncDir("/"))
	return m
}

// stopAt is fs for a process that dies after n steps. A sync that it does not
// live to call does no harm, unlike one that fails.
func stopAt(fs vfs.FS, n int) vfs.FS {
	hook, _ := vfs.StopAfter(n)
	return vfs.WithFaults(unharmed{fs}, hook)
}

// unharmed hides from the fault layer how the file system below takes harm.
type (
	unharmed     struct{ vfs.FS }
	unharmedFile struct{ vfs.File }
)

func (u unharmed) OpenFile(name string, flag int, perm fs.FileMode) (vfs.File, error) {
	f, err := u.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return unharmedFile{f}, nil
}

// life is a script that goes through create, append, roll, recycle, truncate,
// collect and reset, in segments of 64 KiB.
func life() []change {
	vote := func(term uint64, who string) log.State {
		return log.State{Term: term, VoteTerm: term, VoteFor: []byte(who)}
	}
	return []change{
		setState(1, vote(1, "a")),
		appendTo(1, entries(1, 3, 1, 900)),
		appendTo(2, entries(100, 1, 4, 0)),
		setState(2, vote(4, "somebody")),
		appendTo(1, entries(4, 2, 1, 25000)), // rolls
		nothing("mark", (*log.Log).Mark),
		nothing("spare", (*log.Log).MakeSpare),
		appendTo(1, entries(6, 40, 2, 2500)), // rolls twice in one append: spare, then a new file
		truncateBack(1, 30),
		appendTo(1, entries(30, 5, 3, 3000)),
		appendTo(2, entries(101, 1, 4, 150000)), // oversized: a file of its own
		appendTo(1, entries(35, 4, 3, 100)),
		truncateFront(1, 32),
		truncateFront(2, 101),
		collect(), // recycles the first, removes others
		appendTo(2, entries(102, 3, 5, 20000)),
		appendTo(2, entries(105, 3, 5, 20000)), // into the recycled file
		reset(1, 500, 7),
		collect(),
		appendTo(1, entries(501, 2, 7, 30000)),
		truncateFront(2, 107),
		collect(),
		appendTo(2, entries(200, 1, 6, 10)), // an empty group begins anywhere
		setState(1, vote(9, "b")),
	}
}

// run does the changes until one fails; it returns the acknowledged model and
// those that are possible as well.
func run(t *testing.T, l *log.Log, m *model, script []change) (may []*model) {
	for _, c := range script {
		err := c.do(l)
		if err == nil {
			c.apply(m)
			continue
		}
		if !errors.Is(err, vfs.ErrStopped) {
			t.Fatalf("%s: %v", c.name, err)
		}
		after := m.clone()
		c.apply(after)
		if c.partial != nil {
			may = c.partial(m)
		}
		return append(may, after)
	}
	return nil
}

// mustHold checks that the log is what was acknowledged, or with what was under
// way; it returns which.
func mustHold(t *testing.T, l *log.Log, m *model, may []*model, when string) *model {
	t.Helper()
	why := m.differs(l)
	if why == "" {
		return m
	}
	for _, other := range may {
		if other.differs(l) == "" {
			return other
		}
	}
	t.Fatalf("%s: %s", when, why)
	return nil
}

// goOn checks that a log that came back works as well as a new one.
func goOn(t *testing.T, m *vfs.Mem, l *log.Log, have *model, rng *rand.Rand, when string) {
	t.Helper()
	have = have.clone()
	for id := range log.GroupID(3) {
		next := have.group(id).last() + 1
		c := appendTo(id, entries(next, 2, 20, 9000))
		must(t, c.do(l))
		c.apply(have)
	}
	// No Close: the machine dies again.
	again := m.Crash(rng)
	l, err := log.Open(again, dir, smallLog())
	if err != nil {
		t.Fatalf("%s, second crash: %v", when, err)
	}
	mustHold(t, l, have, nil, when+", second crash")
	must(t, l.Close())
}

// crashAt runs the script on a machine that dies at step n, and checks what is
// there after some power losses. It reports whether the script came to its end.
func crashAt(t *testing.T, n int, script []change, rng *rand.Rand, losses int) (done bool) {
	mem := newMem(t)
	want := newModel()
	var may []*model
	l, err := log.Open(stopAt(mem, n), dir, smallLog())
	switch {
	case err == nil:
		may = run(t, l, want, script)
		done = may == nil
	case !errors.Is(err, vfs.ErrStopped):
		t.Fatal(err)
	}
	for i := range losses {
		when := "step " + itoa(n) + ", loss " + itoa(i)
		var after *vfs.Mem
		switch i {
		case 0:
			after = mem.CrashKeepNothing()
		case 1:
			after = mem.KillProcess()
		default:
			after = mem.Crash(rng)
		}
		back, err := log.Open(after, dir, smallLog())
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		have := mustHold(t, back, want, may, when)
		goOn(t, after, back, have, rng, when)
	}
	return done
}

func TestCrashAtEveryStep(t *testing.T) { crashAtEveryStep(t, newRand(t)) }

// A loss may take no more than the padding behind the last frame.
func TestCrashInThePadding(t *testing.T) {
	const seed = 12951333294523209118 // found it
	crashAtEveryStep(t, rand.New(rand.NewPCG(seed, 0)))
}

func crashAtEveryStep(t *testing.T, rng *rand.Rand) {
	n := 0
	for !crashAt(t, n, life(), rng, 6) {
		n++
	}
	t.Logf("%d steps", n)
	if n < 60 {
		t.Errorf("only %d steps: the script does less than it says", n)
	}
}

// What a process served after kill -9 is there after a power loss, though it was
// in the page cache only when the process started.
func TestKillThenPowerLoss(t *testing.T) {
	rng := newRand(t)
	for n := 5; ; n++ {
		mem := newMem(t)
		l, err := log.Open(stopAt(mem, n), dir, smallLog())
		if err != nil {
			continue
		}
		want := newModel()
		may := run(t, l, want, life())
		if may == nil {
			return
		}
		killed := mem.KillProcess()
		back := mustOpen(t, killed, dir, smallLog())
		served := mustHold(t, back, want, may, "after kill at step "+itoa(n))
		for range 3 {
			lost := mustOpen(t, killed.Crash(rng), dir, smallLog())
			mustHold(t, lost, served, nil, "after kill at step "+itoa(n)+" and power loss")
		}
	}
}

// A crash at every step of an Open that finds a torn tail.
func TestCrashWhileOpening(t *testing.T) {
	rng := newRand(t)
	mem := newMem(t)
	torn := func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite && op.N > 50000 {
			return &vfs.ShortWrite{N: 30000, Err: vfs.ErrStopped}
		}
		return nil
	}
	l := mustOpen(t, vfs.WithFaults(mem, torn), dir, smallLog())
	want := newModel()
	may := run(t, l, want, life())
	for n := 0; ; n++ {
		found := mem.KillProcess()
		l, err := log.Open(stopAt(found, n), dir, smallLog())
		if err == nil {
			_ = l.Close() // the machine may stop there
			return
		}
		for i := range 10 {
			back := mustOpen(t, found.Crash(rng), dir, smallLog())
			mustHold(t, back, want, may, "step "+itoa(n)+", loss "+itoa(i))
		}
	}
}

// A failed sync ends the log; what it should have written looks clean in the
// page cache, and only writing it again at the next start makes it durable.
func TestFailedSyncThenRestartThenPowerLoss(t *testing.T) {
	rng := newRand(t)
	for n := 1; ; n++ {
		mem := newMem(t)
		syncs := 0
		fs := vfs.WithFaults(mem, func(op vfs.Op) error {
			if op.Kind != vfs.OpDataSync || filepath.Base(op.Path) == "spare.seg" {
				return nil
			}
			if syncs++; syncs == n {
				return vfs.ErrStopped
			}
			return nil
		})
		l, err := log.Open(fs, dir, smallLog())
		if err != nil {
			continue
		}
		want := newModel()
		may := run(t, l, want, life())
		if may == nil {
			return
		}
		if err := l.Err(); !errors.Is(err, log.ErrFailed) {
			t.Fatalf("after a failed sync: %v", err)
		}
		restarted := mem.KillProcess()
		served := mustHold(t, mustOpen(t, restarted, dir, smallLog()), want, may, "sync "+itoa(n))
		for range 3 {
			back := mustOpen(t, restarted.Crash(rng), dir, smallLog())
			mustHold(t, back, served, nil, "sync "+itoa(n)+" and power loss")
		}
	}
}
