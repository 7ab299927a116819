package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/millrace-io/millrace/server/config"
)

const flagsNote = `Every flag has a variable MILLRACE_NAME and a key in the YAML file; a flag beats the variable, the variable
the file. Sizes take b, k, kb, m, mb, g, gb (k is 1000, kb is 1024), times ms, s, m, h. All of it is explained in
docs/configuration.md; "millrace config sample" prints a file.
`

// addFlags gives cmd the flags and a help text that shows them in their groups.
func addFlags(cmd *cobra.Command, groups []config.FlagGroup) {
	for _, group := range groups {
		cmd.Flags().AddFlagSet(group.Flags)
	}
	cmd.Flags().SortFlags = false
	cmd.SetUsageFunc(func(cmd *cobra.Command) error {
		w := cmd.OutOrStderr()
		fmt.Fprintf(w, "Usage:\n  %s\n", cmd.UseLine())
		if cmd.HasExample() {
			fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
		}
		width := columns(w)
		for _, group := range groups {
			fmt.Fprintf(w, "\n%s:\n%s", group.Title, group.Flags.FlagUsagesWrapped(width))
		}
		_, err := fmt.Fprintf(w, "\n%s", flagsNote)
		return err
	})
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File) // in tests it is none
	return ok && term.IsTerminal(int(f.Fd()))
}

// columns is the width to write help texts in.
func columns(w io.Writer) int {
	const usual = 110
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return min(width, usual)
		}
	}
	return usual
}
