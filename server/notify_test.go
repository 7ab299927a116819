package server

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/server/config"
)

// listener is a subscriber without a connection: it can be there before the node
// serves anybody.
type listener struct {
	mu  sync.Mutex
	got []string
}

func (l *listener) Receive(m *pubsub.Message) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, string(m.Channel)+" "+string(m.Payload))
	return true
}

func (l *listener) messages() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got)
}

func notify(letters config.KeyspaceEvents) func(*config.Config) {
	return func(c *config.Config) { c.NotifyKeyspaceEvents = letters }
}

// A log full of events is run again without a message to anybody; what expires
// afterwards is news.
func TestReplayPublishesNothing(t *testing.T) {
	disk := newDisk()
	p := start(t, disk, notify("AnKEm"))
	c := dial(t, p)
	for _, command := range []string{
		"XADD s * f v", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >", "SET k v", "DEL k", "SET short v PX 1", "MULTI", "SET m v", "EXEC",
	} {
		c.must(t, command)
	}
	eventually(t, "short is gone", func() bool { return c.must(t, "EXISTS short") == int64(0) })
	c.must(t, "SET late v PX 2000")
	image := disk.KillProcess()

	n, err := OpenFS(image, testConfig(notify("AnKEm")), discard)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{}
	n.front.PubSub().Subscribe(pubsub.NewSubscriber(l), pubsub.Pattern, []byte("*"), func(pubsub.Counts) {})
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- n.Run(ctx, func(addr string) { ready <- addr }) }()
	<-ready
	want := []string{"__keyspace@0__:late expired", "__keyevent@0__:expired late"}
	eventually(t, "late expires", func() bool { return len(l.messages()) >= len(want) })
	if got := l.messages(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// Every letter that the setting takes is an interest of the machine's.
func TestEveryLetterIsAnInterest(t *testing.T) {
	all := commands.Interest(0)
	for _, letter := range "g$lshzxetdnm" {
		i := commands.Events(config.KeyspaceEvents(string(letter) + "K").Has)
		if i&commands.EventMask != i || i&^all&^commands.EventKeyspace == 0 {
			t.Errorf("%c gives %b", letter, i)
		}
		all |= i
	}
	if got := commands.Events(config.KeyspaceEvents("AnKEm").Has); got != commands.EventMask {
		t.Errorf("all letters give %b, want %b", got, commands.EventMask)
	}
	if got := commands.Events(config.KeyspaceEvents("A").Has); got != 0 {
		t.Errorf("without a kind of channel %b is wanted", got)
	}
}
