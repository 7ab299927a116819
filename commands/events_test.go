package commands_test

import (
	"log/slog"
	"testing"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/resp/wire"
)

// While nobody wants to know of it, an event costs no allocation.
func TestEventsCostNothingWhenOff(t *testing.T) {
	for _, line := range []string{"XADD s MAXLEN 10 * f v", "INCR i"} {
		table := commands.NewTable()
		m := commands.NewMachine(table, 1, slog.New(slog.DiscardHandler))
		args := words(line)
		cmd, err := table.Find(args)
		if err != nil {
			t.Fatal(err)
		}
		var told any
		index, out := uint64(0), make([]byte, 0, 64)
		measure := func() float64 {
			return testing.AllocsPerRun(1000, func() {
				index++
				m.Begin(index, 1000+int64(index))
				m.Apply(commands.Request{Command: cmd, Args: args, Proto: wire.RESP2, Told: &told}, 0, out)
				m.Ready()
			})
		}
		m.Tell(commands.EventMask, commands.EventKeyevent|commands.EventStream|commands.EventString|commands.EventGeneric)
		on := measure()
		if told == nil {
			t.Errorf("%s: nothing was told while events were on", line)
		}
		told = nil
		m.Tell(commands.EventMask, 0)
		off := measure()
		if told != nil {
			t.Errorf("%s: told of %v while events were off", line, told)
		}
		t.Logf("%s: %.0f allocations, %.0f with events", line, off, on)
		if off > 1 || on < off+2 { // one is INCR's new value
			t.Errorf("%s: %.0f allocations without events, %.0f with", line, off, on)
		}
	}
}
