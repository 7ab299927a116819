package integration

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/commands/commandstest"
)

// handshake is a section of testdata/handshakes.txt.
type handshake struct {
	client   string
	password bool
	writes   []handshakeWrite
}

// handshakeWrite is what goes out at once, and the replies to it.
type handshakeWrite struct {
	lines   []string
	replies []string
}

func TestHandshakes(t *testing.T) {
	all := readHandshakes(t)
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			servers := map[bool]*process{
				false: serve(t, t.TempDir(), "--listener", listener),
				true:  serve(t, t.TempDir(), "--listener", listener, "--requirepass", "pw"),
			}
			for _, h := range all {
				t.Run(h.client, func(t *testing.T) { h.play(t, servers[h.password].Addr) })
			}
			servers[false].stop()
			servers[true].stop()
		})
	}
}

func readHandshakes(t *testing.T) (all []*handshake) {
	t.Helper()
	file, err := os.ReadFile("testdata/handshakes.txt")
	if err != nil {
		t.Fatal(err)
	}
	var h *handshake
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSuffix(line, "\n")
		name, begins := strings.CutPrefix(line, "== ")
		switch {
		case begins:
			h = &handshake{client: name}
			all = append(all, h)
		case line == "" || strings.HasPrefix(line, "#"):
		case line == "! password":
			h.password = true
		case strings.HasPrefix(line, ">") && !strings.HasPrefix(line, ">["):
			h.send(line[1:])
		default:
			w := &h.writes[len(h.writes)-1]
			w.replies = append(w.replies, line)
		}
	}
	return all
}

// send appends a command to the write that has no replies yet, or begins another.
func (h *handshake) send(line string) {
	if n := len(h.writes); n == 0 || len(h.writes[n-1].replies) > 0 {
		h.writes = append(h.writes, handshakeWrite{})
	}
	w := &h.writes[len(h.writes)-1]
	w.lines = append(w.lines, line)
}

func (h *handshake) play(t *testing.T, addr string) {
	c := dialRaw(t, addr)
	var unread []byte
	for _, w := range h.writes {
		c.write(w.bytes(t))
		for _, want := range w.replies {
			var got string
			got, unread = c.reply(unread)
			switch {
			case want == "?", want == "..." && !strings.HasPrefix(got, "-"):
			case !commandstest.Matches(want, got):
				t.Errorf("%q is answered with\n%.300s\nand not with\n%s", w.lines, got, want)
			}
		}
	}
	if len(unread) > 0 {
		t.Errorf("more than was asked for: %q", unread)
	}
}

// bytes is the commands as they go over the wire.
func (w handshakeWrite) bytes(t *testing.T) string {
	t.Helper()
	text := ""
	for _, line := range w.lines {
		if inline, is := strings.CutPrefix(line, ">"); is {
			text += inline + "\r\n"
			continue
		}
		args, err := commandstest.SplitArgs(strings.TrimPrefix(line, " "))
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, arg := range args {
			words = append(words, string(arg))
		}
		text += command(words...)
	}
	return text
}

// reply reads one reply, from what was read too much before and from the connection.
func (c rawConn) reply(unread []byte) (text string, rest []byte) {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	b := make([]byte, 64<<10)
	for {
		if text, rest, err := commandstest.Render(unread); err == nil {
			return text, slices.Clone(rest)
		}
		n, err := c.Read(b)
		if err != nil {
			c.t.Fatalf("the reply ends behind %q: %v", unread, err)
		}
		unread = append(unread, b[:n]...)
	}
}
