package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/server/config"
)

func TestRewriteWithoutFile(t *testing.T) {
	err := config.NewLive(config.Default()).Rewrite()
	if err == nil || err.Error() != "ERR The server is running without a config file" {
		t.Errorf("got %v", err)
	}
}

func TestRewriteKeepsOtherLines(t *testing.T) {
	path := writeFile(t, "# mine\nmaxclients: 5 # few\nredis-version: \"7.4.0\"\ntimeout: 10s")
	l := live(t, path)
	change := func(pairs ...[2]string) {
		t.Helper()
		if err := l.Set(pairs); err != nil {
			t.Fatal(err)
		}
		if err := l.Rewrite(); err != nil {
			t.Fatal(err)
		}
	}
	change([2]string{"maxclients", "7"}, [2]string{"requirepass", "a \"b\" # c"}, [2]string{"maxmemory", "1gb"}, [2]string{"notify-keyspace-events", "Kn"})
	want := "# mine\nmaxclients: \"7\"\nredis-version: \"7.4.0\"\ntimeout: 10s\n"
	if got := read(t, path); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	c := live(t, path).Config()
	if c.MaxClients != 7 || c.RequirePass != "a \"b\" # c" || c.MaxMemory != 1<<30 || c.NotifyKeyspaceEvents != "nK" {
		t.Errorf("read back: %d, %q, %d", c.MaxClients, c.RequirePass, c.MaxMemory)
	}
	change([2]string{"maxclients", "5"}) // as at the start
	if c := live(t, path).Config(); c.MaxClients != 5 {
		t.Errorf("set back: %d", c.MaxClients)
	}
}

func TestRewriteRefusesWhatItCannotKeep(t *testing.T) {
	const body = "{maxclients: 5}\n"
	path := writeFile(t, body)
	l := live(t, path)
	if err := l.Set([][2]string{{"maxclients", "7"}}); err != nil {
		t.Fatal(err)
	}
	if err := l.Rewrite(); err == nil || !strings.HasPrefix(err.Error(), "ERR Rewriting config file: ") {
		t.Errorf("got %v", err)
	}
	if got := read(t, path); got != body {
		t.Errorf("the file became %q", got)
	}
}

func live(t *testing.T, path string) *config.Live {
	t.Helper()
	return config.NewLive(load(t, "--config", path))
}

func read(t *testing.T, path string) string {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
