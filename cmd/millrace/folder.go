package main

import (
	"bufio"
	"errors"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/millrace-io/millrace/server/config"
)

// onFolder runs a command that reads the data folder of the settings and writes to
// the standard output.
func onFolder(cmd *cobra.Command, read func(dir string, w io.Writer) error) error {
	c, err := config.Load(cmd.Flags())
	if err != nil {
		return err
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	err = read(c.Dir, out)
	return errors.Join(err, out.Flush()) // what was found before the error is part of the answer
}

func newFlagGroup(title string) config.FlagGroup {
	flags := pflag.NewFlagSet(title, pflag.ContinueOnError)
	flags.SortFlags = false
	return config.FlagGroup{Title: title, Flags: flags}
}
