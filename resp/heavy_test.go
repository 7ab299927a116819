package resp_test

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/resp"
)

// TestSlowMegabyte sends a command of 1 MB a byte at a time.
func TestSlowMegabyte(t *testing.T) {
	if flag.Lookup("heavy").Value.String() != "true" {
		t.Skip("needs -heavy: a million writes")
	}
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c, other := f.dial(), f.dial()
		c.SetDeadline(time.Time{})
		c.SetNoDelay(true)
		stream := []byte(command("set", "k", strings.Repeat("v", 1<<20)))
		for i := range stream {
			if _, err := c.Write(stream[i : i+1]); err != nil {
				t.Fatal(err)
			}
		}
		c.expect("+OK\r\n")
		other.send("PING\r\n")
		other.expect("+PONG\r\n")
	})
}

// TestLargestArgumentOverTCP sends 512 MB in one argument.
func TestLargestArgumentOverTCP(t *testing.T) {
	if flag.Lookup("heavy").Value.String() != "true" {
		t.Skip("needs -heavy: half a gigabyte")
	}
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		c.SetDeadline(time.Now().Add(5 * time.Minute))
		const size = 512 << 20
		began := time.Now()
		c.send("*3\r\n$3\r\nset\r\n$1\r\nk\r\n$%d\r\n", size)
		piece := make([]byte, 1<<20)
		for range size / len(piece) {
			if _, err := c.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
		c.send("\r\n")
		c.expect("+OK\r\n")
		t.Logf("took %v", time.Since(began))
		c.send("*2\r\n$3\r\nset\r\n$%d\r\n", size+1)
		c.expectClose("-ERR Protocol error: invalid bulk length\r\n")
	})
}

// BenchmarkFront is a client that pipelines over a loopback connection, the router
// apart from it: what the front costs, the kernel's part included.
func BenchmarkFront(b *testing.B) {
	for _, kind := range []resp.ListenerKind{resp.ListenerEpoll, resp.ListenerRedcon} {
		for _, depth := range []int{1, 16, 128} {
			b.Run(fmt.Sprintf("listener=%s/value=100B/depth=%d", kind, depth), func(b *testing.B) {
				f := start(b, resp.Options{Listener: kind}, "")
				c := f.dial()
				c.SetDeadline(time.Time{})
				send := []byte(strings.Repeat(command("set", strings.Repeat("v", 100)), depth))
				got := make([]byte, depth*len("+OK\r\n"))
				b.SetBytes(int64(len(send)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.Write(send); err != nil {
						b.Fatal(err)
					}
					if _, err := io.ReadFull(c, got); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N*depth)/b.Elapsed().Seconds(), "commands/s")
			})
		}
	}
}
