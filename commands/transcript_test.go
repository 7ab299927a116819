package commands_test

import (
	"testing"

	"github.com/millrace-io/millrace/commands/commandstest"
)

func TestTranscripts(t *testing.T) { commandstest.PlayAll(t, "testdata", commandstest.NewCore()) }
