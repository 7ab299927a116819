package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/bench/load"
)

const (
	pendingEntries = 1_000_000
	idleEntries    = 100
	idleFor        = 3_600_000 // ms
)

// pendingCases look for the few idle ones among many pending entries.
func pendingCases() []*testCase {
	return []*testCase{
		{
			name: "pending/idle", title: "XPENDING IDLE COUNT 100 on 1M pending entries, 100 of them idle", mode: always, peers: []kind{redis},
			metrics: []metric{{unit: "commands/s", goal: 10}},
			setup:   (*job).leavePending,
			measure: (*job).listIdle,
		},
		{
			name: "pending/autoclaim", title: "XAUTOCLAIM COUNT 100 until the cursor is back at 0-0, on 1M pending entries, 100 of them idle", mode: always, peers: []kind{redis},
			metrics: []metric{{unit: "passes/s", goal: 10}},
			setup:   (*job).leavePending,
			measure: (*job).claimIdle,
		},
	}
}

// leavePending delivers a stream to one consumer, without any acknowledgement.
func (j *job) leavePending() error {
	n := j.scaled(pendingEntries)
	if err := j.fill(longStream, n); err != nil {
		return err
	}
	if _, err := j.do("XGROUP", "CREATE", longStream, group, "0"); err != nil {
		return err
	}
	c, err := load.Dial(j.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	read := load.Command("XREADGROUP", "GROUP", group, "c", "COUNT", "10000", "STREAMS", longStream, ">")
	for got := 0; got < n; {
		r, err := c.Call(read)
		if err != nil {
			return err
		}
		got += len(entryIDs(r))
	}
	return j.expectPending(n, longStream, group)
}

// makeIdle has entries all over the stream look idle.
func (j *job) makeIdle(c *load.Conn) error {
	n := j.scaled(pendingEntries)
	args := []string{"XCLAIM", longStream, group, "c", "0"}
	for i := range idleEntries {
		args = append(args, strconv.Itoa(i*(n/idleEntries)+1)+"-1")
	}
	r, err := c.Do(append(args, "IDLE", strconv.Itoa(idleFor), "JUSTID")...)
	if err == nil && len(r.Elems) != idleEntries {
		err = fmt.Errorf("XCLAIM: %d entries, not %d", len(r.Elems), idleEntries)
	}
	return err
}

func (j *job) listIdle() ([]float64, error) {
	c, err := load.Dial(j.addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := j.makeIdle(c); err != nil {
		return nil, err
	}
	return perSecond(func() error {
		r, err := c.Do("XPENDING", longStream, group, "IDLE", strconv.Itoa(idleFor/2), "-", "+", "100")
		if err == nil && len(r.Elems) != idleEntries {
			err = fmt.Errorf("XPENDING: %d entries, not %d", len(r.Elems), idleEntries)
		}
		return err
	})
}

func (j *job) claimIdle() ([]float64, error) {
	c, err := load.Dial(j.addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return perSecond(func() error {
		if err := j.makeIdle(c); err != nil {
			return err
		}
		claimed := 0
		for cursor := "0-0"; ; {
			r, err := c.Do("XAUTOCLAIM", longStream, group, "c", strconv.Itoa(idleFor/2), cursor, "COUNT", "100", "JUSTID")
			if err != nil {
				return err
			}
			claimed += len(r.Elems[1].Elems)
			if cursor = r.Elems[0].Text; cursor == "0-0" {
				break
			}
		}
		if claimed != idleEntries {
			return fmt.Errorf("XAUTOCLAIM: %d entries, not %d", claimed, idleEntries)
		}
		return nil
	})
}

// perSecond repeats fn for two seconds, at least three times.
func perSecond(fn func() error) ([]float64, error) {
	started := time.Now()
	n := 0
	for n < 3 || time.Since(started) < 2*time.Second {
		if err := fn(); err != nil {
			return nil, err
		}
		n++
	}
	return []float64{float64(n) / time.Since(started).Seconds()}, nil
}
