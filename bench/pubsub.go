package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/millrace-io/millrace/bench/load"
)

const subscribers = 100

func pubsubCases() []*testCase {
	return []*testCase{
		{
			name: "publish", title: "PUBLISH of 100 B to 100 subscribers, one publisher at depth 16", mode: always, peers: []kind{redis},
			metrics: []metric{{unit: "deliveries/s", goal: 1.0}},
			measure: func(j *job) ([]float64, error) { return j.publish(j.scaled(20_000)) },
		},
		{
			name: "xadd+publish", title: "pairs of XADD and PUBLISH (no subscriber), 50 connections, 16 pairs each, fsync always", mode: always, peers: []kind{redis},
			metrics: []metric{{unit: "pairs/s", goal: 0.9}},
			measure: func(j *job) ([]float64, error) { return j.pairs(j.scaled(6_000)) },
		},
	}
}

// publish sends n messages; each subscriber must get all of them, in order.
func (j *job) publish(n int) ([]float64, error) {
	conns, err := load.DialMany(j.addr, subscribers)
	if err != nil {
		return nil, err
	}
	defer load.CloseAll(conns)
	for _, c := range conns {
		if _, err := c.Do("SUBSCRIBE", j.key); err != nil {
			return nil, err
		}
	}
	publisher, err := load.Dial(j.addr)
	if err != nil {
		return nil, err
	}
	defer publisher.Close()
	var wg sync.WaitGroup
	var published error
	started := time.Now()
	wg.Go(func() {
		published = publisher.Pipeline(n, 16, func(i int) []byte { return load.Command("PUBLISH", j.key, fmt.Sprintf("%0100d", i)) })
		if published != nil {
			load.CloseAll(conns) // nobody need wait for the rest
		}
	})
	_, err = load.Each(conns, func(_ int, c *load.Conn) error { return receiveInOrder(c, n) })
	took := time.Since(started)
	wg.Wait()
	if published != nil {
		return nil, published
	}
	return []float64{float64(n*subscribers) / took.Seconds()}, err
}

func receiveInOrder(c *load.Conn, n int) error {
	for i := range n {
		r, err := c.Receive()
		if err != nil {
			return err
		}
		if len(r.Elems) != 3 || r.Elems[2].Text != fmt.Sprintf("%0100d", i) {
			return fmt.Errorf("message %d is %v", i, r.Elems)
		}
	}
	return nil
}

// pairs sends XADD and PUBLISH in turn, n pairs on each of 50 connections.
func (j *job) pairs(n int) ([]float64, error) {
	conns, err := load.DialMany(j.addr, 50)
	if err != nil {
		return nil, err
	}
	defer load.CloseAll(conns)
	add, publish := load.Command("XADD", j.key, "*", "f", payload), load.Command("PUBLISH", "nobody", payload)
	took, err := load.Each(conns, func(_ int, c *load.Conn) error {
		return c.Pipeline(2*n, 32, func(i int) []byte {
			if i%2 == 0 {
				return add
			}
			return publish
		})
	})
	if err != nil {
		return nil, err
	}
	return []float64{float64(n*len(conns)) / took.Seconds()}, j.expectInt(n*len(conns), "XLEN", j.key)
}
