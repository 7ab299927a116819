// Package broken breaks the program on purpose: a build with the tag millrace_broken has
// the bug that MILLRACE_BROKEN names, so that it can be shown that a test finds it. In any
// other build Is is false, and the compiler leaves out what stands behind it.
//
// A bug is a constant here, an `if broken.Is(...)` where the code does the right thing, and
// a row of TestEachBugIsFound, which says who turns red:
//
//	go test -tags millrace_broken ./internal/broken
//
// Imported by any package that has such a place. It imports nothing of the module.
package broken
