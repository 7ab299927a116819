package integration

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// redirectWork is one client at everything that it can do, on keys of all partitions: each
// part of it goes on by itself until the end, and comes to no harm by an error.
type redirectWork struct {
	t     *testing.T
	lib   clusterLibrary
	ctx   context.Context
	stop  atomic.Bool
	quiet atomic.Bool // nothing is being killed or moved: no error is allowed
	wg    sync.WaitGroup
	subs  context.CancelFunc // ends the subscriptions
	parts []string           // their names
	// roaming are parts without keys, which rueidis sends to any node that it was told
	// of, be it up or down.
	roaming map[string]bool

	mu     sync.Mutex
	done   map[string]int  // how often each part went well
	streak map[string]int  // since its last error
	errs   map[string]int  // how often each part had each text
	added  map[string]bool // acknowledged
	seen   map[string]bool // delivered to a worker of the group
	acked  map[string]bool // ids whose workers have the reply to their XACK
	wrote  map[string]int  // by key: the last number whose SET was acknowledged
	tried  map[string]int  // by key: the last that was sent
}

// redirectTags tell the streams, keys and channels apart. Together they are in all partitions.
var redirectTags = []string{"0", "1", "2"}

func startRedirectWork(c *trio, lib clusterLibrary) *redirectWork {
	t := c.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	t.Cleanup(cancel)
	w := &redirectWork{
		t: t, lib: lib, ctx: ctx, done: map[string]int{}, streak: map[string]int{}, errs: map[string]int{}, added: map[string]bool{},
		roaming: map[string]bool{"publish news": true}, seen: map[string]bool{}, acked: map[string]bool{}, wrote: map[string]int{}, tried: map[string]int{},
	}
	w.quiet.Store(true)
	subscribed, end := context.WithCancel(ctx)
	w.subs = end
	w.listen(subscribed, "news", lib.subscribe, lib.publish)
	for _, tag := range redirectTags {
		stream := "jobs" + tag
		if err := lib.createGroup(ctx, stream); err != nil {
			t.Fatal(err)
		}
		w.part("XADD "+stream, func(n int) error { return w.produce(stream, n) })
		w.part("XREADGROUP "+stream, func(int) error { return w.consume(stream) })
		w.part("SET and GET r"+tag, func(n int) error { return w.register("r"+tag, n) })
		w.part("MULTI {t"+tag+"}", func(int) error { return w.transact("t" + tag) })
		w.listen(subscribed, "shard"+tag, lib.subscribeShard, lib.publishShard)
	}
	w.part("pipeline", w.pipeline)
	return w
}

// part runs a step again and again, and counts how it goes.
func (w *redirectWork) part(name string, step func(n int) error) {
	w.parts = append(w.parts, name)
	w.wg.Go(func() {
		for n := 1; !w.stop.Load() && w.ctx.Err() == nil && !w.t.Failed(); n++ {
			if err := step(n); err != nil {
				w.failed(name, err)
				pause(w.ctx)
			} else {
				w.went(name)
			}
		}
	})
}

func (w *redirectWork) went(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done[name]++
	w.streak[name]++
}

func (w *redirectWork) failed(name string, err error) {
	if w.quiet.Load() && !w.roaming[name] {
		w.t.Errorf("%s, while nothing was wrong: %v", name, err)
	}
	if strings.Contains(err.Error(), "UNCERTAIN") {
		w.t.Errorf("%s: %v, with two nodes left", name, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streak[name] = 0
	w.errs[name+": "+kindOf(err)]++
}

// kindOf is the first line of an error's text without the numbers.
func kindOf(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, text)
}

func (w *redirectWork) produce(stream string, n int) error {
	value := stream + "-" + strconv.Itoa(n)
	if _, err := w.lib.add(w.ctx, stream, value); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.added[value] = true
	return nil
}

func (w *redirectWork) consume(stream string) error {
	entries, err := w.lib.read(w.ctx, stream, "ann", 3, 100*time.Millisecond)
	return errors.Join(err, w.work(stream, entries))
}

// work acknowledges entries. One that was acknowledged never comes again.
func (w *redirectWork) work(stream string, entries []delivered) (err error) {
	for _, e := range entries {
		w.mu.Lock()
		if w.acked[stream+e.id] {
			w.t.Errorf("%s of %s was acknowledged, and is delivered again", e.id, stream)
		}
		w.seen[e.n] = true
		w.mu.Unlock()
		if failed := w.lib.ack(w.ctx, stream, e.id); failed != nil {
			err = errors.Join(err, failed)
			continue // it stays pending, and is claimed in the end
		}
		w.mu.Lock()
		w.acked[stream+e.id] = true
		w.mu.Unlock()
	}
	return err
}

// register writes a number, and reads it or, when its fate is open, it or the last one.
func (w *redirectWork) register(key string, n int) error {
	if err := w.write(n, []string{key}, func() error { return w.lib.set(w.ctx, key, strconv.Itoa(n)) }); err != nil {
		return err
	}
	return w.look(key)
}

func (w *redirectWork) write(n int, keys []string, set func() error) error {
	w.mu.Lock()
	for _, k := range keys {
		w.tried[k] = n
	}
	w.mu.Unlock()
	if err := set(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range keys {
		w.wrote[k] = n
	}
	return nil
}

// look reads a key that nobody writes meanwhile.
func (w *redirectWork) look(key string) error {
	text, err := w.lib.get(w.ctx, key)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if got, _ := strconv.Atoi(text); got < w.wrote[key] || got > w.tried[key] {
		w.t.Errorf("%s is %q: %d was acknowledged, %d tried", key, text, w.wrote[key], w.tried[key])
	}
	return nil
}

func (w *redirectWork) pipeline(n int) error {
	var keys []string
	for i := range 24 {
		keys = append(keys, fmt.Sprint("p", i))
	}
	return w.write(n, keys, func() error { return w.lib.setAll(w.ctx, keys, strconv.Itoa(n)) })
}

// transact: both keys always have the same number.
func (w *redirectWork) transact(tag string) error {
	a, b, err := w.lib.both(w.ctx, tag)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrote["{"+tag+"}a"]++
	if a != b || int(a) < w.wrote["{"+tag+"}a"] {
		w.t.Errorf("{%s}a is %d and {%s}b %d after %d transactions", tag, a, tag, b, w.wrote["{"+tag+"}a"])
	}
	return nil
}

// listen publishes numbers, and has what arrives counted: at most once is promised, and
// that it goes on.
func (w *redirectWork) listen(ctx context.Context, channel string,
	subscribe func(context.Context, string) (<-chan string, error), publish func(ctx context.Context, channel, text string) error) {
	texts, err := subscribe(ctx, channel)
	if err != nil {
		w.t.Fatal(err)
	}
	heard := "hear " + channel
	w.parts = append(w.parts, heard)
	w.wg.Go(func() {
		for {
			select {
			case text := <-texts:
				if !strings.HasPrefix(text, channel+" ") {
					w.t.Errorf("%s hears %q", channel, text)
				}
				w.went(heard)
			case <-ctx.Done():
				return
			}
		}
	})
	w.part("publish "+channel, func(n int) error {
		pause(w.ctx) // or nothing else would get its turn
		return publish(w.ctx, channel, fmt.Sprint(channel, " ", n))
	})
}

// more waits until each part went well so many times more.
func (w *redirectWork) more(when string, n int) {
	w.t.Helper()
	w.mu.Lock()
	want := map[string]int{}
	for _, name := range w.parts {
		want[name] = w.done[name] + n
	}
	w.mu.Unlock()
	w.wait(when, func(name string) bool { return w.done[name] >= want[name] })
}

// calm waits until no part has errors any more. From then on none is allowed.
func (w *redirectWork) calm(when string) {
	w.t.Helper()
	w.mu.Lock()
	clear(w.streak)
	w.mu.Unlock()
	w.wait(when, func(name string) bool { return w.streak[name] >= 10 || w.roaming[name] })
	w.quiet.Store(true)
}

// wait waits until all parts are where they should be.
func (w *redirectWork) wait(when string, there func(name string) bool) {
	w.t.Helper()
	began, slowest := time.Now(), ""
	left := func() string {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, name := range w.parts {
			if !there(name) {
				return name
			}
		}
		return ""
	}
	for at := left(); at != ""; at = left() {
		slowest = at
		if w.t.Failed() {
			w.t.FailNow()
		}
		if time.Since(began) > patience {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.t.Fatalf("%s: %q does not go on; errors so far: %v", when, at, w.errs)
		}
		select {
		case <-w.ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
	w.t.Logf("%s: %v, the last was %q", when, time.Since(began).Round(time.Millisecond), slowest)
}

// finish ends all parts, takes what is left, and compares.
func (w *redirectWork) finish() {
	w.t.Helper()
	w.stop.Store(true)
	w.subs()
	w.wg.Wait()
	for _, tag := range redirectTags {
		w.drain("jobs" + tag)
	}
	for key := range w.tried {
		if err := w.look(key); err != nil {
			w.t.Error(err)
		}
	}
	for value := range w.added {
		if !w.seen[value] {
			w.t.Errorf("%s was acknowledged, and never delivered", value)
		}
	}
	w.t.Logf("%d entries, %d acknowledged; went well: %v; errors: %v", len(w.added), len(w.acked), w.done, w.errs)
}

// drain takes what nobody has read, and what was read by who did not hear of it.
func (w *redirectWork) drain(stream string) {
	w.t.Helper()
	for {
		entries, err := w.lib.read(w.ctx, stream, "ann", 1000, -1)
		if err := errors.Join(err, w.work(stream, entries)); err != nil {
			w.t.Fatal(err)
		}
		if len(entries) == 0 {
			break
		}
	}
	pending, err := w.lib.pending(w.ctx, stream, "ann")
	if err := errors.Join(err, w.work(stream, pending)); err != nil {
		w.t.Fatal(err)
	}
}
