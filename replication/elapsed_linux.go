package replication

import (
	"time"

	"golang.org/x/sys/unix"
)

// elapsed is a clock that goes on while the machine is suspended, as Go's monotonic one
// does not here: others may have elected a leader meanwhile.
func elapsed() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		panic("CLOCK_BOOTTIME: " + err.Error()) // there since Linux 2.6.39
	}
	return time.Duration(t.Nano())
}
