package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-io/millrace/bench/load"
)

const (
	group     = "g"
	consumers = 8
)

var payload = strings.Repeat("x", 100)

// groupCases have a consumer group work off a stream.
func groupCases() []*testCase {
	drain := func(name, title string, n, count int, goal float64) *testCase {
		return &testCase{
			name: name, title: title, mode: always, peers: []kind{redis},
			metrics: []metric{{unit: "entries/s", goal: goal}},
			measure: func(j *job) ([]float64, error) { return j.drain(j.scaled(n), count) },
		}
	}
	return []*testCase{
		drain("group/count1", "one group, 8 consumers: XREADGROUP COUNT 1 BLOCK and XACK for each entry, fsync always", 40_000, 1, 1.5),
		drain("group/count100", "one group, 8 consumers: XREADGROUP COUNT 100 BLOCK and one XACK for all, fsync always", 400_000, 100, 1.3),
		{
			name: "group/roundtrip", title: "one worker: XADD, wait for it in a blocked XREADGROUP, XACK; fsync always",
			mode: always, peers: []kind{redis},
			metrics: []metric{{unit: "round trips/s", goal: 1.3}},
			measure: func(j *job) ([]float64, error) { return j.roundTrips(j.scaled(4_000)) },
		},
	}
}

// fill appends n entries of 100 bytes with the IDs 1-1 to n-1.
func (j *job) fill(key string, n int) error {
	c, err := load.Dial(j.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	err = c.Pipeline(n, 1000, func(i int) []byte {
		return load.Command("XADD", key, strconv.Itoa(i+1)+"-1", "f", payload)
	})
	if err != nil {
		return err
	}
	return j.expectInt(n, "XLEN", key)
}

// entryIDs are the IDs in a reply of XREADGROUP for one stream.
func entryIDs(r load.Reply) []string {
	if r.Null || len(r.Elems) == 0 {
		return nil
	}
	entries := r.Elems[0].Elems[1].Elems
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.Elems[0].Text
	}
	return ids
}

// drain has the consumers of a group read and acknowledge n entries.
func (j *job) drain(n, count int) ([]float64, error) {
	if err := j.fill(j.key, n); err != nil {
		return nil, err
	}
	if _, err := j.do("XGROUP", "CREATE", j.key, group, "0"); err != nil {
		return nil, err
	}
	conns, err := load.DialMany(j.addr, consumers)
	if err != nil {
		return nil, err
	}
	defer load.CloseAll(conns)
	last := make([]time.Time, consumers)
	started := time.Now()
	_, err = load.Each(conns, func(i int, c *load.Conn) error { return j.consume(c, i, count, &last[i]) })
	if err != nil {
		return nil, err
	}
	end := started
	for _, t := range last {
		if t.After(end) {
			end = t
		}
	}
	return []float64{float64(n) / end.Sub(started).Seconds()}, errors.Join(
		j.onEach(func(at *job) error { return at.expectPending(0, j.key, group) }), j.expectOnEach(n, "XLEN", j.key))
}

// consume reads and acknowledges until nothing comes for a while; last is when the
// last acknowledgement was confirmed.
func (j *job) consume(c *load.Conn, i, count int, last *time.Time) error {
	read := load.Command("XREADGROUP", "GROUP", group, "c"+strconv.Itoa(i), "COUNT", strconv.Itoa(count), "BLOCK", "200", "STREAMS", j.key, ">")
	for {
		r, err := c.Call(read)
		if err != nil {
			return err
		}
		ids := entryIDs(r)
		if len(ids) == 0 {
			return nil
		}
		if _, err := c.Do(append([]string{"XACK", j.key, group}, ids...)...); err != nil {
			return err
		}
		*last = time.Now()
	}
}

// roundTrips appends an entry, has a blocked consumer receive and acknowledge it,
// and only then appends the next.
func (j *job) roundTrips(n int) ([]float64, error) {
	if _, err := j.do("XGROUP", "CREATE", j.key, group, "0", "MKSTREAM"); err != nil {
		return nil, err
	}
	conns, err := load.DialMany(j.addr, 2)
	if err != nil {
		return nil, err
	}
	defer load.CloseAll(conns)
	acked := make(chan struct{}, 1)
	took, err := load.Each(conns, func(i int, c *load.Conn) error {
		if i == 0 {
			return c.Pipeline(n, 1, func(k int) []byte {
				if k > 0 {
					<-acked
				}
				return load.Command("XADD", j.key, "*", "f", payload)
			})
		}
		return j.receive(c, n, acked)
	})
	if err != nil {
		return nil, err
	}
	return []float64{float64(n) / took.Seconds()}, errors.Join(
		j.expectPending(0, j.key, group), j.expectInt(n, "XLEN", j.key))
}

func (j *job) receive(c *load.Conn, n int, acked chan<- struct{}) error {
	defer close(acked) // an error here must not leave the producer waiting
	read := load.Command("XREADGROUP", "GROUP", group, "c", "COUNT", "1", "BLOCK", "10000", "STREAMS", j.key, ">")
	for range n {
		r, err := c.Call(read)
		if err != nil {
			return err
		}
		ids := entryIDs(r)
		if len(ids) != 1 {
			return errors.New("nothing was delivered for 10 seconds")
		}
		if _, err := c.Do("XACK", j.key, group, ids[0]); err != nil {
			return err
		}
		acked <- struct{}{}
	}
	return nil
}
