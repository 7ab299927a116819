package server

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// worker has a stream for itself, sends pipelines of commands and knows what was
// acknowledged. Since the commands of a connection run in order, the server must
// be what the worker's twin is after every acknowledged command, and maybe some
// of those that were on their way.
type worker struct {
	key   string
	twin  *twin // state before all of steps
	steps []step
	acked int      // of steps
	made  int      // values
	ids   []*added // that exist, with known IDs
	drops int      // DELs sent
	// dead is set when the picture of the disk is taken: what is acknowledged
	// after that counts for nothing.
	dead *atomic.Bool
}

// step is one command and what it does to a twin.
type step struct {
	text  string
	apply func(*twin)
	entry *added // XADD
	drops int    // DELs sent before it
}

func newWorker(n int) *worker { return &worker{key: fmt.Sprint("s", n), twin: newTwin()} }

// work sends batches pipelines, or fewer when the connection ends. between is
// called behind each.
func (w *worker) work(c *client, rng *rand.Rand, batches int, between func(batch int)) {
	w.steps = append(w.steps, w.create())
	for b := range batches {
		for range 1 + rng.IntN(4) {
			w.steps = append(w.steps, w.draw(rng)...)
		}
		if !w.exchange(c) {
			return
		}
		between(b)
	}
}

func (w *worker) create() step {
	return step{text: "XGROUP CREATE " + w.key + " g 0 MKSTREAM", apply: (*twin).create}
}

func (w *worker) draw(rng *rand.Rand) []step {
	consumer := fmt.Sprint("c", rng.IntN(3))
	switch n := rng.IntN(100); {
	case n < 45:
		w.made++
		e := &added{value: fmt.Sprint(w.key, "-", w.made, strings.Repeat("x", rng.IntN(300)))}
		return []step{{"XADD " + w.key + " * f " + e.value, func(t *twin) { t.add(e) }, e, w.drops}}
	case n < 65:
		count := 1 + rng.IntN(3)
		return []step{{text: fmt.Sprint("XREADGROUP GROUP g ", consumer, " COUNT ", count, " STREAMS ", w.key, " >"),
			apply: func(t *twin) { t.read(consumer, count) }}}
	case n < 94 && len(w.ids) > 0:
		e := w.ids[rng.IntN(len(w.ids))]
		return []step{w.about(e, consumer, n)}
	case n < 96:
		return []step{{text: "EXPIRE " + w.key + " 1000000", apply: func(t *twin) { t.expires = t.exists }}}
	case n < 98:
		return []step{{text: "PERSIST " + w.key, apply: func(t *twin) { t.expires = false }}}
	default:
		w.ids = nil
		w.drops++
		return []step{{text: "DEL " + w.key, apply: (*twin).drop}, w.create()}
	}
}

// about is a command about an entry whose ID is known.
func (w *worker) about(e *added, consumer string, n int) step {
	switch {
	case n < 80:
		return step{text: "XACK " + w.key + " g " + e.id, apply: func(t *twin) { t.ack(e) }}
	case n < 90:
		return step{text: "XCLAIM " + w.key + " g " + consumer + " 0 " + e.id, apply: func(t *twin) { t.claim(e, consumer) }}
	default:
		return step{text: "XDEL " + w.key + " " + e.id, apply: func(t *twin) { t.remove(e) }}
	}
}

// exchange sends what was not yet sent and waits for the replies.
func (w *worker) exchange(c *client) bool {
	first := w.acked
	var texts []string
	for _, s := range w.steps[first:] {
		texts = append(texts, s.text)
	}
	if c.send(texts...) != nil {
		return false
	}
	for i := first; i < len(w.steps); i++ {
		v, err := c.receive()
		if err != nil || w.dead.Load() {
			return false
		}
		if err, bad := v.(errReply); bad && !strings.HasPrefix(string(err), "BUSYGROUP") {
			return false // refused: nothing behind it was acknowledged
		}
		if e := w.steps[i].entry; e != nil {
			e.id = v.(string)
			if w.steps[i].drops == w.drops { // a new key may use the same IDs again
				w.ids = append(w.ids, e)
			}
		}
		w.acked = i + 1
	}
	return true
}

// check compares the server with the twin after at least the first least steps,
// and goes on from what is there.
func (w *worker) check(t testing.TB, c *client, least int) {
	t.Helper()
	s := look(t, c, w.key)
	state := w.twin.clone()
	var why []string
	for i := 0; ; i++ {
		if i >= least {
			ids := map[*added]string{}
			if d := state.differs(s, ids); d == "" {
				w.settle(state, ids)
				return
			} else {
				why = append(why, fmt.Sprintf("after %d: %s", i, d))
			}
		}
		if i == len(w.steps) {
			break
		}
		w.steps[i].apply(state)
	}
	why = why[max(0, len(why)-6):]
	t.Errorf("%s is not what was acknowledged (%d steps, %d acknowledged, at least %d wanted):\n%s\nsteps:\n%s",
		w.key, len(w.steps), w.acked, least, strings.Join(why, "\n"), w.history())
}

func (w *worker) history() string {
	var b strings.Builder
	for i, s := range w.steps {
		mark := " "
		if i < w.acked {
			mark = "+"
		}
		fmt.Fprintf(&b, "%s %.80s\n", mark, s.text)
	}
	return b.String()
}

// settle takes a state that a server was found in as the one to go on from.
func (w *worker) settle(state *twin, ids map[*added]string) {
	w.twin, w.steps, w.acked, w.ids = state, nil, 0, nil
	for _, e := range state.added {
		e.id = ids[e]
		if !state.deleted[e] {
			w.ids = append(w.ids, e)
		}
	}
	w.ids = slices.Clip(w.ids)
}
