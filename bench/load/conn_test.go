package load

import (
	"bufio"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestCommand(t *testing.T) {
	const want = "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$12\r\n012345678901\r\n"
	if got := string(Command("SET", "", "012345678901")); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

var replies = []struct {
	bytes string
	want  Reply
}{
	{"+OK\r\n", Reply{Kind: '+', Text: "OK"}},
	{":-12\r\n", Reply{Kind: ':', Int: -12}},
	{"$3\r\na\nb\r\n", Reply{Kind: '$', Text: "a\nb"}},
	{"$0\r\n\r\n", Reply{Kind: '$'}},
	{"$-1\r\n", Reply{Kind: '$', Null: true}},
	{"*-1\r\n", Reply{Kind: '*', Null: true}},
	{"*0\r\n", Reply{Kind: '*', Elems: []Reply{}}},
	{"*2\r\n:1\r\n*1\r\n$1\r\nx\r\n", Reply{Kind: '*', Elems: []Reply{
		{Kind: ':', Int: 1}, {Kind: '*', Elems: []Reply{{Kind: '$', Text: "x"}}},
	}}},
}

func TestReadReply(t *testing.T) {
	for _, r := range replies {
		got, err := readReply(bufio.NewReader(strings.NewReader(r.bytes)))
		if err != nil || !reflect.DeepEqual(got, r.want) {
			t.Errorf("%q: got %+v, %v, want %+v", r.bytes, got, err, r.want)
		}
	}
}

// A skipped reply must leave the reader at the next one.
func TestSkipReply(t *testing.T) {
	for _, r := range replies {
		br := bufio.NewReader(strings.NewReader(r.bytes + "+next\r\n"))
		if err := skipReply(br); err != nil {
			t.Errorf("%q: %v", r.bytes, err)
			continue
		}
		if next, err := readReply(br); err != nil || next.Text != "next" {
			t.Errorf("behind %q comes %+v, %v", r.bytes, next, err)
		}
	}
}

func TestErrorsAreErrors(t *testing.T) {
	for _, bytes := range []string{"-ERR no\r\n", "*2\r\n:1\r\n-ERR no\r\n"} {
		for name, read := range map[string]func(*bufio.Reader) error{
			"read": func(r *bufio.Reader) error { _, err := readReply(r); return err },
			"skip": skipReply,
		} {
			var answered ServerError
			if err := read(bufio.NewReader(strings.NewReader(bytes))); !errors.As(err, &answered) || answered != "ERR no" {
				t.Errorf("%s %q: %v", name, bytes, err)
			}
		}
	}
	for _, bytes := range []string{"?x\r\n", "\r\n", ":x\r\n", "$1\r\na"} {
		if r, err := readReply(bufio.NewReader(strings.NewReader(bytes))); err == nil {
			t.Errorf("%q is taken for %+v", bytes, r)
		}
	}
}

func TestPipelineReadsEveryReply(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	go func() {
		defer server.Close()
		r := bufio.NewReader(server)
		for range 7 {
			if _, err := readReply(r); err != nil { // a command is an array as well
				return
			}
			if _, err := io.WriteString(server, "+OK\r\n"); err != nil {
				return
			}
		}
	}()
	c := &Conn{Conn: client, r: bufio.NewReader(client), w: bufio.NewWriter(client)}
	made := 0
	err := c.Pipeline(7, 1, func(i int) []byte {
		if i != made {
			t.Errorf("command %d after %d", i, made)
		}
		made++
		return Command("PING")
	})
	if err != nil || made != 7 {
		t.Errorf("%d commands, %v", made, err)
	}
}

// What a slow receiver makes late is due at its own moment all the same.
func TestOpenLoopKeepsItsMoments(t *testing.T) {
	var dues []time.Time
	flushed := 0
	err := OpenLoop(20, 10_000, func(i int, due time.Time) error {
		if i == 3 {
			for until := time.Now().Add(time.Millisecond); time.Now().Before(until); {
			}
		}
		if time.Now().Before(due) {
			t.Errorf("%d is sent before it is due", i)
		}
		dues = append(dues, due)
		return nil
	}, func() error { flushed++; return nil })
	if err != nil || len(dues) != 20 || flushed == 0 {
		t.Fatalf("%d sent, %d flushed, %v", len(dues), flushed, err)
	}
	for i, due := range dues {
		if want := dues[0].Add(time.Duration(i) * 100 * time.Microsecond); !due.Equal(want) {
			t.Errorf("%d is due %v after the first", i, due.Sub(dues[0]))
		}
	}
}
