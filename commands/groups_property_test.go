package commands_test

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/commands/commandstest"
)

// groupsPair is a machine beside its model.
type groupsPair struct {
	a *applier
	m *streamModel
}

// do runs a command and compares its reply with what the model says.
func (p *groupsPair) do(t *rapid.T, want any, format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	got, _, err := commandstest.Render([]byte(p.a.do(strings.Fields(line)...)))
	if err != nil || got != fmt.Sprint(want) {
		t.Fatalf("%s\n got %s\nwant %v (%v)", line, got, want, err)
	}
}

func (p *groupsPair) group(t *rapid.T) (string, *groupModel) {
	if len(p.m.groups) == 0 {
		t.Skip("no group")
	}
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(p.m.groups))).Draw(t, "group")
	return name, p.m.groups[name]
}

var (
	drawnConsumer = rapid.SampledFrom([]string{"a", "b", "c"})
	drawnPolicy   = rapid.SampledFrom([]string{"KEEPREF", "DELREF", "ACKED"})
	drawnIdle     = rapid.Int64Range(0, 30)
	drawnCount    = rapid.IntRange(1, 12)
)

// ids draws some that there are, were, or will be, one twice at times.
func (p *groupsPair) ids(t *rapid.T) (ids []int, text string) {
	ids = rapid.SliceOfN(rapid.IntRange(max(1, p.m.last-40), p.m.last+2), 1, 6).Draw(t, "ids")
	for _, id := range ids {
		text += fmt.Sprintf(" %d-0", id)
	}
	return ids, text[1:]
}

func (p *groupsPair) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": p.compare, "add": p.add, "addMore": p.addMore, "trim": p.trim, "del": p.del, "delex": p.delex, "ackdel": p.ackdel,
		"ack": p.ack, "read": p.read, "readMore": p.read, "history": p.history, "claim": p.claim, "autoClaim": p.autoClaim,
		"nack": p.nack, "create": p.create, "destroy": p.destroy, "setID": p.setID, "delConsumer": p.delConsumer,
		"clock": func(t *rapid.T) { p.pass(rapid.Int64Range(1, 15).Draw(t, "ms")) }, "restore": p.restore,
	}
}

func (p *groupsPair) pass(ms int64) {
	p.a.now += ms
	p.m.now += ms
}

func (p *groupsPair) add(t *rapid.T) {
	p.m.last++
	p.m.entries = append(p.m.entries, p.m.last)
	policy, n := drawnPolicy.Draw(t, "policy"), rapid.IntRange(0, 40).Draw(t, "maxlen")
	p.m.trim(policy, func(int) bool { return len(p.m.entries) > n })
	p.do(t, fmt.Sprintf(`"%d-0"`, p.m.last), "XADD s %s MAXLEN %d %d-0 f v", policy, n, p.m.last)
}

func (p *groupsPair) addMore(t *rapid.T) {
	for range rapid.IntRange(1, 20).Draw(t, "entries") {
		p.m.last++
		p.m.entries = append(p.m.entries, p.m.last)
		p.do(t, fmt.Sprintf(`"%d-0"`, p.m.last), "XADD s %d-0 f v", p.m.last)
	}
}

func (p *groupsPair) trim(t *rapid.T) {
	policy, n := drawnPolicy.Draw(t, "policy"), rapid.IntRange(0, 30).Draw(t, "n")
	if rapid.Bool().Draw(t, "by ID") {
		id := max(0, p.m.last-n)
		p.do(t, p.m.trim(policy, func(e int) bool { return e < id }), "XTRIM s MINID %d %s", id, policy)
		return
	}
	p.do(t, p.m.trim(policy, func(int) bool { return len(p.m.entries) > n }), "XTRIM s MAXLEN %d %s", n, policy)
}

func (p *groupsPair) del(t *rapid.T) {
	ids, text := p.ids(t)
	n := 0
	for _, id := range ids {
		if p.m.remove(id) {
			n++
		}
	}
	p.do(t, n, "XDEL s %s", text)
}

func (p *groupsPair) delex(t *rapid.T) {
	policy := drawnPolicy.Draw(t, "policy")
	ids, text := p.ids(t)
	var codes []string
	for _, id := range ids {
		codes = append(codes, fmt.Sprint(p.m.delete(id, policy)))
	}
	p.do(t, "["+strings.Join(codes, ", ")+"]", "XDELEX s %s IDS %d %s", policy, len(ids), text)
}

func (p *groupsPair) ackdel(t *rapid.T) {
	name, g := p.group(t)
	policy := drawnPolicy.Draw(t, "policy")
	ids, text := p.ids(t)
	var codes []string
	for _, id := range ids {
		code := -1
		if g.pel[id] != nil {
			delete(g.pel, id)
			if code = p.m.delete(id, policy); code == -1 {
				code = 1
			}
		}
		codes = append(codes, fmt.Sprint(code))
	}
	p.do(t, "["+strings.Join(codes, ", ")+"]", "XACKDEL s %s %s IDS %d %s", name, policy, len(ids), text)
}

func (p *groupsPair) ack(t *rapid.T) {
	name, g := p.group(t)
	ids, text := p.ids(t)
	n := 0
	for _, id := range ids {
		if g.pel[id] != nil {
			delete(g.pel, id)
			n++
		}
	}
	p.do(t, n, "XACK s %s %s", name, text)
}

func (p *groupsPair) read(t *rapid.T) {
	name, g := p.group(t)
	consumer, count, minIdle := drawnConsumer.Draw(t, "consumer"), drawnCount.Draw(t, "count"), int64(-1)
	options := ""
	if rapid.Bool().Draw(t, "CLAIM") {
		minIdle = drawnIdle.Draw(t, "idle")
		options = fmt.Sprint("CLAIM ", minIdle)
	}
	noAck := rapid.IntRange(0, 5).Draw(t, "NOACK") == 0
	if noAck {
		options += " NOACK"
	}
	want := p.m.read(g, consumer, count, minIdle, noAck)
	p.do(t, want, "XREADGROUP GROUP %s %s COUNT %d %s STREAMS s >", name, consumer, count, options)
}

func (p *groupsPair) history(t *rapid.T) {
	name, g := p.group(t)
	consumer, count := drawnConsumer.Draw(t, "consumer"), drawnCount.Draw(t, "count")
	p.do(t, p.m.history(g, consumer, count), "XREADGROUP GROUP %s %s COUNT %d STREAMS s 0", name, consumer, count)
}

func (p *groupsPair) claim(t *rapid.T) {
	name, g := p.group(t)
	consumer, minIdle := drawnConsumer.Draw(t, "consumer"), drawnIdle.Draw(t, "idle")
	ids, text := p.ids(t)
	force, at := rapid.Bool().Draw(t, "FORCE"), p.m.now
	if force {
		text += " FORCE"
	}
	if rapid.Bool().Draw(t, "IDLE") {
		since := rapid.Int64Range(0, 50).Draw(t, "since")
		at -= since
		text += fmt.Sprint(" IDLE ", since)
	}
	p.do(t, p.m.xclaim(g, consumer, minIdle, at, force, ids), "XCLAIM s %s %s %d %s JUSTID", name, consumer, minIdle, text)
}

func (p *groupsPair) autoClaim(t *rapid.T) {
	name, g := p.group(t)
	consumer, minIdle, count := drawnConsumer.Draw(t, "consumer"), drawnIdle.Draw(t, "idle"), rapid.IntRange(1, 5).Draw(t, "count")
	p.do(t, p.m.autoClaim(g, consumer, minIdle, count), "XAUTOCLAIM s %s %s %d - COUNT %d", name, consumer, minIdle, count)
}

func (p *groupsPair) nack(t *rapid.T) {
	name, g := p.group(t)
	mode, force := rapid.SampledFrom([]string{"SILENT", "FAIL", "FATAL"}).Draw(t, "mode"), rapid.Bool().Draw(t, "FORCE")
	ids, text := p.ids(t)
	n := 0
	for _, id := range ids {
		n += p.m.nack(g, mode, force, id)
	}
	if force {
		text += " FORCE"
	}
	p.do(t, n, "XNACK s %s %s IDS %d %s", name, mode, len(ids), text)
}

func (p *groupsPair) create(t *rapid.T) {
	name, at := rapid.SampledFrom([]string{"g", "h", "i"}).Draw(t, "name"), rapid.IntRange(0, p.m.last).Draw(t, "at")
	if p.m.groups[name] != nil {
		t.Skip("there is one")
	}
	p.m.groups[name] = &groupModel{last: at, consumers: map[string]bool{}, pel: map[int]*pendingModel{}}
	p.do(t, "OK", "XGROUP CREATE s %s %d-0", name, at)
}

func (p *groupsPair) destroy(t *rapid.T) {
	name, _ := p.group(t)
	delete(p.m.groups, name)
	p.do(t, 1, "XGROUP DESTROY s %s", name)
}

func (p *groupsPair) setID(t *rapid.T) {
	name, g := p.group(t)
	g.last = rapid.IntRange(max(0, p.m.last-20), p.m.last).Draw(t, "id")
	p.do(t, "OK", "XGROUP SETID s %s %d-0", name, g.last)
}

func (p *groupsPair) delConsumer(t *rapid.T) {
	name, g := p.group(t)
	consumer, n := drawnConsumer.Draw(t, "consumer"), 0
	for id, e := range g.pel {
		if e.owner == consumer {
			delete(g.pel, id)
			n++
		}
	}
	delete(g.consumers, consumer)
	p.do(t, n, "XGROUP DELCONSUMER s %s %s", name, consumer)
}

// restore goes on with what a snapshot holds.
func (p *groupsPair) restore(t *rapid.T) {
	var s sectionList
	if err := p.a.machine.View().Snapshot(&s); err != nil {
		t.Fatal(err)
	}
	machine := commands.NewMachine(p.a.table, 16, slog.New(slog.DiscardHandler))
	if err := machine.Restore(&s); err != nil {
		t.Fatal(err)
	}
	if machine.State().Hash() != p.a.machine.State().Hash() {
		t.Fatal("the snapshot is of another state")
	}
	p.a.machine = machine
}

// sectionList is a snapshot in memory.
type sectionList struct {
	kinds  []uint8
	bodies [][]byte
}

func (s *sectionList) Section(kind uint8, body []byte) error {
	s.kinds, s.bodies = append(s.kinds, kind), append(s.bodies, slices.Clone(body))
	return nil
}

func (s *sectionList) Next() (kind uint8, body []byte, err error) {
	if len(s.kinds) == 0 {
		return 0, nil, io.EOF
	}
	kind, body = s.kinds[0], s.bodies[0]
	s.kinds, s.bodies = s.kinds[1:], s.bodies[1:]
	return kind, body, nil
}

// compare holds what XLEN, XPENDING and XINFO STREAM FULL show to the model.
func (p *groupsPair) compare(t *rapid.T) {
	p.do(t, len(p.m.entries), "XLEN s")
	var full []string
	for _, name := range slices.Sorted(maps.Keys(p.m.groups)) {
		g := p.m.groups[name]
		p.do(t, g.summary(), "XPENDING s %s", name)
		p.do(t, g.rows(p.m.now, 0), "XPENDING s %s - + 1000", name)
		p.do(t, g.rows(p.m.now, 10), "XPENDING s %s IDLE 10 - + 1000", name)
		full = append(full, g.full(name))
	}
	text, _, err := commandstest.Render([]byte(p.a.do("XINFO", "STREAM", "s", "FULL", "COUNT", "0")))
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(text, `"groups", `)
	got = notModelled.ReplaceAllString(got, `"$1", ?`)
	if want := "[" + strings.Join(full, ", ") + "]]"; got != want {
		t.Fatalf("XINFO STREAM FULL\n got %s\nwant %s", got, want)
	}
}

// notModelled are fields that other tests look at.
var notModelled = regexp.MustCompile(`"(entries-read|lag|seen-time|active-time)", (-?\d+|nil)`)

// After any sequence of commands the PELs, and what refers to entries, are what the
// model says; and every reply on the way is.
func TestGroupsAgreeWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := newApplier()
		p := &groupsPair{a: a, m: &streamModel{now: a.now, groups: map[string]*groupModel{}}}
		p.addMore(t)
		p.create(t)
		t.Repeat(p.actions())
	})
}
