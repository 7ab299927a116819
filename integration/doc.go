// Package integration holds the tests that need a whole Millrace: real processes,
// killed and started again, and real clients. The package itself is empty.
//
// The checkers live outside the killed process and keep their own record of every
// reply. What takes long stands behind flags that .ci/run sets.
package integration
