package main

import (
	"fmt"
	"strings"
)

// xaddCases append entries of one field, as redis-benchmark does it.
func xaddCases() []*testCase {
	var all []*testCase
	add := func(mode fsync, size, clients, depth int, goal float64) {
		name := fmt.Sprintf("xadd/%s/%d", mode, depth)
		title := fmt.Sprintf("XADD of %d B, %d connections, depth %d, fsync %s", size, clients, depth, mode)
		if size != 100 {
			name += fmt.Sprintf("/%dB", size)
		}
		if clients != 50 {
			name += fmt.Sprintf("/%dconns", clients)
		}
		all = append(all, &testCase{
			name: name, title: title, mode: mode, peers: []kind{redis},
			metrics: []metric{{unit: "entries/s", goal: goal}},
			measure: func(j *job) ([]float64, error) { return j.xadd(size, clients, depth) },
		})
	}
	add(always, 100, 50, 1, 1.0)
	add(always, 100, 50, 16, 1.7)
	add(always, 100, 50, 128, 2.2)
	add(always, 100, 500, 1, 1.0)
	add(everysec, 100, 50, 1, 0.95)
	add(everysec, 100, 50, 16, 1.4)
	add(everysec, 100, 50, 128, 1.6)
	add(never, 100, 50, 1, 0.9)
	add(never, 100, 50, 16, 0.9)
	add(never, 100, 50, 128, 1.1)
	add(always, 1<<10, 50, 16, 1.5)
	add(always, 16<<10, 50, 16, 1.5)
	return all
}

// appended is how many entries a round of a few seconds takes.
func (j *job) appended(size, depth int) int {
	n := map[int]int{1: 150_000, 16: 800_000, 128: 1_600_000}[depth]
	n = n * 100 / max(size, 100)
	n = max(j.scaled(n)/depth, 1) * depth // redis-benchmark sends whole pipelines
	return n
}

func (j *job) xadd(size, clients, depth int) ([]float64, error) {
	n := j.appended(size, depth)
	rate, err := j.redisBenchmark(n, clients, depth, "XADD", j.key, "*", "f", strings.Repeat("x", size))
	if err != nil {
		return nil, err
	}
	return []float64{rate}, j.expectInt(n, "XLEN", j.key)
}
