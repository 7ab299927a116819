package mesh

import (
	"sync"
	"time"
)

const (
	tellAgain = time.Minute
	maxTold   = 256
)

// limiter keeps a peer that tries again and again from flooding the log.
type limiter struct {
	mu   sync.Mutex           // covers told
	told map[string]time.Time // at most maxTold
}

// first reports whether the text was not said within the last minute.
func (l *limiter) first(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if at, ok := l.told[text]; ok && now.Sub(at) < tellAgain {
		return false
	}
	if l.told == nil || len(l.told) >= maxTold {
		l.told = map[string]time.Time{}
	}
	l.told[text] = now
	return true
}
