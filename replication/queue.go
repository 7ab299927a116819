package replication

import (
	"sync"
	"sync/atomic"
)

// queue holds the requests that were submitted and not yet taken by the proposer.
// It is bounded by those who submit: a session has a limited number of unfinished
// requests, and holds its client back while Backlog is past the bound.
type queue struct {
	mu       sync.Mutex
	waiting  []*Request
	woken    []*waiter     // waiters whose request is to be logged
	internal []*Request    // commands of the node's own
	wake     chan struct{} // holds a token when there is something to take; never closed

	bytes atomic.Int64 // of what was submitted and has not left for the log
}

func (q *queue) add(reqs []*Request) {
	n := int64(0)
	for _, r := range reqs {
		n += int64(requestSize(r))
	}
	q.mu.Lock()
	q.waiting = append(q.waiting, reqs...)
	q.bytes.Add(n)
	q.mu.Unlock()
	q.poke()
}

func (q *queue) addWoken(ws []*waiter) {
	q.mu.Lock()
	q.woken = append(q.woken, ws...)
	q.mu.Unlock()
	q.poke()
}

func (q *queue) addInternal(r *Request) {
	q.mu.Lock()
	q.internal = append(q.internal, r)
	q.mu.Unlock()
	q.poke()
}

func (q *queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) size() int64 { return q.bytes.Load() }

// take moves everything to the proposer's own lists, which must be empty.
func (q *queue) take(reqs []*Request) (taken []*Request, woken []*waiter, internal []*Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken, q.waiting = q.waiting, reqs[:0]
	woken, q.woken = q.woken, nil
	internal, q.internal = q.internal, nil
	return taken, woken, internal
}

// done notes that requests of n bytes left for the log.
func (q *queue) done(n int64) { q.bytes.Add(-n) }
