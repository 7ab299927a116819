package server

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// claimIdle is the idle time that these tests claim with, in ms.
const claimIdle = 300

// waitToClaim lets consumer name of group g wait for pending entries of the streams;
// options may name another idle time.
func waitToClaim(t *testing.T, p *process, name, options string, streams ...string) *client {
	t.Helper()
	w := dial(t, p)
	waitAgain(t, w, name, options, streams...)
	return w
}

func waitAgain(t *testing.T, w *client, name, options string, streams ...string) {
	t.Helper()
	news := strings.Repeat(" >", len(streams))
	if err := w.send(fmt.Sprintf("XREADGROUP GROUP g %s CLAIM %d %s STREAMS %s%s", name, claimIdle, options, strings.Join(streams, " "), news)); err != nil {
		t.Fatal(err)
	}
}

// abandon makes entries 1-0 to n-0 pending, as if a consumer had read them and
// died, and wakes nobody by that. They must be there, and the group behind them.
func abandon(t *testing.T, c *client, stream string, n int) {
	t.Helper()
	ids := ""
	for i := range n {
		ids += fmt.Sprintf("%d-0 ", i+1)
	}
	c.must(t, fmt.Sprintf("XCLAIM %s g dead 0 %sFORCE JUSTID", stream, ids))
}

// filled makes a stream with entries 1-0 to n-0 and a group that wants none of them.
func filled(t *testing.T, c *client, stream string, n int) {
	t.Helper()
	for i := range n {
		c.must(t, fmt.Sprintf("XADD %s %d-0 f v", stream, i+1))
	}
	c.must(t, "XGROUP CREATE "+stream+" g $")
}

// claim is an entry that CLAIM gave.
type claim struct {
	stream, id  string
	idle, count int64
}

func (w *client) claims(t *testing.T) (all []claim) {
	t.Helper()
	v, err := w.receive()
	if err != nil {
		t.Fatal(err)
	}
	list, _ := v.([]any)
	for _, s := range list {
		s := s.([]any)
		for _, e := range s[1].([]any) {
			e := e.([]any)
			all = append(all, claim{s[0].(string), e[0].(string), e[2].(int64), e[3].(int64)})
		}
	}
	if len(all) == 0 {
		t.Fatalf("nothing was claimed: %v", v)
	}
	return all
}

// Of a thousand that wait for the same entries each entry wakes the first in line
// alone, with one entry of the log; and again when it has been idle for as long once
// more.
func TestClaimWakesOneForEachEntry(t *testing.T) {
	p := start(t, newDisk())
	const waiters, pending, periods = 1000, 10, 3
	c := dial(t, p)
	filled(t, c, "s", pending)
	var line []*client
	for i := range waiters {
		line = append(line, waitToClaim(t, p, fmt.Sprint("w", i), "COUNT 1 BLOCK 0", "s"))
		p.blocked(t, i+1)
	}
	abandon(t, c, "s", pending)
	before := p.applied()
	seen := map[string]int64{}
	for i, w := range line[:pending*periods] {
		for _, e := range w.claims(t) {
			if seen[e.id]++; e.count != seen[e.id] || e.idle < claimIdle {
				t.Errorf("waiter %d got %+v, want delivery %d after %d ms", i, e, seen[e.id], claimIdle)
			}
		}
	}
	entries := p.applied() - before
	blocked, _ := p.Node.blocked()
	for id, n := range seen {
		if n != periods {
			t.Errorf("%s was claimed %d times in %d periods", id, n, periods)
		}
	}
	if len(seen) != pending {
		t.Errorf("%d entries were claimed, want %d", len(seen), pending)
	}
	// Where the test is late the next period has begun, and serves more than it has read.
	if served := uint64(waiters - blocked); entries > served {
		t.Errorf("%d claims took %d entries of the log", served, entries)
	}
}

// Two that want different idle times of the same entry: the shorter one gets it in
// its time, the longer one goes on waiting, and is served in its own.
func TestClaimsOfDifferentIdleTimes(t *testing.T) {
	p := start(t, newDisk())
	c := dial(t, p)
	filled(t, c, "s", 1)
	const long = 5 * claimIdle
	patient := waitToClaim(t, p, "patient", fmt.Sprint("BLOCK 0 CLAIM ", long), "s")
	p.blocked(t, 1)
	hasty := waitToClaim(t, p, "hasty", "BLOCK 0", "s")
	p.blocked(t, 2)
	abandon(t, c, "s", 1)
	if e := hasty.claims(t)[0]; e.count != 1 || e.idle < claimIdle || e.idle >= long {
		t.Errorf("the hasty one got %+v", e)
	}
	if e := patient.claims(t)[0]; e.count != 2 || e.idle < long {
		t.Errorf("the patient one got %+v", e)
	}
}

// One that waits for several streams is woken by each of them.
func TestClaimFromSeveralStreams(t *testing.T) {
	p := start(t, newDisk())
	c := dial(t, p)
	streams := []string{"a", "b", "c"}
	for _, s := range streams {
		filled(t, c, s, 2)
	}
	w := waitToClaim(t, p, "w", "BLOCK 0", streams...)
	for _, s := range streams {
		p.blocked(t, 1)
		abandon(t, c, s, 2)
		got := w.claims(t)
		if len(got) != 2 || got[0].stream != s || got[0].id != "1-0" || got[1].id != "2-0" {
			t.Errorf("from %s: %+v", s, got)
		}
		c.must(t, "XACK "+s+" g 1-0 2-0")
		waitAgain(t, w, "w", "BLOCK 0", streams...)
	}
	p.blocked(t, 1)
}

// What ends a wait otherwise: its time-out, UNBLOCK, the client's leaving. None of
// them takes the entry along; the next in line gets it.
func TestClaimGoesToTheNextWhenAWaitEnds(t *testing.T) {
	p := start(t, newDisk())
	c := dial(t, p)
	filled(t, c, "s", 1)
	const options = "BLOCK 0 CLAIM 1500"
	short := waitToClaim(t, p, "short", options+" BLOCK 20", "s")
	unblocked := waitToClaim(t, p, "unblocked", options, "s")
	id := c.must(t, "CLIENT ID").(int64) + 2 // c, short, unblocked came in this order
	if v, err := short.receive(); err != nil || v != nil {
		t.Errorf("the time-out brought %v, %v", v, err)
	}
	gone := waitToClaim(t, p, "gone", options, "s")
	p.blocked(t, 2)
	last := waitToClaim(t, p, "last", options, "s")
	p.blocked(t, 3)
	abandon(t, c, "s", 1)
	if n := c.must(t, fmt.Sprint("CLIENT UNBLOCK ", id)); n != int64(1) {
		t.Errorf("CLIENT UNBLOCK: %v", n)
	}
	if v, err := unblocked.receive(); err != nil || v != nil {
		t.Errorf("CLIENT UNBLOCK brought %v, %v", v, err)
	}
	gone.Close()
	p.blocked(t, 1)
	if e := last.claims(t)[0]; e.count != 1 {
		t.Errorf("the last one got %+v", e)
	}
}

// While writes are paused nothing is claimed, though its time has come.
func TestClaimWaitsForTheEndOfAPause(t *testing.T) {
	p := start(t, newDisk())
	c := dial(t, p)
	filled(t, c, "s", 1)
	w := waitToClaim(t, p, "w", "BLOCK 0 CLAIM 1000", "s")
	p.blocked(t, 1)
	abandon(t, c, "s", 1)
	c.must(t, "CLIENT PAUSE 600000 WRITE")
	eventually(t, "the entry is idle for longer than that", func() bool {
		e := c.must(t, "XPENDING s g - + 1").([]any)[0].([]any)
		if e[1] != "dead" {
			t.Fatalf("claimed during the pause: %v", e)
		}
		return e[2].(int64) > 1200
	})
	p.blocked(t, 1)
	c.must(t, "CLIENT UNPAUSE")
	if e := w.claims(t)[0]; e.count != 1 || e.idle <= 1200 {
		t.Errorf("after the pause: %+v", e)
	}
}

// Who waits for new entries stands in front of who waits to claim, and neither
// keeps the other from what it waits for.
func TestClaimBesideNewEntries(t *testing.T) {
	p := start(t, newDisk())
	c := dial(t, p)
	filled(t, c, "s", 1)
	for round := range 6 {
		news := dial(t, p)
		if err := news.send("XREADGROUP GROUP g news BLOCK 0 STREAMS s >"); err != nil {
			t.Fatal(err)
		}
		p.blocked(t, 1)
		w := waitToClaim(t, p, "w", "BLOCK 0", "s")
		p.blocked(t, 2)
		c.must(t, "XCLAIM s g dead 0 1-0 FORCE JUSTID")
		if round%2 == 0 {
			c.must(t, "XNACK s g SILENT IDS 1 1-0")
		}
		c.must(t, fmt.Sprintf("XADD s %d-0 f v", round+2))
		v, err := news.receive()
		if err != nil || len(v.([]any)) != 1 {
			t.Fatalf("new: %v, %v", v, err)
		}
		if e := w.claims(t)[0]; e.id != "1-0" {
			t.Errorf("claimed: %+v", e)
		}
		c.must(t, fmt.Sprintf("XACK s g 1-0 %d-0", round+2))
	}
}

// Waiters that find nothing pending cost looks at the rate of their idle time, and
// no entry of the log.
func TestClaimOfNothingIsNotLogged(t *testing.T) {
	p := start(t, newDisk())
	c := dial(t, p)
	filled(t, c, "s", 1)
	c.must(t, "XGROUP CREATECONSUMER s g w")
	before := p.applied()
	w := dial(t, p)
	if err := w.send("XREADGROUP GROUP g w BLOCK 200 CLAIM 0 STREAMS s >"); err != nil { // looks every 10 ms
		t.Fatal(err)
	}
	start := time.Now()
	if v, err := w.receive(); err != nil || v != nil || time.Since(start) < 190*time.Millisecond {
		t.Errorf("after %v: %v, %v", time.Since(start), v, err)
	}
	if n := p.applied() - before; n > 1 { // one that notes who was seen
		t.Errorf("waiting took %d entries of the log", n)
	}
}
