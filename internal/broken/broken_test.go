package broken_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/broken"
)

const module = "github.com/millrace-io/millrace/"

// bugs says which test finds which bug.
var bugs = []struct{ name, folder, test string }{
	{broken.ReplyBeforeCommit, "replication", "TestUncertain"},
	{broken.ReadWithoutBarrier, "replication", "TestFollowerWithoutALeader"},
	{broken.RetryOutOfOrder, "replication", "TestLostPartsComeAgainInOrder"},
	{broken.WaiterServedTwice, "replication", "TestWaiterIsServedOnceThoughWokenTwice"},
	{broken.ReplayNotSilent, "replication", "TestReplayIsNotTold"},
	{broken.SkipLogSync, "integration/sim", "TestPowerLossLosesNothing"},
	{broken.SkipFolderSync, "integration/sim", "TestPowerLossLosesNothing"},
	{broken.SkipVoteSync, "storage/log", "TestVoteIsSyncedWhateverTheMode"},
}

// TestEachBugIsFound runs the test of each bug twice in a build that can be broken: green
// without it, red with it.
func TestEachBugIsFound(t *testing.T) {
	if !broken.On {
		t.Skip("needs -tags millrace_broken")
	}
	built, to := make(map[string]string), t.TempDir()
	for _, bug := range bugs {
		t.Run(bug.name, func(t *testing.T) {
			if built[bug.folder] == "" {
				built[bug.folder] = build(t, to, bug.folder)
			}
			if out, err := run(built[bug.folder], "", bug.folder, bug.test); err != nil || !strings.Contains(out, "--- PASS: "+bug.test) {
				t.Fatalf("without the bug: %v\n%s", err, out)
			}
			out, err := run(built[bug.folder], bug.name, bug.folder, bug.test)
			if err == nil || !strings.Contains(out, "--- FAIL: "+bug.test) {
				t.Fatalf("%s of %s does not find it: %v\n%s", bug.test, bug.folder, err, out)
			}
		})
	}
}

// build compiles the tests of a package once for all its bugs.
func build(t *testing.T, to, folder string) string {
	file := filepath.Join(to, strings.ReplaceAll(folder, "/", "-")+".test")
	out, err := exec.Command("go", "test", "-tags", "millrace_broken", "-c", "-o", file, module+folder).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

func run(binary, bug, folder, test string) (string, error) {
	cmd := exec.Command(binary, "-test.timeout", "5m", "-test.v", "-test.run", "^"+test+"$")
	cmd.Dir = filepath.Join("..", "..", filepath.FromSlash(folder))
	cmd.Env = append(os.Environ(), "MILLRACE_BROKEN="+bug)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
