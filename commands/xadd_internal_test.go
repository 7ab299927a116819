package commands

import (
	"strings"
	"testing"
)

func TestAddsForCertain(t *testing.T) {
	for _, row := range []struct {
		command string
		want    bool
	}{
		{"XADD s * f v", true},
		{"XADD s MAXLEN 10 * f v", true},
		{"XADD s MAXLEN ~ 1 * f v", true},
		{"XADD s MAXLEN 0 * f v", false},   // trims itself
		{"XADD s MINID 5 * f v", false},    // may trim itself
		{"XADD s NOMKSTREAM * f v", false}, // there may be no stream
		{"XADD s IDMP p i * f v", false},   // may have been added before
		{"XADD s IDMPAUTO p * f v", false}, // may have been added before
		{"XADD s 1-1 f v", false},          // may be too small
		{"XADD s 5-* f v", false},          // may be too small
		{"XADD s MAXLEN x * f v", false},   // an error
		{"XADD s * f", false},              // an error
		{"XADD s NOMKSTREAM 1-1 f v", false},
	} {
		var args [][]byte
		for _, word := range strings.Fields(row.command) {
			args = append(args, []byte(word))
		}
		if got := addsForCertain(args); got != row.want {
			t.Errorf("%s: %v", row.command, got)
		}
	}
}
