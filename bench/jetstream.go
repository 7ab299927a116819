package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/millrace-io/millrace/bench/load"
)

// jetstreamCases compare with NATS JetStream (file storage, one replica): once with
// sync_interval always, which syncs before it acknowledges as Millrace does, and once
// with its default, which acknowledges first.
func jetstreamCases() []*testCase {
	var all []*testCase
	publish := func(peer kind, depth int, goal float64) {
		all = append(all, &testCase{
			name:  fmt.Sprintf("%s/publish/%d", peer, depth),
			title: fmt.Sprintf("%s: append 100 B, 50 connections, depth %d, Millrace synced", peer, depth),
			mode:  always, peers: []kind{peer},
			metrics: []metric{{unit: "entries/s", goal: goal}},
			measure: func(j *job) ([]float64, error) { return j.publishAt(depth) },
		})
	}
	for _, g := range []struct {
		depth            int
		synced, unsynced float64
	}{{1, 6, 0.8}, {16, 50, 2}, {128, 100, 3}} {
		publish(jetstreamSynced, g.depth, g.synced)
		publish(jetstream, g.depth, g.unsynced)
	}
	return append(all, &testCase{
		name:  "jetstream/consume",
		title: "jetstream: 8 consumers, 100 at a time, each entry acknowledged, Millrace synced",
		mode:  always, peers: []kind{jetstream},
		metrics: []metric{{unit: "entries/s", goal: 1.5}},
		measure: func(j *job) ([]float64, error) {
			n := j.scaled(200_000)
			if j.kind == millrace {
				return j.drain(n, 100)
			}
			return j.consumeNATS(n)
		},
	})
}

const publishers = 50

func (j *job) publishAt(depth int) ([]float64, error) {
	n := j.appended(100, depth) / publishers
	if j.kind == millrace {
		return j.appendAt(n, depth)
	}
	if depth == 1 || j.kind == jetstreamSynced {
		n = max(1, n/10) // it would take minutes
	}
	return j.publishNATS(n, depth)
}

// appendAt is the same work on Millrace, by a client in Go as well.
func (j *job) appendAt(n, depth int) ([]float64, error) {
	conns, err := load.DialSpread(j.entrances(), publishers)
	if err != nil {
		return nil, err
	}
	defer load.CloseAll(conns)
	add := load.Command("XADD", j.key, "*", "f", payload)
	took, err := load.Each(conns, func(_ int, c *load.Conn) error {
		return c.Pipeline(n, depth, func(int) []byte { return add })
	})
	if err != nil {
		return nil, err
	}
	return []float64{float64(n*publishers) / took.Seconds()}, j.expectOnEach(n*publishers, "XLEN", j.key)
}

// writeConf writes the configuration of a nats-server, with more lines for one that has
// a cluster.
func writeConf(dir, addr string, k kind, more ...string) error {
	lines := append(more, "listen: "+addr, "jetstream {", "  store_dir: "+dir)
	if k == jetstreamSynced {
		lines = append(lines, "  sync_interval: always")
	}
	lines = append(lines, "}", "")
	return os.WriteFile(filepath.Join(dir, "nats.conf"), []byte(strings.Join(lines, "\n")), 0o600)
}

// stream makes the stream of this round.
func (j *job) stream() (*nats.Conn, nats.JetStreamContext, error) {
	nc, err := nats.Connect("nats://" + j.addr)
	if err != nil {
		return nil, nil, err
	}
	js, err := nc.JetStream()
	if err == nil {
		_, err = js.AddStream(&nats.StreamConfig{
			Name: j.subject(), Subjects: []string{j.subject()}, Storage: nats.FileStorage, Replicas: max(1, len(j.members)),
		})
	}
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return nc, js, nil
}

// subject is the name of this round's stream.
func (j *job) subject() string { return strings.ReplaceAll(j.key, ":", "-") }

// expectMessages checks what the stream holds, and deletes it.
func (j *job) expectMessages(js nats.JetStreamContext, want int) error {
	info, err := js.StreamInfo(j.subject())
	if err != nil {
		return err
	}
	if info.State.Msgs != uint64(want) {
		return fmt.Errorf("the stream holds %d messages, not %d", info.State.Msgs, want)
	}
	return js.DeleteStream(j.subject())
}

// publishNATS has each connection publish n messages with at most depth of them
// unacknowledged.
func (j *job) publishNATS(n, depth int) ([]float64, error) {
	nc, js, err := j.stream()
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	addrs, err := j.natsEntrances(js)
	if err != nil {
		return nil, err
	}
	clients := make([]nats.JetStreamContext, publishers)
	for i := range clients {
		c, err := nats.Connect("nats://" + addrs[i%len(addrs)])
		if err != nil {
			return nil, err
		}
		defer c.Close()
		if clients[i], err = c.JetStream(); err != nil {
			return nil, err
		}
	}
	took, err := load.SideBySide(publishers, func(i int) error { return publishWindow(clients[i], j.subject(), n, depth) })
	if err != nil {
		return nil, err
	}
	return []float64{float64(n*publishers) / took.Seconds()}, j.expectMessages(js, n*publishers)
}

func publishWindow(js nats.JetStreamContext, subject string, n, depth int) error {
	body := []byte(payload)
	window := make([]nats.PubAckFuture, 0, depth)
	for i := range n {
		if len(window) == depth {
			if err := acked(window); err != nil {
				return err
			}
			window = window[:0]
		}
		f, err := js.PublishAsync(subject, body)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		window = append(window, f)
	}
	return acked(window)
}

// acked waits for acknowledgements.
func acked(window []nats.PubAckFuture) error {
	for _, f := range window {
		select {
		case <-f.Ok():
		case err := <-f.Err():
			return err
		}
	}
	return nil
}

// consumeNATS has pull consumers fetch and acknowledge n messages.
func (j *job) consumeNATS(n int) ([]float64, error) {
	nc, js, err := j.stream()
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	if err := publishWindow(js, j.subject(), n, 1000); err != nil {
		return nil, err
	}
	_, err = js.AddConsumer(j.subject(), &nats.ConsumerConfig{Durable: group, AckPolicy: nats.AckExplicitPolicy, MaxAckPending: -1})
	if err != nil {
		return nil, err
	}
	var got atomic.Int64
	addrs, err := j.natsEntrances(js)
	if err != nil {
		return nil, err
	}
	took, err := load.SideBySide(consumers, func(i int) error { return j.pull(addrs[i%len(addrs)], n, &got) })
	if err != nil {
		return nil, err
	}
	return []float64{float64(n) / took.Seconds()}, j.expectMessages(js, n)
}

func (j *job) pull(addr string, n int, got *atomic.Int64) error {
	nc, err := nats.Connect("nats://" + addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := nc.JetStream()
	if err != nil {
		return err
	}
	sub, err := js.PullSubscribe(j.subject(), group, nats.Bind(j.subject(), group))
	if err != nil {
		return err
	}
	for got.Load() < int64(n) {
		batch, err := sub.Fetch(100, nats.MaxWait(200*time.Millisecond))
		if err != nil && !errors.Is(err, nats.ErrTimeout) {
			return err
		}
		for _, m := range batch {
			if err := m.Ack(); err != nil {
				return err
			}
		}
		got.Add(int64(len(batch)))
	}
	return nc.Flush()
}
