//go:build !linux

package commands_test

import "time"

// processorTime is how long f takes.
func processorTime(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}
