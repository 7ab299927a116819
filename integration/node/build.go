package node

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// Build compiles the millrace command into a folder and returns the program's path.
// It works from any folder of the module.
func Build(dir string) (program string, err error) {
	program = filepath.Join(dir, "millrace")
	out, err := exec.Command("go", "build", "-o", program, "github.com/millrace-io/millrace/cmd/millrace").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build millrace: %w\n%s", err, out)
	}
	return program, nil
}
