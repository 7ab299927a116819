package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/millrace-io/millrace/server/config"
)

func newCheck(check func(string, io.Writer) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Verify a data folder",
		Long: "Read all of a data folder, verify every checksum and say what is there, and, of damage, in which file and\n" +
			"where. The folder is only read, and must not be in use by a node.",
		Example: "  millrace check --dir /var/lib/millrace",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return onFolder(cmd, check) },
	}
	addFlags(cmd, config.Flags("dir"))
	return cmd
}
