package commands_test

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is what f takes of a processor: other than the time on the clock it is
// the same on a machine that is busy.
func processorTime(f func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := threadClock()
	f()
	return threadClock() - began
}

func threadClock() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
