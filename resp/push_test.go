package resp_test

import (
	"bufio"
	"fmt"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/resp"
)

// realCommands are those of the true table that the tests of messages need. The
// fake publish has another shape, so shard channels serve, and the true publish is
// there as "say".
func realCommands() (list []*commands.Command) {
	for _, name := range []string{"hello", "ssubscribe", "sunsubscribe", "spublish", "subscribe", "multi", "exec"} {
		list = append(list, commands.NewTable().Lookup([]byte(name)))
	}
	say := *commands.NewTable().Lookup([]byte("publish"))
	say.Name = "say"
	return append(list, &say)
}

// subscribed is a client that speaks RESP3 and has subscribed to c.
func (f *fixture) subscribed() *client {
	f.t.Helper()
	c := f.dial()
	c.send("%s", command("HELLO", "3")+command("SSUBSCRIBE", "c"))
	buf := make([]byte, 4096)
	for got := ""; len(got) < len(confirmed) || got[len(got)-len(confirmed):] != confirmed; {
		n, err := c.Read(buf)
		if err != nil {
			f.t.Fatalf("got %q, %v", got, err)
		}
		got += string(buf[:n])
	}
	return c
}

const confirmed = ">3\r\n$10\r\nssubscribe\r\n$1\r\nc\r\n:1\r\n"

func smessage(payload string) string {
	return fmt.Sprintf(">3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$%d\r\n%s\r\n", len(payload), payload)
}

// A message stands behind the last filled slot and before any unfilled one.
func TestMessageAmongUnfilledSlots(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c, other := f.subscribed(), f.dial()
		f.router.set(func() { f.router.holding = true })
		c.send("%s", command("PING")+command("set", "k")+command("PING"))
		c.expect("+PONG\r\n")
		f.router.await(func() bool { return len(f.router.held) == 1 })
		other.send("%s", command("SPUBLISH", "c", "one"))
		other.expect(":1\r\n")
		c.expect(smessage("one"))
		f.router.held[0].To.Fill([]byte("+OK\r\n"))
		f.server.Flush()
		c.expect("+OK\r\n+PONG\r\n")
	})
}

// PUBLISH waits for the changes before it, and its own message comes right behind
// its reply; the session goes on meanwhile.
func TestOwnMessageRightBehindItsSlot(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.subscribed()
		f.router.set(func() { f.router.holding = true })
		c.send("%s", command("set", "k")+command("SPUBLISH", "c", "own")+command("PING")+command("set", "l")+command("SPUBLISH", "c", "two"))
		f.router.await(func() bool { return len(f.router.held) == 2 })
		f.router.held[1].To.Fill([]byte("+TWO\r\n"))
		f.router.held[0].To.Fill([]byte("+ONE\r\n"))
		f.server.Flush()
		c.expect("+ONE\r\n:1\r\n" + smessage("own") + "+PONG\r\n+TWO\r\n:1\r\n" + smessage("two"))
	})
}

// What others send while a transaction that subscribes is under way comes behind
// its reply, which holds the confirmation.
func TestMessageBehindTheExecThatSubscribed(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c, other := f.dial(), f.dial()
		c.send("%s", command("MULTI")+command("SUBSCRIBE", "c")+command("client", "unblock", "12345")+command("SAY", "c", "own")+command("EXEC"))
		c.expect("+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n:0\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\nown\r\n")
		other.send("%s", command("SAY", "c", "x"))
		other.expect(":1\r\n")
		c.expect("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n")
	})
}

// A client that goes before its SUBSCRIBE had its turn leaves nothing behind.
func TestSubscribeOfAClientThatIsGone(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c, other := f.dial(), f.dial()
		f.router.set(func() { f.router.holding = true })
		c.send("%s", command("set", "k")+command("SSUBSCRIBE", "c"))
		f.router.await(func() bool { return len(f.router.held) == 1 })
		c.SetLinger(0)
		c.Close() // with a reset
		f.await(func() bool { return f.server.Clients() == 1 })
		f.router.held[0].To.Fill([]byte("+OK\r\n"))
		f.server.Flush()
		for range 3 {
			other.send("%s", command("SPUBLISH", "c", "x"))
			other.expect(":0\r\n")
		}
		if n := f.server.PubSub().Clients(); n != 0 {
			t.Errorf("%d subscribers left", n)
		}
	})
}

// Messages may come from anywhere in the process.
func TestMessageFromElsewhere(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.subscribed()
		if n := f.server.PubSub().Publish(pubsub.Shard, []byte("c"), []byte("event"), nil); n != 1 {
			t.Fatalf("%d took it", n)
		}
		f.server.Flush()
		c.expect(smessage("event"))
		c.Close()
		f.await(func() bool { return f.server.PubSub().Clients() == 0 })
	})
}

// No message comes before the confirmation of its subscription, and none after that
// of its end, however fast others publish.
func TestNoMessageOutsideOfItsSubscription(t *testing.T) {
	const rounds = 300
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c, stop := f.subscribed(), make(chan struct{})
		var publishing sync.WaitGroup
		publishing.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					f.server.PubSub().Publish(pubsub.Shard, []byte("c"), []byte("m"), nil)
					f.server.Flush()
				}
			}
		})
		defer publishing.Wait()
		defer close(stop)
		go func() {
			for range rounds {
				c.Write([]byte(command("SUNSUBSCRIBE", "c") + command("SSUBSCRIBE", "c") + command("set", "k")))
			}
		}()
		messages, in := 0, true
		lines := bufio.NewScanner(c)
		for ended := 0; ended < rounds && lines.Scan(); {
			switch lines.Text() {
			case "ssubscribe":
				in = true
			case "sunsubscribe":
				in = false
				ended++
			case "smessage":
				messages++
				if !in {
					t.Fatalf("a message outside of a subscription, after %d ended", ended)
				}
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
		if messages == 0 {
			t.Error("no message came: nothing was tested")
		}
	})
}

// What a request at a partition causes comes right behind its reply, and what comes
// about later not before it, whatever has to be waited for.
func TestMessageBehindTheRequestThatCausedIt(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c, other := f.subscribed(), f.subscribed()
		f.router.set(func() { f.router.holding = true })
		c.send("%s", command("set", "k")+command("set", "l")+command("PING"))
		f.router.await(func() bool { return len(f.router.held) == 2 })
		first, second := f.router.held[0].To, f.router.held[1].To
		f.server.PublishBehind(second, pubsub.Shard, []byte("c"), []byte("own"))
		second.Fill([]byte("+TWO\r\n"))
		f.server.PublishBehind(nil, pubsub.Shard, []byte("c"), []byte("later"))
		f.server.Flush()
		other.expect(smessage("own") + smessage("later"))
		f.server.PublishBehind(first, pubsub.Shard, []byte("c"), []byte("last"))
		first.Fill([]byte("+ONE\r\n"))
		f.server.Flush()
		c.expect("+ONE\r\n" + smessage("last") + "+TWO\r\n" + smessage("own") + smessage("later") + "+PONG\r\n")
		f.server.PublishBehind(nil, pubsub.Shard, []byte("c"), []byte("new"))
		f.server.Flush()
		c.expect(smessage("new"))
	})
}

// It stands behind the reply of the whole transaction, also when the session goes on
// with it; and comes although replies are off.
func TestMessageBehindTheTransactionThatCausedIt(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		for _, row := range []struct{ commands, reply string }{
			{command("MULTI") + command("set", "k") + command("EXEC"), "+OK\r\n+QUEUED\r\n*1\r\n+SET\r\n"},
			{command("MULTI") + command("set", "k") + command("PING") + command("EXEC"), "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+SET\r\n+PONG\r\n"},
			{command("client", "reply", "off") + command("MULTI") + command("set", "k") + command("EXEC") + command("client", "reply", "on"), ""},
		} {
			c := f.subscribed()
			f.router.set(func() { f.router.holding, f.router.held = true, nil })
			c.send("%s", row.commands+command("PING"))
			f.router.await(func() bool { return len(f.router.held) == 1 })
			exec := f.router.held[0]
			exec.Exec[0].To.Fill([]byte("+SET\r\n"))
			f.server.PublishBehind(exec.To, pubsub.Shard, []byte("c"), []byte("own"))
			exec.To.Fill([]byte("+OK\r\n"))
			f.server.Flush()
			after := "+PONG\r\n"
			if row.reply == "" {
				after = "+OK\r\n+PONG\r\n"
			}
			c.expect(row.reply + smessage("own") + after)
			c.Close()
			f.await(func() bool { return f.server.PubSub().Clients() == 0 })
		}
	})
}

// What waits behind slots counts as unsent: a client past its limit goes, with all
// of it.
func TestMessagesBehindSlotsAreLimited(t *testing.T) {
	limits := resp.DefaultLimits()
	limits.PubSubOutput = resp.OutputLimit{Hard: 64 << 10}
	onBoth(t, resp.Options{Limits: limits}, "", func(t *testing.T, f *fixture) {
		c := f.subscribed()
		f.router.set(func() { f.router.holding = true })
		c.send("%s", command("set", "k")+command("set", "l"))
		f.router.await(func() bool { return len(f.router.held) == 2 })
		second := f.router.held[1].To
		for range 100 {
			f.server.PublishBehind(second, pubsub.Shard, []byte("c"), make([]byte, 1000))
		}
		second.Fill([]byte("+TWO\r\n"))
		f.router.held[0].To.Fill([]byte("+ONE\r\n"))
		f.server.Flush()
		f.await(func() bool { return f.server.Clients() == 0 })
	})
}
