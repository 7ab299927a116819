package main

import "time"

func restartCases() []*testCase {
	return []*testCase{{
		name: "restart", title: "from kill -9 to the first reply, 5M entries of 100 B", mode: always, peers: []kind{redis}, fresh: true, rounds: 3,
		metrics: []metric{{unit: "s", lower: true, goal: 2.0}},
		measure: func(j *job) ([]float64, error) {
			n := j.scaled(5_000_000)
			if err := j.fill(j.key, n); err != nil {
				return nil, err
			}
			j.kill()
			started := time.Now()
			if err := j.run(); err != nil {
				return nil, err
			}
			took := time.Since(started).Seconds()
			return []float64{took}, j.expectInt(n, "XLEN", j.key)
		},
	}}
}
