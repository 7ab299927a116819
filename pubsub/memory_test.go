package pubsub_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/millrace-io/millrace/pubsub"
)

// A hundred thousand subscriptions are nothing to worry about, however they are
// spread.
func TestMemoryPerSubscription(t *testing.T) {
	const subscriptions = 100_000
	for _, row := range []struct {
		name              string
		clients, channels int // channels: of each client
		limit             int // bytes for a subscription
	}{
		{"one client, its own channels", 1, subscriptions, 250},
		{"100 clients, the same channels", 100, subscriptions / 100, 100},
		{"each client one and the same channel", subscriptions, 1, 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := pubsub.New()
			box := &inbox{}
			names := make([][]byte, row.channels)
			for i := range names {
				names[i] = fmt.Appendf(nil, "channel:%06d", i)
			}
			before := heapBytes()
			subs := make([]*pubsub.Subscriber, row.clients)
			for i := range subs {
				subs[i] = pubsub.NewSubscriber(box)
				for _, name := range names {
					r.Subscribe(subs[i], pubsub.Channel, name, func(pubsub.Counts) {})
				}
			}
			each := (heapBytes() - before) / subscriptions
			t.Logf("%d bytes for a subscription", each)
			if each > row.limit {
				t.Errorf("%d bytes for a subscription, more than %d", each, row.limit)
			}
			for _, s := range subs {
				r.Drop(s)
			}
			if r.Topics(pubsub.Channel) != 0 || r.Clients() != 0 {
				t.Error("something is left")
			}
			runtime.KeepAlive(names)
		})
	}
}

func heapBytes() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

type counter int

func (c *counter) Receive(*pubsub.Message) bool {
	*c++
	return true
}

// BenchmarkPublish leaves out what receivers do with a message.
func BenchmarkPublish(b *testing.B) {
	for _, subscribers := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("subscribers=%d", subscribers), func(b *testing.B) {
			r := pubsub.New()
			var c counter
			for range subscribers {
				r.Subscribe(pubsub.NewSubscriber(&c), pubsub.Channel, []byte("c"), func(pubsub.Counts) {})
			}
			b.ReportAllocs()
			for b.Loop() {
				r.Publish(pubsub.Channel, []byte("c"), []byte("m"), nil)
			}
		})
	}
}
