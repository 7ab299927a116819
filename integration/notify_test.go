package integration

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// event is the message that a pattern for all keyevent channels of database 0 gives.
func event(frame func(...string) string, name, key string) string {
	return frame("pmessage", "__keyevent@0__:*", "__keyevent@0__:"+name, key)
}

const listen = "PSUBSCRIBE __keyevent@0__:*\r\n"

// notifyRows are pipelines of a client that hears its own events.
var notifyRows = []row{
	{name: "each behind its reply", send: "HELLO 3\r\n" + listen + "XADD k 1-0 f v\r\nXLEN k\r\nXADD k MAXLEN 1 2-0 f v\r\nDEL k none\r\nPING\r\n",
		want: hello3 + push("psubscribe", "__keyevent@0__:*", ":1") + "$3\r\n1-0\r\n" + event(push, "xadd", "k") + ":1\r\n" +
			"$3\r\n2-0\r\n" + event(push, "xadd", "k") + event(push, "xtrim", "k") + ":1\r\n" + event(push, "del", "k") + "+PONG\r\n"},
	{name: "behind EXEC", send: "HELLO 3\r\n" + listen + "MULTI\r\nSET k v\r\nGET none\r\nPING\r\nEXEC\r\nPING\r\n",
		want: hello3 + push("psubscribe", "__keyevent@0__:*", ":1") + "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n_\r\n+PONG\r\n" +
			event(push, "set", "k") + event(push, "keymiss", "none") + "+PONG\r\n"},
	{name: "behind a missed read", send: "HELLO 3\r\n" + listen + "GET none\r\nPING\r\nSET k v\r\nGET none\r\nGET k\r\n",
		want: hello3 + push("psubscribe", "__keyevent@0__:*", ":1") + "_\r\n" + event(push, "keymiss", "none") + "+PONG\r\n" +
			"+OK\r\n" + event(push, "set", "k") + "_\r\n" + event(push, "keymiss", "none") + "$1\r\nv\r\n"},
	{name: "beside its own messages", send: "HELLO 3\r\n" + listen + "SUBSCRIBE a\r\nSET k v\r\nPUBLISH a m\r\nSET k w\r\n",
		want: hello3 + push("psubscribe", "__keyevent@0__:*", ":1") + push("subscribe", "a", ":2") + "+OK\r\n" + event(push, "set", "k") +
			":1\r\n" + push("message", "a", "m") + "+OK\r\n" + event(push, "set", "k")},
	{name: "while replies are off", send: "HELLO 3\r\n" + listen + "CLIENT REPLY OFF\r\nSET k v\r\nSET k w\r\nCLIENT REPLY ON\r\n",
		want: hello3 + push("psubscribe", "__keyevent@0__:*", ":1") + event(push, "set", "k") + event(push, "set", "k") + "+OK\r\n"},
	{name: "no event, nothing behind", send: "HELLO 3\r\n" + listen + "XDEL k 1-1\r\nXADD k NOMKSTREAM * f v\r\nSET k v XX\r\nPING\r\n",
		want: hello3 + push("psubscribe", "__keyevent@0__:*", ":1") + ":0\r\n_\r\n_\r\n+PONG\r\n"},
}

func TestNotifyRows(t *testing.T) {
	onBoth(t, []string{"--redis-version", "7.4.0", "--notify-keyspace-events", "EAm"}, func(t *testing.T, p *process) { playEnded(t, p, notifyRows) })
}

// Many write at once, and hear each other: all hear the same events in the same order,
// their own among them.
func TestAllHearTheSameOrder(t *testing.T) {
	const clients, each = 8, 300
	onBoth(t, []string{"--notify-keyspace-events", "Et"}, func(t *testing.T, p *process) {
		heard := make([][]string, clients)
		done := make(chan error, clients)
		ready := make([]rawConn, clients)
		for i := range clients {
			c := dialRaw(t, p.Addr)
			c.write("HELLO 3\r\n" + listen + "PING\r\n")
			c.skipPast("+PONG\r\n")
			ready[i] = c
		}
		for i, c := range ready {
			var pipeline strings.Builder
			for n := range each {
				pipeline.WriteString(command("XADD", fmt.Sprintf("s%d-%03d", i, n), "*", "f", "v"))
			}
			go func() {
				c.Write([]byte(pipeline.String()))
				var err error
				heard[i], err = hear(c, clients*each)
				done <- err
			}()
		}
		for range clients {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		for i := range heard {
			if !slices.Equal(heard[i], heard[0]) {
				t.Errorf("client %d heard another order than client 0", i)
			}
		}
	})
}

// skipPast reads up to the end of what is named.
func (c rawConn) skipPast(end string) {
	c.t.Helper()
	var got []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(got), end); got = append(got, one[0]) {
		if _, err := io.ReadFull(c, one); err != nil {
			c.t.Fatalf("got %s, %v", shown(got), err)
		}
	}
}

// hear reads until as many events have come, and returns their keys.
func hear(c io.Reader, n int) (keys []string, err error) {
	const key = len("s0-000")
	var rest string
	buf := make([]byte, 1<<16)
	for len(keys) < n {
		m, err := c.Read(buf)
		if err != nil {
			return nil, fmt.Errorf("%d of %d events: %w", len(keys), n, err)
		}
		rest += string(buf[:m])
		const before = "__keyevent@0__:xadd\r\n$6\r\n"
		for {
			i := strings.Index(rest, before)
			if i < 0 || len(rest) < i+len(before)+key {
				break
			}
			keys = append(keys, rest[i+len(before):i+len(before)+key])
			rest = rest[i+len(before)+key:]
		}
	}
	return keys, nil
}

// Who does not read the events is cut off; those who write do not wait.
func TestSlowListenerIsCutOff(t *testing.T) {
	onBoth(t, []string{"--client-output-buffer-limit", "pubsub 1mb 0 0", "--notify-keyspace-events", "KEA"}, func(t *testing.T, p *process) {
		slow, c := dialRaw(t, p.Addr), p.client()
		slow.SetReadBuffer(4096)
		slow.write(listen)
		slow.expect(reply("psubscribe", "__keyevent@0__:*", ":1"), false, false)
		long := strings.Repeat("k", 64<<10)
		eventually(t, "it is cut off", func() bool {
			mustDo(t, c, "SET", long, "v")
			return c.InfoMap(t.Context(), "stats").Val()["Stats"]["client_output_buffer_limit_disconnections"] == "1"
		})
		mustDo(t, c, "SET", long, "v")
	})
}
