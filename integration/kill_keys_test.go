package integration

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

const (
	killKeyWriters = 12
	killAccounts   = 8
	killBalance    = 1000 // of each account at first
)

// Strings, expiry and transactions behind kill -9: what was acknowledged is there; what
// was on its way is there or not, an EXEC whole; who has expired, also while the server
// was down, stays away; and no time to live grows.
func TestKillKeepsKeysAndTransactions(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	rng := rand.New(rand.NewPCG(*seed, 7))
	dir := t.TempDir()
	args := []string{"--snapshot-log-bytes", "4mb", "--log-segment-bytes", "1mb"}
	p := serve(t, dir, args...)
	a := newAccounts()
	a.open(t, p.Addr)
	var writers []*keyWriter
	for n := range killKeyWriters {
		writers = append(writers, newKeyWriter(n, a))
	}
	late := 0
	for cycle := range *cycles {
		var wg sync.WaitGroup
		for i, w := range writers {
			r := rand.New(rand.NewPCG(*seed+uint64(cycle), uint64(i)))
			wg.Go(func() { w.write(p.Addr, r) })
		}
		wg.Go(func() { a.watch(t, p.Addr) })
		acknowledged := func(since time.Time) (n int) {
			for _, w := range writers {
				n += w.acknowledgedSince(since)
			}
			return n
		}
		enough := 500 + rng.IntN(8000)
		eventually(t, fmt.Sprint(enough, " steps acknowledged"), func() bool { return acknowledged(time.Time{}) >= enough })
		killed := time.Now()
		p.kill()
		down := time.Now() // what was on its way had happened by now, or never will
		wg.Wait()
		late += acknowledged(killed.Add(-5 * time.Millisecond))
		p = serve(t, dir, args...)
		s, err := newSpeaker(p.Addr, wire.RESP2)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range writers {
			w.verify(t, s, down)
		}
		a.verify(t, s)
		s.Close()
		if t.Failed() {
			t.Fatalf("cycle %d of %d, log of the server:\n%s", cycle+1, *cycles, p.log())
		}
	}
	p.stop()
	perKill := late / *cycles
	t.Logf("%d kills; %d steps were acknowledged in the last 5 ms before a kill on average", *cycles, perKill)
	if perKill < 50 {
		t.Errorf("only %d: the test proves little", perKill)
	}
}

// accounts are counters between which all writers move money, each time in one
// transaction that also notes it in a stream.
type accounts struct {
	mu    sync.Mutex
	sent  map[string]*move
	acked map[string]bool
}

type move struct {
	id             string
	from, to, much int
}

func newAccounts() *accounts {
	return &accounts{sent: map[string]*move{}, acked: map[string]bool{}}
}

func account(n int) string { return fmt.Sprint("account", n) }

func (a *accounts) open(t *testing.T, addr string) {
	t.Helper()
	s, err := newSpeaker(addr, wire.RESP2)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := range killAccounts {
		if f, err := s.ask("SET", account(n), strconv.Itoa(killBalance)); err != nil || f.text != "OK" {
			t.Fatal(f, err)
		}
	}
}

func (a *accounts) draw(rng *rand.Rand, id string) *move {
	m := &move{id, rng.IntN(killAccounts), rng.IntN(killAccounts), 1 + rng.IntN(50)}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent[id] = m
	return m
}

func (m *move) commands() [][]string {
	much := strconv.Itoa(m.much)
	return [][]string{{"MULTI"}, {"DECRBY", account(m.from), much}, {"XADD", "moves", "*", "id", m.id}, {"INCRBY", account(m.to), much}, {"EXEC"}}
}

func (a *accounts) acknowledge(m *move) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.acked[m.id] = true
}

// watch looks at all accounts at once until the connection ends: nobody ever sees half
// of a transaction.
func (a *accounts) watch(t *testing.T, addr string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	words := []string{"MGET"}
	for n := range killAccounts {
		words = append(words, account(n))
	}
	for {
		if _, err := io.WriteString(conn, command(words...)); err != nil {
			return
		}
		f, err := readFrame(r)
		if err != nil {
			return
		}
		if sum := sumOf(f); sum != killAccounts*killBalance {
			t.Errorf("in the middle of a transaction: %v, %d in all", f, sum)
			return
		}
	}
}

func sumOf(f *frame) (sum int) {
	for _, e := range f.list {
		n, _ := strconv.Atoi(e.text)
		sum += n
	}
	return sum
}

// verify compares balances with the moves that are noted in the stream, and those with
// what was acknowledged.
func (a *accounts) verify(t *testing.T, s *speaker) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	all, err := s.ask("XRANGE", "moves", "-", "+")
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Repeat([]int{killBalance}, killAccounts)
	there := map[string]bool{}
	for _, e := range all.list {
		id := e.list[1].word(1)
		m := a.sent[id]
		if m == nil || there[id] {
			t.Errorf("move %s: twice: %v, known: %v", id, there[id], m != nil)
			continue
		}
		there[id] = true
		want[m.from] -= m.much
		want[m.to] += m.much
	}
	for id := range a.acked {
		if !there[id] {
			t.Errorf("acknowledged move %s is lost", id)
		}
	}
	a.acked = there
	for n, balance := range want {
		if f, err := s.ask("GET", account(n)); err != nil || f.text != strconv.Itoa(balance) {
			t.Errorf("%s is %v, want %d by the moves (%v)", account(n), f, balance, err)
		}
	}
}
