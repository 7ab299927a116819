//go:build millrace_broken

package broken

import "os"

// On says whether this build can be broken.
const On = true

// name is the one bug that this process has, empty for none.
var name = os.Getenv("MILLRACE_BROKEN")

// Is reports whether this process is to have a bug.
func Is(bug string) bool { return bug == name }
