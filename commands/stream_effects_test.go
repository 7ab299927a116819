package commands_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/keyspace"
)

// What a reader that has to wait waits for.
func TestWaits(t *testing.T) {
	for _, row := range []struct {
		name, command string
		want          blocking.Wait
		args          string // of the command to run again, "" for those received
	}{
		{
			"XREAD is pinned", "XREAD COUNT 3 BLOCK 1500 STREAMS k nok e k $ $ + 7",
			blocking.Wait{Keys: waitKeys("k", "nok", "e", "k"), Shared: true, Timeout: 1500 * time.Millisecond},
			"XREAD COUNT 3 BLOCK 1500 STREAMS k nok e k 5-5 0-0 0-0 7",
		},
		{
			"XREAD behind an ID", "XREAD BLOCK 0 STREAMS k 5-5",
			blocking.Wait{Keys: waitKeys("k"), Shared: true}, "",
		},
		{
			"XREADGROUP", "XREADGROUP GROUP g c BLOCK 20 STREAMS k e > >",
			blocking.Wait{Keys: waitKeys("k", "e"), Group: "g", Timeout: 20 * time.Millisecond}, "",
		},
	} {
		a := newApplier()
		a.do("XADD", "k", "5-5", "f", "v")
		a.do("XGROUP", "CREATE", "k", "g", "$")
		a.do("XADD", "e", "3-3", "f", "v")
		a.do("XDEL", "e", "3-3")
		a.do("XGROUP", "CREATE", "e", "g", "$")
		a.index++
		a.machine.Begin(a.index, a.now)
		out, wait := a.machine.Apply(a.request(strings.Fields(row.command)...), 0, []byte("before"))
		if wait == nil || string(out) != "before" {
			t.Errorf("%s: wait %v, reply %q", row.name, wait, out)
			continue
		}
		if args := string(bytes.Join(wait.Args, []byte(" "))); args != row.args {
			t.Errorf("%s: runs again as %q", row.name, args)
		}
		if !slices.Equal(wait.Keys, row.want.Keys) || wait.Group != row.want.Group ||
			wait.Shared != row.want.Shared || wait.Timeout != row.want.Timeout {
			t.Errorf("%s: waits for %+v", row.name, wait)
		}
	}
}

func waitKeys(names ...string) (keys []blocking.Key) {
	for _, name := range names {
		keys = append(keys, blocking.Key{Name: name})
	}
	return keys
}

// Which commands wake readers, and which change a watched key.
func TestSignalsAndVersions(t *testing.T) {
	for _, row := range []struct {
		command       string
		wakes, dirty  bool
		key           string
		missingBefore bool
	}{
		{command: "XADD k * f v", wakes: true, dirty: true},
		{command: "XADD k MAXLEN 0 * f v", wakes: true, dirty: true},
		{command: "XADD k 1 f v"},
		{command: "XADD new * f v", wakes: true, dirty: true, key: "new", missingBefore: true},
		{command: "XDEL k 1-0", dirty: true},
		{command: "XDEL k 9-9"},
		{command: "XTRIM k MAXLEN 1", dirty: true},
		{command: "XTRIM k MAXLEN 5"},
		{command: "XTRIM k MAXLEN ~ 1"},
		{command: "XADD k IDMP p i * f v", dirty: true, wakes: true},
		{command: "XCFGSET k IDMP-DURATION 5"},
		{command: "XIDMPRECORD k p i 1-0"},
		{command: "XSETID k 9-0"},
		{command: "XGROUP CREATE k h 0"},
		{command: "XGROUP CREATE new h 0 MKSTREAM", dirty: true, key: "new", missingBefore: true},
		{command: "XGROUP SETID k g 0"},
		{command: "XGROUP CREATECONSUMER k g d"},
		{command: "XGROUP DELCONSUMER k g c"},
		{command: "XGROUP DESTROY k g", wakes: true},
		{command: "XGROUP DESTROY k nog"},
		{command: "XREADGROUP GROUP g c STREAMS k >"},
		{command: "XREADGROUP GROUP g c STREAMS k 0"},
		{command: "XACK k g 1-0"},
		{command: "XCLAIM k g d 0 1-0"},
		{command: "XAUTOCLAIM k g d 0 0"},
		{command: "XCLAIM k g d 0 1-0 IDLE 5", wakes: true},
		{command: "XCLAIM k g d 0 9-9 IDLE 5"},
		{command: "XNACK k g FAIL IDS 1 1-0", wakes: true},
		{command: "XNACK k g FAIL IDS 1 2-0"},
		{command: "XNACK k g FAIL IDS 1 2-0 FORCE", wakes: true},
		{command: "XDELEX k IDS 1 1-0", dirty: true},
		{command: "XDELEX k ACKED IDS 1 1-0"},
		{command: "XDELEX k DELREF IDS 1 9-9"},
		{command: "XACKDEL k g IDS 1 1-0", dirty: true},
		{command: "XACKDEL k g IDS 1 2-0"},
		{command: "XTRIM k MAXLEN 0 ACKED"},
		{command: "XTRIM k MAXLEN 0 DELREF", dirty: true},
		{command: "XREADGROUP GROUP g d CLAIM 0 STREAMS k >"},
	} {
		a := newApplier()
		a.do("XADD", "k", "1-0", "f", "v")
		a.do("XADD", "k", "2-0", "f", "v")
		a.do("XGROUP", "CREATE", "k", "g", "0")
		a.do("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "k", ">")
		key := "k"
		if row.key != "" {
			key = row.key
		}
		before := version(a, key)
		if (before == keyspace.Version{}) != row.missingBefore {
			t.Fatalf("%s: version %v before", row.command, before)
		}
		a.index++
		a.machine.Begin(a.index, a.now)
		a.machine.Apply(a.request(strings.Fields(row.command)...), 0, nil)
		ready, _ := a.machine.Ready()
		if wakes := slices.Contains(ready, blocking.Key{Name: key}); wakes != row.wakes {
			t.Errorf("%s: wakes readers: %v", row.command, wakes)
		}
		if dirty := version(a, key) != before; dirty != row.dirty {
			t.Errorf("%s: changes a watched key: %v", row.command, dirty)
		}
	}
}

func version(a *applier, key string) keyspace.Version {
	k, _ := a.machine.State().DB(0).Get([]byte(key), a.now)
	if k == nil {
		return keyspace.Version{}
	}
	return k.Version()
}

// The same commands at the same times lead to the same state and replies.
func TestStreamCommandsAreDeterministic(t *testing.T) {
	r, s := newApplier(), newApplier()
	for i := range 300 {
		for _, line := range []string{
			fmt.Sprintf("XADD k MAXLEN ~ 150 * f %d", i),
			fmt.Sprintf("XGROUP CREATE k g%d 0", i%7),
			fmt.Sprintf("XREADGROUP GROUP g%d c%d COUNT 5 STREAMS k >", i%7, i%11),
			fmt.Sprintf("XREADGROUP GROUP g%d c%d COUNT 5 STREAMS k 0", i%7, i%11),
			fmt.Sprintf("XAUTOCLAIM k g%d c%d 3 0 COUNT 2", i%7, i%5),
			fmt.Sprintf("XDEL k %d-0", int64(1_700_000_000_000+i-20)),
			"XINFO STREAM k FULL COUNT 0",
		} {
			args := strings.Fields(line)
			if got, want := r.do(args...), s.do(args...); got != want {
				t.Fatalf("%s: %q and %q", line, got, want)
			}
		}
		r.now++
		s.now++
	}
	if r.machine.State().Hash() != s.machine.State().Hash() {
		t.Fatal("the states differ")
	}
}

// Fields and values of more than 1 GiB together are refused, before anything is
// copied and without a trace.
func TestXAddTooLarge(t *testing.T) {
	a := newApplier()
	r := a.request("XADD", "k", "*", "f", "v")
	large := make([]byte, 1<<27)
	for range 4 {
		r.Args = append(r.Args, large, large)
	}
	if got := string(a.apply(r)); got != "-ERR Elements are too large to be stored\r\n" {
		t.Fatalf("got %.80q", got)
	}
	if version(a, "k") != (keyspace.Version{}) {
		t.Fatal("the key was created")
	}
}

// Once the stream is there, an XADD allocates nothing but room for its entry, and
// that once per chunk.
func TestXAddAllocatesNothing(t *testing.T) {
	a := newApplier()
	r := a.request("XADD", "a key with a longer name than most", "MAXLEN", "~", "1000", "*", "field", "value")
	for range 5000 {
		a.apply(r)
	}
	if n := testing.AllocsPerRun(1000, func() { a.apply(r) }); n >= 1 {
		t.Errorf("%v allocations per XADD", n)
	}
}

// The numbers of nodes of 10 and of 1 entries, as Redis has them.
func TestXAddTrimsWholeNodes(t *testing.T) {
	a := newApplier()
	settings := a.machine.State().Settings()
	settings.StreamNodeMaxEntries = 10
	a.machine.State().SetSettings(settings)
	for range 100 {
		a.do("XADD", "k", "*", "f", "v")
	}
	for _, want := range []string{":71\r\n", ":62\r\n"} {
		a.do("XADD", "k", "MAXLEN", "~", "55", "LIMIT", "30", "*", "f", "v")
		if got := a.do("XLEN", "k"); got != want {
			t.Errorf("nodes of 10: length %q, want %q", got, want)
		}
	}
	settings.StreamNodeMaxEntries = 1
	a.machine.State().SetSettings(settings)
	for range 202 {
		a.do("XADD", "l", "*", "f", "v")
	}
	for _, want := range []string{":100\r\n", ":100\r\n", ":1\r\n"} {
		if got := a.do("XTRIM", "l", "MAXLEN", "~", "1"); got != want {
			t.Errorf("nodes of 1: removed %q, want %q", got, want)
		}
	}
}

// A long reply is not built while the partition is held.
func TestLongReadsAskForAView(t *testing.T) {
	a := newApplier()
	a.do("XGROUP", "CREATE", "k", "g", "0", "MKSTREAM")
	value := strings.Repeat("x", 10_000)
	for range 200 {
		a.do("XADD", "k", "*", "f", value)
	}
	for _, line := range []string{
		"XRANGE k - +", "XREVRANGE k + -", "XREAD STREAMS k 0", "XINFO STREAM k FULL COUNT 0",
	} {
		r := a.request(strings.Fields(line)...)
		_, _, err := a.machine.Read(r, a.now, false, nil)
		if err == nil {
			t.Errorf("%s: built at once", line)
			continue
		}
		out := a.machine.View().Read(r, a.now, nil)
		if applied := a.apply(r); !bytes.Equal(out, applied) {
			t.Errorf("%s: %d bytes on a view, %d applied", line, len(out), len(applied))
		}
	}
}

// A read that finds nothing new is not logged, and yet the consumer was seen.
func TestSeenTimeOfReadsThatFindNothing(t *testing.T) {
	a := newApplier()
	a.do("XGROUP", "CREATE", "k", "g", "$", "MKSTREAM")
	read := a.request("XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">")
	if a.machine.Quiet(read, a.now) {
		t.Fatal("it would create the consumer")
	}
	a.apply(read)
	if a.now += 700; !a.machine.Quiet(read, a.now) {
		t.Fatal("it would change nothing now")
	}
	if out, _, err := a.machine.Read(read, a.now, false, nil); err != nil || string(out) != "*-1\r\n" {
		t.Fatalf("got %q, %v", out, err)
	}
	a.now += 30
	info, _, err := a.machine.Read(a.request("XINFO", "CONSUMERS", "k", "g"), a.now, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[["name", "c", "pending", 0, "idle", 30, "inactive", -1]]`
	if got, _, _ := commandstest.Render(info); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
