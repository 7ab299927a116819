package main

import "fmt"

// stringCases are redis-benchmark's own tests of strings, on one key.
func stringCases() []*testCase {
	var all []*testCase
	for _, command := range [][]string{{"SET", "x", "0123456789"}, {"GET", "x"}, {"INCR", "n"}} {
		for _, depth := range []int{1, 16} {
			all = append(all, &testCase{
				name:    fmt.Sprintf("strings/%s/%d", command[0], depth),
				title:   fmt.Sprintf("%s, 50 connections, depth %d, fsync always", command[0], depth),
				mode:    always,
				peers:   []kind{redis},
				metrics: []metric{{unit: "commands/s", goal: 0.8}},
				measure: func(j *job) ([]float64, error) {
					n := max(j.scaled(map[int]int{1: 150_000, 16: 800_000}[depth])/depth, 1) * depth
					rate, err := j.redisBenchmark(n, 50, depth, command...)
					return []float64{rate}, err
				},
			})
		}
	}
	return all
}
