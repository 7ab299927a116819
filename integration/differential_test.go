package integration

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

var differentialCommands = flag.Int("differential-commands", 4000, "how many commands TestDifferential runs on each listener; fifty times as many with -heavy")

// Random commands of all kinds, valid and not, over several connections of both
// protocols, in pipelines cut at any byte: every reply and message is that of a real
// Redis. One connection speaks at a time, so that there is one right answer. What
// differs is made as short as it can be, and printed as a transcript.
func TestDifferential(t *testing.T) {
	redis := startRedis(t)
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	budget := *differentialCommands
	if *heavy {
		budget *= 50
	}
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			p := serve(t, t.TempDir(), "--listener", listener, "--redis-version", "7.4.0", "--fsync", "no")
			d := newDuel(t, redis, p.Addr)
			d.run(*seed, budget)
			d.close()
			p.stop()
		})
	}
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

// apart makes a turn of every command while somebody waits: who does not stand right
// behind an XADD that is sure to add sees the state behind a whole entry of the log,
// and what a pipeline changes may be one (docs/architecture.md, "Blocking reads"),
// where Redis looks behind every command.
func (s *stage) apart(t turn) []turn {
	if !slices.ContainsFunc(s.speakers, func(sp *speaker) bool { return sp.waits != nil }) {
		return []turn{t}
	}
	var all []turn
	for _, u := range t.cmds {
		all = append(all, turn{conn: t.conn, cmds: []utterance{u}, write: t.write})
	}
	return all
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

// stage is a server with the connections of a scenario.
type stage struct {
	addr     string
	target   *commandstest.TCP // empties the server between scenarios
	control  *speaker
	protos   []wire.Proto
	speakers []*speaker
}

func newStage(addr string) (*stage, error) {
	s := &stage{addr: addr}
	var err error
	if s.target, err = commandstest.DialTarget(addr); err == nil {
		s.control, err = newSpeaker(addr, wire.RESP2)
	}
	return s, err
}

func (s *stage) close() {
	for _, sp := range s.speakers {
		sp.Close()
	}
	s.control.Close()
	s.target.Close()
}

// reset closes the connections, empties the server and opens new ones.
func (s *stage) reset(protos []wire.Proto) error {
	for _, sp := range s.speakers {
		sp.Close()
	}
	s.speakers = nil
	conn, err := s.target.Reset(wire.RESP2)
	if err != nil {
		return err
	}
	conn.Close()
	s.protos = protos
	for _, proto := range protos {
		sp, err := newSpeaker(s.addr, proto)
		if err != nil {
			return err
		}
		s.speakers = append(s.speakers, sp)
	}
	return nil
}

// speak writes a pipeline in its pieces and returns what comes back: a line for each
// reply, and the messages that the connection had got behind them.
func (s *stage) speak(t turn) (lines []string, err error) {
	sp := s.speakers[t.conn]
	if sp.ended {
		if sp, err = newSpeaker(s.addr, s.protos[t.conn]); err != nil {
			return nil, err
		}
		s.speakers[t.conn] = sp
	}
	if err := s.write(sp, t); err != nil {
		return nil, err
	}
	for _, u := range t.cmds {
		frames, err := s.hear(sp, u)
		for _, f := range frames {
			if u.args != nil {
				f = normalised(u.args, f)
			}
			lines = append(lines, fmt.Sprintf("%.200q: %v", u.args, f))
		}
		if err != nil {
			return lines, fmt.Errorf("%q: %w", u.args, err)
		}
		if sp.waits != nil {
			lines = append(lines, "...")
		}
	}
	return s.withMessages(sp, lines)
}

// withMessages appends the messages that a connection has got. One that a connection
// sends itself comes behind the reply, in 7.0 ahead of it (server.md 1.2); so messages
// are compared by themselves, with a PING behind the last of them. In a transaction
// that can't be: they are kept for later.
func (s *stage) withMessages(sp *speaker, lines []string) ([]string, error) {
	if sp.multi || sp.waits != nil {
		return lines, nil
	}
	if sp.subscribed() && !sp.ended {
		if _, err := sp.ask("PING"); err != nil {
			return lines, err
		}
	}
	sortMatches(sp.messages)
	for _, m := range sp.messages {
		lines = append(lines, m.String())
	}
	sp.messages = nil
	return lines, nil
}

func (s *stage) write(sp *speaker, t turn) error {
	ids := make([]string, len(s.speakers))
	for i, other := range s.speakers {
		ids[i] = other.id
	}
	text := ""
	for _, u := range t.cmds {
		text += u.bytes(ids)
	}
	from := 0
	for _, part := range append(slices.Clone(t.write), 1) {
		to := int(part * float64(len(text)))
		if to > from {
			if _, err := io.WriteString(sp, text[from:to]); err != nil {
				return nil // closed; what is read tells
			}
		}
		from = max(from, to)
	}
	return nil
}

func (s *stage) hear(sp *speaker, u utterance) ([]*frame, error) {
	switch {
	case u.ends:
		return sp.hearEnd()
	case u.args == nil:
		return nil, nil // an empty request
	}
	waiting := 1
	for _, other := range s.speakers {
		if other.waits != nil {
			waiting++
		}
	}
	return sp.hear(u.args, func() (bool, error) {
		n, err := s.blockedClients()
		return n == waiting, err
	})
}

func (s *stage) blockedClients() (n int, err error) {
	f, err := s.control.ask("INFO", "clients")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(f.text, "\nblocked_clients:")
	_, err = fmt.Sscan(rest, &n)
	return n, err
}

// others takes the replies of the connections that waited: each has got its reply,
// or the server says that it goes on waiting.
func (s *stage) others() (lines []string, err error) {
	for end := time.Now().Add(patience); ; {
		waiting, some := 0, false
		for i, sp := range s.speakers {
			if sp.waits == nil {
				continue
			}
			some = true
			f, err := sp.arrived()
			if err != nil {
				return lines, fmt.Errorf("connection %c: %w", 'A'+i, err)
			}
			if f == nil {
				waiting++
				continue
			}
			lines = append(lines, fmt.Sprintf("%c< %v", 'A'+i, normalised(sp.waits, f)))
			sp.waits = nil
		}
		if !some {
			break
		}
		n, err := s.blockedClients()
		if err != nil {
			return lines, err
		}
		if n == waiting {
			break
		}
		if time.Now().After(end) {
			return lines, fmt.Errorf("%d connections wait, the server says %d", waiting, n)
		}
	}
	slices.Sort(lines)
	return lines, nil
}
