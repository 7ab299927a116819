package log_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// BenchmarkAppend appends entries of one group, each synced before the next,
// to files of b.TempDir. The segments are recycled, as on a node that has run for
// a while: their blocks were written before. Opening and the first lap over new
// segments are left out.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{100, 6 << 10, 1 << 20} {
		b.Run("bytes="+byteCount(size), func(b *testing.B) {
			l := mustOpen(b, vfs.OS(), b.TempDir(), log.Options{SegmentBytes: 8 << 20})
			g := l.Group(1)
			data := payload(1, 1, size)
			next := uint64(1)
			step := func() {
				must(b, g.Append([]log.Entry{{Index: next, Term: 1, Data: data}}))
				next++
				if s := l.Stats(); s.Segments > 2 {
					must(b, g.TruncateFront(next-1))
					must(b, l.Collect(func(log.GroupID) uint64 { return next }))
				}
			}
			must(b, l.MakeSpare())
			for range 20 << 20 / (size + 4096) { // one lap
				step()
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.StopTimer()
			must(b, l.Close())
		})
	}
}

// BenchmarkBareSync is what BenchmarkAppend cannot fall below: the same pages
// written over blocks written before, and fdatasync, with nothing around it.
func BenchmarkBareSync(b *testing.B) {
	f, err := vfs.OS().OpenFile(filepath.Join(b.TempDir(), "f"), createFlags, 0o600)
	must(b, err)
	page := make([]byte, 8<<10)
	const size = 8 << 20
	for off := int64(0); off < size; off += int64(len(page)) {
		_, err := f.WriteAt(page, off)
		must(b, err)
	}
	must(b, f.Sync())
	off := int64(0)
	for b.Loop() {
		_, err := f.WriteAt(page, off)
		must(b, err)
		must(b, f.DataSync())
		off = (off + int64(len(page))) % size
	}
	b.StopTimer()
	must(b, f.Close())
}

// BenchmarkAppendGroups appends from many goroutines, each with a group of its
// own, and reports how many syncs an append takes.
func BenchmarkAppendGroups(b *testing.B) {
	for _, groups := range []int{1, 8} {
		b.Run(fmt.Sprintf("groups=%d/bytes=6KB", groups), func(b *testing.B) {
			l := mustOpen(b, vfs.OS(), b.TempDir(), log.Options{})
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- l.Run(ctx) }()
			data := payload(1, 1, 6<<10)
			before := l.Stats().Syncs
			var id atomic.Uint32
			b.SetBytes(int64(len(data)))
			b.SetParallelism(groups)
			b.RunParallel(func(pb *testing.PB) {
				g := l.Group(log.GroupID(id.Add(1)))
				for next := uint64(1); pb.Next(); next++ {
					if err := g.Append([]log.Entry{{Index: next, Term: 1, Data: data}}); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(l.Stats().Syncs-before)/float64(b.N), "syncs/op")
			cancel()
			must(b, <-done)
			must(b, l.Close())
		})
	}
}

// BenchmarkOpen opens a log of 256 MB as kill -9 leaves it.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	l := mustOpen(b, vfs.OS(), dir, log.Options{Sync: log.SyncNone})
	es := []log.Entry{{Term: 1, Data: payload(1, 1, 6<<10)}}
	for next := uint64(1); next <= 256<<20/(6<<10); next++ {
		es[0].Index = next
		must(b, l.Group(1).Append(es))
	}
	b.SetBytes(256 << 20)
	for b.Loop() {
		again := mustOpen(b, vfs.OS(), dir, log.Options{})
		b.StopTimer()
		must(b, again.Close())
		b.StartTimer()
	}
	b.StopTimer()
	must(b, l.Close())
}

func byteCount(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%dMB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%dKB", n>>10)
	}
	return fmt.Sprintf("%dB", n)
}
