package commands

import "time"

// Debugger is what DEBUG asks of a node. Its methods may be called from any
// goroutine.
type Debugger interface {
	// DebugAllowed reports whether clients on this machine, or on others, may use
	// DEBUG.
	DebugAllowed(local bool) bool
	// View is the state of this moment, of each partition.
	View() Views
	// HoldUp keeps commands on keys waiting for so long, or until the node stops, and
	// returns then.
	HoldUp(time.Duration)
	// Reload builds the state again from the newest snapshot and the log behind it;
	// save has it take a snapshot before. It waits for that.
	Reload(save bool) error
	// SetActiveExpire chooses whether keys past their deadline are removed by
	// themselves.
	SetActiveExpire(bool)
	// DebugLog writes a client's text to the log.
	DebugLog(text string)
}
