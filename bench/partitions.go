package main

import (
	"fmt"
	"strconv"
	"strings"
)

// partitionStreams are the streams that the cases of several partitions write to.
const partitionStreams = 64

// partitionCases append to many streams, spread over the partitions of one node, beside
// a Millrace of one partition: they share one log, so that most of its speed is left.
func partitionCases() []*testCase {
	var all []*testCase
	for _, c := range []struct {
		partitions, depth int
		goal              float64
	}{{4, 1, 0.9}, {8, 1, 0.85}, {4, 16, 0}, {8, 16, 0}} {
		all = append(all, &testCase{
			name:  fmt.Sprintf("partitions/%d/%d", c.partitions, c.depth),
			title: fmt.Sprintf("XADD of 100 B to %d streams in %d partitions, 50 connections, depth %d, fsync always, beside one partition", partitionStreams, c.partitions, c.depth),
			mode:  always, partitions: c.partitions, peers: []kind{millraceAlone},
			metrics: []metric{{unit: "entries/s", goal: c.goal}},
			measure: func(j *job) ([]float64, error) { return j.xaddSpread(c.depth) },
		})
	}
	return all
}

// xaddSpread appends to streams drawn at random, and drops them.
func (j *job) xaddSpread(depth int) ([]float64, error) {
	n := j.appended(100, depth)
	rate, err := j.redisBenchmark(n, 50, depth, "-r", strconv.Itoa(partitionStreams), "XADD", "s:__rand_int__", "*", "f", strings.Repeat("x", 100))
	if err != nil {
		return nil, err
	}
	total, err := j.entries()
	if err != nil {
		return nil, err
	}
	if total != n {
		return nil, fmt.Errorf("%s: %d entries in all streams, not %d", j.kind, total, n)
	}
	_, err = j.do("FLUSHALL")
	return []float64{rate}, err
}

// entries counts those of all streams.
func (j *job) entries() (total int, err error) {
	names, err := j.do("KEYS", "*")
	if err != nil {
		return 0, err
	}
	for _, name := range names.Elems {
		r, err := j.do("XLEN", name.Text)
		if err != nil {
			return 0, err
		}
		total += int(r.Int)
	}
	return total, nil
}
