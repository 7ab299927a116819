package log_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// A failed write or sync reaches all who wait, is told to Fatal once, and
// nothing is written after it.
func TestFailureIsFinal(t *testing.T) {
	for _, kind := range []vfs.OpKind{vfs.OpWrite, vfs.OpDataSync} {
		t.Run(kind.String(), func(t *testing.T) {
			var armed atomic.Bool
			var after atomic.Int32
			fs := vfs.WithFaults(newMem(t), func(op vfs.Op) error {
				if armed.Load() && op.Kind.Changes() {
					after.Add(1)
					if op.Kind == kind {
						return syscall.EIO
					}
				}
				return nil
			})
			var told atomic.Int32
			o := smallLog()
			o.Fatal = func(err error) {
				if !errors.Is(err, log.ErrFailed) || !errors.Is(err, syscall.EIO) {
					t.Errorf("Fatal got %v", err)
				}
				told.Add(1)
			}
			l := mustOpen(t, fs, dir, o)
			must(t, l.Group(1).Append(entries(1, 1, 1, 10)))
			armed.Store(true)
			var wg sync.WaitGroup
			for id := range log.GroupID(10) {
				wg.Go(func() {
					if err := l.Group(id + 2).Append(entries(1, 1, 1, 10)); !errors.Is(err, log.ErrFailed) {
						t.Errorf("append: %v", err)
					}
				})
			}
			wg.Wait()
			ops := after.Load()
			if err := l.Group(1).SetState(log.State{Term: 1}); !errors.Is(err, log.ErrFailed) {
				t.Errorf("state: %v", err)
			}
			mustEntries(t, l.Group(1), entries(1, 1, 1, 10)) // reads go on
			if err := l.Close(); !errors.Is(err, log.ErrFailed) {
				t.Errorf("close: %v", err)
			}
			if told.Load() != 1 || after.Load() != ops {
				t.Errorf("Fatal called %d times, %d operations after the failure", told.Load(), after.Load()-ops)
			}
		})
	}
}

// With a full disk writes that need a segment are refused, votes go on, nothing
// is lost, and it recovers when there is space.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := newMem(t)
		l := mustOpen(t, mem, dir, smallLog())
		mem.SetLimit(100 << 10) // the first segment and not another
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		synctest.Wait()
		if err := l.SpaceErr(); !errors.Is(err, log.ErrNoSpace) || !strings.Contains(err.Error(), dir) {
			t.Fatalf("SpaceErr: %v", err)
		}
		want := newModel()
		next := uint64(1)
		for _, size := range []int{5000, 100, 0} { // to the last byte that entries may have
			for ; ; next++ {
				c := appendTo(1, entries(next, 1, 1, size))
				if err := c.do(l); err != nil {
					if !errors.Is(err, log.ErrNoSpace) || !errors.Is(err, syscall.ENOSPC) {
						t.Fatal(err)
					}
					break
				}
				c.apply(want)
			}
		}
		if err := l.Group(1).Append(entries(next, 1, 1, 500000)); !errors.Is(err, log.ErrNoSpace) {
			t.Fatalf("oversized: %v", err)
		}
		for term := range uint64(40) {
			c := setState(1, log.State{Term: term, VoteTerm: term, VoteFor: []byte("me")})
			must(t, c.do(l))
			c.apply(want)
		}
		mustHold(t, l, want, nil, "full")
		mustHold(t, mustOpen(t, roomy(mem.CrashKeepNothing()), dir, smallLog()), want, nil, "full, after a crash")

		mem.SetLimit(0)
		time.Sleep(1100 * time.Millisecond) // of the bubble's clock
		synctest.Wait()
		must(t, l.SpaceErr())
		c := appendTo(1, entries(next, 3, 1, 5000))
		must(t, c.do(l))
		c.apply(want)
		mustHold(t, l, want, nil, "with space again")
		cancel()
		must(t, <-done)
		must(t, l.Close())
	})
}

// An append of several frames that runs out of space half way leaves nothing.
func TestPartialAppendIsTakenBack(t *testing.T) {
	mem := newMem(t)
	l := mustOpen(t, mem, dir, smallLog())
	want := newModel()
	c := appendTo(1, entries(1, 2, 1, 1000))
	must(t, c.do(l))
	c.apply(want)
	mem.SetLimit(150 << 10)
	if err := l.Group(1).Append(entries(3, 30, 1, 9000)); !errors.Is(err, log.ErrNoSpace) {
		t.Fatal(err)
	}
	mustHold(t, l, want, nil, "refused")
	mem.SetLimit(0)
	for i := range 2 {
		c = appendTo(1, entries(3+uint64(i)*5, 5, 2, 9000))
		must(t, c.do(l))
		c.apply(want)
	}
	mustHold(t, l, want, nil, "after it")
	mustHold(t, mustOpen(t, mem.CrashKeepNothing(), dir, smallLog()), want, nil, "after a crash")
}

func TestMarkAfterIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := newMem(t)
		l := mustOpen(t, mem, dir, smallLog())
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		marks := func() (n int) {
			for _, f := range framesOf(t, mem.KillProcess()) {
				if f.Kind == log.KindMark {
					n++
				}
			}
			return n
		}
		next := uint64(1)
		for range 5 { // never idle for 100 ms
			must(t, l.Group(1).Append(entries(next, 1, 1, 100)))
			next++
			time.Sleep(60 * time.Millisecond)
		}
		if n := marks(); n != 0 {
			t.Errorf("%d marks while busy", n)
		}
		time.Sleep(41 * time.Millisecond)
		synctest.Wait()
		if n := marks(); n != 1 {
			t.Errorf("%d marks after 101 ms", n)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := marks(); n != 1 {
			t.Errorf("%d marks of an idle log", n)
		}
		cancel()
		must(t, <-done)
		must(t, l.Close())
	})
}

func TestEverySecSyncsWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := newMem(t)
		o := smallLog()
		o.Sync = log.SyncEverySec
		l := mustOpen(t, mem, dir, o)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		durable := func() uint64 {
			return mustOpen(t, mem.CrashKeepNothing(), dir, smallLog()).Group(1).LastIndex()
		}
		for i := range uint64(3) {
			must(t, l.Group(1).Append(entries(i+1, 1, 1, 100)))
			time.Sleep(600 * time.Millisecond) // appends at 0, 0.6, 1.2 s
		}
		synctest.Wait()
		if n := durable(); n != 2 {
			t.Errorf("index %d is durable after 1.8 s", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := durable(); n != 3 {
			t.Errorf("index %d is durable a second after the last append", n)
		}
		cancel()
		must(t, <-done)
		must(t, l.Close())
	})
}

// The spare is filled in steps, each synced before the next.
func TestSpareIsFilledInSyncedSteps(t *testing.T) {
	var writes, syncs int
	fs := vfs.WithFaults(newMem(t), func(op vfs.Op) error {
		if strings.HasSuffix(op.Path, "spare.seg") {
			switch op.Kind {
			case vfs.OpWrite:
				if writes++; writes > syncs+1 {
					return fmt.Errorf("write %d with %d syncs", writes, syncs)
				}
			case vfs.OpDataSync:
				syncs++
			}
		}
		return nil
	})
	l := mustOpen(t, fs, dir, log.Options{SegmentBytes: 2 << 20})
	must(t, l.MakeSpare())
	if writes != 8 || syncs != 8 {
		t.Errorf("%d writes, %d syncs", writes, syncs)
	}
	must(t, l.Close())
}

// A disk that fails while the spare is filled ends the log, as it would under the log's
// own next sync: it must not pass for a full one. A full one is met again and again.
func TestSpareThatCannotBeFilled(t *testing.T) {
	for _, row := range []struct {
		name  string
		kind  vfs.OpKind
		errno syscall.Errno
		ends  bool
	}{
		{"failed sync", vfs.OpDataSync, syscall.EIO, true},
		{"failed write", vfs.OpWrite, syscall.EIO, true},
		{"no space", vfs.OpWrite, syscall.ENOSPC, false},
		{"no quota", vfs.OpDataSync, syscall.EDQUOT, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var armed atomic.Bool
			fs := vfs.WithFaults(newMem(t), func(op vfs.Op) error {
				if armed.Load() && op.Kind == row.kind && strings.HasSuffix(op.Path, "spare.seg") {
					return row.errno
				}
				return nil
			})
			var told atomic.Int32
			o := smallLog()
			o.Fatal = func(error) { told.Add(1) }
			l := mustOpen(t, fs, dir, o)
			armed.Store(true)
			if err := l.MakeSpare(); errors.Is(err, log.ErrFailed) != row.ends || errors.Is(err, log.ErrNoSpace) == row.ends || !errors.Is(err, row.errno) {
				t.Errorf("spare: %v", err)
			}
			if told.Load() == 1 != row.ends {
				t.Errorf("Fatal was called %d times", told.Load())
			}
			if err := l.RoomFor(1); (err == nil) != row.ends { // a log that has failed says so otherwise
				t.Errorf("room: %v", err)
			}
			armed.Store(false)
			if err := l.Group(1).Append(entries(1, 1, 1, 10)); errors.Is(err, log.ErrFailed) != row.ends {
				t.Errorf("append: %v", err)
			}
			if err := l.Close(); errors.Is(err, log.ErrFailed) != row.ends {
				t.Errorf("close: %v", err)
			}
		})
	}
}

// roomy is m without its bound.
func roomy(m *vfs.Mem) *vfs.Mem {
	m.SetLimit(0)
	return m
}
