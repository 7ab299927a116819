package commands_test

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// realRedis is a connection to a real Redis that the test started.
type realRedis struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

// startRedis runs a real Redis for the test, which is skipped when there is none.
func startRedis(t *testing.T) *realRedis {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed: nothing to compare with")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			r := &realRedis{t: t, conn: conn, r: bufio.NewReader(conn)}
			if info := fmt.Sprint(r.do("INFO", "server")); !strings.Contains(info, "redis_version:7.0.") {
				t.Skip("redis-server is not 7.0, which the differences noted here are of")
			}
			return r
		}
		if time.Now().After(deadline) {
			t.Fatalf("redis-server does not answer: %v", err)
		}
	}
}

// another is one more connection to the same Redis.
func (r *realRedis) another() *realRedis {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.conn.RemoteAddr().String())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	return &realRedis{t: r.t, conn: conn, r: bufio.NewReader(conn)}
}

// do sends a command and returns its reply as parseReply does.
func (r *realRedis) do(args ...string) any {
	r.t.Helper()
	if _, err := r.conn.Write(request(args)); err != nil {
		r.t.Fatal(err)
	}
	return parseReply(r.t, r.r)
}

func request(args []string) []byte {
	b := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(a), a)
	}
	return b
}

// parseReply returns a string for anything with a text, errors with their '-', an
// int64, nil, or a []any.
func parseReply(t *testing.T, r *bufio.Reader) any {
	t.Helper()
	head, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	kind, text := head[0], strings.TrimSuffix(head[1:], "\r\n")
	switch kind {
	case '+':
		return text
	case '-':
		return "-" + text
	case '_':
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("reply %q: %v", head, err)
	}
	switch {
	case kind == ':':
		return int64(n)
	case n < 0:
		return nil
	case kind == '$' || kind == '=':
		b := make([]byte, n+2)
		for done := 0; done < len(b); {
			m, err := r.Read(b[done:])
			if err != nil {
				t.Fatal(err)
			}
			done += m
		}
		return string(b[:n])
	case kind == '%':
		n *= 2
	}
	list := make([]any, n)
	for i := range list {
		list[i] = parseReply(t, r)
	}
	return list
}

// field returns a value of a map that RESP2 flattened; nil for none.
func field(m any, name string) any {
	list, _ := m.([]any)
	for i := 0; i+1 < len(list); i += 2 {
		if list[i] == name {
			return list[i+1]
		}
	}
	return nil
}
