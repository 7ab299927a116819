package server

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/resp"
	"github.com/millrace-io/millrace/server/config"
)

// slowLog keeps the commands that took long, on the state of the partition or in a
// session. All its methods may be called from any goroutine.
type slowLog struct {
	// threshold is the time from which a command is kept; negative: none is.
	threshold atomic.Int64

	// mu covers what follows.
	mu     sync.Mutex
	keep   int
	nextID uint64
	list   []commands.SlowCommand // oldest first, at most keep
}

var _ commands.SlowLog = (*slowLog)(nil)

// configure takes over the settings.
func (l *slowLog) configure(c *config.Config) {
	l.threshold.Store(c.SlowlogLogSlowerThan * int64(time.Microsecond))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keep = int(c.SlowlogMaxLen)
	l.shortenLocked()
}

// note keeps a command that has just run, if that took long. by is who gets the reply:
// only some of them know whom it is for.
func (l *slowLog) note(c *commands.Command, args [][]byte, by any, took time.Duration) {
	if !l.isSlow(c, took) {
		return
	}
	s := commands.SlowCommand{At: time.Now().Add(-took), Took: took, Args: commands.SlowArguments(c, args)}
	if r, ok := by.(resp.Requester); ok {
		s.Client, s.Name = r.Client()
	}
	l.keepIt(s)
}

func (l *slowLog) isSlow(c *commands.Command, took time.Duration) bool {
	threshold := l.threshold.Load()
	return threshold >= 0 && int64(took) >= threshold && c.Flags&commands.SkipSlowlog == 0
}

func (l *slowLog) keepIt(s commands.SlowCommand) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.ID = l.nextID
	l.nextID++
	l.list = append(l.list, s)
	l.shortenLocked()
}

func (l *slowLog) shortenLocked() {
	if n := len(l.list) - l.keep; n > 0 {
		l.list = slices.Delete(l.list, 0, n)
	}
}

// Newest implements commands.SlowLog.
func (l *slowLog) Newest(n int) []commands.SlowCommand {
	l.mu.Lock()
	defer l.mu.Unlock()
	newest := slices.Clone(l.list[max(len(l.list)-n, 0):])
	slices.Reverse(newest)
	return newest
}

// Len implements commands.SlowLog.
func (l *slowLog) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.list)
}

// Reset implements commands.SlowLog.
func (l *slowLog) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}
