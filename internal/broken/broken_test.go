package broken_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/broken"
)

const module = "github.com/millrace-io/millrace/"

// bugs says which test finds which bug.
var bugs = []struct{ name, folder, test string }{
	{broken.SkipLogSync, "integration/sim", "TestPowerLossLosesNothing"},
	{broken.SkipFolderSync, "integration/sim", "TestPowerLossLosesNothing"},
	{broken.SkipVoteSync, "integration/sim", "TestVotesSurvivePowerLoss"},
}

// TestEachBugIsFound runs the test of each bug twice in a build that can be broken: green
// without it, red with it.
func TestEachBugIsFound(t *testing.T) {
	if !broken.On {
		t.Skip("needs -tags millrace_broken")
	}
	for _, bug := range bugs {
		t.Run(bug.name, func(t *testing.T) {
			if out, err := run("", bug.folder, bug.test); err != nil || !strings.Contains(out, "--- PASS: "+bug.test) {
				t.Fatalf("without the bug: %v\n%s", err, out)
			}
			out, err := run(bug.name, bug.folder, bug.test)
			if err == nil || !strings.Contains(out, "--- FAIL: "+bug.test) {
				t.Fatalf("%s of %s does not find it: %v\n%s", bug.test, bug.folder, err, out)
			}
		})
	}
}

func run(bug, folder, test string) (string, error) {
	cmd := exec.Command("go", "test", "-tags", "millrace_broken", "-count", "1", "-timeout", "5m", "-v", "-run", "^"+test+"$", module+folder)
	cmd.Env = append(os.Environ(), "MILLRACE_BROKEN="+bug)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
