package integration

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// A hundred thousand subscriptions on one node: what they cost, and that they go
// with their connections.
func TestManySubscriptions(t *testing.T) {
	const connections, each = 100, 1000
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "PING")
		before := memory(t, p.pid(), "VmRSS")
		began := time.Now()
		conns := make([]rawConn, connections)
		for i := range conns {
			conns[i] = dialRaw(t, p.Addr)
			words := []string{"SUBSCRIBE"}
			size := 0
			for j := range each {
				name := fmt.Sprintf("channel:%03d:%04d", i, j)
				words = append(words, name)
				size += len(reply("subscribe", name, fmt.Sprint(":", j+1)))
			}
			conns[i].write(command(words...))
			if _, err := io.CopyN(io.Discard, bufio.NewReader(conns[i]), int64(size)); err != nil {
				t.Fatal(err)
			}
		}
		size := (memory(t, p.pid(), "VmRSS") - before) / (connections * each)
		t.Logf("%d subscriptions in %v, %d bytes for each", connections*each, time.Since(began), size)
		if size > 1024 {
			t.Errorf("%d bytes for a subscription", size)
		}
		if n := c.InfoMap(t.Context(), "stats").Val()["Stats"]["pubsub_channels"]; n != fmt.Sprint(connections*each) {
			t.Errorf("%s channels", n)
		}
		publisher := dialRaw(t, p.Addr)
		began = time.Now()
		var pipeline strings.Builder
		for j := range 10 {
			for i := range conns {
				pipeline.WriteString(command("PUBLISH", fmt.Sprintf("channel:%03d:%04d", i, j), "m"))
			}
		}
		publisher.write(pipeline.String())
		publisher.expect(strings.Repeat(":1\r\n", 10*connections), false, false)
		t.Logf("%d messages to one subscriber each in %v", 10*connections, time.Since(began))
		began = time.Now()
		for _, conn := range conns {
			conn.Close()
		}
		eventually(t, "all subscriptions are gone", func() bool {
			return c.InfoMap(t.Context(), "stats").Val()["Stats"]["pubsub_channels"] == "0"
		})
		t.Logf("gone after %v", time.Since(began))
	})
}
