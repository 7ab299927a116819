package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// The scenario of clients/README.md: what every client library has to get through,
// seen from the side that holds the server, kills it and checks what is true.

const (
	firstAdds  = 10 // entries before anything is killed
	addsByKill = 10 // entries behind each kill of the adding phase
	playTime   = 2 * time.Minute
)

// result is the line that a client program ends with.
type result struct {
	Library      string   `json:"library"`
	TimedOut     bool     `json:"timed_out"`
	Woken        []string `json:"woken"`
	Heard        []string `json:"heard"`
	Transactions []tx     `json:"transactions"`
	Claimed      []string `json:"claimed"`
	Processed    []string `json:"processed"`
}

// tx is one round of transactions: what the EXEC that went through replied, and
// whether the one whose watched key had changed was refused.
type tx struct {
	Total   int64  `json:"total"`
	ID      string `json:"id"`
	Refused bool   `json:"refused"`
}

// program starts a client and connects its lines: what it says comes out of said,
// which is closed when it ends; then trouble tells why.
type program func(ctx context.Context, t *testing.T, addr string) *dialogue

type dialogue struct {
	said    chan string
	answers io.Writer
	mu      sync.Mutex // guards why
	why     string
}

func (d *dialogue) setTrouble(why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.why = why
}

func (d *dialogue) trouble() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.why
}

// run plays the scenario with a client against a server of each listener.
func (start program) run(t *testing.T) {
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), playTime)
			defer cancel()
			s := &clientRun{t: t, dir: t.TempDir(), args: []string{"--listener", listener}, inDoubt: map[string]bool{}}
			s.open()
			s.d = start(ctx, t, s.p.Addr)
			s.play()
			s.check()
			s.p.stop()
		})
	}
}

// runOverCluster plays it with a client of a node that does not lead: what is killed,
// and comes back, is the leader.
func (start program) runOverCluster(t *testing.T) {
	c := serveCluster(t)
	p := c.nodes[c.follower()].process
	start.playOver(t, c, p, p.client())
}

// runOverRedirect plays it with a client of Redis Cluster, whose keys are spread over
// three leaders. It is told of one node, and goes to the leaders by itself.
func (start program) runOverRedirect(t *testing.T) {
	c := serveCluster(t, "--partitions", "3", "--routing", "redirect")
	var addrs []string
	for _, m := range c.nodes {
		addrs = append(addrs, m.addr)
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	defer client.Close()
	start.playOver(t, c, c.nodes[0].process, client)
}

// playOver plays it over a cluster, with a program that is told of p.
func (start program) playOver(t *testing.T, c *trio, p *process, client redis.UniversalClient) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), playTime)
	defer cancel()
	s := &clientRun{t: t, cluster: c, p: p, c: client, inDoubt: map[string]bool{}}
	s.d = start(ctx, t, s.p.Addr)
	s.play()
	s.check()
	c.stop()
}

// clientRun is the server of one run and the record of what the client was told.
type clientRun struct {
	t    *testing.T
	dir  string
	args []string
	p    *process              // the client's
	c    redis.UniversalClient // the harness' own, not the client under test
	d    *dialogue

	cluster *trio // nil: p is on its own
	lost    int   // the node of it that was killed

	added   [][2]string     // n and ID of each acknowledged entry, in order
	inDoubt map[string]bool // the n that were on their way when the server was killed
	pending []string        // the PEL before the first kill
	got     result
}

// open starts the server on a port that it keeps over restarts. The port is below
// those that the kernel hands out: while the server is down nobody else gets it, and
// a client that dials it again and again can't meet itself.
func (s *clientRun) open() {
	s.t.Helper()
	s.p = serve(s.t, s.dir, append([]string{"--addr", unsharedAddr(s.t)}, s.args...)...)
	s.args = append([]string{"--addr", s.p.Addr}, s.args...)
	s.c = s.p.client()
}

func unsharedAddr(t *testing.T) string {
	t.Helper()
	for port := 20000 + int(time.Now().UnixNano()/1000%10000); port < 32000; port++ {
		ln, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
		if err == nil {
			defer ln.Close()
			return ln.Addr().String()
		}
	}
	t.Fatal("no free port below the ephemeral ones")
	return ""
}

// kill ends the server by SIGKILL, or the node of the cluster that leads a key.
func (s *clientRun) kill(key string) {
	s.t.Helper()
	if s.cluster == nil {
		s.p.kill()
		return
	}
	s.lost = s.cluster.leaderOf(key)
	s.cluster.nodes[s.lost].kill()
}

// servers are all that the client may be connected to. They are up.
func (s *clientRun) servers() []*process {
	if s.cluster == nil {
		return []*process{s.p}
	}
	var list []*process
	for _, m := range s.cluster.nodes {
		list = append(list, m.process)
	}
	return list
}

// blocked waits until one client waits for entries, wherever it is connected.
func (s *clientRun) blocked() {
	s.t.Helper()
	var clients []*redis.Client
	for _, p := range s.servers() {
		clients = append(clients, p.client())
	}
	eventually(s.t, "one client blocked", func() bool {
		waiting := ""
		for _, c := range clients {
			info, err := c.InfoMap(s.t.Context(), "clients").Result()
			if n := info["Clients"]["blocked_clients"]; err != nil || n != "0" {
				waiting += n
			}
		}
		return waiting == "1"
	})
}

// restart starts it again. In a cluster it then leads again, and the next kill finds it.
func (s *clientRun) restart() {
	s.t.Helper()
	if s.cluster != nil {
		s.cluster.start(s.lost)
		s.cluster.settled()
		return
	}
	s.c.Close()
	s.p = serve(s.t, s.dir, s.args...)
	s.c = s.p.client()
}

// hear is the client's next line, which must begin with the word.
func (s *clientRun) hear(word string) (rest string) {
	s.t.Helper()
	line, ok := <-s.d.said
	if !ok {
		s.t.Fatalf("the client ended before it said %s: %s\nlog of the server:\n%s", word, s.d.trouble(), s.p.log())
	}
	if rest, ok = strings.CutPrefix(line, word); !ok {
		s.t.Fatalf("the client said %q instead of %s", line, word)
	}
	return strings.TrimSpace(rest)
}

func (s *clientRun) answer(word string) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.d.answers, word); err != nil {
		s.t.Fatalf("the client does not listen: %v; %s", err, s.d.trouble())
	}
}

func (s *clientRun) play() {
	s.t.Helper()
	s.adds(firstAdds)
	s.answer("STOP")
	s.hear("BLOCKING")
	s.blocked()
	s.wake("one")
	s.hear("LISTENING")
	s.publish("one")
	s.addsUnderKills()
	s.hear("BLOCKING")
	s.blocked()
	s.kill("wake")
	s.restart()
	s.blocked() // it came back by itself, and waits again
	s.wake("two")
	s.hear("LISTENING")
	s.publish("two")
	if err := json.Unmarshal([]byte(s.hear("RESULT")), &s.got); err != nil {
		s.t.Fatal(err)
	}
	if line, more := <-s.d.said; more {
		s.t.Fatalf("the client said %q behind its result", line)
	}
	if why := s.d.trouble(); why != "" {
		s.t.Errorf("the client ended with %s", why)
	}
}

// adds notes entries that the client was told are in; the last one is not answered.
func (s *clientRun) adds(n int) {
	s.t.Helper()
	for i := range n {
		words := strings.Fields(s.hear("ADDED"))
		if len(words) != 2 || words[0] != fmt.Sprint(len(s.added)+1) {
			s.t.Fatalf("ADDED %v as number %d", words, len(s.added)+1)
		}
		s.added = append(s.added, [2]string(words))
		if i < n-1 {
			s.answer("MORE")
		}
	}
}

// addsUnderKills lets the client meet a server that is gone before it writes, then
// one that goes while it writes.
func (s *clientRun) addsUnderKills() {
	s.t.Helper()
	s.adds(addsByKill)
	s.notePending()
	s.kill("jobs")
	s.answer("MORE")
	s.restart()
	s.adds(addsByKill)
	s.inDoubt[fmt.Sprint(len(s.added)+1)] = true
	s.answer("MORE")
	s.kill("jobs")
	s.restart()
	s.adds(addsByKill)
	s.answer("STOP")
}

func (s *clientRun) notePending() {
	s.t.Helper()
	rows, err := s.c.XPendingExt(s.t.Context(), &redis.XPendingExtArgs{Stream: "jobs", Group: "crew", Start: "-", End: "+", Count: 100}).Result()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, row := range rows {
		s.pending = append(s.pending, row.ID)
	}
	first := s.added
	is(s.t, "pending before the kill", s.pending, nil, []string{first[2][1], first[3][1], first[6][1], first[7][1]})
}

func (s *clientRun) wake(text string) {
	s.t.Helper()
	mustDo(s.t, s.c, "XADD", "wake", "*", "n", text)
}

// publish publishes where the client has subscribed: the count is of that node.
func (s *clientRun) publish(text string) {
	s.t.Helper()
	var clients []*redis.Client
	for _, p := range s.servers() {
		clients = append(clients, p.client())
	}
	at := -1
	eventually(s.t, "one client has subscribed", func() bool {
		at = slices.IndexFunc(clients, func(c *redis.Client) bool { return c.PubSubNumSub(s.t.Context(), "news").Val()["news"] == 1 })
		return at >= 0
	})
	if n := mustDo(s.t, clients[at], "PUBLISH", "news", text); n != int64(1) {
		s.t.Errorf("%v received what was published", n)
	}
}
