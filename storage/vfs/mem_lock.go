package vfs

import (
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
)

// heldLock is what Lock of a Mem returns; Close may be called again.
type heldLock struct{ release func() }

func (l *heldLock) Close() error {
	l.release()
	return nil
}

func (m *Mem) Lock(path string) (io.Closer, error) {
	return m.lock(path, os.O_RDWR|os.O_CREATE, true)
}

func (m *Mem) LockShared(path string) (io.Closer, error) {
	return m.lock(path, os.O_RDONLY, false)
}

func (m *Mem) lock(path string, flag int, exclusive bool) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.openLocked(path, flag, fs.FileMode(0o600)); err != nil {
		return nil, pathError("open", path, err)
	}
	key := strings.Join(splitPath(path), "/")
	l := m.locks[key]
	if l == nil {
		l = &memLock{}
		m.locks[key] = l
	}
	if l.holders > 0 && (exclusive || l.exclusive) {
		return nil, pathError("lock", path, ErrLocked)
	}
	l.holders++
	l.exclusive = exclusive
	return &heldLock{release: sync.OnceFunc(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		l.holders--
	})}, nil
}
