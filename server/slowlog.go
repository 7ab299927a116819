package server

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/server/config"
)

// slowLog keeps the commands that took long on the state of the partition. All its
// methods may be called from any goroutine.
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

// requester is a replier that knows whom it is for.
type requester interface {
	Client() (addr, name string)
}

// note keeps a request that has run since started, if that took long.
func (l *slowLog) note(r *replication.Request, cmd *commands.Command, started time.Time, took time.Duration) {
	if threshold := l.threshold.Load(); threshold < 0 || int64(took) < threshold {
		return
	}
	if cmd.Flags&commands.SkipSlowlog != 0 {
		return
	}
	s := commands.SlowCommand{At: started, Took: took, Args: commands.SlowArguments(r.Args)}
	if c, ok := r.To.(requester); ok {
		s.Client, s.Name = c.Client()
	}
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
