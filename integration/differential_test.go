package integration

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var differentialCommands = flag.Int("differential-commands", 4000, "how many commands TestDifferential runs on each listener; fifty times as many with -heavy")

// Random commands of all kinds, valid and not, over several connections of both
// protocols, in pipelines cut at any byte: every reply and message is that of a real
// Redis. One connection speaks at a time, so that there is one right answer. What
// differs is made as short as it can be, and printed as a transcript.
func TestDifferential(t *testing.T) {
	redis := startRedis(t)
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			p := serve(t, t.TempDir(), "--listener", listener, "--redis-version", "7.4.0", "--fsync", "no")
			d := newDuel(t, redis, p.Addr)
			d.run(startSeed(), differentialBudget())
			d.close()
			p.stop()
		})
	}
}

// startSeed is the seed that was asked for, or a new one.
func startSeed() uint64 {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	return *seed
}

// differentialBudget is how many commands to run.
func differentialBudget() int {
	if *heavy {
		return 50 * *differentialCommands
	}
	return *differentialCommands
}

// duel is a Redis and a Millrace that are told the same.
type duel struct {
	t            *testing.T
	theirs, ours *stage
	families     []family
	commands     int
	parted       bool // by a known difference
}

func newDuel(t *testing.T, redis, millrace string) *duel {
	d := &duel{t: t}
	var err error
	if d.theirs, err = newStage(redis); err == nil {
		d.ours, err = newStage(millrace)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !d.theirs.target.Old() {
		t.Skip("redis-server is not 7.0, which the rules for differences are made for")
	}
	if d.families, err = shared(d.theirs.control, d.ours.control); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *duel) close() {
	d.theirs.close()
	d.ours.close()
}

// run plays scenarios until budget is used up, or one ends differently.
func (d *duel) run(first uint64, budget int) {
	d.t.Helper()
	for n := uint64(0); d.commands < budget; n++ {
		s := first + n
		sc := drawScenario(rand.New(rand.NewPCG(s, 6)), d.families, 120)
		diff, err := d.play(sc)
		if err != nil {
			d.t.Fatalf("-seed %d: Redis: %v", s, err)
		}
		if diff != "" {
			small, diff := d.minimise(sc, diff)
			d.t.Fatalf("-seed %d, made small:\n%s\n%s", s, small, diff)
		}
	}
	d.t.Logf("-seed %d: %d commands", first, d.commands)
}

// play plays a scenario on both, and says where Millrace answered otherwise. An error
// is of Redis: the scenario is none.
func (d *duel) play(sc *scenario) (diff string, err error) {
	if err := d.theirs.reset(sc.protos); err != nil {
		return "", err
	}
	if err := d.ours.reset(sc.protos); err != nil {
		return fmt.Sprintf("new connections: %v", err), nil
	}
	for i, t := range sc.turns {
		for _, t := range d.theirs.apart(t) {
			if d.theirs.speakers[t.conn].waits != nil {
				continue // and Millrace's waits as well, or it would have been told
			}
			if diff, err = d.turn(i, t); diff != "" || err != nil {
				return diff, err
			}
			if d.parted {
				return "", nil
			}
		}
	}
	return d.farewell(sc)
}

func (d *duel) turn(i int, t turn) (string, error) {
	d.commands += len(t.cmds)
	want, err := d.theirs.speak(t)
	if err != nil {
		return "", fmt.Errorf("%v: %w", t, err)
	}
	got, err := d.ours.speak(t)
	if err != nil {
		got = append(got, "then "+err.Error())
	}
	if !slices.EqualFunc(got, want, same) {
		if d.parted = d.missingAgain(d.theirs.speakers[t.conn], got, want); d.parted {
			return "", nil
		}
		return fmt.Sprintf("turn %d of connection %c\n%s", i, 'A'+t.conn, compared(got, want)), nil
	}
	if want, err = d.theirs.others(); err != nil {
		return "", err
	}
	if got, err = d.ours.others(); err != nil {
		got = append(got, "then "+err.Error())
	}
	if d.parted = parted(want); d.parted {
		return "", nil
	}
	if !slices.EqualFunc(got, want, same) {
		return fmt.Sprintf("behind turn %d of connection %c, those who wait\n%s", i, 'A'+t.conn, compared(got, want)), nil
	}
	return "", nil
}

// missingAgain reports whether the first difference is that Redis did not run an EXEC
// since a watched key that was missing had come and gone, which Millrace does not
// notice (docs/commands.md, WATCH). Whether the key was missing at WATCH nobody knows
// here: TestWatch holds Millrace to that.
func (d *duel) missingAgain(sp *speaker, got, want []string) bool {
	n := 0
	for n < len(got) && n < len(want) && same(got[n], want[n]) {
		n++
	}
	if n == len(want) || !strings.HasPrefix(want[n], `["EXEC"`) || !strings.HasSuffix(want[n], ": nil[]") && !strings.HasSuffix(want[n], ": _") {
		return false
	}
	for db := range 3 {
		for _, name := range sp.watched {
			if _, err := d.theirs.control.ask("SELECT", fmt.Sprint(db)); err != nil {
				return false
			}
			if f, err := d.theirs.control.ask("EXISTS", string(name)); err != nil || f.text == "0" {
				return err == nil
			}
		}
	}
	return false
}

// farewell has every connection take what it was sent.
func (d *duel) farewell(sc *scenario) (string, error) {
	for i := range sc.protos {
		if d.theirs.speakers[i].waits != nil || d.theirs.speakers[i].ended {
			continue
		}
		if diff, err := d.turn(len(sc.turns), turn{conn: i, cmds: []utterance{{args: [][]byte{[]byte("RESET")}}}}); diff != "" || err != nil {
			return diff, err
		}
	}
	return "", nil
}

// compared shows two lists from where they begin to differ.
func compared(got, want []string) string {
	n := 0
	for n < len(got) && n < len(want) && same(got[n], want[n]) {
		n++
	}
	return fmt.Sprintf("Millrace:\n  %s\nRedis:\n  %s", strings.Join(got[n:], "\n  "), strings.Join(want[n:], "\n  "))
}
