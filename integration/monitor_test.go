package integration

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// monitorRows are commands and the lines that a monitor sees of them, without the
// time, the caller's address as <addr>.
var monitorRows = []struct{ send, lines string }{
	{send: "PING", lines: `[0 <addr>] "PING"`},
	{send: `ECHO "x\x00\n\r\t\a\b\xff\"\\ y"`, lines: `[0 <addr>] "ECHO" "x\x00\n\r\t\a\b\xff\"\\ y"`},
	{send: "SELECT 3", lines: `[3 <addr>] "SELECT" "3"`},
	{send: "SELECT 99", lines: `[3 <addr>] "SELECT" "99"`},
	{send: "SET a 1", lines: `[3 <addr>] "SET" "a" "1"`},
	{send: "GET a", lines: `[3 <addr>] "GET" "a"`},
	{send: "FOO a"},
	{send: "GET"},
	{send: "XADD a * f v", lines: `[3 <addr>] "XADD" "a" "*" "f" "v"`},
	{send: "XRANGE s a b", lines: `[3 <addr>] "XRANGE" "s" "a" "b"`},
	{send: "AUTH default x", lines: `[3 <addr>] "AUTH" "(redacted)" "(redacted)"`},
	{send: "AUTH x", lines: `[3 <addr>] "AUTH" "(redacted)"`},
	{send: "HELLO 3 SETNAME auth AUTH default x", lines: `[3 <addr>] "HELLO" "3" "SETNAME" "auth" "AUTH" "(redacted)" "(redacted)"`},
	{send: "HELLO 2", lines: `[3 <addr>] "HELLO" "2"`},
	{send: "CONFIG GET maxmemory"},
	{send: "CLIENT LIST"},
	{send: "SLOWLOG LEN"},
	{send: "ACL LIST"},
	{send: "CLIENT ID", lines: `[3 <addr>] "CLIENT" "ID"`},
	{send: "INFO nosuch", lines: `[3 <addr>] "INFO" "nosuch"`},
	{send: "PUBLISH c m", lines: `[3 <addr>] "PUBLISH" "c" "m"`},
	{send: "XREAD BLOCK 20 STREAMS s $", lines: `[3 <addr>] "XREAD" "BLOCK" "20" "STREAMS" "s" "$"`},
	{send: "MULTI", lines: `[3 <addr>] "MULTI"`},
	{send: "SET b 1"},
	{send: "SELECT 2"},
	{send: "GET b"},
	{send: "CONFIG GET maxmemory"},
	{send: "PING"},
	{send: "EXEC", lines: `[3 <addr>] "SET" "b" "1"
[2 <addr>] "SELECT" "2"
[2 <addr>] "GET" "b"
[2 <addr>] "PING"
[2 <addr>] "EXEC"`},
	{send: "MULTI", lines: `[2 <addr>] "MULTI"`},
	{send: "SET b 1"},
	{send: "EXEC", lines: `[2 <addr>] "SET" "b" "1"
[2 <addr>] "EXEC"`},
	{send: "EXEC", lines: `[2 <addr>] "EXEC"`},
	{send: "MULTI", lines: `[2 <addr>] "MULTI"`},
	{send: "FOO"},
	{send: "EXEC", lines: `[2 <addr>] "EXEC"`},
	{send: "WATCH b", lines: `[2 <addr>] "WATCH" "b"`},
	{send: "SET b 2", lines: `[2 <addr>] "SET" "b" "2"`},
	{send: "MULTI", lines: `[2 <addr>] "MULTI"`},
	{send: "GET b"},
	{send: "EXEC", lines: `[2 <addr>] "EXEC"`},
	{send: "MULTI", lines: `[2 <addr>] "MULTI"`},
	{send: "DISCARD", lines: `[2 <addr>] "DISCARD"`},
	{send: "SUBSCRIBE c", lines: `[2 <addr>] "SUBSCRIBE" "c"`},
	{send: "RESET", lines: `[0 <addr>] "RESET"`},
}

func TestMonitor(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) { playMonitor(t, p.Addr) })
}

func TestMonitorAgainstRedis(t *testing.T) { playMonitor(t, startRedis(t)) }

// playMonitor sends each row and then ECHO, whose line shows that nothing else came.
func playMonitor(t *testing.T, addr string) {
	t.Helper()
	m, c := dialRaw(t, addr), dialRaw(t, addr)
	m.write("MONITOR\r\n")
	m.expect("+OK\r\n", false, false)
	lines := bufio.NewReader(m)
	go io.Copy(io.Discard, c)
	timestamp := regexp.MustCompile(`^\+\d{10}\.\d{6} `)
	next := func() string {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		at := timestamp.FindString(line)
		if at == "" {
			t.Fatalf("%q begins with no time", line)
		}
		return strings.ReplaceAll(strings.TrimSuffix(line[len(at):], "\r\n"), c.LocalAddr().String(), "<addr>")
	}
	for i, row := range monitorRows {
		c.write(row.send + "\r\n")
		for want := range strings.Lines(row.lines) {
			if got := next(); got != strings.TrimSuffix(want, "\n") {
				t.Fatalf("row %d, %s: got %s, want %s", i, row.send, got, want)
			}
		}
	}
	c.write("PING the-end\r\n")
	if got := next(); got != `[0 <addr>] "PING" "the-end"` {
		t.Errorf("got %s", got)
	}
}

// What a monitor calls itself comes before the line about it; keys are not for it,
// and RESET ends the monitoring.
func TestMonitorItself(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) { playMonitorItself(t, p.Addr) })
}

func TestMonitorItselfAgainstRedis(t *testing.T) { playMonitorItself(t, startRedis(t)) }

func playMonitorItself(t *testing.T, addr string) {
	t.Helper()
	m := dialRaw(t, addr)
	at := `+<int>.<int> [%d ` + m.LocalAddr().String() + "] %s\r\n"
	line := func(db int, words string) string { return fmt.Sprintf(at, db, words) }
	const noKeys = "-ERR Replica can't interact with the keyspace\r\n"
	for _, row := range []struct{ send, want string }{
		{"MONITOR", "+OK\r\n"},
		{"PING", "+PONG\r\n" + line(0, `"PING"`)},
		{"GET a", noKeys},
		{"SET a 1", noKeys},
		{"PUBLISH a b", noKeys},
		{"SELECT 1", "+OK\r\n" + line(1, `"SELECT" "1"`)},
		{"MULTI", "+OK\r\n" + line(1, `"MULTI"`)},
		{"PING", "+QUEUED\r\n"},
		{"EXEC", "*1\r\n+PONG\r\n" + line(1, `"PING"`) + line(1, `"EXEC"`)},
		{"SUBSCRIBE x", "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n" + line(1, `"SUBSCRIBE" "x"`)},
		{"RESET", "+RESET\r\n"},
		{"GET a", "$-1\r\n"},
		{"MULTI", "+OK\r\n"},
		{"MONITOR", "+QUEUED\r\n"},
		{"EXEC", "*1\r\n-ERR MONITOR isn't allowed for DENY BLOCKING client\r\n"},
		{"PING", "+PONG\r\n"},
	} {
		m.write(row.send + "\r\n")
		m.expect(row.want, false, false)
	}
	other := dialRaw(t, addr)
	other.write("MONITOR\r\nQUIT\r\n")
	other.expect("+OK\r\n+OK\r\n", true, false)
}

// Lines go to all monitors in the same order, whoever calls what at the same time,
// and none is lost while others come and go.
func TestMonitorsSeeTheSame(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		const callers, each = 4, 300
		var seen [2]chan []string
		for i := range seen {
			m := dialRaw(t, p.Addr)
			m.write("MONITOR\r\n")
			m.expect("+OK\r\n", false, false)
			seen[i] = make(chan []string, 1)
			go func() {
				var lines []string
				for r := bufio.NewScanner(m); len(lines) < callers*each && r.Scan(); {
					if strings.Contains(r.Text(), `"SET"`) {
						lines = append(lines, r.Text())
					}
				}
				seen[i] <- lines
			}()
		}
		var calling sync.WaitGroup
		defer calling.Wait()
		for i := range callers {
			calling.Go(func() {
				c := dialRaw(t, p.Addr)
				for j := range each {
					c.write(fmt.Sprintf("SET k%d %d\r\n", i, j))
				}
				c.expect(strings.Repeat("+OK\r\n", each), false, false)
			})
			passing := dialRaw(t, p.Addr)
			passing.write("MONITOR\r\n")
			passing.Close()
		}
		first, second := <-seen[0], <-seen[1]
		if len(first) != callers*each {
			t.Fatalf("%d lines", len(first))
		}
		for i := range first {
			if first[i] != second[i] {
				t.Fatalf("line %d: %s and %s", i, first[i], second[i])
			}
		}
		for i := range callers {
			last := -1
			for _, l := range first {
				var n int
				if _, rest, ok := strings.Cut(l, fmt.Sprintf(`"SET" "k%d" "`, i)); ok {
					fmt.Sscan(strings.TrimSuffix(rest, `"`), &n)
					if n != last+1 {
						t.Fatalf("%s follows %d", l, last)
					}
					last = n
				}
			}
		}
	})
}

// A monitor that does not read is cut off; the others are served meanwhile.
func TestSlowMonitorIsCutOff(t *testing.T) {
	onBoth(t, []string{"--client-output-buffer-limit", "pubsub 1mb 0 0"}, func(t *testing.T, p *process) {
		m := dialRaw(t, p.Addr)
		m.SetReadBuffer(4096)
		m.write("CLIENT SETNAME deaf\r\nMONITOR\r\n")
		m.expect("+OK\r\n+OK\r\n", false, false)
		c := p.client()
		if flags := clientField(t, c, "deaf", "flags"); flags != "O" {
			t.Errorf("flags of a monitor: %s", flags)
		}
		echo := command("ECHO", strings.Repeat("x", 100<<10))
		reply := "$102400\r\n" + strings.Repeat("x", 100<<10) + "\r\n"
		busy := dialRaw(t, p.Addr)
		eventually(t, "the monitor is cut off", func() bool {
			busy.write(echo)
			busy.expect(reply, false, false)
			return infoField(t, c, "stats", "client_output_buffer_limit_disconnections") == "1"
		})
	})
}

func TestRedisCLIMonitor(t *testing.T) {
	cli := tool(t, "redis-cli")
	onBoth(t, nil, func(t *testing.T, p *process) {
		host, port, _ := strings.Cut(p.Addr, ":")
		cmd := exec.Command(cli, "-h", host, "-p", port, "MONITOR")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait()
		defer cmd.Process.Kill()
		lines := bufio.NewScanner(out)
		if !lines.Scan() || lines.Text() != "OK" {
			t.Fatalf("got %q", lines.Text())
		}
		mustDo(t, p.client(), "SET", "k", "v w")
		for lines.Scan() {
			if strings.HasSuffix(lines.Text(), `"SET" "k" "v w"`) || strings.HasSuffix(lines.Text(), `"set" "k" "v w"`) {
				return
			}
		}
		t.Error("the command was not shown")
	})
}
