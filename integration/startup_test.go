package integration

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// refusal is a start that must not succeed.
type refusal struct {
	args []string
	env  []string
	says []string // what the line on the standard error output must name
}

// refuses runs a start, which must end by itself with one line and a code.
func refuses(t *testing.T, r refusal) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append([]string{"serve"}, r.args...)...)
	cmd.Env = append(os.Environ(), r.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() <= 0 {
		t.Fatalf("ended with %v, want a code; it says:\n%s", err, &stderr)
	}
	text := strings.TrimSuffix(stderr.String(), "\n")
	if strings.Contains(text, "\n") || text == "" {
		t.Errorf("says, instead of one line:\n%s", text)
	}
	for _, s := range r.says {
		if !strings.Contains(text, s) {
			t.Errorf("does not name %q: %s", s, text)
		}
	}
	if stdout.Len() > 0 {
		t.Errorf("wrote to the standard output: %s", &stdout)
	}
	t.Logf("code %d: %s", exit.ExitCode(), text)
}

func TestStartRefusesUnknownSettings(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	file := filepath.Join(t.TempDir(), "millrace.yaml")
	if err := os.WriteFile(file, []byte("fsync: always\nfsnyc: no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]refusal{
		"flag":              {args: []string{"--dir", dir, "--fsnyc", "no"}, says: []string{"fsnyc"}},
		"variable":          {args: []string{"--dir", dir}, env: []string{"MILLRACE_FSNYC=no"}, says: []string{"MILLRACE_FSNYC"}},
		"key of the file":   {args: []string{"--dir", dir, "--config", file}, says: []string{"fsnyc", file}},
		"file not there":    {args: []string{"--dir", dir, "--config", file + ".missing"}, says: []string{file + ".missing"}},
		"value":             {args: []string{"--dir", dir, "--fsync", "sometimes"}, says: []string{"fsync", "always, everysec, no"}},
		"value of variable": {args: []string{"--dir", dir}, env: []string{"MILLRACE_DATABASES=many"}, says: []string{"MILLRACE_DATABASES"}},
		"address":           {args: []string{"--dir", dir, "--addr", "6379"}, says: []string{"addr"}},
		"argument":          {args: []string{"--dir", dir, "6379"}, says: []string{"6379"}},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, r) })
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}

func TestStartRefusesPortInUse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	addr := ln.Addr().String()
	dir := filledFolder(t)
	refuses(t, refusal{args: []string{"--dir", dir, "--addr", addr, "--log-level", "error"}, says: []string{addr, "in use"}})
	serve(t, dir).stop() // nothing is damaged
}

func TestStartRefusesSecondProcessOnTheFolder(t *testing.T) {
	dir := t.TempDir()
	p := serve(t, dir)
	c := p.client()
	mustDo(t, c, "XADD", "k", "1-1", "f", "v")
	refuses(t, refusal{args: []string{"--dir", dir, "--addr", "127.0.0.1:0"}, says: []string{dir}})
	mustDo(t, c, "XADD", "k", "1-2", "f", "v")
	p.stop()
	p = serve(t, dir)
	p.hasNothingToMend()
	if n := p.client().XLen(t.Context(), "k").Val(); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
	p.stop()
}

func TestStartRefusesFolderThatCannotBeMade(t *testing.T) {
	parent := t.TempDir()
	file := filepath.Join(parent, "file")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := contents(t, parent)
	for name, dir := range map[string]string{
		"a file in its place": file,
		"a file in the way":   filepath.Join(file, "data"),
		"read-only":           "/proc/millrace-data",
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, refusal{args: []string{"--dir", dir, "--addr", "127.0.0.1:0"}, says: []string{dir}})
		})
	}
	unchanged(t, parent, before)
}

func TestStartRefusesNewerFormat(t *testing.T) {
	dir := filledFolder(t)
	path := filepath.Join(dir, "node.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var node map[string]any
	if err := json.Unmarshal(text, &node); err != nil {
		t.Fatal(err)
	}
	node["format"] = 99
	newer, err := json.Marshal(node)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, newer, 0o600); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	refuses(t, refusal{args: []string{"--dir", dir, "--addr", "127.0.0.1:0"}, says: []string{"node.json", "99"}})
	unchanged(t, dir, before)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	serve(t, dir).stop()
}

// filledFolder is the folder of a node that ran.
func filledFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	p := serve(t, dir)
	mustDo(t, p.client(), "XADD", "k", "1-1", "f", "v")
	p.stop()
	return dir
}

// contents is what every file below a folder holds, as a checksum.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			all[path] = "folder"
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func unchanged(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	now := contents(t, dir)
	for path, sum := range now {
		if before[path] != sum {
			t.Errorf("%s is new or changed", path)
		}
	}
	for path := range before {
		if now[path] == "" {
			t.Errorf("%s is gone", path)
		}
	}
}

// Everything acknowledged before SIGTERM is there afterwards, and there is nothing
// to mend: the start has nothing to warn of.
func TestStopUnderLoad(t *testing.T) {
	logging.Disable() // go-redis tells of every dial that fails once the server is gone
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			dir := t.TempDir()
			p := serve(t, dir, "--listener", listener)
			const writers = 8
			added := make([][]string, writers)
			var total atomic.Int64
			done := make(chan struct{}, writers)
			for w := range writers {
				c := p.client()
				go func() {
					defer func() { done <- struct{}{} }()
					for {
						ids, err := addPipeline(t.Context(), c, 20)
						added[w] = append(added[w], ids...)
						total.Add(int64(len(ids)))
						if err != nil {
							return
						}
					}
				}()
			}
			eventually(t, "load", func() bool { return total.Load() > 5000 })
			p.stop()
			for range writers {
				<-done
			}
			p = serve(t, dir, "--listener", listener)
			p.hasNothingToMend()
			there := map[string]bool{}
			for _, e := range p.client().XRange(t.Context(), "k", "-", "+").Val() {
				there[e.ID] = true
			}
			for _, ids := range added {
				for _, id := range ids {
					if !there[id] {
						t.Errorf("acknowledged entry %s is lost", id)
					}
				}
			}
			t.Logf("%d entries acknowledged, %d there", total.Load(), len(there))
			p.stop()
		})
	}
}

// hasNothingToMend checks that a start had nothing to warn of.
func (p *process) hasNothingToMend() {
	p.t.Helper()
	if log := p.log(); strings.Contains(log, `"WARN"`) || strings.Contains(log, `"ERROR"`) {
		p.t.Errorf("the start had something to mend:\n%s", log)
	}
}

// addPipeline adds entries, and returns the IDs of those that were acknowledged.
func addPipeline(ctx context.Context, c *redis.Client, n int) (ids []string, err error) {
	pipe := c.Pipeline()
	for range n {
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: "k", Values: []string{"f", "v"}})
	}
	cmds, err := pipe.Exec(ctx)
	for _, cmd := range cmds {
		if id := cmd.(*redis.StringCmd); id.Err() == nil {
			ids = append(ids, id.Val())
		}
	}
	return ids, err
}

// A client that does not read can't keep the node from a clean stop.
func TestStopWithAClientThatNeverReads(t *testing.T) {
	needHeavy(t) // the stop waits for it for ten seconds
	onBoth(t, nil, func(t *testing.T, p *process) {
		raw := dialRaw(t, p.Addr)
		raw.write("CLIENT SETNAME deaf\r\n")
		writeUntilHeld(t, raw, "ECHO "+strings.Repeat("x", 1000)+"\r\n", 200_000)
		c := p.client()
		eventually(t, "replies wait for the client to read", func() bool { return unsent(t, c, "deaf") > 0 })
		p.stop()
	})
}

// Blocked clients are not waited for: they see the end, and no reply.
func TestStopWithBlockedClients(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "XGROUP", "CREATE", "k", "g", "$", "MKSTREAM")
		raw, group := dialRaw(t, p.Addr), dialRaw(t, p.Addr)
		raw.write("XREAD BLOCK 0 STREAMS k $\r\n")
		group.write("XREADGROUP GROUP g ann BLOCK 0 STREAMS k >\r\n")
		p.blocked(c, 2)
		start := time.Now()
		p.stop()
		t.Logf("stopped within %v", time.Since(start).Round(time.Millisecond))
		raw.expect("", true, false)
		group.expect("", true, false)
	})
}

// How long an empty folder takes until the node answers; a figure, no limit.
func TestStartIsQuick(t *testing.T) {
	start := time.Now()
	p := serve(t, t.TempDir())
	t.Logf("ready on an empty folder after %v", time.Since(start).Round(time.Millisecond))
	if err := p.client().Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
	p.stop()
}
