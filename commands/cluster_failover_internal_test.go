package commands

import (
	"errors"
	"testing"
)

func TestErrorsOfOrdersHaveOneCode(t *testing.T) {
	for text, want := range map[string]string{
		"no such partition":             "ERR no such partition",
		"ERR a snapshot is being taken": "ERR a snapshot is being taken",
		"MISCONF Millrace can't write":  "MISCONF Millrace can't write",
		"partition 0: too late":         "ERR partition 0: too late",
		"STOPPED":                       "ERR STOPPED",
		"":                              "ERR ",
	} {
		if got := withCode(errors.New(text)).Error(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
