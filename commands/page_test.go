package commands_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/millrace-io/millrace/commands"
)

func TestPageIsNotStale(t *testing.T) {
	path := filepath.Join("..", "docs", "commands.md")
	want := commands.Page(commands.NewTable())
	// The flag is that of the transcripts.
	if update := flag.Lookup("update"); update != nil && update.Value.String() == "true" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is stale; write it again: go generate ./commands", path)
	}
}
