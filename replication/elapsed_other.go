//go:build !linux

package replication

import "time"

var began = time.Now()

// elapsed is a clock that is never set.
func elapsed() time.Duration { return time.Since(began) }
