package integration

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// redisTool runs a tool of Redis against p, with input, and returns what it prints.
func redisTool(t *testing.T, p *process, input string, name string, args ...string) string {
	t.Helper()
	path := tool(t, name)
	host, port, err := net.SplitHostPort(p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{"-h", host, "-p", port}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestRedisCLI(t *testing.T) {
	tool(t, "redis-cli")
	onBoth(t, nil, func(t *testing.T, p *process) {
		for _, args := range [][]string{nil, {"-3"}} {
			got := redisTool(t, p, "FLUSHALL\nXADD k 1-1 f \"a b\"\nXLEN k\nXADD k 1-1 f v\nXRANGE k - +\nSELECT 1\nXLEN k\n", "redis-cli", args...)
			for _, want := range []string{"OK\n1-1\n1\n", "ERR The ID specified in XADD is equal or smaller", "1-1\nf\na b\n", "\nOK\n0\n"} {
				if !strings.Contains(got, want) {
					t.Errorf("redis-cli %v: no %q in\n%s", args, want, got)
				}
			}
		}
	})
}

func TestRedisCLIPipe(t *testing.T) {
	tool(t, "redis-cli")
	onBoth(t, nil, func(t *testing.T, p *process) {
		const n = 20000
		var input bytes.Buffer
		for i := range n {
			input.WriteString(command("XADD", "k", "MAXLEN", "~", "1000", fmt.Sprint(i+1, "-1"), "f", "v"))
		}
		input.WriteString(command("XADD", "k", "1-1", "f", "v")) // an error of its own
		host, port, _ := net.SplitHostPort(p.Addr)
		cmd := exec.CommandContext(t.Context(), tool(t, "redis-cli"), "-h", host, "-p", port, "--pipe")
		cmd.Stdin = &input
		out, _ := cmd.CombinedOutput() // ends with a code for the error
		if want := fmt.Sprintf("errors: 1, replies: %d", n+1); !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
		if got := p.client().XLen(t.Context(), "k").Val(); got < 1000 || got > 1100 {
			t.Errorf("%d entries are left of MAXLEN ~ 1000", got)
		}
	})
}

func TestRedisCLIBigKeys(t *testing.T) {
	tool(t, "redis-cli")
	p := serve(t, t.TempDir())
	c := p.client()
	for i := range 30 {
		mustDo(t, c, "XADD", fmt.Sprint("k", i), "*", "f", "v")
	}
	mustDo(t, c, "XADD", "k7", "*", "f", "v")
	got := redisTool(t, p, "", "redis-cli", "--bigkeys")
	for _, want := range []string{"Sampled 30 keys in the keyspace", `Biggest stream found '"k7"' has 2 entries`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if got := redisTool(t, p, "", "redis-cli", "--scan", "--pattern", "k1?"); len(strings.Fields(got)) != 10 {
		t.Errorf("--scan: %s", got)
	}
	p.stop()
}

func TestRedisCLILatency(t *testing.T) {
	p := serve(t, t.TempDir())
	got := redisTool(t, p, "", "redis-cli", "--latency", "--raw", "-i", "0.2")
	if !regexp.MustCompile(`^\d+ \d+ [\d.]+ \d+\s*$`).MatchString(got) {
		t.Errorf("--latency says %q", got)
	}
	p.stop()
}

// --stat goes on until it is stopped, and writes to a pipe only when told to.
func TestRedisCLIStat(t *testing.T) {
	path, unbuffered := tool(t, "redis-cli"), tool(t, "stdbuf")
	p := serve(t, t.TempDir())
	mustDo(t, p.client(), "XADD", "k", "*", "f", "v")
	host, port, err := net.SplitHostPort(p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, unbuffered, "-oL", path, "-h", host, "-p", port, "--stat", "-i", "0.05")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// keys, memory, clients, blocked, requests (+), connections
	line := regexp.MustCompile(`^1\s+[\d.]+[BKMG]\s+\d+\s+0\s+\d+ \(\+\d+\)\s+\d+\s*$`)
	found, all := false, ""
	for lines := bufio.NewScanner(out); !found && lines.Scan(); {
		found = line.MatchString(lines.Text())
		all += lines.Text() + "\n"
	}
	cancel()
	_ = cmd.Wait() // it was killed
	if !found {
		t.Errorf("--stat says\n%s", all)
	}
	p.stop()
}

func TestRedisBenchmarkPing(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		got := redisTool(t, p, "", "redis-benchmark", "-t", "ping", "-q", "-n", "2000")
		if n := len(regexp.MustCompile(`PING_\w+: [\d.]+ requests per second`).FindAllString(got, -1)); n != 2 || strings.Contains(got, "WARNING") || strings.Contains(got, "rror") {
			t.Errorf("redis-benchmark says\n%s", got)
		}
	})
}
