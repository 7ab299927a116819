package vfs

import (
	"io/fs"
	"sync"
	"time"
)

// Slow limits the writes of all files of inner together to bytesPerSecond, as a
// slow disk does. A write takes its time before it is done, so the rate holds
// over any stretch; reads, syncs and names are free.
func Slow(inner FS, bytesPerSecond int64) FS {
	return &slowFS{FS: inner, rate: &writeRate{bytesPerSecond: max(bytesPerSecond, 1)}}
}

type slowFS struct {
	FS
	rate *writeRate
}

func (s *slowFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := s.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &slowFile{File: f, rate: s.rate}, nil
}

func (s *slowFS) failSyncDir(dir string) {
	if d, ok := s.FS.(dirSyncFailer); ok {
		d.failSyncDir(dir)
	}
}

type slowFile struct {
	File
	rate *writeRate
}

func (f *slowFile) WriteAt(b []byte, off int64) (int, error) {
	f.rate.wait(len(b))
	return f.File.WriteAt(b, off)
}

func (f *slowFile) WriteVAt(bufs [][]byte, off int64) (int, error) {
	f.rate.wait(totalLen(bufs))
	return f.File.WriteVAt(bufs, off)
}

func (f *slowFile) WriteSync(b []byte, off int64) (int, error) {
	f.rate.wait(len(b))
	return f.File.WriteSync(b, off)
}

func (f *slowFile) failSync() {
	if s, ok := f.File.(syncFailer); ok {
		s.failSync()
	}
}

// writeRate hands out time on the disk: each write starts when the one before
// has ended.
type writeRate struct {
	bytesPerSecond int64

	mu   sync.Mutex
	free time.Time // when the disk has done what it was given
}

func (r *writeRate) wait(n int) {
	r.mu.Lock()
	start := time.Now()
	if r.free.After(start) {
		start = r.free
	}
	r.free = start.Add(time.Duration(float64(n) / float64(r.bytesPerSecond) * float64(time.Second)))
	until := r.free
	r.mu.Unlock()
	time.Sleep(time.Until(until))
}
