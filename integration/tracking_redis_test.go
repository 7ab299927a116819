package integration

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// trackingWorld is a few connections to a server, in all modes of tracking.
type trackingWorld struct {
	t     *testing.T
	conns []*trackingConn
}

type trackingConn struct {
	rawConn
	r     *bufio.Reader
	resp2 bool
}

// trackingModes are the options of the connections; the last two are told in RESP2
// through the one before them, which has subscribed.
var trackingModes = []string{"", "NOLOOP", "OPTIN", "OPTOUT", "BCAST", "BCAST PREFIX a PREFIX b NOLOOP", "target", "REDIRECT", "BCAST PREFIX c REDIRECT"}

func newTrackingWorld(t *testing.T, addr string) *trackingWorld {
	w := &trackingWorld{t: t}
	id := ""
	for _, mode := range trackingModes {
		raw := dialRaw(t, addr)
		c := &trackingConn{rawConn: raw, r: bufio.NewReader(raw)}
		c.resp2 = id != "" || mode == "target"
		if !c.resp2 {
			speakRESP3(raw)
		}
		w.conns = append(w.conns, c)
		switch {
		case mode == "target":
			c.write(command("CLIENT", "ID"))
			id = fmt.Sprint(w.next(c))
			c.write(command("SUBSCRIBE", "__redis__:invalidate"))
			w.next(c)
			continue
		case strings.HasSuffix(mode, "REDIRECT"):
			mode += " " + id
		}
		c.write(command(strings.Fields("CLIENT TRACKING ON " + mode)...))
		if got := w.next(c); got != "OK" {
			t.Fatalf("CLIENT TRACKING ON %s: %v", mode, got)
		}
	}
	return w
}

func (w *trackingWorld) next(c *trackingConn) any {
	w.t.Helper()
	v, _, err := readValue(c.r)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// step has a connection send commands, and returns what all of them got: replies in
// their order, and beside them what they were told. Where the two stand to each other
// on the connection that sent them is another test's affair: Redis tells it behind.
func (w *trackingWorld) step(from int, commands []string) (got []string) {
	var request strings.Builder
	for _, c := range commands {
		request.WriteString(command(strings.Fields(c)...))
	}
	w.conns[from].SetDeadline(time.Now().Add(patience))
	w.conns[from].write(request.String())
	var replies []any
	told := make([][]string, len(w.conns))
	until := func(i int, end func(v any) bool) {
		for {
			v, push, err := readValue(w.conns[i].r)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				w.t.Fatalf("%q: connection %d: %v, replies so far %q", commands, i, err, replies)
			}
			if err != nil {
				w.t.Fatal(err)
			}
			list, _ := v.([]any)
			switch {
			case push, len(list) == 3 && list[0] == "message":
				told[i] = append(told[i], fmt.Sprint(v))
			case end(v):
				return
			}
		}
	}
	until(from, func(v any) bool {
		replies = append(replies, v)
		return len(replies) == len(commands)
	})
	got = append(got, fmt.Sprint(replies))
	for i, c := range w.conns {
		c.SetDeadline(time.Now().Add(patience))
		c.write(command("PING"))
		until(i, func(v any) bool { return v == "PONG" || fmt.Sprint(v) == "[pong ]" })
		got = append(got, fmt.Sprint(i, ": ", told[i]))
	}
	return got
}

func trackingKey(rng *rand.Rand) string { return fmt.Sprintf("%c%d", 'a'+rng.IntN(4), rng.IntN(4)) }

// trackingStep draws what a connection sends next.
func trackingStep(rng *rand.Rand, mode string) []string {
	k := func() string { return trackingKey(rng) }
	var one string
	switch rng.IntN(24) {
	case 0, 1, 2, 3, 4:
		one = "GET " + k()
	case 5, 6:
		one = "MGET " + k() + " " + k() + " " + k()
	case 7:
		one = "EXISTS " + k() + " " + k()
	case 8:
		one = "PTTL " + k() // of no key: none has a deadline for long
	case 9:
		one = "XLEN s" + k()
	case 10:
		one = "XREAD COUNT 1 STREAMS s" + k() + " s" + k() + " 0 0"
	case 11, 12, 13:
		one = "SET " + k() + " v"
	case 14:
		one = "MSET " + k() + " 1 " + k() + " 2"
	case 15:
		one = "DEL " + k() + " " + k()
	case 16:
		one = "RENAME " + k() + " " + k()
	case 17:
		one = "XADD s" + k() + " * f v"
		one = strings.Replace(one, "*", fmt.Sprint(1+rng.IntN(50), "-*"), 1)
	case 18:
		one = "XTRIM s" + k() + " MAXLEN 1"
	case 19:
		one = "SET " + k() + " v NX"
	case 20:
		one = "COPY " + k() + " " + k()
	case 21:
		one = "GETEX " + k() + " PERSIST"
	case 22:
		one = []string{"FLUSHDB", "APPEND " + k() + " x", "INCR n" + k(), "UNLINK s" + k()}[rng.IntN(4)]
	default:
		one = "OBJECT ENCODING " + k()
	}
	caching := map[string]string{"OPTIN": "CLIENT CACHING yes", "OPTOUT": "CLIENT CACHING no"}[mode]
	var all []string
	if caching != "" && rng.IntN(2) == 0 {
		all = append(all, caching)
	}
	if rng.IntN(5) == 0 && strings.HasPrefix(one, "GET ") {
		return append(all, "MULTI", one, "STRLEN "+k(), "EXEC")
	}
	return append(all, one)
}

// Random commands over connections in all modes: everybody is told what Redis tells.
func TestTrackingAgainstRedis(t *testing.T) {
	redisAddr := startRedis(t)
	if *cacheSeed == 0 {
		*cacheSeed = uint64(time.Now().UnixNano())
	}
	t.Logf("-cache-seed %d", *cacheSeed)
	p := serve(t, t.TempDir())
	rng := rand.New(rand.NewPCG(*cacheSeed, 0))
	ours, theirs := newTrackingWorld(t, p.Addr), newTrackingWorld(t, redisAddr)
	told := 0
	for n := range 800 {
		from := rng.IntN(len(trackingModes))
		if trackingModes[from] == "target" {
			continue
		}
		commands := trackingStep(rng, trackingModes[from])
		got, want := ours.step(from, commands), theirs.step(from, commands)
		if !slices.Equal(got, want) {
			t.Fatalf("step %d, connection %d (%s): %q\n   got %q\n Redis %q", n, from, trackingModes[from], commands, got, want)
		}
		told += strings.Count(fmt.Sprint(want), "invalidate")
	}
	if told < 100 {
		t.Errorf("only %d messages", told)
	}
}
