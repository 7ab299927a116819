//go:build !millrace_broken

package broken

// On says whether this build can be broken.
const On = false

// Is reports whether this process is to have a bug.
func Is(string) bool { return false }
