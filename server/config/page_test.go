package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/millrace-io/millrace/server/config"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

func TestPageIsNotStale(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "configuration.md")
	if *update {
		if err := os.WriteFile(path, []byte(config.Page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != config.Page() {
		t.Errorf("%s is stale; write it again: go generate ./server/config", path)
	}
}
