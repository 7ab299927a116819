package integration

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// EXEC runs if and only if no watched key was changed since WATCH, as server.md 6 has
// it: by random interleavings of several connections, with keys that expire and servers
// that start again, against the plainest model.
func TestWatch(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		playWatch(t, p.Addr, 4000, false)
	})
}

// Behind a restart nothing is watched, and what is watched then is what the log made.
func TestWatchAcrossRestarts(t *testing.T) {
	dir := t.TempDir()
	var m *watchModel
	for range 5 {
		p := serve(t, dir)
		if m == nil {
			m = newWatchModel(t, false)
		}
		m.connect(p.Addr)
		for range 200 {
			m.step()
		}
		p.kill()
	}
}

// A real Redis agrees with the model, but for one thing: see watchKey.
func TestWatchAgainstRedis(t *testing.T) {
	playWatch(t, startRedis(t), 4000, true)
}

func playWatch(t *testing.T, addr string, steps int, redis bool) {
	m := newWatchModel(t, redis)
	m.connect(addr)
	for range steps {
		m.step()
	}
	if m.aborted < steps/400 || m.ran < steps/100 {
		t.Errorf("%d transactions ran, %d did not: the test proves little", m.ran, m.aborted)
	}
}

const watchDBs = 3

// watchModel is what the keys are, and who watches what.
type watchModel struct {
	t            *testing.T
	rng          *rand.Rand
	redis        bool
	keys         map[watchKey]*watchedKey
	conns        []*watcher
	ran, aborted int
	history      []string
}

// watchKey is where a key is. Redis notes that a key was changed, for ever; Millrace
// compares: one that was missing, came and went is what it was.
type watchKey struct {
	db   int
	name string
}

type watchedKey struct {
	kind    string // "" for missing, string, stream
	version int
	expires bool
	entries int
}

// watcher is a connection of the model.
type watcher struct {
	*speaker
	db      int
	multi   bool
	queue   []string
	watches map[watchKey]watchedKey
}

func newWatchModel(t *testing.T, redis bool) *watchModel {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	return &watchModel{t: t, rng: rand.New(rand.NewPCG(*seed, 8)), redis: redis, keys: map[watchKey]*watchedKey{}}
}

func (m *watchModel) connect(addr string) {
	m.t.Helper()
	m.conns = nil
	for i := range 4 {
		s, err := newSpeaker(addr, []wire.Proto{wire.RESP2, wire.RESP3}[i%2])
		if err != nil {
			m.t.Fatal(err)
		}
		m.t.Cleanup(func() { s.Close() })
		m.conns = append(m.conns, &watcher{speaker: s, watches: map[watchKey]watchedKey{}})
	}
}

func (m *watchModel) key(db int, name string) *watchedKey {
	k := m.keys[watchKey{db, name}]
	if k == nil {
		k = &watchedKey{}
		m.keys[watchKey{db, name}] = k
	}
	return k
}

// set makes a key something, or nothing, which is a change.
func (k *watchedKey) set(kind string) {
	k.version++
	k.kind, k.expires, k.entries = kind, false, 0
}

// tell sends a command and returns its reply.
func (m *watchModel) tell(c *watcher, text string) *frame {
	m.t.Helper()
	for i := range m.conns {
		if m.conns[i] == c {
			m.history = append(m.history, fmt.Sprintf("%c> %s", 'A'+i, text))
		}
	}
	f, err := c.ask(watchWords(text)...)
	if err != nil {
		m.t.Fatalf("%s: %v", text, err)
	}
	return f
}

// watchWords are the words of a command, where ” is an empty one.
func watchWords(text string) []string {
	words := strings.Fields(text)
	for i, w := range words {
		if w == "''" {
			words[i] = ""
		}
	}
	return words
}

// want fails the test with all that was said since the last FLUSHALL.
func (m *watchModel) want(ok bool, format string, args ...any) {
	m.t.Helper()
	if !ok {
		m.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(m.history[max(0, len(m.history)-60):], "\n"))
	}
}

func (m *watchModel) step() {
	m.t.Helper()
	c := m.conns[m.rng.IntN(len(m.conns))]
	switch n := m.rng.IntN(100); {
	case n < 15 && !c.multi:
		name := m.name()
		m.want(m.tell(c, "WATCH "+name).text == "OK", "WATCH")
		if at := (watchKey{c.db, name}); !c.watching(at) {
			c.watches[at] = *m.key(c.db, name)
		}
	case n < 25 && !c.multi:
		m.want(m.tell(c, "MULTI").text == "OK", "MULTI")
		c.multi = true
	case n < 40 && c.multi:
		m.exec(c)
	case n < 43 && c.multi:
		m.tell(c, "DISCARD")
		c.forget()
	case n < 45 && !c.multi:
		m.tell(c, "UNWATCH")
		c.forget()
	case n < 50 && !c.multi:
		c.db = m.rng.IntN(watchDBs)
		m.tell(c, fmt.Sprint("SELECT ", c.db))
	case n < 52 && !c.multi:
		m.expire(c)
	default:
		text := m.draw()
		f := m.tell(c, text)
		if c.multi {
			m.want(f.text == "QUEUED", "%s: %v", text, f)
			c.queue = append(c.queue, text)
			return
		}
		m.apply(c.db, text)
	}
}

func (c *watcher) watching(at watchKey) bool {
	_, ok := c.watches[at]
	return ok
}

func (c *watcher) forget() { c.multi, c.queue, c.watches = false, nil, map[watchKey]watchedKey{} }

func (m *watchModel) exec(c *watcher) {
	m.t.Helper()
	var changed []string
	for at, was := range c.watches {
		is := m.key(at.db, at.name)
		if is.version != was.version && (m.redis || is.kind != "" || was.kind != "") {
			changed = append(changed, fmt.Sprintf("%v from %+v to %+v", at, was, *is))
		}
	}
	f := m.tell(c, "EXEC")
	null := f.null || f.kind == '_'
	m.want(null == (changed != nil), "EXEC: %v, changed: %v, watched: %v", f, changed, c.watches)
	if null {
		m.aborted++
	} else {
		m.ran++
		for _, text := range c.queue {
			m.apply(c.db, text)
		}
	}
	c.forget()
}

// expire has a key expire, with nobody touching it.
func (m *watchModel) expire(c *watcher) {
	m.t.Helper()
	name := m.name()
	f := m.tell(c, "PEXPIRE "+name+" 2")
	k := m.key(c.db, name)
	m.want((f.text == "1") == (k.kind != ""), "PEXPIRE %s: %v", name, f)
	if k.kind != "" {
		k.version++
		for end := time.Now().Add(5 * time.Millisecond); time.Now().Before(end); {
			m.tell(m.conns[0], "PING") // nothing to wait for but the time
		}
		k.set("")
	}
}

func (m *watchModel) name() string { return []string{"a", "b", "c"}[m.rng.IntN(3)] }

// draw draws a command; %s are names, %d databases.
func (m *watchModel) draw() string {
	shapes := []string{
		"SET %s 1", "SET %s 1", "SET %s 1 NX", "SET %s 1 XX", "SETNX %s 1", "GETSET %s 1", "INCR %s", "APPEND %s ''", "SETRANGE %s 0 ''", "GET %s", "GETDEL %s", "GETEX %s", "GETEX %s PERSIST",
		"DEL %s", "UNLINK %s", "TOUCH %s", "EXPIRE %s 1000", "PERSIST %s", "PEXPIREAT %s 1", "SET %s 1 PXAT 1", "SET %s 1 EX 1000", "RENAME %s %s", "RENAMENX %s %s", "COPY %s %s", "COPY %s %s REPLACE",
		"MOVE %s %d", "SWAPDB %d %d", "FLUSHDB", "XADD %s * f v", "XADD %s * f v", "XADD %s NOMKSTREAM * f v", "XTRIM %s MAXLEN 0", "XDEL %s 1-1", "XGROUP CREATE %s g 0", "XGROUP DESTROY %s g",
		"XREADGROUP GROUP g c STREAMS %s >", "XACK %s g 1-1", "XSETID %s 99999999999999-0", "XLEN %s", "MSET %s 1 %s 1", "MSETNX %s 1 %s 1", "PING",
	}
	text := shapes[m.rng.IntN(len(shapes))]
	if m.rng.IntN(60) == 0 {
		text = "FLUSHALL"
	}
	for strings.Contains(text, "%s") {
		text = strings.Replace(text, "%s", m.name(), 1)
	}
	for strings.Contains(text, "%d") {
		text = strings.Replace(text, "%d", fmt.Sprint(m.rng.IntN(watchDBs)), 1)
	}
	return text
}
