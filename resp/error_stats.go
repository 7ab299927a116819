package resp

import (
	"bytes"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// maxErrorKinds bounds how many kinds of errors are told apart, as in Redis.
const maxErrorKinds = 128

// errorStats counts error replies by their first word, the code that clients look at.
type errorStats struct {
	total atomic.Uint64

	mu     sync.RWMutex // covers the map, not the counters
	byCode map[string]*atomic.Uint64
}

// count counts an error reply, from any goroutine.
func (e *errorStats) count(reply []byte) {
	e.total.Add(1)
	code := reply[1:]
	if end := bytes.IndexAny(code, " \r"); end >= 0 {
		code = code[:end]
	}
	e.mu.RLock()
	n := e.byCode[string(code)]
	e.mu.RUnlock()
	if n == nil {
		n = e.add(string(code))
	}
	n.Add(1)
}

// add finds room for a code. Past the bound it is counted in the total alone.
func (e *errorStats) add(code string) *atomic.Uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := e.byCode[code]
	if n != nil {
		return n
	}
	n = new(atomic.Uint64)
	if e.byCode == nil {
		e.byCode = make(map[string]*atomic.Uint64)
	}
	if len(e.byCode) < maxErrorKinds {
		e.byCode[code] = n
	}
	return n
}

func (e *errorStats) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.byCode = nil
	e.total.Store(0)
}

// EachError calls fn for every code that error replies had, in alphabetical order.
func (srv *Server) EachError(fn func(code string, n uint64)) {
	e := &srv.errors
	e.mu.RLock()
	counts := maps.Clone(e.byCode)
	e.mu.RUnlock()
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		fn(code, counts[code].Load())
	}
}
