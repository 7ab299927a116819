package server

import (
	"runtime/debug"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/server/config"
)

var _ commands.Operator = node{}

func (v node) Kill(id uint64) bool { return v.n.front.Kill(id) }

func (v node) StartSnapshot(done func(error)) bool { return v.n.startSnapshot(done) }

func (v node) LastSnapshot() time.Time {
	if last := v.n.saves.lastTime(); !last.IsZero() {
		return last
	}
	return v.n.started
}

// SyncLog has nothing to do when each write is synced before it is acknowledged.
func (v node) SyncLog() error {
	if v.n.live.Config().Fsync == config.FsyncAlways {
		return nil
	}
	return v.n.log.Sync()
}

func (v node) Shutdown() { v.n.quitOnce.Do(func() { close(v.n.quit) }) }

func (v node) Applied() uint64 { return v.n.applied() }

func (v node) OutOfMemory(more int64) bool { return v.n.memory.exceeds(more) }

func (v node) Memory() commands.MemoryReport {
	v.n.memory.measure()
	s := v.n.memory.sample()
	m := commands.MemoryReport{
		Used: uint64(v.n.memory.used()), Peak: uint64(v.n.memory.peak.Load()), Startup: uint64(v.n.memory.startup.Load()),
		Allocated: s.objects, Mapped: s.mapped, Resident: s.resident, Dataset: uint64(v.n.datasetBytes()),
		Limit: uint64(v.n.memory.maxMemory.Load()),
	}
	v.n.inspect(func(machine *commands.Machine) {
		state := machine.State()
		for i := range state.Databases() {
			m.Keys += uint64(state.DB(i).Len())
		}
	})
	return m
}

func (v node) FreeMemory() { debug.FreeOSMemory() }

func (v node) ACLLog() *commands.ACLLog { return &v.n.denied }

func (v node) Latencies() commands.Latencies { return v.n.latency }

func (v node) SlowLog() commands.SlowLog { return &v.n.slow }
