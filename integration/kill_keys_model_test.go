package integration

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// keyWriter has keys of its own, sends pipelines and knows what was acknowledged.
// What a connection sends runs in order: so the server must be what the model is
// after all acknowledged steps and maybe some of those on their way, never after
// other ones.
type keyWriter struct {
	name     string
	accounts *accounts

	mu    sync.Mutex
	state keyState   // before all of steps
	steps []*keyStep // since the server was last looked at
	acked int        // of steps
	times []time.Time
	made  int
}

// keyStep is a command, or a transaction, and what it makes of the state.
type keyStep struct {
	commands [][]string
	apply    func(keyState)
	ends     *deadline // which a relative time to live has made
	move     *move
}

// keyState is what a writer's keys hold; a deadline is shared by the states that have
// the key.
type keyState map[string]keyValue

type keyValue struct {
	text string
	ends *deadline // nil for none
}

// deadline is when a key expires, as far as it is known: Unix milliseconds.
type deadline struct{ ttl, earliest, latest int64 }

func newKeyWriter(n int, a *accounts) *keyWriter {
	return &keyWriter{name: fmt.Sprint("w", n), accounts: a, state: keyState{}}
}

// write sends pipelines until the connection ends.
func (w *keyWriter) write(addr string, rng *rand.Rand) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		var b strings.Builder
		var replies []int
		w.mu.Lock()
		now := time.Now().UnixMilli()
		first := len(w.steps)
		for range 25 {
			s := w.draw(rng, now)
			w.steps = append(w.steps, s)
			for _, c := range s.commands {
				b.WriteString(command(c...))
			}
			replies = append(replies, len(s.commands))
		}
		w.mu.Unlock()
		if _, err := io.WriteString(conn, b.String()); err != nil {
			return
		}
		for i, n := range replies {
			for range n {
				if f, err := readFrame(r); err != nil {
					return
				} else if f.kind == '-' {
					panic(fmt.Sprintf("%v: %s", w.steps[first+i].commands, f.text))
				}
			}
			w.acknowledge()
		}
	}
}

func (w *keyWriter) acknowledge() {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.steps[w.acked]
	now := time.Now()
	if s.ends != nil {
		s.ends.latest = now.UnixMilli() + s.ends.ttl
	}
	if s.move != nil {
		w.accounts.acknowledge(s.move)
	}
	w.acked++
	w.times = append(w.times, now)
}

// draw draws a step. Keys that expire are only ever set whole: whether they had
// expired already nobody would know.
func (w *keyWriter) draw(rng *rand.Rand, now int64) *keyStep {
	w.made++
	v := fmt.Sprint(w.name, "-", w.made)
	plain, number := fmt.Sprint(w.name, ":plain", rng.IntN(4)), w.name+":number"
	expiring := fmt.Sprint(w.name, ":expiring", rng.IntN(12))
	set := func(s keyState, k, v string) { s[k] = keyValue{text: v} }
	incr := func(s keyState) {
		n, _ := strconv.Atoi(s[number].text)
		set(s, number, strconv.Itoa(n+1))
	}
	one := func(apply func(keyState), words ...string) *keyStep {
		return &keyStep{commands: [][]string{words}, apply: apply}
	}
	switch n := rng.IntN(100); {
	case n < 15:
		return one(func(s keyState) { set(s, plain, v) }, "SET", plain, v)
	case n < 25:
		return one(func(s keyState) { set(s, plain, v) }, "GETSET", plain, v)
	case n < 30:
		return one(func(s keyState) { set(s, plain, s[plain].text+"+") }, "APPEND", plain, "+")
	case n < 35:
		return one(func(s keyState) { delete(s, plain) }, "DEL", plain)
	case n < 50:
		return one(incr, "INCR", number)
	case n < 60:
		at := now + 10 + int64(rng.IntN(2000))
		d := &deadline{earliest: at, latest: at}
		return one(func(s keyState) { s[expiring] = keyValue{v, d} }, "SET", expiring, v, "PXAT", fmt.Sprint(at))
	case n < 75:
		ttl := 10 + int64(rng.IntN(2000))
		d := &deadline{ttl: ttl, earliest: now + ttl, latest: 1 << 62}
		s := one(func(s keyState) { s[expiring] = keyValue{v, d} }, "SET", expiring, v, "PX", fmt.Sprint(ttl))
		s.ends = d
		return s
	case n < 85:
		m := w.accounts.draw(rng, v)
		return &keyStep{commands: m.commands(), apply: func(keyState) {}, move: m}
	}
	other := fmt.Sprint(w.name, ":pair", rng.IntN(3))
	return &keyStep{
		commands: [][]string{{"MULTI"}, {"SET", other + "a", v}, {"INCR", number}, {"SET", other + "b", v}, {"DEL", plain}, {"EXEC"}},
		apply: func(s keyState) {
			set(s, other+"a", v)
			set(s, other+"b", v)
			incr(s)
			delete(s, plain)
		},
	}
}

func (w *keyWriter) acknowledgedSince(then time.Time) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for i := len(w.times) - 1; i >= 0 && !w.times[i].Before(then); i-- {
		n++
	}
	return n
}

// found is what the server has of a key, between two looks at the clock.
type found struct {
	exists bool
	text   string
	ends   int64 // Unix milliseconds, -1 for never
}

// verify compares the writer's keys with the model after each number of steps that
// may have happened, and goes on from what is there. The server was down at down.
func (w *keyWriter) verify(t *testing.T, s *speaker, down time.Time) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, step := range w.steps[w.acked:] {
		if step.ends != nil {
			step.ends.latest = down.UnixMilli() + step.ends.ttl
		}
	}
	state, names := maps.Clone(w.state), map[string]bool{}
	for _, step := range w.steps {
		step.apply(state)
		for k := range state {
			names[k] = true
		}
	}
	from := time.Now().UnixMilli()
	server := map[string]found{}
	for k := range names {
		server[k] = lookAt(t, s, k)
	}
	to := time.Now().UnixMilli()
	state = maps.Clone(w.state)
	var why []string
	for n := 0; ; n++ {
		if n >= w.acked {
			wrong := state.differs(server, from, to)
			if wrong == "" {
				w.settle(state, server)
				return
			}
			why = append(why, fmt.Sprintf("after %d of %d steps, %d acknowledged: %s", n, len(w.steps), w.acked, wrong))
		}
		if n == len(w.steps) {
			break
		}
		w.steps[n].apply(state)
	}
	t.Errorf("%s: the server is not what was acknowledged:\n%s", w.name, strings.Join(why[:min(len(why), 8)], "\n"))
}

func lookAt(t *testing.T, s *speaker, key string) found {
	t.Helper()
	text, err := s.ask("GET", key)
	if err != nil {
		t.Fatal(err)
	}
	ends, err := s.ask("PEXPIRETIME", key)
	if err != nil {
		t.Fatal(err)
	}
	at, err := strconv.ParseInt(ends.text, 10, 64)
	if err != nil {
		t.Fatalf("PEXPIRETIME %s: %v", key, ends)
	}
	return found{!text.null && at != -2, text.text, at}
}

// differs says where the server, looked at between from and to, is not what the
// state is; "" for nowhere.
func (k keyState) differs(server map[string]found, from, to int64) string {
	for name, is := range server {
		want, some := k[name]
		switch {
		case some && want.ends != nil && from > want.ends.latest:
			if is.exists {
				return fmt.Sprintf("%s has expired at %d, and at %d it is %+v", name, want.ends.latest, from, is)
			}
		case some && want.ends != nil && to >= want.ends.earliest && !is.exists:
		case some != is.exists || want.text != is.text:
			return fmt.Sprintf("%s is %+v, want %q (exists: %v)", name, is, want.text, some)
		case some && want.ends == nil && is.ends != -1:
			return fmt.Sprintf("%s expires at %d, want never", name, is.ends)
		case some && want.ends != nil && (is.ends < want.ends.earliest || is.ends > want.ends.latest):
			return fmt.Sprintf("%s expires at %d, want from %d to %d", name, is.ends, want.ends.earliest, want.ends.latest)
		}
	}
	return ""
}

// settle takes the state that the server was found in as the one to go on from, with
// its deadlines: they never change again by themselves.
func (w *keyWriter) settle(state keyState, server map[string]found) {
	for name, is := range server {
		if want := state[name]; want.ends != nil && is.exists {
			state[name] = keyValue{want.text, &deadline{earliest: is.ends, latest: is.ends}}
		}
	}
	w.state, w.steps, w.acked, w.times = state, nil, 0, nil
}
