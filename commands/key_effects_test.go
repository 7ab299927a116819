package commands_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/blocking"
)

// Which commands on keys and strings wake readers of s, a stream, and which change a
// watched key; server.md section 6 and streams.md section 9.
func TestSignalsAndVersionsOfKeys(t *testing.T) {
	for _, row := range []struct {
		command string
		key     string // which is looked at
		wakes   bool
		dirty   bool
	}{
		{"SET a 1", "a", false, true}, // the same value counts, too
		{"SET a 2 NX", "a", false, false},
		{"SET n 2 XX", "n", false, false},
		{"SET n 2", "n", false, true},
		{"SET a 2 IFEQ 9", "a", false, false},
		{"SET a 2 IFEQ 1", "a", false, true},
		{"SET a 2 EXAT 1", "a", true, true},
		{"SET n 2 EXAT 1", "n", false, false},
		{"SET s x", "s", true, true},
		{"SET s x NX", "s", false, false},
		{"SET s x GET", "s", false, false},
		{"MSET a 1 s x", "s", true, true},
		{"MSETNX n 1 s x", "n", false, false},
		{"MSETEX 2 n 1 s x XX", "s", false, false},
		{"MSETEX 1 s x", "s", true, true},
		{"GETSET s x", "s", false, false},
		{"SETEX s 100 x", "s", true, true},
		{"SETNX a 2", "a", false, false},
		{"SETNX n 2", "n", false, true},
		{"GET a", "a", false, false},
		{"GETDEL a", "a", true, true},
		{"GETDEL s", "s", false, false},
		{"DELEX a IFEQ 2", "a", false, false},
		{"DELEX a IFEQ 1", "a", true, true},
		{"DELEX s", "s", true, true},
		{"GETEX a", "a", false, false},
		{"GETEX a PERSIST", "a", false, false},
		{"GETEX a EX 100", "a", false, true},
		{"GETEX a EXAT 1", "a", true, true},
		{`APPEND a `, "a", false, true}, // of nothing: a change, as in Redis
		{"APPEND s x", "s", false, false},
		{"SETRANGE a 0 ", "a", false, false},
		{"SETRANGE a 0 x", "a", false, true},
		{"INCR a", "a", false, true},
		{"INCRBYFLOAT a 0", "a", false, true},
		{"INCR b", "b", false, false},
		{"RENAME a a", "a", false, false},
		{"RENAME s t", "s", true, true},
		{"RENAME s t", "t", true, true},
		{"RENAME a s", "s", true, true},
		{"RENAMENX s a", "s", false, false},
		{"RENAMENX s a", "a", false, false},
		{"COPY s t", "t", true, true},
		{"COPY s t", "s", false, false},
		{"COPY s a", "a", false, false},
		{"COPY s t DB 1", "t", false, false},
		{"MOVE s 1", "s", true, true},
		{"MOVE n 1", "n", false, false},
		{"PERSIST a", "a", false, false},
		{"RESTORE a 0 x", "a", false, false},
		{"RESTORE n 0 x", "n", false, false},
	} {
		a := newApplier()
		a.do("SET", "a", "1")
		a.do("SET", "b", "x")
		a.do("XADD", "s", "1-0", "f", "v")
		before := version(a, row.key)
		r := a.request(strings.Split(row.command, " ")...)
		if quiet := a.machine.Quiet(r, a.now); quiet && row.dirty {
			t.Errorf("%s: quiet", row.command)
		}
		a.index++
		a.machine.Begin(a.index, a.now)
		a.machine.Apply(r, 0, nil)
		ready, all := a.machine.Ready()
		if wakes := all || slices.Contains(ready, blocking.Key{Name: row.key}); wakes != row.wakes {
			t.Errorf("%s: wakes readers of %s: %v", row.command, row.key, wakes)
		}
		if dirty := version(a, row.key) != before; dirty != row.dirty {
			t.Errorf("%s: changes %s for those who watch it: %v", row.command, row.key, dirty)
		}
	}
}

func TestOtherDatabasesAreSignalled(t *testing.T) {
	for command, want := range map[string]blocking.Key{
		"COPY s t DB 1": {DB: 1, Name: "t"},
		"MOVE s 1":      {DB: 1, Name: "s"},
	} {
		a := newApplier()
		a.do("XADD", "s", "1-0", "f", "v")
		a.index++
		a.machine.Begin(a.index, a.now)
		a.machine.Apply(a.request(strings.Fields(command)...), 0, nil)
		if ready, _ := a.machine.Ready(); !slices.Contains(ready, want) {
			t.Errorf("%s: wakes %v", command, ready)
		}
	}
	a := newApplier()
	a.do("XADD", "s", "1-0", "f", "v")
	a.index++
	a.machine.Begin(a.index, a.now)
	a.machine.Apply(a.request("SWAPDB", "0", "1"), 0, nil)
	if _, all := a.machine.Ready(); !all {
		t.Error("SWAPDB does not wake everybody")
	}
}

// SWAPDB fails a transaction that watches a key of one of the two.
func TestSwapChangesWatchedKeys(t *testing.T) {
	a := newApplier()
	a.do("SET", "here", "1")
	for db, name := range map[int]string{0: "here", 1: "here"} {
		before := a.machine.Version(db, []byte(name), a.now)
		a.do("SWAPDB", "0", "1")
		if a.machine.Version(db, []byte(name), a.now) == before {
			t.Errorf("key %s of database %d has its old version", name, db)
		}
	}
	before := a.machine.Version(0, []byte("nowhere"), a.now)
	a.do("SWAPDB", "0", "1")
	if a.machine.Version(0, []byte("nowhere"), a.now) != before {
		t.Error("a missing key has got a version")
	}
}

// A reader that waits goes on waiting when something else takes the stream's place.
func TestWokenXReadWaitsForAStream(t *testing.T) {
	a := newApplier()
	a.do("SET", "s", "x")
	r := a.request("XREAD", "BLOCK", "0", "STREAMS", "s", "1-0")
	if reply, wait, _ := a.machine.Read(r, a.now, false, nil); wait != nil || !strings.HasPrefix(string(reply), "-WRONGTYPE") {
		t.Errorf("at first: %q, waits %v", reply, wait)
	}
	r.Woken = true
	if reply, wait, _ := a.machine.Read(r, a.now, false, nil); wait == nil || len(reply) != 0 {
		t.Errorf("woken: %q, waits %v", reply, wait)
	}
}

// RANDOMKEY finds every key, and in the log the same on every node.
func TestRandomKeyFindsAll(t *testing.T) {
	a, b := newApplier(), newApplier()
	for _, name := range strings.Fields("a b c d e f g h") {
		a.do("SET", name, "1")
		b.do("SET", name, "1")
	}
	found := map[string]bool{}
	r := a.request("RANDOMKEY")
	for range 2000 {
		reply, _, err := a.machine.Read(r, a.now, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		found[string(reply)] = true
	}
	if len(found) != 8 {
		t.Errorf("found %d keys of 8: %v", len(found), found)
	}
	for range 20 {
		if x, y := a.do("RANDOMKEY"), b.do("RANDOMKEY"); x != y {
			t.Fatalf("%q here, %q there", x, y)
		}
	}
}
