package load

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// OpenLoop calls send for each of n moments, 1/rate seconds apart, with the moment
// that it was due: a server that stalls makes those behind it late, and their
// lateness counts (coordinated omission is not possible). flush is called when
// nothing more is due.
func OpenLoop(n int, rate float64, send func(i int, due time.Time) error, flush func() error) error {
	// The scheduler's own timers wake in steps of a millisecond when the process
	// is idle; a thread that sleeps by itself does so in tens of microseconds.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	started := time.Now()
	gap := time.Duration(float64(time.Second) / rate)
	for i := 0; i < n; {
		due := started.Add(time.Duration(i) * gap)
		if wait := time.Until(due); wait > 0 {
			if err := flush(); err != nil {
				return err
			}
			nap(wait)
			continue
		}
		if err := send(i, due); err != nil {
			return err
		}
		i++
	}
	return flush()
}

func nap(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil) // woken early is looked at again
}
