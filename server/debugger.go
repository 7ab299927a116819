package server

import (
	"sync"
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

func (v node) View() (all commands.Views) {
	for _, pt := range v.n.partitions {
		now := int64(0)
		pt.Inspect(func(_ replication.StateMachine, ms int64) { now = ms })
		all = append(all, pt.View().(view).At(now))
	}
	return all
}

// HoldUp holds up all partitions at once.
func (v node) HoldUp(d time.Duration) {
	over := make(chan struct{}) // closed when the time has come
	t := time.AfterFunc(d, func() { close(over) })
	defer t.Stop()
	var wg sync.WaitGroup
	for _, pt := range v.n.partitions {
		wg.Go(func() {
			pt.HoldUp(func() {
				select {
				case <-over:
				case <-v.n.stopping:
				}
			})
		})
	}
	wg.Wait()
}

// Reload takes its snapshot beside those that are due: where one is being taken
// already, that one will do.
func (v node) Reload(save bool) error {
	if save {
		if err := v.n.Snapshot(); err != nil {
			return err
		}
	}
	for _, pt := range v.n.partitions {
		if err := pt.Rebuild(); err != nil {
			return err
		}
	}
	return nil
}

func (v node) SetActiveExpire(on bool) {
	for _, pt := range v.n.partitions {
		pt.machine.SetActiveExpire(on)
		pt.LookAtUpkeep()
	}
}

func (v node) DebugLog(text string) { v.n.logger.Warn("DEBUG LOG", "text", text) }
