package integration

import (
	"context"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What redis-cli can do besides sending commands one after another. Each row has the
// server to itself, with the keys s (a string) and k1, k2 (streams of one entry).
func TestRedisCLIModes(t *testing.T) {
	tool(t, "redis-cli")
	rows := []struct {
		name, args, input string
		want              string // a regular expression
		fails             bool   // ends with a code
	}{
		{name: "one command", args: "XLEN k1", want: `^1\n$`},
		{name: "RESP3", args: "-3 XREAD COUNT 1 STREAMS k1 0", want: `^k1 1-1\nf\nv\n$`},
		{name: "JSON", args: "-3 --json XRANGE k1 - +", want: `^\[\["1-1",\["f","v"\]\]\]\n$`},
		{name: "CSV", args: "--csv XRANGE k1 - +", want: `^"1-1","f","v"\n$`},
		{name: "database", args: "-n 3 DBSIZE", want: `^0\n$`},
		{name: "a command again and again", args: "-r 3 XLEN k2", want: `^1\n1\n1\n$`},
		{name: "last argument from stdin", args: "-x SET s", input: "from stdin", want: `^OK\n$`},
		{name: "cluster mode", args: "-c GET s", want: `^text\n$`},
		{name: "verbatim strings", args: "-3 INFO server", want: `^# Server\r\nredis_version:`},
		{name: "transaction", input: "MULTI\nINCR n\nXLEN k1\nEXEC\n", want: `^OK\nQUEUED\nQUEUED\n1\n1\n$`},
		{name: "errors", args: "-e LPUSH l 1", want: `^ERR unknown command 'LPUSH', with args beginning with: 'l' '1' \n`, fails: true},
		{name: "memkeys", args: "--memkeys", want: `Biggest stream found .*"k[12]"' has \d+ bytes`},
		{name: "bigkeys", args: "--bigkeys -i 0.01", want: `2 streams with 2 entries`},
		{name: "hotkeys need LFU", args: "--hotkeys", want: `An LFU maxmemory policy is not selected`, fails: true},
		{name: "scan by pattern", args: "--scan --pattern k*", want: `^(k1\nk2|k2\nk1)\n$`},
		{name: "scan by a quoted pattern", args: `--scan --quoted-pattern "\x73*"`, want: `^s\n$`},
		{name: "no replication", args: "--replica", want: `unknown command '(REPLCONF|SYNC)'`, fails: true},
		{name: "no dump over the wire", args: "--rdb -", want: `unknown command '(REPLCONF|SYNC)'`, fails: true},
	}
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		for _, r := range rows {
			t.Run(r.name, func(t *testing.T) {
				mustDo(t, c, "FLUSHALL")
				mustDo(t, c, "SET", "s", "text")
				mustDo(t, c, "XADD", "k1", "1-1", "f", "v")
				mustDo(t, c, "XADD", "k2", "1-1", "f", "v")
				out, err := runTool(t, p, r.input, "redis-cli", strings.Fields(r.args)...)
				if (err != nil) != r.fails || !regexp.MustCompile(r.want).MatchString(out) {
					t.Errorf("redis-cli %s: %v\n%s\nand not %s", r.args, err, out, r.want)
				}
			})
		}
	})
}

// runTool runs a tool of Redis to its end.
func runTool(t *testing.T, p *process, input, name string, args ...string) (string, error) {
	t.Helper()
	host, port, err := net.SplitHostPort(p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool(t, name), append([]string{"-h", host, "-p", port}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestRedisCLIWithAPassword(t *testing.T) {
	tool(t, "redis-cli")
	p := serve(t, t.TempDir(), "--requirepass", "pw")
	for args, want := range map[string]string{
		"--no-auth-warning -a pw PING":                            "PONG\n",
		"--no-auth-warning --user default --pass pw -3 -n 2 PING": "PONG\n",
		"--no-auth-warning -a wrong PING":                         "AUTH failed: WRONGPASS invalid username-password pair or user is disabled.\nNOAUTH Authentication required.\n\n",
		"PING":                                                    "NOAUTH Authentication required.\n\n",
	} {
		if out, err := runTool(t, p, "", "redis-cli", strings.Fields(args)...); err != nil || out != want {
			t.Errorf("redis-cli %s: %v, %q and not %q", args, err, out, want)
		}
	}
	p.stop()
}

// redis-benchmark's own tests, as far as the commands exist, and one of a stream. It
// stops at the first error, and warns when CONFIG GET does not answer as it likes.
func TestRedisBenchmark(t *testing.T) {
	tool(t, "redis-benchmark")
	onBoth(t, nil, func(t *testing.T, p *process) {
		for _, args := range []string{"", "-3", "-P 16", "-3 -P 16 -r 1000 --dbnum 2 --threads 2"} {
			common := append(strings.Fields(args), "-q", "-n", "1600", "-c", "10")
			for name, test := range map[string][]string{
				"PING_INLINE: PING_MBULK: SET: GET: INCR: MSET (10 keys):": {"-t", "ping,set,get,incr,mset"},
				"XADD s * f v:": {"XADD", "s", "*", "f", "v"},
			} {
				out, err := runTool(t, p, "", "redis-benchmark", append(common, test...)...)
				if err != nil || strings.Contains(out, "WARNING") || strings.Contains(out, "rror") {
					t.Errorf("redis-benchmark %v %v: %v\n%s", args, test, err, out)
				}
				for _, line := range strings.SplitAfter(name, ":") {
					if !strings.Contains(out, strings.TrimSpace(line)) {
						t.Errorf("redis-benchmark %v: no %q in\n%s", args, line, out)
					}
				}
			}
		}
		if n := mustDo(t, p.client(), "XLEN", "s"); n != int64(3*1600) {
			t.Errorf("%v entries were added to database 0", n)
		}
	})
}
