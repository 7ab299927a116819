package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/millrace-io/millrace/bench/load"
)

// deliveryCases measure how long an entry takes from the moment when it was due to
// be sent to the moment when a consumer has it.
func deliveryCases() []*testCase {
	return []*testCase{{
		name: "delivery", title: "produce to deliver at half of Redis' maximum rate, fsync always", mode: always, peers: []kind{redis},
		metrics: []metric{{name: "p50", unit: "ms", lower: true, goal: 1.0}, {name: "p99", unit: "ms", lower: true, goal: 1.0}},
		measure: func(j *job) ([]float64, error) {
			rate, err := j.bench.halfOfRedis()
			if err != nil {
				return nil, err
			}
			h, err := j.deliverAt(rate, j.scaled(int(rate*4)))
			if err != nil {
				return nil, err
			}
			return []float64{milliseconds(h, 50), milliseconds(h, 99)}, nil
		},
	}}
}

// newHistogram holds microseconds up to ten minutes.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, 600e6, 3) }

func milliseconds(h *hdrhistogram.Histogram, quantile float64) float64 {
	return float64(h.ValueAtQuantile(quantile)) / 1000
}

// withoutRedis is the rate when there is no Redis to take half of.
const withoutRedis = 20_000

// halfOfRedis is half of what Redis takes at depth 1, measured once in a run.
func (b *bench) halfOfRedis() (float64, error) {
	if b.half != 0 {
		return b.half, nil
	}
	if b.redis == "" {
		b.half = withoutRedis
		return b.half, nil
	}
	s, err := b.start(redis, always, 0)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	j := &job{server: s, bench: b, key: "half"}
	rates, err := j.xadd(100, 50, 1)
	if err != nil {
		return 0, err
	}
	b.half = rates[0] / 2
	return b.half, nil
}

// deliverAt sends n entries at a rate, whatever comes back, and has one consumer of
// a group receive and acknowledge them.
func (j *job) deliverAt(rate float64, n int) (*hdrhistogram.Histogram, error) {
	if _, err := j.do("XGROUP", "CREATE", j.key, group, "0", "MKSTREAM"); err != nil {
		return nil, err
	}
	conns, err := load.DialMany(j.addr, 3)
	if err != nil {
		return nil, err
	}
	defer load.CloseAll(conns)
	h := newHistogram()
	base := time.Now()
	producer := conns[0]
	_, err = load.Each(conns, func(i int, c *load.Conn) error {
		switch i {
		case 0:
			return load.OpenLoop(n, rate, func(_ int, due time.Time) error {
				return c.Send(load.Command("XADD", j.key, "*", "t", strconv.FormatInt(int64(due.Sub(base)), 10), "f", payload))
			}, c.Flush)
		case 1:
			return receiveAll(producer, n)
		}
		return j.record(c, n, base, h)
	})
	return h, err
}

func receiveAll(c *load.Conn, n int) error {
	for range n {
		if _, err := c.Receive(); err != nil {
			return err
		}
	}
	return nil
}

// record receives n entries and notes how late each is.
func (j *job) record(c *load.Conn, n int, base time.Time, h *hdrhistogram.Histogram) error {
	read := load.Command("XREADGROUP", "GROUP", group, "c", "COUNT", "1000", "BLOCK", "10000", "STREAMS", j.key, ">")
	for got := 0; got < n; {
		r, err := c.Call(read)
		if err != nil {
			return err
		}
		now := time.Since(base)
		if r.Null {
			return fmt.Errorf("nothing was delivered for 10 seconds, %d of %d so far", got, n)
		}
		ids := entryIDs(r)
		for _, e := range r.Elems[0].Elems[1].Elems {
			due, err := strconv.ParseInt(e.Elems[1].Elems[1].Text, 10, 64)
			if err != nil {
				return err
			}
			if err := h.RecordValue(max(1, (int64(now)-due)/1000)); err != nil {
				return err
			}
		}
		got += len(ids)
		if _, err := c.Do(append([]string{"XACK", j.key, group}, ids...)...); err != nil {
			return err
		}
	}
	return j.expectPending(0, j.key, group)
}
