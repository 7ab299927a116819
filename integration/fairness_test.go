package integration

import (
	"context"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestFailedXaddKeepsTheLine: an XADD that brings nothing does not cost the reader
// who has waited longest its place, in one pipeline with one that does.
func TestFailedXaddKeepsTheLine(t *testing.T) {
	p := serve(t, t.TempDir())
	c := p.client()
	ctx := t.Context()
	if err := c.XGroupCreateMkStream(ctx, "s", "g", "$").Err(); err != nil {
		t.Fatal(err)
	}
	c.XAdd(ctx, &redis.XAddArgs{Stream: "s", ID: "5-5", Values: []string{"f", "v"}})
	c.XGroupSetID(ctx, "s", "g", "$")
	for _, bad := range []string{"ID too small", "trims itself", "NOMKSTREAM elsewhere"} {
		t.Run(bad, func(t *testing.T) {
			var got []chan string
			for i, name := range []string{"ann", "bob", "cid"} {
				got = append(got, p.waitFor(ctx, name))
				p.blocked(c, i+1)
			}
			pipe := c.Pipeline()
			for range 2 {
				switch bad {
				case "ID too small":
					pipe.XAdd(ctx, &redis.XAddArgs{Stream: "s", ID: "1-1", Values: []string{"f", "v"}})
				case "trims itself":
					pipe.Do(ctx, "XADD", "s", "MAXLEN", "0", "*", "f", "v")
				default:
					pipe.XAdd(ctx, &redis.XAddArgs{Stream: "none", NoMkStream: true, Values: []string{"f", "v"}})
				}
			}
			pipe.XAdd(ctx, &redis.XAddArgs{Stream: "s", Values: []string{"for", "ann"}})
			pipe.Exec(ctx) // some of it fails, as it should
			if reply := <-got[0]; reply != "ann" {
				t.Errorf("ann got %q", reply)
			}
			p.blocked(c, 2)
			for i, name := range []string{"bob", "cid"} {
				c.XAdd(ctx, &redis.XAddArgs{Stream: "s", Values: []string{"for", name}})
				if reply := <-got[i+1]; reply != name {
					t.Errorf("%s got %q", name, reply)
				}
			}
		})
	}
}

// waitFor has a worker wait for an entry of s; the channel gets what the entry is for.
func (p *process) waitFor(ctx context.Context, name string) chan string {
	c := p.client()
	got := make(chan string, 1)
	go func() {
		s, err := c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: name, Streams: []string{"s", ">"}, Count: 1, Block: 0}).Result()
		if err != nil || len(s) != 1 || len(s[0].Messages) != 1 {
			got <- fmt.Sprint(s, err)
			return
		}
		got <- fmt.Sprint(s[0].Messages[0].Values["for"])
	}()
	return got
}
