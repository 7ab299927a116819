package server

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/vfs"
)

func segments(size int64) func(*config.Config) {
	return func(c *config.Config) { c.LogSegmentBytes = size }
}

// On a full disk writes are refused with an error that names the folder; reads go
// on, nothing is damaged, and when there is space again so is the node.
func TestFullDisk(t *testing.T) {
	disk := newDisk()
	p := start(t, disk, segments(2<<20))
	c := dial(t, p)
	c.must(t, "XADD s * f first")
	eventually(t, "a spare segment", func() bool { return p.log.Stats().Spare })
	disk.SetLimit(5 << 20)

	value, written := strings.Repeat("x", 100<<10), int64(1)
	var refused errReply
	for range 100 {
		v := c.do(t, "XADD s * f "+value)
		if err, bad := v.(errReply); bad {
			refused = err
			break
		}
		written++
	}
	if !strings.HasPrefix(string(refused), "MISCONF") || !strings.Contains(string(refused), filepath.Join(dataDir, "log")) {
		t.Fatalf("behind %d entries the error is %q; want MISCONF with the folder", written, refused)
	}
	if v := c.must(t, "XLEN s"); v != written {
		t.Errorf("XLEN %v on a full disk, want %d", v, written)
	}
	if v := c.must(t, "PING"); v != "PONG" {
		t.Errorf("PING: %v", v)
	}
	hash, _ := p.hash()
	// There is no room for another segment either: the start says so, does no harm,
	// and works as soon as there is.
	image := disk.KillProcess()
	err := launch(t, image, testConfig(segments(2<<20))).wait(t)
	wantMentions(t, "start on a full disk", err, filepath.Join(dataDir, "log"), "no space", "free 2097152 bytes")
	image.SetLimit(0)
	sameAfterReplay(t, image, hash)

	disk.SetLimit(0)
	eventually(t, "writes go on", func() bool { _, bad := c.do(t, "XADD s * f again").(errReply); return !bad })
	hash, _ = p.hash()
	if err := p.stop(t); err != nil {
		t.Errorf("stop: %v", err)
	}
	sameAfterReplay(t, disk, hash)
}

// A write or sync of the log that fails ends the node with one line; nothing
// behind it was acknowledged, and everything before it is there.
func TestFailedLogEndsTheNode(t *testing.T) {
	for _, kind := range []vfs.OpKind{vfs.OpWrite, vfs.OpDataSync} {
		t.Run(kind.String(), func(t *testing.T) {
			seeds(t, func(t *testing.T, rng *rand.Rand) { failLog(t, rng, kind) })
		})
	}
}

func failLog(t *testing.T, rng *rand.Rand, kind vfs.OpKind) {
	disk := newDisk()
	var left atomic.Int64
	left.Store(never)
	p := start(t, vfs.WithFaults(disk, func(op vfs.Op) error {
		if op.Kind == kind && strings.HasSuffix(op.Path, ".seg") && left.Add(-1) < 0 {
			return &os.PathError{Op: op.Kind.String(), Path: op.Path, Err: syscall.EIO}
		}
		return nil
	}))
	w := newWorker(0)
	w.dead = new(atomic.Bool)
	c := dial(t, p)
	left.Store(int64(rng.IntN(40)))
	w.work(c, rng, 200, func(int) {})
	err := p.wait(t)
	if err == nil || !errors.Is(err, syscall.EIO) || strings.Contains(err.Error(), "\n") {
		t.Errorf("the node ended with %v; want one line with the cause", err)
	}
	for _, next := range []*vfs.Mem{disk.KillProcess(), disk.Crash(rng)} {
		q := start(t, next)
		again := *w
		again.check(t, dial(t, q), w.acked)
		q.stop(t)
	}
}

// A changed byte in what was once synced stops the start with file and offset;
// check says so too, and the log before it can still be read.
func TestDamageStopsTheStart(t *testing.T) {
	dir := t.TempDir()
	onDisk := func(c *config.Config) { c.Dir, c.LogSegmentBytes = filepath.Join(dir, "node"), 64<<10 }
	p := start(t, vfs.OS(), onDisk)
	c := dial(t, p)
	for i := range 40 {
		c.must(t, fmt.Sprintf("XADD s * number %d f %s", i, strings.Repeat("x", 5000)))
	}
	if err := p.stop(t); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "node")
	names, err := filepath.Glob(filepath.Join(folder, "log", "0*.seg"))
	if err != nil || len(names) < 3 {
		t.Fatalf("segments %v, %v", names, err)
	}
	path := names[0]
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[40<<10] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}

	place := []string{path, "offset"}
	_, err = OpenFS(vfs.OS(), testConfig(onDisk), discard)
	wantMentions(t, "start", err, place...)
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("start: %v: more than one line", err)
	}
	var out bytes.Buffer
	wantMentions(t, "check", Check(folder, &out), append(place, "Restore the folder from a copy")...)
	out.Reset()
	wantMentions(t, "dump", DumpLog(folder, DumpOptions{Group: -1, To: 1 << 60}, &out), place...)
	if !strings.Contains(out.String(), " db 0 XADD s * number 3 f xxx") {
		t.Errorf("dump shows no commands before the damage: %.500s", out.String())
	}
}

func wantMentions(t *testing.T, what string, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %v; want it to mention %q", what, err, w)
		}
	}
}
