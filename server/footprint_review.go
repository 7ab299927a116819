package server

import (
	"runtime"
	"time"
)

const (
	// reviewAfter is how old what the collector found may be when something is refused
	// by it, reviewShare how many times longer than a review nothing is reviewed.
	reviewAfter = 200 * time.Millisecond
	reviewShare = 50
)

// review has the collector run when something was refused by what it found a while ago.
// By itself it runs when enough was allocated, which does not happen while those who
// would are refused: what has gone since then without having been counted would count
// for minutes. So it is with values that were deleted while a snapshot held on to them.
func (f *footprint) review() {
	f.mu.Lock()
	age := time.Since(f.seen)
	f.mu.Unlock()
	if !f.refused.Load() || age < max(reviewAfter, reviewShare*f.reviewing) {
		return
	}
	began := time.Now()
	runtime.GC()
	f.reviewing = time.Since(began)
	f.measure()
}
