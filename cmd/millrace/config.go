package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/millrace-io/millrace/server/config"
)

func newConfig() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Help with the settings",
		Args:  noArgs,
		RunE:  showHelp,
	}
	cmd.AddCommand(&cobra.Command{
		Use:     "sample",
		Short:   "Print a YAML file with all settings and their defaults",
		Example: "  millrace config sample > millrace.yaml",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), config.Sample())
			return err
		},
	})
	return cmd
}
