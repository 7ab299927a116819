package commands_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// upkeep does what is due, as the leader has it logged, on several machines alike; it
// returns how many entries that took.
func upkeep(leader *applier, others ...*applier) (entries int) {
	for args := leader.machine.Upkeep(leader.now); args != nil; args = leader.machine.Upkeep(leader.now) {
		entries++
		for _, a := range append([]*applier{leader}, others...) {
			a.index++
			a.machine.Begin(a.index, leader.now)
			a.machine.ApplyInternal(args, 0)
		}
	}
	return entries
}

// infoOf returns the fields of XINFO STREAM that tell of producers.
func infoOf(a *applier, key string) (numbers [6]int64) {
	k, _ := a.machine.State().DB(0).Get([]byte(key), a.now)
	if k == nil {
		return numbers
	}
	s, _ := k.Stream()
	p := s.Producers()
	l := p.Limits()
	return [6]int64{int64(l.Duration), int64(l.MaxSize), int64(p.PIDs()), int64(p.IIDs()), int64(p.Added()), int64(p.Duplicates())}
}

// Where nobody adds entries any more, iids go all the same, a bounded number with each
// entry of the log.
func TestIdleStreamsForget(t *testing.T) {
	a := newApplier()
	a.do("XADD", "idle", "*", "f", "v")
	a.do("XCFGSET", "idle", "IDMP-MAXSIZE", "10000")
	usage := a.do("MEMORY", "USAGE", "idle")
	for i := range 5000 {
		a.do("XADD", "idle", "MAXLEN", "1", "IDMP", "p", fmt.Sprint("iid", i), "*", "f", "v")
	}
	a.do("XADD", "other", "IDMP", "p", "i", "*", "f", "v")
	if got := infoOf(a, "idle"); got != [6]int64{100, 10000, 1, 5000, 5000, 0} {
		t.Errorf("producers %v", got)
	}
	if n := upkeep(a); n != 0 {
		t.Errorf("%d entries before anything has expired", n)
	}
	if next := a.machine.NextUpkeep(); next != a.now+100_000 {
		t.Errorf("the next look is in %d ms", next-a.now)
	}
	a.do("RENAME", "idle", "renamed")
	a.do("COPY", "renamed", "copied")
	a.now += 100_000
	if n := upkeep(a); n < 3 || n > 8 {
		t.Errorf("%d entries", n)
	}
	for _, key := range []string{"renamed", "copied", "other"} {
		if got := infoOf(a, key); got[2] != 0 || got[3] != 0 {
			t.Errorf("%s: producers %v", key, got)
		}
	}
	if after := a.do("MEMORY", "USAGE", "copied"); len(after) > len(usage) {
		t.Errorf("memory %q, was %q before", after, usage)
	}
	if next := a.machine.NextUpkeep(); next != 0 {
		t.Errorf("there is more to do in %d ms", next-a.now)
	}
}

// A change of the limits moves the look, a deleted key needs none.
func TestLooksFollowTheStream(t *testing.T) {
	a := newApplier()
	a.do("XADD", "k", "IDMP", "p", "i", "*", "f", "v")
	a.do("XCFGSET", "k", "IDMP-DURATION", "2592000")
	if next := a.machine.NextUpkeep(); next != 0 {
		t.Errorf("a look at a stream that remembers nothing is planned at %d", next)
	}
	a.do("XADD", "k", "IDMP", "p", "i", "*", "f", "v")
	if next := a.machine.NextUpkeep(); next != a.now+2_592_000_000 {
		t.Errorf("the next look is in %d ms", next-a.now)
	}
	a.do("XCFGSET", "k", "IDMP-DURATION", "1")
	a.do("XADD", "k", "IDMP", "p", "i", "*", "f", "v")
	if next := a.machine.NextUpkeep(); next != a.now+1000 {
		t.Errorf("the next look is in %d ms", next-a.now)
	}
	a.do("SWAPDB", "0", "1")
	a.now += 1000
	if n := upkeep(a); n != 1 {
		t.Errorf("%d entries for a database that was swapped", n)
	}
	a.do("XADD", "k", "IDMP", "p", "i", "*", "f", "v")
	a.do("DEL", "k")
	if next := a.machine.NextUpkeep(); next != 0 {
		t.Errorf("a look at a key that is gone is planned at %d", next)
	}
}

// DUMP and RESTORE take along what a stream remembers, and when it is to be looked at.
func TestDumpRemembersProducers(t *testing.T) {
	a := newApplier()
	first := a.do("XADD", "k", "IDMP", "p", "i", "*", "f", "v")
	_, dump, _ := strings.Cut(a.do("DUMP", "k"), "\r\n")
	if got := a.do("RESTORE", "again", "0", strings.TrimSuffix(dump, "\r\n")); got != "+OK\r\n" {
		t.Fatalf("RESTORE: %q", got)
	}
	a.now++
	if got := a.do("XADD", "again", "IDMP", "p", "i", "*", "f", "v"); got != first {
		t.Errorf("%q of the restored stream, was %q", got, first)
	}
	a.do("DEL", "k")
	a.now += 100_000
	if upkeep(a); infoOf(a, "again")[3] != 0 {
		t.Errorf("producers %v", infoOf(a, "again"))
	}
}

// snapshot is one in memory.
type snapshot struct {
	kinds  []uint8
	bodies [][]byte
}

func (s *snapshot) Section(kind uint8, body []byte) error {
	s.kinds, s.bodies = append(s.kinds, kind), append(s.bodies, slices.Clone(body))
	return nil
}

func (s *snapshot) Next() (kind uint8, body []byte, err error) {
	if len(s.kinds) == 0 {
		return 0, nil, io.EOF
	}
	kind, body = s.kinds[0], s.bodies[0]
	s.kinds, s.bodies = s.kinds[1:], s.bodies[1:]
	return kind, body, nil
}

// restart replaces the machine's state by its own snapshot.
func (a *applier) restart(t *testing.T) {
	t.Helper()
	var s snapshot
	if err := a.machine.View().Snapshot(&s); err != nil {
		t.Fatal(err)
	}
	if err := a.machine.Restore(&s); err != nil {
		t.Fatal(err)
	}
}

// msOf returns the milliseconds of an ID that was replied.
func msOf(t *testing.T, reply string) int64 {
	t.Helper()
	_, id, _ := strings.Cut(reply, "\r\n")
	text, _, _ := strings.Cut(id, "-")
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("reply %q: %v", reply, err)
	}
	return ms
}

// Two machines, of which one is restarted from snapshots again and again, answer the
// same and have the same state: a pair is one entry on both, as long as a plain map
// says that it is remembered.
func TestIDMPIsDeterministicOverRestarts(t *testing.T) {
	seed := *randomSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-random-seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 9))
	r, s := newApplier(), newApplier()
	remembered := map[string]string{} // pair to reply
	at := map[string]int64{}
	for range 20_000 {
		switch rng.IntN(2000) {
		case 0:
			s.restart(t)
		case 1:
			r.now += int64(rng.IntN(40_000))
		case 2, 3, 4:
			upkeep(r, s)
		}
		r.now += int64(rng.IntN(10))
		s.now = r.now
		key, pid, iid := fmt.Sprint("k", rng.IntN(3)), fmt.Sprint("p", rng.IntN(3)), fmt.Sprint("i", rng.IntN(50))
		pair := key + pid + iid
		got, other := r.do("XADD", key, "MAXLEN", "~", "100", "IDMP", pid, iid, "*", "f", "v"), s.do("XADD", key, "MAXLEN", "~", "100", "IDMP", pid, iid, "*", "f", "v")
		if got != other {
			t.Fatalf("XADD of %s: %q and %q", pair, got, other)
		}
		switch old, known := remembered[pair]; {
		case known && r.now < at[pair]+100_000 && got != old:
			t.Fatalf("XADD of %s: %q, was %q %d ms ago", pair, got, old, r.now-at[pair])
		case known && r.now >= at[pair]+100_000 && got == old:
			t.Fatalf("XADD of %s: still %q after %d ms", pair, got, r.now-at[pair])
		case got != old:
			remembered[pair], at[pair] = got, msOf(t, got)
		}
	}
	if r.machine.State().Hash() != s.machine.State().Hash() {
		t.Error("the states differ")
	}
}
