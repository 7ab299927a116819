package integration

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Pub/sub with go-redis as it comes, and with RESP2.
func TestGoRedisPubSub(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		for _, protocol := range []int{0, 2} { // 0: its default
			t.Run(fmt.Sprint("protocol=", protocol), func(t *testing.T) {
				c := redis.NewClient(&redis.Options{Addr: p.Addr, Protocol: protocol})
				defer c.Close()
				goRedisRound(t, c)
			})
		}
	})
}

func goRedisRound(t *testing.T, c *redis.Client) {
	ctx := t.Context()
	sub := c.Subscribe(ctx, "news", "sport")
	defer sub.Close()
	for range 2 {
		if _, err := sub.Receive(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := sub.PSubscribe(ctx, "n*"); err != nil {
		t.Fatal(err)
	}
	if _, err := sub.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	shard := c.SSubscribe(ctx, "shard")
	defer shard.Close()
	if _, err := shard.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	channels, err := c.PubSubChannels(ctx, "*").Result()
	is(t, "PUBSUB CHANNELS", channels, err, []string{"news", "sport"})
	counts, err := c.PubSubNumSub(ctx, "news", "none").Result()
	is(t, "PUBSUB NUMSUB", counts, err, map[string]int64{"news": 1, "none": 0})
	patterns, err := c.PubSubNumPat(ctx).Result()
	is(t, "PUBSUB NUMPAT", patterns, err, 1)
	channels, err = c.PubSubShardChannels(ctx, "*").Result()
	is(t, "PUBSUB SHARDCHANNELS", channels, err, []string{"shard"})

	n, err := c.Publish(ctx, "news", "hello").Result()
	is(t, "PUBLISH", n, err, 2)
	n, err = c.SPublish(ctx, "shard", "hi").Result()
	is(t, "SPUBLISH", n, err, 1)
	for _, want := range []redis.Message{
		{Channel: "news", Payload: "hello"}, {Channel: "news", Pattern: "n*", Payload: "hello"},
	} {
		got, err := sub.ReceiveMessage(ctx)
		is(t, "message", got, err, &want)
	}
	got, err := shard.ReceiveMessage(ctx)
	is(t, "shard message", got, err, &redis.Message{Channel: "shard", Payload: "hi"})
	if err := sub.Ping(ctx, "x"); err != nil {
		t.Fatal(err)
	}
	pong, err := sub.Receive(ctx)
	is(t, "PING", fmt.Sprint(pong), err, "Pong<x>")

	if err := sub.Unsubscribe(ctx); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := sub.Receive(ctx); err != nil {
			t.Fatal(err)
		}
	}
	n, err = c.Publish(ctx, "sport", "late").Result()
	is(t, "PUBLISH to nobody", n, err, 0)
	sub.Close()
	shard.Close()
	eventually(t, "subscriptions go with their connections", func() bool {
		info, err := c.InfoMap(ctx, "clients", "stats").Result()
		return err == nil && info["Clients"]["pubsub_clients"] == "0" && info["Stats"]["pubsub_patterns"] == "0" &&
			info["Stats"]["pubsubshard_channels"] == "0" && info["Stats"]["pubsub_channels"] == "0"
	})
}

// XADD and then PUBLISH of one pipeline: who gets the message finds the entry.
func TestPublishBehindXAddIsSeenBehindIt(t *testing.T) {
	const rounds, together = 20, 50
	onBoth(t, nil, func(t *testing.T, p *process) {
		subscriber, publisher, c := dialRaw(t, p.Addr), dialRaw(t, p.Addr), p.client()
		subscriber.write("SUBSCRIBE added\r\n")
		subscriber.expect(reply("subscribe", "added", ":1"), false, false)
		for round := range rounds {
			var pipeline, replies strings.Builder
			for i := range together {
				n := fmt.Sprint(round*together + i + 1)
				pipeline.WriteString(command("XADD", "k", n+"-1", "f", "v") + command("PUBLISH", "added", n))
				replies.WriteString(fmt.Sprintf("$%d\r\n%s-1\r\n:1\r\n", len(n)+2, n))
			}
			publisher.write(pipeline.String())
			for i := range together {
				n := round*together + i + 1
				subscriber.expectOne(reply("message", "added", fmt.Sprint(n)))
				if i%10 != 0 {
					continue // to look each time would only let the publisher get ahead
				}
				if length := c.XLen(t.Context(), "k").Val(); length < int64(n) {
					t.Fatalf("message %d came, and there are %d entries", n, length)
				}
			}
			publisher.expect(replies.String(), false, false)
		}
	})
}

// expectOne reads exactly what is expected, and leaves what follows.
func (c rawConn) expectOne(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); string(got) != want {
		c.t.Fatalf("got %s, want %s, %v", shown(got[:n]), shown([]byte(want)), err)
	}
}

// A subscriber that does not read is cut off, and nobody else notices.
func TestSlowSubscriberIsCutOff(t *testing.T) {
	for _, row := range []struct{ name, limit string }{
		{"hard", "pubsub 4mb 0 0"},
		{"soft", "pubsub 0 64kb 1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			onBoth(t, []string{"--client-output-buffer-limit", row.limit}, func(t *testing.T, p *process) {
				slow, quick, c := dialRaw(t, p.Addr), dialRaw(t, p.Addr), p.client()
				slow.SetReadBuffer(4096)
				for _, conn := range []rawConn{slow, quick} {
					conn.write("SUBSCRIBE c\r\n")
					conn.expect(reply("subscribe", "c", ":1"), false, false)
				}
				payload := strings.Repeat("x", mib)
				message := reply("message", "c", payload)
				eventually(t, "the slow one is cut off", func() bool {
					n, err := c.Publish(t.Context(), "c", payload).Result()
					if err != nil {
						t.Fatal(err)
					}
					quick.expectOne(message)
					return n == 1
				})
				eventually(t, "its connection is closed", func() bool {
					info := c.InfoMap(t.Context(), "stats", "clients").Val()
					return info["Stats"]["client_output_buffer_limit_disconnections"] == "1" && info["Clients"]["pubsub_clients"] == "1"
				})
			})
		})
	}
}

// A limit for subscribers is none for others, and the other way round.
func TestOutputLimitIsThatOfTheClass(t *testing.T) {
	onBoth(t, []string{"--client-output-buffer-limit", "normal 64kb 0 0 pubsub 64mb 0 0"}, func(t *testing.T, p *process) {
		sub, c := dialRaw(t, p.Addr), p.client()
		sub.write("SUBSCRIBE c\r\n")
		sub.expect(reply("subscribe", "c", ":1"), false, false)
		payload := strings.Repeat("x", mib)
		for range 8 {
			if n := c.Publish(t.Context(), "c", payload).Val(); n != 1 {
				t.Fatalf("%d got it", n)
			}
		}
		for range 8 {
			sub.expectOne(reply("message", "c", payload))
		}
	})
}

// Who listens is not idle.
func TestTimeoutSparesSubscribers(t *testing.T) {
	onBoth(t, []string{"--timeout", "1s"}, func(t *testing.T, p *process) {
		sub, idle := dialRaw(t, p.Addr), dialRaw(t, p.Addr)
		sub.write("SUBSCRIBE c\r\n")
		sub.expect(reply("subscribe", "c", ":1"), false, false)
		idle.write("PING\r\n")
		idle.expect("+PONG\r\n", true, false) // the end comes when its time is over
		sub.write("PING\r\n")
		sub.expect(reply("pong", ""), false, false)
	})
}

func TestClientListOfSubscribers(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		sub, c := dialRaw(t, p.Addr), p.client()
		sub.write("CLIENT SETNAME sub\r\nSUBSCRIBE a b\r\nPSUBSCRIBE a* b* c*\r\nSSUBSCRIBE s\r\n")
		eventually(t, "all subscriptions are there", func() bool { return clientField(t, c, "sub", "ssub") == "1" })
		for field, want := range map[string]string{"sub": "2", "psub": "3", "flags": "P", "cmd": "ssubscribe"} {
			if got := clientField(t, c, "sub", field); got != want {
				t.Errorf("%s=%s, want %s", field, got, want)
			}
		}
		for kind, want := range map[string]int{"pubsub": 1, "normal": 1} {
			list := fmt.Sprint(mustDo(t, c, "CLIENT", "LIST", "TYPE", kind))
			if got := strings.Count(list, "id="); got != want || strings.Contains(list, "name=sub") != (kind == "pubsub") {
				t.Errorf("TYPE %s: %s", kind, list)
			}
		}
	})
}

// A hundred subscribers get a pipeline of messages, each in its order.
func TestPublishToManySubscribers(t *testing.T) {
	const subscribers, messages = 100, 1000
	onBoth(t, nil, func(t *testing.T, p *process) {
		var want strings.Builder
		for i := range messages {
			want.WriteString(reply("message", "c", fmt.Sprint(i)))
		}
		done := make(chan error, subscribers)
		for range subscribers {
			sub := dialRaw(t, p.Addr)
			sub.write("SUBSCRIBE c\r\n")
			sub.expect(reply("subscribe", "c", ":1"), false, false)
			go func() {
				got := make([]byte, want.Len())
				_, err := io.ReadFull(sub, got)
				if err == nil && string(got) != want.String() {
					err = fmt.Errorf("not the messages in their order")
				}
				done <- err
			}()
		}
		publisher := dialRaw(t, p.Addr)
		began := time.Now()
		var pipeline strings.Builder
		for i := range messages {
			pipeline.WriteString(command("PUBLISH", "c", fmt.Sprint(i)))
		}
		publisher.write(pipeline.String())
		publisher.expect(strings.Repeat(fmt.Sprintf(":%d\r\n", subscribers), messages), false, false)
		published := time.Since(began)
		for range subscribers {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		t.Logf("%d messages to %d subscribers: published in %v, read in %v", messages, subscribers, published, time.Since(began))
	})
}

// Who sees the end of a connection can rely on it: nobody publishes to it any more, and
// CLIENT LIST does not have it. Found by TestDifferential.
func TestEndedConnectionIsGone(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		for _, end := range []string{"*1\r\nPING\r\n", "GET \"a\r\n", "QUIT\r\n"} {
			sub := dialRaw(t, p.Addr)
			sub.write("SUBSCRIBE ch\r\nPSUBSCRIBE c*\r\n" + end)
			if _, err := io.ReadAll(sub); err != nil {
				t.Fatal(err)
			}
			is(t, "PUBLISH", c.Publish(t.Context(), "ch", "m").Val(), nil, 0)
			if list := c.ClientList(t.Context()).Val(); strings.Contains(list, sub.LocalAddr().String()) {
				t.Errorf("CLIENT LIST still has it: %s", list)
			}
			sub.Close()
		}
	})
}
