package commands_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strconv"
	"testing"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

// applier runs commands on a machine of its own, an entry of the log for each.
type applier struct {
	machine *commands.Machine
	table   *commands.Table
	index   uint64
	now     int64
	out     []byte
}

func newApplier() *applier {
	table := commands.NewTable()
	return &applier{
		table: table, now: commandstest.CoreTime,
		machine: commands.NewMachine(table, 16, slog.New(slog.DiscardHandler)),
	}
}

func (a *applier) request(args ...string) commands.Request {
	r := commands.Request{Proto: wire.RESP2}
	for _, s := range args {
		r.Args = append(r.Args, []byte(s))
	}
	var err error
	if r.Command, err = a.table.Find(r.Args); err != nil {
		panic(err)
	}
	return r
}

// apply is one step; the reply is valid until the next.
func (a *applier) apply(r commands.Request) []byte {
	a.index++
	a.machine.Begin(a.index, a.now)
	a.out, _ = a.machine.Apply(r, 0, a.out[:0])
	a.machine.Ready()
	return a.out
}

func (a *applier) do(args ...string) string { return string(a.apply(a.request(args...))) }

// The machine's share of an XADD: parse, look up, append, reply. A new stream
// begins every million entries; memory is bounded by that.
func BenchmarkXAdd(b *testing.B) {
	for _, fields := range []int{1, 5} {
		b.Run(fmt.Sprintf("fields=%d/value=100B", fields), func(b *testing.B) {
			a := newApplier()
			args := []string{"XADD", "k", "*"}
			for i := range fields {
				args = append(args, fmt.Sprintf("field%d", i), string(bytes.Repeat([]byte("x"), 100)))
			}
			r := a.request(args...)
			b.SetBytes(int64(100 * fields))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if n++; n%1_000_000 == 0 {
					a.do("XTRIM", "k", "MAXLEN", "0")
				}
				a.apply(r)
			}
		})
	}
}

// The life of entries in a group: added, delivered at once, acknowledged at once.
func BenchmarkGroupCycle(b *testing.B) {
	for _, count := range []int{1, 100} {
		b.Run(fmt.Sprintf("count=%d", count), func(b *testing.B) {
			a := newApplier()
			a.do("XGROUP", "CREATE", "k", "g", "0", "MKSTREAM")
			read := a.request("XREADGROUP", "GROUP", "g", "c", "COUNT", fmt.Sprint(count), "STREAMS", "k", ">")
			ack := a.request("XACK", "k", "g", "0")
			for range count - 1 {
				ack.Args = append(ack.Args, make([]byte, 0, 32))
			}
			add := a.request("XADD", "k", "MAXLEN", "~", "1000", "", "f", "v")
			b.ReportAllocs()
			id := uint64(0)
			for b.Loop() {
				for i := range count {
					id++
					add.Args[5] = strconv.AppendUint(add.Args[5][:0], id, 10)
					ack.Args[3+i] = strconv.AppendUint(ack.Args[3+i][:0], id, 10)
					a.apply(add)
				}
				a.apply(read)
				a.apply(ack)
			}
		})
	}
}

// XRANGE of 100 entries at random places of a stream of 100,000.
func BenchmarkXRange(b *testing.B) {
	a := newApplier()
	for i := range 100_000 {
		a.do("XADD", "k", fmt.Sprint(i+1), "field", string(bytes.Repeat([]byte("x"), 100)))
	}
	var requests []commands.Request
	for i := range 100 {
		requests = append(requests, a.request("XRANGE", "k", fmt.Sprint(1+i*997), "+", "COUNT", "100"))
	}
	b.ReportAllocs()
	out, n := []byte(nil), 0
	for b.Loop() {
		n++
		out, _, _ = a.machine.Read(requests[n%len(requests)], a.now, false, out[:0])
	}
}

// A PEL of 100,000 of which ten at its end are idle.
func BenchmarkFewIdle(b *testing.B) {
	const pending = 100_000
	a := newApplier()
	a.do("XGROUP", "CREATE", "k", "g", "0", "MKSTREAM")
	for i := range pending {
		a.do("XADD", "k", fmt.Sprint(i+1), "f", "v")
	}
	a.do("XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">")
	for i := range 10 {
		a.do("XCLAIM", "k", "g", "c", "0", fmt.Sprint(pending-i), "IDLE", "100000", "JUSTID")
	}
	for _, args := range [][]string{
		{"XPENDING", "k", "g", "IDLE", "60000", "-", "+", "100"},
		{"XAUTOCLAIM", "k", "g", "c", "60000", "0", "COUNT", "100", "JUSTID"},
	} {
		b.Run(args[0], func(b *testing.B) {
			r := a.request(args...)
			b.ReportAllocs()
			out := []byte(nil)
			for b.Loop() {
				if r.Command.Class == commands.Log && !a.machine.Quiet(r, a.now) {
					b.Fatal("there was something to claim in the first thousand")
				}
				out, _, _ = a.machine.Read(r, a.now, false, out[:0])
			}
		})
	}
}

// The machine's share of a SET over an old value, and of an INCR.
func BenchmarkString(b *testing.B) {
	for name, args := range map[string][]string{"SET/value=100B": {"SET", "k", string(make([]byte, 100))}, "INCR": {"INCR", "n"}} {
		b.Run(name, func(b *testing.B) {
			a := newApplier()
			r := a.request(args...)
			b.ReportAllocs()
			for b.Loop() {
				a.apply(r)
			}
		})
	}
}
