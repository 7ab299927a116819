package integration

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var cacheSeed = flag.Uint64("cache-seed", 0, "seed of the test of client-side caches, 0 draws one")

// history is what the one writer of a key has done to it: its n-th change sets it to
// n, or deletes it.
type history struct {
	mu      sync.Mutex
	deleted []bool // by change
	acked   int    // changes whose reply the writer has
}

// began notes changes that are about to be sent, done that they are answered.
func (h *history) began(deletes bool) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deleted = append(h.deleted, deletes)
	return len(h.deleted) - 1
}

func (h *history) done(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acked = n
}

func (h *history) floor() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.acked
}

// fits reports whether a value, "" for none, may be true when the change floor, at
// least, is.
func (h *history) fits(value string, floor int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if value != "" {
		n, err := strconv.Atoi(value)
		return err == nil && n >= floor && !h.deleted[n]
	}
	for _, d := range h.deleted[floor:] {
		if d {
			return true
		}
	}
	return false
}

// cache is a client that keeps what it reads until it is told that it has changed.
type cache struct {
	rawConn
	r      *bufio.Reader
	mode   string // options of CLIENT TRACKING ON
	values map[string]string
	hits   int
	misses int
}

func newCache(t *testing.T, addr, mode string) *cache {
	c := &cache{rawConn: speakRESP3(dialRaw(t, addr)), mode: mode, values: make(map[string]string)}
	c.r = bufio.NewReader(c.rawConn)
	c.write(command(strings.Fields("CLIENT TRACKING ON " + mode)...))
	if got, err := c.next(); err != nil || got != "OK" {
		t.Fatalf("CLIENT TRACKING ON %s: %v, %v", mode, got, err)
	}
	return c
}

// next reads a reply, and obeys the messages before it.
func (c *cache) next() (any, error) {
	for {
		v, push, err := readValue(c.r)
		if err != nil || !push {
			return v, err
		}
		list := v.([]any)
		if list[0] != "invalidate" {
			return nil, fmt.Errorf("message %v", list)
		}
		if list[1] == nil {
			clear(c.values)
			continue
		}
		for _, key := range list[1].([]any) {
			delete(c.values, key.(string))
		}
	}
}

// readValue reads what the tests get: simple strings, integers, bulks, nulls, arrays,
// maps and messages.
func readValue(r *bufio.Reader) (v any, push bool, err error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, false, err
	}
	text := strings.TrimSpace(line[1:])
	switch line[0] {
	case '+', '-', ':':
		return text, false, nil
	case '_':
		return nil, false, nil
	case '$':
		n, _ := strconv.Atoi(text)
		if n < 0 {
			return nil, false, nil
		}
		b := make([]byte, n+2)
		_, err = io.ReadFull(r, b)
		return string(b[:n]), false, err
	case '*', '>', '%':
		n, _ := strconv.Atoi(text)
		if line[0] == '%' {
			n *= 2
		}
		list := []any{}
		for range n {
			e, _, err := readValue(r)
			if err != nil {
				return nil, false, err
			}
			list = append(list, e)
		}
		return list, line[0] == '>', nil
	}
	return nil, false, fmt.Errorf("reply %q", line)
}

// barrier returns once all that the server had said before was obeyed.
func (c *cache) barrier() error {
	c.write(command("PING"))
	_, err := c.next()
	return err
}

// fetch reads keys, as few or as many at once as it likes, and keeps them.
func (c *cache) fetch(rng *rand.Rand, keys []string) error {
	optin := strings.Contains(c.mode, "OPTIN")
	inMulti, together := rng.IntN(3) == 0, rng.IntN(3) > 0
	var request strings.Builder
	var replies []string // what each is of: a key, or something else
	send := func(of string, words ...string) {
		request.WriteString(command(words...))
		replies = append(replies, of)
	}
	if inMulti && optin {
		send("", "CLIENT", "CACHING", "YES")
	}
	if inMulti {
		send("", "MULTI")
	}
	for _, k := range keys {
		if together && !inMulti {
			// The read rides behind the write in a batch, and its reply stays in the queue
			// until the message was published.
			send("", "SET", "scratch", "x")
			send("", "PUBLISH", "channel", "x")
		}
		if !inMulti && optin {
			send("", "CLIENT", "CACHING", "YES")
		}
		of := k
		if inMulti {
			of = ""
		}
		send(of, "GET", k)
	}
	if inMulti {
		send("EXEC", "EXEC")
	}
	c.write(request.String())
	return c.keep(keys, replies)
}

// keep takes the replies in. What was read goes into the cache at its place in the row
// of replies and messages.
func (c *cache) keep(keys, replies []string) error {
	for _, of := range replies {
		v, err := c.next()
		switch {
		case err != nil:
			return err
		case of == "EXEC":
			for i, v := range v.([]any) {
				c.store(keys[i], v)
			}
		case of != "":
			c.store(of, v)
		}
	}
	return nil
}

func (c *cache) store(key string, v any) {
	s, _ := v.(string)
	c.values[key] = s
}

// use looks keys up, time and again: what is kept must be true as of the moment before
// the last barrier.
func (c *cache) use(rng *rand.Rand, keys []string, histories []*history, stop <-chan struct{}) error {
	floors := make([]int, len(keys))
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		for i, h := range histories {
			floors[i] = h.floor()
		}
		if err := c.barrier(); err != nil {
			return err
		}
		var missing []string
		for i, k := range keys {
			v, kept := c.values[k]
			switch {
			case !kept:
				missing = append(missing, k)
			case !histories[i].fits(v, floors[i]):
				return fmt.Errorf("%s is kept as %q, and was changed since: change %d", k, v, floors[i])
			default:
				c.hits++
			}
		}
		if len(missing) > 0 && rng.IntN(4) > 0 {
			c.misses += len(missing)
			rng.Shuffle(len(missing), func(i, j int) { missing[i], missing[j] = missing[j], missing[i] })
			if err := c.fetch(rng, missing[:1+rng.IntN(len(missing))]); err != nil {
				return err
			}
		}
	}
}

// change makes a few changes of keys, in one pipeline.
func change(c *cache, rng *rand.Rand, keys []string, histories []*history) error {
	last := make(map[int]int)
	var request strings.Builder
	n := 1 + rng.IntN(4)
	for range n {
		i := rng.IntN(len(keys))
		deletes := rng.IntN(5) == 0
		last[i] = histories[i].began(deletes)
		switch {
		case deletes:
			request.WriteString(command("DEL", keys[i]))
		case rng.IntN(4) == 0:
			request.WriteString(command("MULTI") + command("SET", keys[i], fmt.Sprint(last[i])) + command("EXEC"))
			n += 2
		default:
			request.WriteString(command("SET", keys[i], fmt.Sprint(last[i])))
		}
	}
	c.write(request.String())
	for range n {
		if _, err := c.next(); err != nil {
			return err
		}
	}
	for i, change := range last {
		histories[i].done(change)
	}
	return nil
}

// However it is kept up to date, and whatever is under way: once a client has obeyed
// what it was told, it has nothing in its cache that was overwritten before.
func TestCachesAreNeverStale(t *testing.T) {
	if *cacheSeed == 0 {
		*cacheSeed = uint64(time.Now().UnixNano())
	}
	t.Logf("-cache-seed %d", *cacheSeed)
	onBoth(t, nil, func(t *testing.T, p *process) { useCaches(t, p, *cacheSeed) })
}

func useCaches(t *testing.T, p *process, seed uint64) {
	var keys []string
	var histories []*history
	for i := range 8 {
		keys = append(keys, fmt.Sprint("k", i))
		h := &history{deleted: []bool{true}}
		histories = append(histories, h)
	}
	modes := []string{"", "", "NOLOOP", "OPTIN", "OPTIN", "OPTOUT", "BCAST", "BCAST", "BCAST PREFIX k1 PREFIX k0 PREFIX k2 PREFIX k3 PREFIX k4 PREFIX k5 PREFIX k6 PREFIX k7"}
	stop, failed := make(chan struct{}), make(chan error, len(modes)+1)
	var wg sync.WaitGroup
	var caches []*cache
	for i, mode := range modes {
		c := newCache(t, p.Addr, mode)
		caches = append(caches, c)
		wg.Go(func() {
			if err := c.use(rand.New(rand.NewPCG(seed, uint64(i))), keys, histories, stop); err != nil {
				failed <- fmt.Errorf("cache %d (%s): %w", i, mode, err)
			}
		})
	}
	writer := newCache(t, p.Addr, "BCAST NOLOOP")
	rng := rand.New(rand.NewPCG(seed, 1000))
	var err error
	for range 300 {
		if err = change(writer, rng, keys, histories); err != nil || len(failed) > 0 {
			break
		}
	}
	close(stop)
	wg.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	if err != nil {
		t.Error(err)
	}
	for i, c := range caches {
		if c.hits == 0 || c.misses == 0 {
			t.Errorf("cache %d (%s): %d hits, %d misses", i, modes[i], c.hits, c.misses)
		}
	}
}

// A reply of many megabytes is built beside the changes that go on: what it does not
// show yet is told behind it.
func TestLongReadsAreNeverStale(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		reader, writer := newCache(t, p.Addr, ""), newCache(t, p.Addr, "BCAST NOLOOP")
		add := func(n int) {
			writer.write(command("XADD", "s", fmt.Sprint(n, "-1"), "f", strings.Repeat("x", 64<<10)))
		}
		entries := 100
		for n := range entries {
			add(n + 1)
			if _, err := writer.next(); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			entries++
			reader.write(command("XRANGE", "s", "-", "+"))
			add(entries)
			v, err := reader.next()
			if err != nil {
				t.Fatal(err)
			}
			seen := len(v.([]any))
			reader.store("s", fmt.Sprint(seen))
			if _, err := writer.next(); err != nil {
				t.Fatal(err)
			}
			if err := reader.barrier(); err != nil {
				t.Fatal(err)
			}
			// To be told though nothing was missed is no fault: the read was put off once.
			if _, kept := reader.values["s"]; kept && seen < entries {
				t.Fatalf("%d of %d entries are kept", seen, entries)
			}
		}
	})
}
