package commandstest

import (
	"time"

	"github.com/millrace-io/millrace/commands"
)

// Kill finds no connection: a Core has no list of them.
func (n *coreNode) Kill(uint64) bool { return false }

// StartSnapshot is done at once: there is nowhere to write one.
func (n *coreNode) StartSnapshot(done func(error)) bool {
	if done != nil {
		done(nil)
	}
	return true
}

func (n *coreNode) LastSnapshot() time.Time       { return time.UnixMilli(CoreTime) }
func (n *coreNode) SyncLog() error                { return nil }
func (n *coreNode) Shutdown()                     {}
func (n *coreNode) Applied() uint64               { return 0 }
func (n *coreNode) OutOfMemory(int64) bool        { return false }
func (n *coreNode) Memory() commands.MemoryReport { return commands.MemoryReport{} }
func (n *coreNode) FreeMemory()                   {}
func (n *coreNode) ACLLog() *commands.ACLLog      { return &n.denied }
func (n *coreNode) SlowLog() commands.SlowLog     { return &n.slow }

func (n *coreNode) Latencies() commands.Latencies { return coreLatencies{} }

// coreLatencies are none.
type coreLatencies struct{}

func (coreLatencies) Monitored() bool                 { return false }
func (coreLatencies) Events() []commands.LatencyEvent { return nil }
func (coreLatencies) ResetEvents([]string) int        { return 0 }
func (coreLatencies) Histogram(*commands.Command) (h commands.LatencyHistogram, called bool) {
	return h, false
}

// coreSlowLog is empty: nothing takes long in a Core.
type coreSlowLog struct{}

func (*coreSlowLog) Newest(int) []commands.SlowCommand { return nil }
func (*coreSlowLog) Len() int                          { return 0 }
func (*coreSlowLog) Reset()                            {}

// A Core has no DEBUG.
func (n *coreNode) DebugAllowed(bool) bool { return false }
func (n *coreNode) View() commands.Views   { return nil }
func (n *coreNode) HoldUp(time.Duration)   {}
func (n *coreNode) Reload(bool) error      { return nil }
func (n *coreNode) SetActiveExpire(bool)   {}
func (n *coreNode) DebugLog(string)        {}
