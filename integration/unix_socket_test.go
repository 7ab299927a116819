package integration

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// socketDir is a folder whose name is short enough for a unix socket.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mr")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// dialUnix connects to a unix socket, and talks.
func dialUnix(t *testing.T, path string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

func TestUnixSocket(t *testing.T) {
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			path := filepath.Join(socketDir(t), "s")
			p := serve(t, t.TempDir(), "--listener", listener, "--unixsocket", path, "--unixsocketperm", "750")
			info, err := os.Stat(path)
			if err != nil || info.Mode() != fs.ModeSocket|0o750 {
				t.Fatalf("%v, %v", info, err)
			}
			m := dialRaw(t, p.Addr)
			m.write("MONITOR\r\n")
			m.expect("+OK\r\n", false, false)
			c := redis.NewClient(&redis.Options{Network: "unix", Addr: path, PoolSize: 1, Protocol: 2, DisableIdentity: true})
			defer c.Close()
			mustDo(t, c, "CLIENT", "SETNAME", "local")
			for field, want := range map[string]string{"addr": path + ":0", "laddr": path + ":0", "flags": "U"} {
				if got := clientField(t, p.client(), "local", field); got != want {
					t.Errorf("%s: %s, want %s", field, got, want)
				}
			}
			mustDo(t, c, "SET", "k", strings.Repeat("x", 3*mib))
			if got := mustDo(t, c, "STRLEN", "k"); got != int64(3*mib) {
				t.Errorf("STRLEN: %v", got)
			}
			buf := make([]byte, 64<<10)
			seen := ""
			for !strings.Contains(seen, "[0 unix:"+path+"] ") {
				n, err := m.Read(buf)
				if err != nil {
					t.Fatalf("%v; saw %s", err, seen)
				}
				seen += string(buf[:n])
			}
			if got := mustDo(t, c, "CONFIG", "GET", "unixsocket"); got.([]any)[1] != path {
				t.Errorf("%v", got)
			}
			if n := mustDo(t, p.client(), "CLIENT", "KILL", "ADDR", path+":0"); n != int64(1) {
				t.Errorf("killed %v", n)
			}
			raw := dialUnix(t, path)
			io.WriteString(raw, "PING\r\nQUIT\r\n")
			if got, err := io.ReadAll(raw); err != nil || string(got) != "+PONG\r\n+OK\r\n" {
				t.Errorf("%q, %v", got, err)
			}
			p.stop()
			if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the socket is still there: %v", err)
			}
		})
	}
}

// After a kill -9 the file is still there, and is in nobody's way.
func TestUnixSocketLeftBehind(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	dir := t.TempDir()
	serve(t, dir, "--unixsocket", path).kill()
	if _, err := os.Lstat(path); err != nil {
		t.Fatal(err)
	}
	p := serve(t, dir, "--unixsocket", path)
	raw := dialUnix(t, path)
	io.WriteString(raw, "PING\r\n")
	reply := make([]byte, 7)
	if _, err := io.ReadFull(raw, reply); err != nil || string(reply) != "+PONG\r\n" {
		t.Errorf("%q, %v", reply, err)
	}
	refuses(t, refusal{args: []string{"--dir", t.TempDir(), "--addr", "127.0.0.1:0", "--unixsocket", path}, says: []string{path, "in use"}})
	p.stop()
}

// What is no socket is never removed.
func TestUnixSocketSparesFiles(t *testing.T) {
	path := filepath.Join(socketDir(t), "precious")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	refuses(t, refusal{args: []string{"--dir", t.TempDir(), "--addr", "127.0.0.1:0", "--unixsocket", path}, says: []string{path, "no socket"}})
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	refuses(t, refusal{args: []string{"--dir", t.TempDir(), "--unixsocketperm", "789"}, says: []string{"unixsocketperm", "octal"}})
}

func TestIPv6(t *testing.T) {
	if ln, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skip("this machine has no IPv6 loopback")
	} else {
		ln.Close()
	}
	onBoth(t, []string{"--addr", "[::1]:0"}, func(t *testing.T, p *process) {
		if !strings.HasPrefix(p.Addr, "[::1]:") {
			t.Errorf("ready on %s", p.Addr)
		}
		raw := dialRaw(t, p.Addr)
		raw.write("CLIENT SETNAME six\r\n")
		raw.expect("+OK\r\n", false, false)
		c := p.client()
		for field, want := range map[string]string{"addr": raw.LocalAddr().String(), "laddr": p.Addr} {
			if got := clientField(t, c, "six", field); got != want {
				t.Errorf("%s: %s, want %s", field, got, want)
			}
		}
		if n := mustDo(t, c, "CLIENT", "KILL", "ADDR", raw.LocalAddr().String(), "LADDR", p.Addr); n != int64(1) {
			t.Errorf("killed %v", n)
		}
		raw.expect("", true, true)
		if got := mustDo(t, c, "CONFIG", "GET", "bind").(map[any]any)["bind"]; got != "::1" {
			t.Errorf("bind: %v", got)
		}
	})
}
