package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// usageError is a mistake in the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func exitCode(err error) int {
	var usage usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

// wantArgs refuses fewer or more arguments.
func wantArgs(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		return usageError{fmt.Errorf("usage: %s (%s --help explains it)", cmd.UseLine(), cmd.CommandPath())}
	}
}

// noArgs refuses what is neither a flag nor a command.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		return usageError{fmt.Errorf("unknown command %q (%s --help lists the commands)", args[0], cmd.CommandPath())}
	}
	return usageError{fmt.Errorf("%s takes no argument: %q (%s --help lists the flags)", cmd.CommandPath(), args[0], cmd.CommandPath())}
}
