package integration

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// speakRESP3 is HELLO 3 without its reply: the connection reads on behind it.
func speakRESP3(c rawConn) rawConn {
	c.t.Helper()
	c.write(command("HELLO", "3") + command("ECHO", "behind hello"))
	for got := ""; !strings.HasSuffix(got, "$12\r\nbehind hello\r\n"); {
		b := make([]byte, 1)
		if _, err := c.Read(b); err != nil {
			c.t.Fatalf("HELLO: %v", err)
		}
		got += string(b)
	}
	return c
}

// invalidation is the push for keys.
func invalidation(keys ...string) string {
	return fmt.Sprintf(">2\r\n$10\r\ninvalidate\r\n%s", reply(keys...))
}

// Once a writer has its reply, those who have read the key have been told: what they
// ask from then on is answered behind that.
func TestInvalidationIsAheadOfTheWritersReply(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		for _, mode := range []string{"", "BCAST"} {
			reader, writer := speakRESP3(dialRaw(t, p.Addr)), dialRaw(t, p.Addr)
			reader.write(command(strings.Fields("CLIENT TRACKING ON " + mode)...))
			reader.expectOne("+OK\r\n")
			for n := range 300 {
				reader.write(command("STRLEN", "k"))
				reader.expectOne(fmt.Sprintf(":%d\r\n", n))
				writer.write(command("APPEND", "k", "x"))
				writer.expectOne(fmt.Sprintf(":%d\r\n", n+1))
				reader.write(command("PING"))
				reader.expectOne(invalidation("k") + "+PONG\r\n")
			}
			writer.write(command("DEL", "k"))
			writer.expectOne(":1\r\n")
		}
	})
}

// In one pipeline each invalidation stands behind the read whose value it takes back,
// and before the write that did.
func TestOwnInvalidationsInAPipeline(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := speakRESP3(dialRaw(t, p.Addr))
		c.write(command("CLIENT", "TRACKING", "ON"))
		c.expectOne("+OK\r\n")
		var pipeline, want strings.Builder
		pipeline.WriteString(command("GET", "k") + command("SET", "k", "0"))
		want.WriteString("_\r\n" + invalidation("k") + "+OK\r\n")
		for n := range 200 {
			pipeline.WriteString(command("GET", "k") + command("GET", "k") + command("SET", "other", "x") + command("SET", "k", fmt.Sprint(n%10)) +
				command("SET", "k", fmt.Sprint((n+1)%10)) + command("PING"))
			value := fmt.Sprintf("$1\r\n%d\r\n", n%10)
			want.WriteString(value + value + "+OK\r\n" + invalidation("k") + "+OK\r\n+OK\r\n+PONG\r\n")
		}
		c.write(pipeline.String())
		c.expectOne(want.String())
	})
}

// In RESP2 another connection is told, once it has subscribed to something.
func TestTrackingRedirect(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		reader, target, writer, c := dialRaw(t, p.Addr), dialRaw(t, p.Addr), dialRaw(t, p.Addr), p.client()
		target.write(command("CLIENT", "SETNAME", "target"))
		target.expectOne("+OK\r\n")
		id := clientField(t, c, "target", "id")
		reader.write(command("CLIENT", "SETNAME", "reader") + command("CLIENT", "TRACKING", "ON", "REDIRECT", id) + command("CLIENT", "GETREDIR") + command("GET", "k"))
		reader.expectOne("+OK\r\n+OK\r\n:" + id + "\r\n$-1\r\n")
		is(t, "flags", clientField(t, c, "reader", "flags"), nil, "t")
		is(t, "redir", clientField(t, c, "reader", "redir"), nil, id)

		write := func(words ...string) {
			t.Helper()
			writer.write(command(words...))
			writer.expectOne("+OK\r\n")
		}
		write("SET", "k", "1") // nobody hears of it
		target.write(command("SUBSCRIBE", "__redis__:invalidate"))
		target.expectOne(reply("subscribe", "__redis__:invalidate", ":1"))
		reader.write(command("GET", "k"))
		reader.expectOne("$1\r\n1\r\n")
		write("SET", "k", "2")
		target.expectOne("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\nk\r\n")
		write("FLUSHALL")
		target.expectOne("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n$-1\r\n")

		target.Close()
		eventually(t, "the target is gone", func() bool { return !strings.Contains(c.ClientList(t.Context()).Val(), " name=target ") })
		speakRESP3(reader)
		reader.write(command("GET", "k"))
		reader.expectOne("_\r\n")
		write("SET", "k", "3")
		reader.expectOne(">2\r\n$21\r\ntracking-redir-broken\r\n:" + id + "\r\n")
		is(t, "flags", clientField(t, c, "reader", "flags"), nil, "tR")
		reader.write(command("CLIENT", "TRACKINGINFO"))
		reader.expectOne("%3\r\n$5\r\nflags\r\n~2\r\n$2\r\non\r\n$15\r\nbroken_redirect\r\n$8\r\nredirect\r\n:" + id + "\r\n$8\r\nprefixes\r\n*0\r\n")
	})
}

// A key that nobody touches goes by the log, and its readers are told.
func TestExpiryInvalidates(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		reader, c := speakRESP3(dialRaw(t, p.Addr)), p.client()
		reader.write(command("CLIENT", "TRACKING", "ON") + command("SET", "k", "1", "PX", "500") + command("GET", "k"))
		reader.expectOne("+OK\r\n+OK\r\n$1\r\n1\r\n" + invalidation("k"))
		eventually(t, "nothing is remembered", func() bool { return infoField(t, c, "stats", "tracking_total_keys") == "0" })
	})
}

// The table is bounded: what is dropped is told as changed. All of it goes with the
// clients.
func TestTrackingTableIsBounded(t *testing.T) {
	const most, keys = 50, 500
	onBoth(t, []string{"--tracking-table-max-keys", fmt.Sprint(most)}, func(t *testing.T, p *process) {
		reader, other, c := speakRESP3(dialRaw(t, p.Addr)), dialRaw(t, p.Addr), p.client()
		census := func() string {
			return infoField(t, c, "clients", "tracking_clients") + infoField(t, c, "stats", "tracking_total_keys") +
				" " + infoField(t, c, "stats", "tracking_total_items") + " " + infoField(t, c, "stats", "tracking_total_prefixes")
		}
		reader.write(command("CLIENT", "TRACKING", "ON"))
		reader.expectOne("+OK\r\n")
		pushes := 0
		for n := range keys {
			reader.write(command("GET", fmt.Sprint("k", n)) + command("PING"))
			for got := ""; !strings.HasSuffix(got, "+PONG\r\n"); {
				b := make([]byte, 1024)
				k, err := reader.Read(b)
				if err != nil {
					t.Fatal(err)
				}
				got += string(b[:k])
				pushes += strings.Count(string(b[:k]), "invalidate")
			}
		}
		is(t, "pushes", pushes, nil, keys-most)
		is(t, "census", census(), nil, fmt.Sprintf("1%d %d 0", most, most))
		mustDo(t, c, "CONFIG", "SET", "tracking-table-max-keys", "10")
		other.write(command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a", "PREFIX", "b"))
		other.expectOne("+OK\r\n")
		is(t, "census", census(), nil, "210 10 2")
		reader.Close()
		other.Close()
		eventually(t, "all is forgotten", func() bool { return census() == "00 0 0" })
	})
}

// A client that does not read what it is told is cut off, and nobody else notices.
func TestSlowTrackerIsCutOff(t *testing.T) {
	onBoth(t, []string{"--client-output-buffer-limit", "normal 1mb 0 0"}, func(t *testing.T, p *process) {
		slow, c := speakRESP3(dialRaw(t, p.Addr)), p.client()
		slow.SetReadBuffer(4096)
		slow.write(command("CLIENT", "TRACKING", "ON", "BCAST"))
		slow.expectOne("+OK\r\n")
		key := strings.Repeat("k", 32<<10)
		for infoField(t, c, "stats", "client_output_buffer_limit_disconnections") == "0" {
			for range 20 {
				mustDo(t, c, "SET", key, "v")
			}
		}
		eventually(t, "it is forgotten", func() bool { return infoField(t, c, "clients", "tracking_clients") == "0" })
	})
}

// Client-side caching with rueidis as it comes: it asks for CLIENT TRACKING ON OPTIN
// when it connects, and reads in a transaction behind CLIENT CACHING YES.
func TestRueidisCaches(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		dial := func() rueidis.Client {
			c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{p.Addr}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			return c
		}
		ctx, reader, writer := t.Context(), dial(), dial()
		cached := func(key string) (string, bool) {
			r := reader.DoCache(ctx, reader.B().Get().Key(key).Cache(), time.Minute)
			s, err := r.ToString()
			if err != nil {
				t.Fatal(err)
			}
			return s, r.IsCacheHit()
		}
		set := func(key, value string) {
			if err := writer.Do(ctx, writer.B().Set().Key(key).Value(value).Build()).Error(); err != nil {
				t.Fatal(err)
			}
		}
		for round := range 30 {
			want := fmt.Sprint(round)
			set("k", want)
			// The push is on its way to another goroutine of the client.
			eventually(t, "the new value shows", func() bool { s, _ := cached("k"); return s == want })
			if s, hit := cached("k"); s != want || !hit {
				t.Fatalf("round %d: %q, from the cache: %v", round, s, hit)
			}
		}
		keys := []string{"k", "l", "m"}
		set("l", "1")
		set("m", "1")
		cachedMany(ctx, t, reader, keys)
		if err := writer.Do(ctx, writer.B().Flushall().Build()).Error(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "nothing is there", func() bool {
			all, err := rueidis.MGetCache(reader, ctx, time.Minute, keys)
			none := err == nil
			for _, m := range all {
				none = none && m.IsNil()
			}
			return none
		})
	})
}

// cachedMany reads keys at once from many goroutines.
func cachedMany(ctx context.Context, t *testing.T, c rueidis.Client, keys []string) {
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			all, err := rueidis.MGetCache(c, ctx, time.Minute, keys)
			if err != nil || len(all) != len(keys) {
				t.Errorf("MGetCache: %v, %v", all, err)
			}
		})
	}
	wg.Wait()
}
