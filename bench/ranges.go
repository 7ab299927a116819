package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/millrace-io/millrace/bench/load"
)

// longStream is a stream that stays for all rounds of a case.
const longStream = "long"

// rangeCases read from a long stream.
func rangeCases() []*testCase {
	const entries = 10_000_000
	return []*testCase{{
		name: "range", title: "XRANGE COUNT 100 over 10M entries, random starts, 8 connections", mode: always, peers: []kind{redis},
		metrics: []metric{{unit: "commands/s", goal: 1.0}},
		setup:   func(j *job) error { return j.fill(longStream, j.scaled(entries)) },
		measure: func(j *job) ([]float64, error) { return j.ranges(j.scaled(entries), j.scaled(5_000)) },
	}}
}

// ranges reads 100 entries from random places, n times on each connection.
func (j *job) ranges(entries, n int) ([]float64, error) {
	const count = 100
	conns, err := load.DialMany(j.addr, 8)
	if err != nil {
		return nil, err
	}
	defer load.CloseAll(conns)
	took, err := load.Each(conns, func(i int, c *load.Conn) error {
		random := rand.New(rand.NewPCG(uint64(j.round), uint64(i))) // the same places on every server
		for range n {
			from := random.IntN(max(1, entries-count)) + 1
			r, err := c.Do("XRANGE", longStream, strconv.Itoa(from), "+", "COUNT", strconv.Itoa(count))
			if err != nil {
				return err
			}
			if want := strconv.Itoa(from) + "-1"; len(r.Elems) != min(count, entries-from+1) || r.Elems[0].Elems[0].Text != want {
				return fmt.Errorf("%d entries from %s on", len(r.Elems), want)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return []float64{float64(n*len(conns)) / took.Seconds()}, nil
}
