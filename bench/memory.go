package main

import "github.com/millrace-io/millrace/bench/load"

// memoryCases measure the memory of the process after load, over what it had when it
// started.
func memoryCases() []*testCase {
	return []*testCase{
		{
			name: "memory/entry", title: "memory for each entry of 100 B with one field", mode: always, peers: []kind{redis}, fresh: true, rounds: 3,
			metrics: []metric{{unit: "bytes", lower: true, goal: 1.0}},
			measure: func(j *job) ([]float64, error) {
				n := j.scaled(2_000_000)
				return j.memory(n, func() error { return j.fill(j.key, n) })
			},
		},
		{
			name: "memory/pending", title: "memory for each pending entry, on top of the entry", mode: always, peers: []kind{redis}, fresh: true, rounds: 3,
			metrics: []metric{{unit: "bytes", lower: true, limit: 100}},
			measure: (*job).pendingMemory,
		},
	}
}

// memory is what work adds to the process for each of n.
func (j *job) memory(n int, work func() error) ([]float64, error) {
	before, err := j.rss()
	if err != nil {
		return nil, err
	}
	if err := work(); err != nil {
		return nil, err
	}
	after, err := j.rss()
	if err != nil {
		return nil, err
	}
	return []float64{(after - before) / float64(n)}, nil
}

func (j *job) pendingMemory() ([]float64, error) {
	n := j.scaled(pendingEntries)
	if err := j.fill(j.key, n); err != nil {
		return nil, err
	}
	if _, err := j.do("XGROUP", "CREATE", j.key, group, "0"); err != nil {
		return nil, err
	}
	c, err := load.Dial(j.addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	read := load.Command("XREADGROUP", "GROUP", group, "c", "COUNT", "1000", "STREAMS", j.key, ">")
	return j.memory(n, func() error {
		for got := 0; got < n; {
			r, err := c.Call(read)
			if err != nil {
				return err
			}
			got += len(entryIDs(r))
		}
		return j.expectPending(n, j.key, group)
	})
}
