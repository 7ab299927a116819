package replication

import "slices"

// claim claims wt to look again by the log, if it is still in line. When it is parked
// instead, whoever stands behind it is to look.
func (w *waits) claim(wt *waiter) (claimed, parked bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if wt.request == nil || wt.Claimed() {
		return false, false
	}
	if !w.registry.Keep(&wt.Waiter) {
		// It looked late, another of its class looks by now: one of them in the log
		// is enough.
		return false, false
	}
	if !w.takeTurn(wt) {
		return false, true
	}
	w.registry.Claim(&wt.Waiter)
	if wt.Shared {
		return true, false // of these nobody has to wait for another
	}
	wt.looks = true
	for _, k := range wt.Keys {
		at := place{k, wt.Group}
		w.proposed[at] = append(w.proposed[at], wt)
	}
	return true, false
}

// known notes that the outcome of a claim is known. The caller holds mu.
func (w *waits) known(wt *waiter) {
	if !wt.looks {
		return
	}
	wt.looks = false
	for _, k := range wt.Keys {
		at := place{k, wt.Group}
		rest := slices.DeleteFunc(w.proposed[at], func(other *waiter) bool { return other == wt })
		if len(rest) > 0 {
			w.proposed[at] = rest
		} else {
			delete(w.proposed, at)
		}
	}
}
