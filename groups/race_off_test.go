//go:build !race

package groups_test

// raceDetector tells tests that measure to leave the measuring to a plain build.
const raceDetector = false
