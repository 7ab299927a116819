package server

import (
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/server/config"
)

var _ commands.Debugger = node{}

func (v node) DebugAllowed(local bool) bool {
	switch v.n.live.Config().EnableDebugCommand {
	case config.DebugYes:
		return true
	case config.DebugLocal:
		return local
	}
	return false
}

func (v node) View() *commands.View {
	now := int64(0)
	v.n.partition.Inspect(func(_ replication.StateMachine, ms int64) { now = ms })
	return v.n.partition.View().(view).At(now)
}

func (v node) HoldUp(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	v.n.partition.HoldUp(func() {
		select {
		case <-t.C:
		case <-v.n.stopping:
		}
	})
}

// Reload takes its snapshot beside those that are due: where one is being taken
// already, that one will do.
func (v node) Reload(save bool) error {
	if save {
		if err := v.n.Snapshot(); err != nil {
			return err
		}
	}
	return v.n.partition.Rebuild()
}

func (v node) SetActiveExpire(on bool) {
	v.n.machine.SetActiveExpire(on)
	v.n.partition.LookAtUpkeep()
}

func (v node) DebugLog(text string) { v.n.logger.Warn("DEBUG LOG", "text", text) }
