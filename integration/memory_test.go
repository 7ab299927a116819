package integration

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

const mib = 1 << 20

// memory is a line of /proc/PID/status in bytes: VmRSS is what the process has in
// memory, VmHWM the most it ever had.
func memory(t *testing.T, pid int, field string) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skipf("memory of a process is not known here: %v", err)
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte(field+":")); ok {
			kb, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte("kB")))), 10, 64)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return kb << 10
		}
	}
	t.Fatalf("no %s in the status of %d", field, pid)
	return 0
}

// processorTime is what a process has used of the processors.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Skipf("processor time of a process is not known here: %v", err)
	}
	// The name in parentheses may hold anything; behind it state is field 3, utime
	// and stime are 14 and 15, in hundredths of a second.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// pid is the process's number.
func (p *process) pid() int { return p.Pid() }

// needHeavy skips a test that takes minutes or gigabytes.
func needHeavy(t *testing.T) {
	t.Helper()
	if !*heavy {
		t.Skip("takes minutes or gigabytes: run with -args -heavy")
	}
}
