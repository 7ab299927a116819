package main

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/millrace-io/millrace/bench/load"
)

const waiters = 10_000

// waiterCases have many connections blocked in XREADGROUP.
func waiterCases() []*testCase {
	return []*testCase{
		{
			name: "waiters/one-group", title: "10,000 connections blocked in XREADGROUP on one group, one producer at depth 64, fsync always",
			mode: always, peers: []kind{redis}, rounds: 3,
			metrics: []metric{{unit: "entries/s", goal: 3.0}},
			measure: func(j *job) ([]float64, error) {
				return j.deliver(j.scaled(waiters), j.scaled(40_000), func(int) string { return group })
			},
		},
		{
			name: "waiters/many-groups", title: "10,000 connections blocked in XREADGROUP in 10,000 groups on one stream, fsync always",
			mode: always, peers: []kind{redis}, rounds: 3,
			metrics: []metric{{unit: "deliveries/s"}},
			measure: func(j *job) ([]float64, error) {
				return j.deliver(j.scaled(waiters), 10, func(i int) string { return group + strconv.Itoa(i) })
			},
		},
	}
}

// raiseFileLimit makes room for many connections.
func raiseFileLimit() error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}

// deliver has n connections wait, each in the group of its number, and produces
// entries; every delivery counts.
func (j *job) deliver(n, entries int, groupOf func(int) string) ([]float64, error) {
	groups := make(map[string]bool)
	for i := range n {
		groups[groupOf(i)] = true
	}
	if err := j.createGroups(groups); err != nil {
		return nil, err
	}
	conns, err := load.DialMany(j.addr, n)
	if err != nil {
		return nil, err
	}
	want := int64(entries * len(groups))
	var delivered atomic.Int64
	done := make(chan struct{})
	var failed error
	var wg sync.WaitGroup
	wg.Go(func() {
		_, failed = load.Each(conns, func(i int, c *load.Conn) error {
			return j.waitAgainAndAgain(c, groupOf(i), i, &delivered, want, done)
		})
	})
	if err := j.awaitBlocked(n); err != nil {
		return nil, err
	}
	started := time.Now()
	if err := j.produce(entries); err != nil {
		return nil, err
	}
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		load.CloseAll(conns)
		wg.Wait()
		return nil, fmt.Errorf("%d of %d deliveries after two minutes: %w", delivered.Load(), want, failed)
	}
	took := time.Since(started)
	load.CloseAll(conns) // ends those who wait again
	wg.Wait()
	for g := range groups {
		if err := j.expectPending(entries, j.key, g); err != nil {
			return nil, err
		}
		break // one of them tells whether they were delivered
	}
	return []float64{float64(want) / took.Seconds()}, j.expectInt(entries, "XLEN", j.key)
}

func (j *job) createGroups(groups map[string]bool) error {
	for g := range groups {
		if _, err := j.do("XGROUP", "CREATE", j.key, g, "0", "MKSTREAM"); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) produce(entries int) error {
	c, err := load.Dial(j.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	add := load.Command("XADD", j.key, "*", "f", payload)
	return c.Pipeline(entries, 64, func(int) []byte { return add })
}

// waitAgainAndAgain blocks, counts what it is given, and blocks again, until the
// connection is closed.
func (j *job) waitAgainAndAgain(c *load.Conn, g string, i int, delivered *atomic.Int64, want int64, done chan struct{}) error {
	read := load.Command("XREADGROUP", "GROUP", g, "c"+strconv.Itoa(i), "COUNT", "1", "BLOCK", "0", "STREAMS", j.key, ">")
	for {
		r, err := c.Call(read)
		if err != nil {
			select {
			case <-done:
				return nil
			default:
				return err
			}
		}
		if delivered.Add(int64(len(entryIDs(r)))) == want {
			close(done)
		}
	}
}

// awaitBlocked waits until n clients are blocked.
func (j *job) awaitBlocked(n int) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		blocked, err := j.info("blocked_clients")
		if err != nil {
			return err
		}
		if blocked == int64(n) {
			return nil
		}
	}
	return fmt.Errorf("%s: not all clients are blocked after a minute", j.kind)
}
