package tracking_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/tracking"
)

var seed = flag.Uint64("seed", 0, "seed of the random test, 0 draws one")

// twin is the table as one would write it down: each client and what it wants.
type twin struct {
	clients []*client
	options []*tracking.Options // nil: off
	read    []map[string]bool
}

func (w *twin) expectChange(t *testing.T, keys []string, by int) {
	t.Helper()
	for i, c := range w.clients {
		var want []string
		quiet := func() bool { return i == by && w.options[i].NoLoop }
		for _, k := range keys {
			if w.read[i][k] && !quiet() {
				want = append(want, k)
			}
			delete(w.read[i], k)
		}
		if o := w.options[i]; o != nil && o.BCast && !quiet() {
			want = append(want, broadcast(o.Prefixes, keys)...)
		}
		c.expect(t, want...)
	}
}

// broadcast is what a client with these prefixes gets, none overlapping.
func broadcast(prefixes, keys []string) (messages []string) {
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	for _, p := range slices.Sorted(slices.Values(prefixes)) {
		hit := make(map[string]bool)
		for _, k := range keys {
			if strings.HasPrefix(k, p) {
				hit[k] = true
			}
		}
		if len(hit) > 0 {
			messages = append(messages, strings.Join(slices.Sorted(maps.Keys(hit)), "+"))
		}
	}
	return messages
}

func (w *twin) census() (c tracking.Census) {
	keys, prefixes := make(map[string]bool), make(map[string]bool)
	for i, o := range w.options {
		if o == nil {
			continue
		}
		c.Trackers++
		c.Items += len(w.read[i])
		maps.Copy(keys, w.read[i])
		for _, p := range o.Prefixes {
			prefixes[p] = true
		}
		if o.BCast && len(o.Prefixes) == 0 {
			prefixes[""] = true
		}
	}
	c.Keys, c.Prefixes = len(keys), len(prefixes)
	return c
}

// The table does what the twin does, whatever clients ask of it.
func TestTableAgainstTwin(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	rng := rand.New(rand.NewPCG(*seed, 0))
	const clients, steps = 6, 20000
	table, w := tracking.New(0), &twin{}
	for range clients {
		w.clients = append(w.clients, newClient())
		w.options = append(w.options, nil)
		w.read = append(w.read, make(map[string]bool))
	}
	someKeys := func() (keys []string) {
		for range 1 + rng.IntN(4) {
			keys = append(keys, fmt.Sprintf("%c%d", 'a'+rng.IntN(3), rng.IntN(6)))
		}
		return keys
	}
	for step := range steps {
		i := rng.IntN(clients)
		c := w.clients[i]
		switch n := rng.IntN(20); {
		case n == 0:
			table.Stop(c.Tracker)
			w.options[i], w.read[i] = nil, make(map[string]bool)
		case n < 3 && w.options[i] == nil:
			o := someOptions(rng)
			table.Start(c.Tracker, o)
			w.options[i] = &o
		case n == 3 && rng.IntN(10) == 0:
			table.InvalidateAll()
			for j, c := range w.clients {
				if w.options[j] != nil {
					c.expect(t, "all")
				}
				clear(w.read[j])
			}
		case n < 12:
			keys := someKeys()
			table.Remember(c.Tracker, names(keys...))
			if o := w.options[i]; o != nil && !o.BCast {
				for _, k := range keys {
					w.read[i][k] = true
				}
			}
		default:
			keys := someKeys()
			var by *tracking.Tracker
			if w.options[i] != nil {
				by = c.Tracker
			}
			table.Invalidate(slices.Clone(keys), by)
			w.expectChange(t, keys, i)
		}
		census(t, table, w.census())
		if t.Failed() {
			t.Fatalf("step %d", step)
		}
	}
}

func someOptions(rng *rand.Rand) (o tracking.Options) {
	o.NoLoop = rng.IntN(2) == 0
	if o.BCast = rng.IntN(2) == 0; o.BCast {
		for _, p := range []string{"a", "b", "c1"} {
			if rng.IntN(2) == 0 {
				o.Prefixes = append(o.Prefixes, p)
			}
		}
	}
	return o
}
