package main

import (
	"errors"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/millrace-io/millrace/bench/load"
)

// besideCases measure what a long piece of work does to the latency of XADD beside
// it: the p99 then, as a multiple of the p99 without.
func besideCases() []*testCase {
	const entries = 10_000_000
	slowdown := []metric{{name: "p99 beside / p99 quiet", unit: "x", lower: true, limit: 2}}
	return []*testCase{
		{
			name: "beside/range", title: "XADD at 2,000/s while another client runs XRANGE s - + on 10M entries", mode: always, peers: []kind{redis}, rounds: 3,
			metrics: slowdown,
			setup:   func(j *job) error { return j.fill(longStream, j.scaled(entries)) },
			measure: func(j *job) ([]float64, error) {
				return j.slowdown(func(c *load.Conn) error { return c.Skip("XRANGE", longStream, "-", "+") })
			},
		},
		{
			name: "beside/snapshot", title: "XADD at 2,000/s while a snapshot of 10M entries is taken", mode: always, peers: []kind{redis}, rounds: 3,
			metrics: slowdown,
			setup:   func(j *job) error { return j.fill(longStream, j.scaled(entries)) },
			measure: func(j *job) ([]float64, error) { return j.slowdown(j.snapshot) },
		},
	}
}

// slowdown compares the p99 of XADD while work runs with the one before it.
func (j *job) slowdown(work func(*load.Conn) error) ([]float64, error) {
	const rate = 2000
	quiet, err := j.latency(rate, func(h *hdrhistogram.Histogram) bool { return h.TotalCount() < 3*rate })
	if err != nil {
		return nil, err
	}
	c, err := load.Dial(j.addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var wg sync.WaitGroup
	done := make(chan struct{})
	var failed error
	wg.Go(func() {
		defer close(done)
		failed = work(c)
	})
	beside, err := j.latency(rate, func(*hdrhistogram.Histogram) bool {
		select {
		case <-done:
			return false
		default:
			return true
		}
	})
	wg.Wait()
	if err != nil || failed != nil {
		return nil, errors.Join(err, failed)
	}
	return []float64{milliseconds(beside, 99) / milliseconds(quiet, 99)}, nil
}

// latency sends XADD at a rate on one connection while goOn says so, and notes how
// long after its due moment each reply came.
func (j *job) latency(rate float64, goOn func(*hdrhistogram.Histogram) bool) (*hdrhistogram.Histogram, error) {
	c, err := load.Dial(j.addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	h := newHistogram()
	add := load.Command("XADD", j.key, "*", "f", payload)
	gap := time.Duration(float64(time.Second) / rate)
	for goOn(h) {
		// In lots of a tenth of a second: whether to go on is asked in between.
		err := load.OpenLoop(int(rate/10), rate, func(_ int, due time.Time) error {
			if _, err := c.Call(add); err != nil {
				return err
			}
			return h.RecordValue(max(1, int64(time.Since(due)/time.Microsecond)))
		}, c.Flush)
		if err != nil {
			return nil, err
		}
		time.Sleep(gap)
	}
	return h, nil
}

// snapshot takes a snapshot and waits until it is done.
func (j *job) snapshot(c *load.Conn) error {
	if _, err := c.Do("BGSAVE"); err != nil {
		return err
	}
	for {
		running, err := j.info("rdb_bgsave_in_progress")
		if err != nil || running == 0 {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
