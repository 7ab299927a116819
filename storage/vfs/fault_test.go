package vfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/storage/vfs"
)

var errDisk = errors.New("disk on fire")

const rdwr = os.O_RDWR

// hooked runs act on a file over a hook that answers answer to operations of
// kind, and returns act's error and what is in the file afterwards.
func hooked(t *testing.T, kind vfs.OpKind, answer error, act func(fsys vfs.FS, f vfs.File) error) (string, error) {
	t.Helper()
	m, _ := newMemDir("/data")
	write(t, m, file, "abc")
	fsys := vfs.WithFaults(m, func(op vfs.Op) error {
		if op.Kind == kind {
			return answer
		}
		return nil
	})
	f, err := fsys.OpenFile(file, rdwr, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	err = act(fsys, f)
	s, ok := content(t, m, file)
	if !ok {
		s = "gone"
	}
	return s, err
}

func TestFaults(t *testing.T) {
	writeXYZ := func(_ vfs.FS, f vfs.File) error {
		n, err := f.WriteAt([]byte("XYZ"), 0)
		if err == nil && n != 3 {
			t.Errorf("wrote %d without an error", n)
		}
		return err
	}
	vector := func(_ vfs.FS, f vfs.File) error {
		return second(f.WriteVAt([][]byte{[]byte("X"), []byte("YZ")}, 0))
	}
	short := &vfs.ShortWrite{N: 2, Err: syscall.ENOSPC}
	rows := []struct {
		name   string
		kind   vfs.OpKind
		answer error
		act    func(vfs.FS, vfs.File) error
		want   error
		after  string
	}{
		{"write fails", vfs.OpWrite, errDisk, writeXYZ, errDisk, "abc"},
		{"write short", vfs.OpWrite, short, writeXYZ, syscall.ENOSPC, "XYc"},
		{"vector short", vfs.OpWrite, short, vector, syscall.ENOSPC, "XYc"},
		{"write skipped", vfs.OpWrite, vfs.ErrSkip, writeXYZ, nil, "abc"},
		{"write of another kind", vfs.OpSync, errDisk, writeXYZ, nil, "XYZ"},
		{"no space to allocate", vfs.OpAllocate, syscall.ENOSPC,
			func(_ vfs.FS, f vfs.File) error { return f.Allocate(0, 9) }, syscall.ENOSPC, "abc"},
		{"truncate fails", vfs.OpTruncate, errDisk, func(_ vfs.FS, f vfs.File) error { return f.Truncate(1) }, errDisk, "abc"},
		{"datasync fails", vfs.OpDataSync, errDisk, func(_ vfs.FS, f vfs.File) error { return f.DataSync() }, errDisk, "abc"},
		{"read fails", vfs.OpRead, errDisk, func(_ vfs.FS, f vfs.File) error { return second(f.ReadAt(make([]byte, 1), 0)) }, errDisk, "abc"},
		{"size fails", vfs.OpStat, errDisk, func(_ vfs.FS, f vfs.File) error { return second(f.Size()) }, errDisk, "abc"},
		{"close fails", vfs.OpClose, errDisk, func(_ vfs.FS, f vfs.File) error { return f.Close() }, errDisk, "abc"},
		{"open fails", vfs.OpOpen, errDisk, nil, errDisk, ""},
		{"create fails", vfs.OpCreate, errDisk,
			func(fs vfs.FS, _ vfs.File) error {
				return second(fs.OpenFile("/data/b", rdwr|os.O_CREATE, 0o600))
			}, errDisk, "abc"},
		{"rename fails", vfs.OpRename, errDisk, func(fs vfs.FS, _ vfs.File) error { return fs.Rename(file, "/data/b") }, errDisk, "abc"},
		{"rename skipped", vfs.OpRename, vfs.ErrSkip, func(fs vfs.FS, _ vfs.File) error { return fs.Rename(file, "/data/b") }, nil, "abc"},
		{"remove fails", vfs.OpRemove, errDisk, func(fs vfs.FS, _ vfs.File) error { return fs.Remove(file) }, errDisk, "abc"},
		{"mkdir fails", vfs.OpMkdir, errDisk, func(fs vfs.FS, _ vfs.File) error { return fs.MkdirAll("/data/x", 0o700) }, errDisk, "abc"},
		{"readdir fails", vfs.OpReadDir, errDisk, func(fs vfs.FS, _ vfs.File) error { return second(fs.ReadDir("/data")) }, errDisk, "abc"},
		{"stat fails", vfs.OpStat, errDisk, func(fs vfs.FS, _ vfs.File) error { return second(fs.Stat("/data")) }, errDisk, "abc"},
		{"lock fails", vfs.OpLock, errDisk, func(fs vfs.FS, _ vfs.File) error { return second(fs.Lock("/data/L")) }, errDisk, "abc"},
		{"free bytes fails", vfs.OpFreeBytes, errDisk, func(fs vfs.FS, _ vfs.File) error { return second(fs.FreeBytes("/data")) }, errDisk, "abc"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			after, err := hooked(t, r.kind, r.answer, r.act)
			if !errors.Is(err, r.want) || after != r.after {
				t.Errorf("error %v, file %q; want %v, %q", err, after, r.want, r.after)
			}
		})
	}
}

// A skipped sync reports success and leaves the bytes exposed to the next crash.
func TestSkippedSyncSyncsNothing(t *testing.T) {
	m, dir := newMemDir("/data")
	fsys := vfs.WithFaults(m, func(op vfs.Op) error {
		if op.Kind == vfs.OpSync {
			return vfs.ErrSkip
		}
		return nil
	})
	f := create(t, fsys, file)
	must(t, second(f.WriteAt([]byte("abc"), 0)))
	must(t, f.Sync())
	must(t, fsys.SyncDir(dir))
	wantContent(t, m.CrashKeepNothing(), file, "")
	must(t, f.DataSync())
	wantContent(t, m.CrashKeepNothing(), file, "abc")
}

func TestStopAfterStopsForGood(t *testing.T) {
	hook, passed := vfs.StopAfter(2)
	fsys, dir := wrapped(hook)
	f := create(t, fsys, file)                    // 1
	must(t, second(f.WriteAt([]byte("a"), 0)))    // 2
	must(t, second(f.ReadAt(make([]byte, 1), 0))) // reading is no step
	wantIs(t, f.Sync(), vfs.ErrStopped)           // 3: the crash
	wantIs(t, fsys.SyncDir(dir), vfs.ErrStopped)  // dead stays dead
	wantIs(t, second(f.Size()), vfs.ErrStopped)   // reads too
	wantIs(t, second(fsys.Stat(dir)), vfs.ErrStopped)
	if passed() != 3 {
		t.Errorf("passed = %d, want 3", passed())
	}
}

// A process that died before a sync has not spoilt it for the next one.
func TestStopBeforeASyncDoesNoHarm(t *testing.T) {
	m, dir := newMemDir("/data")
	hook, _ := vfs.StopAfter(2)
	fsys := vfs.WithFaults(m, hook)
	f := create(t, fsys, file)
	must(t, second(f.WriteAt([]byte("abc"), 0)))
	wantIs(t, f.Sync(), vfs.ErrStopped)
	wantIs(t, fsys.SyncDir(dir), vfs.ErrStopped)
	next := m.KillProcess()
	f, err := next.OpenFile(file, rdwr, 0)
	must(t, err)
	must(t, f.Sync())
	must(t, next.SyncDir(dir))
	wantContent(t, next.CrashKeepNothing(), file, "abc")
}

func TestMemLimitCutsAWriteAndRefusesAllocate(t *testing.T) {
	m, dir := newMemDir("/data")
	m.SetLimit(10)
	f := create(t, m, file)
	must(t, second(f.WriteAt([]byte("123456"), 0)))
	n, err := f.WriteAt([]byte("abcdef"), 6)
	if n != 4 {
		t.Errorf("wrote %d, want the 4 that fit", n)
	}
	wantIs(t, err, syscall.ENOSPC)
	wantIs(t, f.Allocate(0, 11), syscall.ENOSPC)
	must(t, second(f.WriteAt([]byte("over"), 0))) // overwriting needs no space
	wantContent(t, m, file, "over56abcd")
	if free, err := m.FreeBytes(dir); free != 0 || err != nil {
		t.Errorf("FreeBytes = %d, %v; want 0", free, err)
	}
	must(t, f.Truncate(3))
	must(t, f.Allocate(0, 10))
}

func TestSlowHoldsTheRateOverAllFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := newMemDir("/data")
		fsys := vfs.Slow(m, 1000)
		a, b := create(t, fsys, "/data/a"), create(t, fsys, "/data/b")
		start := time.Now()
		done := make(chan error, 2)
		go func() { done <- second(a.WriteAt(make([]byte, 2000), 0)) }()
		go func() { done <- second(b.WriteVAt([][]byte{make([]byte, 500), make([]byte, 500)}, 0)) }()
		must(t, <-done)
		must(t, <-done)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("3000 bytes at 1000/s took %v", took)
		}
		time.Sleep(time.Minute) // an idle disk saves nothing up
		start = time.Now()
		must(t, second(a.WriteAt(make([]byte, 1000), 0)))
		if took := time.Since(start); took != time.Second {
			t.Errorf("1000 bytes at 1000/s after a pause took %v", took)
		}
	})
}

func TestOpNames(t *testing.T) {
	for k := vfs.OpOpen; k <= vfs.OpFreeBytes; k++ {
		if s := k.String(); s == "" || strings.HasPrefix(s, "op") && s != "open" {
			t.Errorf("kind %d has no name", k)
		}
	}
	if got := (vfs.Op{Kind: vfs.OpRename, Path: "a", To: "b"}).String(); got != "rename a b" {
		t.Error(got)
	}
}

func TestOSErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	f, err := vfs.OS().OpenFile(filepath.Join(dir, "a"), os.O_RDWR|os.O_CREATE, 0o600)
	must(t, err)
	must(t, f.Close())
	if err := f.DataSync(); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "a")) {
		t.Errorf("DataSync on a closed file: %v", err)
	}
}
