package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
)

// errNoRedisBenchmark is returned for cases that can't be played without it.
var errNoRedisBenchmark = errors.New("redis-benchmark is not installed")

// redisBenchmark plays n commands over clients connections in pipelines of depth
// and returns commands per second.
func (j *job) redisBenchmark(n, clients, depth int, args ...string) (float64, error) {
	if j.bench.redisBenchmark == "" {
		return 0, errNoRedisBenchmark
	}
	host, port, err := net.SplitHostPort(j.addr)
	if err != nil {
		return 0, err
	}
	line := []string{"-h", host, "-p", port, "-n", strconv.Itoa(n), "-c", strconv.Itoa(clients), "-P", strconv.Itoa(depth), "--csv"}
	cmd := exec.Command(j.bench.redisBenchmark, append(line, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w: %s", err, &stderr)
	}
	if strings.Contains(stderr.String(), "Error") {
		return 0, fmt.Errorf("redis-benchmark: %s", &stderr) // an error reply, which it only reports
	}
	records, err := csv.NewReader(&stdout).ReadAll()
	if err != nil || len(records) < 2 || len(records[0]) < 2 {
		return 0, fmt.Errorf("redis-benchmark printed %q", stdout.String())
	}
	return strconv.ParseFloat(records[len(records)-1][1], 64)
}

// expectInt checks that a command answers want.
func (j *job) expectInt(want int, args ...string) error {
	r, err := j.do(args...)
	if err != nil {
		return err
	}
	if r.Int != int64(want) {
		return fmt.Errorf("%s: %s answers %d, not %d", j.kind, strings.Join(args, " "), r.Int, want)
	}
	return nil
}

// expectPending checks how many entries a group has pending.
func (j *job) expectPending(want int, key, group string) error {
	r, err := j.do("XPENDING", key, group)
	if err != nil {
		return err
	}
	if len(r.Elems) != 4 || r.Elems[0].Int != int64(want) {
		return fmt.Errorf("%s: XPENDING %s %s answers %v, not %d entries", j.kind, key, group, r.Elems, want)
	}
	return nil
}
