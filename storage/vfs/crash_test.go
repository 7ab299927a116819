package vfs_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/storage/vfs"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the crashes; 0 draws one")

// crashes runs check over many power losses of the file system that prepare
// builds, and returns how often each outcome was seen.
func crashes(t *testing.T, m *vfs.Mem, outcome func(after *vfs.Mem) string) map[string]int {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	seen := map[string]int{}
	for range 2000 {
		seen[outcome(m.Crash(rng))]++
	}
	return seen
}

func wantSeen(t *testing.T, seen map[string]int, want ...string) {
	t.Helper()
	for _, w := range want {
		if seen[w] == 0 {
			t.Errorf("never seen: %q", w)
		}
		delete(seen, w)
	}
	for s := range seen {
		t.Errorf("must not be: %q", s)
	}
}

const file = "/data/a"

func contentOutcome(t *testing.T, after *vfs.Mem) string {
	s, ok := content(t, after, file)
	if !ok {
		return "gone"
	}
	return s
}

func TestCrashKeepsWhatWasSynced(t *testing.T) {
	for name, sync := range map[string]func(vfs.File) error{"Sync": vfs.File.Sync, "DataSync": vfs.File.DataSync} {
		t.Run(name, func(t *testing.T) {
			m, dir := newMemDir("/data")
			f := create(t, m, file)
			must(t, second(f.WriteAt([]byte("abc"), 0)))
			must(t, sync(f))
			must(t, m.SyncDir(dir))
			wantSeen(t, crashes(t, m, func(a *vfs.Mem) string { return contentOutcome(t, a) }), "abc")
			wantContent(t, m.CrashKeepNothing(), file, "abc")
		})
	}
}

func TestCrashMayDropAFileWhoseNameWasNotSynced(t *testing.T) {
	m, _ := newMemDir("/data")
	f := create(t, m, file)
	must(t, second(f.WriteAt([]byte("abc"), 0)))
	must(t, f.Sync())
	wantSeen(t, crashes(t, m, func(a *vfs.Mem) string { return contentOutcome(t, a) }), "abc", "gone")
	if _, ok := content(t, m.CrashKeepNothing(), file); ok {
		t.Error("CrashKeepNothing kept a name that was not synced")
	}
}

func TestCrashMayDropAFolderWhoseNameWasNotSynced(t *testing.T) {
	m := vfs.NewMem()
	must(t, m.MkdirAll("/data", 0o700))
	f := create(t, m, file)
	must(t, f.Sync())
	must(t, m.SyncDir("/data"))
	wantSeen(t, crashes(t, m, func(a *vfs.Mem) string { return contentOutcome(t, a) }), "", "gone")
}

func TestCrashRenameIsWholeOrNothing(t *testing.T) {
	m, dir := newMemDir("/data")
	for name, text := range map[string]string{"/data/a": "old", "/data/b": "new"} {
		f := create(t, m, name)
		must(t, second(f.WriteAt([]byte(text), 0)))
		must(t, f.Sync())
	}
	must(t, m.SyncDir(dir))
	must(t, m.Rename("/data/b", "/data/a"))
	state := func(a *vfs.Mem) string {
		names, err := a.ReadDir(dir)
		must(t, err)
		return contentOutcome(t, a) + " " + strings.Join(names, ",")
	}
	wantSeen(t, crashes(t, m, state), "old a,b", "new a")
	must(t, m.SyncDir(dir))
	wantSeen(t, crashes(t, m, state), "new a")
}

func TestCrashMayUndoARemove(t *testing.T) {
	m, dir := newMemDir("/data")
	f := create(t, m, file)
	must(t, f.Sync())
	must(t, m.SyncDir(dir))
	must(t, m.Remove(file))
	wantSeen(t, crashes(t, m, func(a *vfs.Mem) string { return contentOutcome(t, a) }), "", "gone")
	must(t, m.SyncDir(dir))
	wantSeen(t, crashes(t, m, func(a *vfs.Mem) string { return contentOutcome(t, a) }), "gone")
}

func syncedFile(t *testing.T, content []byte) (*vfs.Mem, vfs.File) {
	t.Helper()
	m, dir := newMemDir("/data")
	f := create(t, m, file)
	must(t, second(f.WriteAt(content, 0)))
	must(t, f.Sync())
	must(t, m.SyncDir(dir))
	return m, f
}

// Two unsynced writes to different sectors: each may be there without the other.
func TestCrashReordersWrites(t *testing.T) {
	m, f := syncedFile(t, bytes.Repeat([]byte("."), 1024))
	must(t, second(f.WriteAt([]byte("1"), 0)))
	must(t, second(f.WriteAt([]byte("2"), 512)))
	seen := crashes(t, m, func(a *vfs.Mem) string {
		s := contentOutcome(t, a)
		return s[:1] + s[512:513]
	})
	wantSeen(t, seen, "..", "1.", ".2", "12")
}

// A write over synced bytes may be torn at any byte and by sectors in any order,
// but each byte is the old or the new one.
func TestCrashTearsAnOverwrite(t *testing.T) {
	const n = 2048
	m, f := syncedFile(t, bytes.Repeat([]byte("o"), n))
	must(t, second(f.WriteAt(bytes.Repeat([]byte("n"), n), 0)))
	seen := crashes(t, m, func(a *vfs.Mem) string {
		s := contentOutcome(t, a)
		if len(s) != n || strings.Trim(s, "on") != "" {
			t.Fatalf("neither old nor new: %q", s)
		}
		first := strings.Count(s, "n")
		switch {
		case first == 0:
			return "old"
		case first == n:
			return "new"
		case strings.HasPrefix(s, strings.Repeat("n", first)) && first%512 != 0:
			return "cut inside a sector"
		case strings.HasPrefix(s, strings.Repeat("n", first)):
			return "cut at a sector"
		default:
			return "sectors out of order"
		}
	})
	wantSeen(t, seen, "old", "new", "cut inside a sector", "cut at a sector", "sectors out of order")
}

func TestCrashOfAGrowingFileMixesSizeAndData(t *testing.T) {
	m, f := syncedFile(t, []byte("abc"))
	must(t, second(f.WriteAt(bytes.Repeat([]byte("x"), 1024), 3)))
	seen := crashes(t, m, func(a *vfs.Mem) string {
		s := contentOutcome(t, a)
		if !strings.HasPrefix(s, "abc") {
			t.Fatalf("synced bytes are gone: %q", s[:min(len(s), 8)])
		}
		switch tail := s[3:]; {
		case tail == "":
			return "old size"
		case len(tail) < 1024:
			return "between"
		case strings.Trim(tail, "x") == "":
			return "all"
		case strings.Trim(tail, "\x00") == "":
			return "new size, zeros"
		default:
			return "new size, part zeros"
		}
	})
	wantSeen(t, seen, "old size", "between", "all", "new size, zeros", "new size, part zeros")
}

func TestCrashMayUndoATruncate(t *testing.T) {
	m, f := syncedFile(t, []byte("abcdef"))
	must(t, f.Truncate(2))
	wantSeen(t, crashes(t, m, func(a *vfs.Mem) string { return contentOutcome(t, a) }), "ab", "abcdef")
	wantContent(t, m.CrashKeepNothing(), file, "abcdef")
}

func TestCrashIsDecidedByItsSeed(t *testing.T) {
	m, f := syncedFile(t, bytes.Repeat([]byte("o"), 4096))
	for i := range 8 {
		must(t, second(f.WriteAt(bytes.Repeat([]byte{byte('a' + i)}, 3000), int64(i*100))))
		create(t, m, "/data/x"+string(byte('0'+i)))
	}
	state := func(seed uint64) string {
		a := m.Crash(rand.New(rand.NewPCG(seed, 0)))
		names, err := a.ReadDir("/data")
		must(t, err)
		return contentOutcome(t, a) + strings.Join(names, ",")
	}
	for seed := range uint64(100) {
		if first, again := state(seed), state(seed); first != again {
			t.Fatalf("seed %d gives two results", seed)
		}
	}
}

// A machine that lost power once and came back has everything it shows on disk.
func TestCrashAfterCrashLosesNothingMore(t *testing.T) {
	m, f := syncedFile(t, []byte("abc"))
	must(t, second(f.WriteAt([]byte("XYZ"), 0)))
	rng := rand.New(rand.NewPCG(1, 0))
	for range 200 {
		first := m.Crash(rng)
		was := contentOutcome(t, first)
		if now := contentOutcome(t, first.Crash(rng)); now != was {
			t.Fatalf("second crash turned %q into %q", was, now)
		}
	}
}

func TestKillProcessKeepsAllButSyncsNothing(t *testing.T) {
	m, f := syncedFile(t, []byte("abc"))
	must(t, second(f.WriteAt([]byte("XYZ"), 0)))
	write(t, m, "/data/b", "b")
	lock, err := m.Lock("/data/LOCK")
	must(t, err)
	defer lock.Close()

	next := m.KillProcess()
	wantContent(t, next, file, "XYZ")
	wantContent(t, next, "/data/b", "b")
	l, err := next.Lock("/data/LOCK") // the lock died with its process
	must(t, err)
	must(t, l.Close())
	must(t, second(f.WriteAt([]byte("---"), 0))) // a goroutine of the dead one
	wantContent(t, next, file, "XYZ")

	least := next.CrashKeepNothing()
	wantContent(t, least, file, "abc")
	wantNames(t, least, "/data", "a")
}

func TestFailedSyncLosesThePagesForGood(t *testing.T) {
	m, _ := syncedFile(t, []byte("abcdef"))
	failing := true
	fsys := vfs.WithFaults(m, func(op vfs.Op) error {
		if failing && op.Kind == vfs.OpSync {
			return errDisk
		}
		return nil
	})
	f, err := fsys.OpenFile(file, rdwr, 0)
	must(t, err)
	must(t, second(f.WriteAt([]byte("XXX"), 0)))
	wantIs(t, f.Sync(), errDisk)
	failing = false
	must(t, second(f.WriteAt([]byte("Y"), 5)))
	must(t, f.Sync()) // looks good
	wantContent(t, m, file, "XXXdeY")
	wantSeen(t, crashes(t, m, func(a *vfs.Mem) string { return contentOutcome(t, a) }), "abcdeY")
	wantSeen(t, crashes(t, m.KillProcess(), func(a *vfs.Mem) string { return contentOutcome(t, a) }), "abcdeY")
}

func TestFailedSyncDirLosesTheNamesForGood(t *testing.T) {
	m, dir := newMemDir("/data")
	failing := true
	fsys := vfs.WithFaults(vfs.Slow(m, 1<<40), func(op vfs.Op) error {
		if failing && op.Kind == vfs.OpSyncDir {
			return errDisk
		}
		return nil
	})
	write(t, fsys, file, "")
	wantIs(t, fsys.SyncDir(dir), errDisk)
	failing = false
	must(t, fsys.SyncDir(dir))
	wantSeen(t, crashes(t, m, func(a *vfs.Mem) string { return contentOutcome(t, a) }), "gone")
}
