// Package integration holds the tests that need a whole Millrace: real processes,
// killed and started again, and real clients. The package itself is empty.
//
// Client libraries of other languages come as programs in the folder clients, whose
// README.md has the scenario that all of them run.
//
// The checkers live outside the killed process and keep their own record of every
// reply. What takes long stands behind flags that .ci/run sets.
package integration
