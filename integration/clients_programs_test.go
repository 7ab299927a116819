package integration

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The programs of the folder clients, in the languages of their libraries.

// node-redis before 5.10 has no part in it: when the server dies while it opens a
// connection, as here at a kill, it never tries again, with Redis no more than with us.
func TestClientNode(t *testing.T) {
	dir := installNode(t)
	for _, command := range [][]string{{"node-redis.mjs", "redis"}, {"node-redis.mjs", "redis5"}, {"ioredis.mjs", "ioredis"}, {"ioredis.mjs", "ioredis5"}} {
		t.Run(command[1], external(dir, append([]string{"node"}, command...)...).run)
	}
}

// The client-side cache of node-redis: a value comes from it until somebody else
// changes the key.
func TestClientNodeCache(t *testing.T) {
	dir := installNode(t)
	onBoth(t, nil, func(t *testing.T, p *process) {
		d := startProgram(t.Context(), t, dir, p.Addr, "node", "node-redis-cache.mjs", "redis")
		s := &clientRun{t: t, p: p, d: d}
		c := p.client()
		hits := 0
		get := func() (value string) {
			s.answer("k")
			if _, err := fmt.Sscan(s.hear("VALUE"), &value, &hits); err != nil {
				t.Fatal(err)
			}
			return value
		}
		for n := range 20 {
			want := fmt.Sprint("value", n)
			mustDo(t, c, "SET", "k", want)
			eventually(t, want+" arrives", func() bool { return get() == want })
			before := hits
			if got := get(); got != want || hits != before+1 {
				t.Fatalf("the next GET: %q, %d hits behind %d", got, hits, before)
			}
		}
	})
}

// nodePrograms is a folder with the programs for node and their libraries, in the
// versions of the lock file. It goes with the binary under test.
var nodePrograms = sync.OnceValues(func() (dir string, err error) {
	dir = filepath.Join(filepath.Dir(binary), "node")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("clients", "node"))); err != nil {
		return "", err
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w: %s", err, lastLine(string(out)))
	}
	return dir, nil
})

// installNode returns the folder of the programs for node, or skips the test.
func installNode(t *testing.T) (dir string) {
	t.Helper()
	tool(t, "npm")
	tool(t, "node")
	if err := exec.CommandContext(t.Context(), "node", "-e", "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)").Run(); err != nil {
		t.Skip("the clients need node 20")
	}
	dir, err := nodePrograms()
	if err != nil {
		t.Skip(err)
	}
	return dir
}

func TestClientRedisPy(t *testing.T) {
	needs(t, "python3-redis", "/usr/bin/python3", "-c", "import redis")
	external("clients", "/usr/bin/python3", "redis_py.py").run(t)
}

func TestClientPerl(t *testing.T) {
	needs(t, "libredis-perl", "/usr/bin/perl", "-MRedis", "-MJSON::PP", "-e", "1")
	external("clients", "/usr/bin/perl", "perl_redis.pl").run(t)
}

func TestClientRuby(t *testing.T) {
	needs(t, "ruby-redis", "/usr/bin/ruby", "-e", "require 'redis'")
	external("clients", "/usr/bin/ruby", "ruby_redis.rb").run(t)
}

func TestClientPHP(t *testing.T) {
	needs(t, "php-redis", "/usr/bin/php", "-r", "exit(extension_loaded('redis') ? 0 : 1);")
	external("clients", "/usr/bin/php", "phpredis.php").run(t)
}

// needs skips a test without the library, which check finds, and names the package of
// Debian that has it.
func needs(t *testing.T, debian string, check ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), check[0], check[1:]...).CombinedOutput(); err != nil {
		t.Skipf("Debian's %s is not installed: %s: %v %s", debian, check[0], err, lastLine(string(out)))
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// external is a client program of another language. It is started in a folder, with
// host and port behind its own arguments.
func external(dir string, command ...string) program {
	return func(ctx context.Context, t *testing.T, addr string) *dialogue {
		return startProgram(ctx, t, dir, addr, command...)
	}
}

func startProgram(ctx context.Context, t *testing.T, dir, addr string, command ...string) *dialogue {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, command[0], append(command[1:], host, port)...)
	cmd.Dir = dir
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d := &dialogue{said: make(chan string), answers: stdin}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.read(ctx, stdout)
		if err := cmd.Wait(); err != nil {
			d.setTrouble(fmt.Sprintf("%v\n%s", err, stderr.String()))
		}
		close(d.said)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended already when the test went well
		<-ended
	})
	return d
}

// read passes on lines until there are no more.
func (d *dialogue) read(ctx context.Context, r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		select {
		case d.said <- lines.Text():
		case <-ctx.Done():
			return
		}
	}
}
