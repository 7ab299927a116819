package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/server/config"
)

// FuzzSet: CONFIG SET takes a value or changes nothing; what it has taken it shows, and
// takes again.
func FuzzSet(f *testing.F) {
	for _, p := range config.NewLive(config.Default()).Match("*") {
		f.Add(p[0], p[1])
	}
	for _, seed := range [][2]string{
		{"maxmemory", "100mb"}, {"MAXMEMORY", "-1"}, {"timeout", "010"}, {"maxmemory", "99999999999999999999tb"}, {"save", "1 2 3"},
		{"client-output-buffer-limit", "pubsub 1mb 2mb 3 normal 0 0 0"}, {"client-output-buffer-limit", "x 1 2 3"}, {"appendfsync", "ALWAYS"},
		{"no\x00such", ""}, {"databases", "4"}, {"maxclients", "18446744073709551616"}, {"requirepass", "a\nb"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		live := config.NewLive(config.Default())
		before := live.Match("*")
		if err := live.Set([][2]string{{name, value}}); err != nil {
			if !strings.HasPrefix(err.Error(), "ERR ") {
				t.Errorf("not as a client gets it: %v", err)
			}
			if after := live.Match("*"); !reflect.DeepEqual(before, after) {
				t.Errorf("refused (%v), and changed from %v to %v", err, before, after)
			}
			return
		}
		for _, shown := range live.Match(name) {
			if err := live.Set([][2]string{shown}); err != nil {
				t.Errorf("%q was taken of %s, which then is %q: %v", value, name, shown[1], err)
			}
		}
	})
}

// FuzzFile: a file gives settings that are all within their bounds, or one line that
// says where it is wrong.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"", "addr: \"127.0.0.1:0\"\n", "maxmemory: 100mb\ntimeout: 5m\n", "maxclients: -1\n", "requirepass: 0123\n", "a: [b\n", "- x\n", "nosuch: 1\n",
		"client-output-buffer-limit: [pubsub, 1mb, 0, 0]\n", "timeout: {s: 1}\n", "dir: &a x\naddr: *a\n", "listener: epoll\nlistener: redcon\n",
		"unixsocketperm: \"700\"\n", "log-level: !!binary aGk=\n", "dir:\n", "\xff\xfe", "? x\n: y\n", config.Sample(),
	} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, body string) {
		path := filepath.Join(dir, "millrace.yaml")
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(flagSet(t, "--config", path))
		if err != nil {
			var where *config.Error
			if !errors.As(err, &where) {
				t.Errorf("does not say where: %v", err)
			}
			if text := err.Error(); strings.ContainsAny(text, "\n") {
				t.Errorf("more than one line: %q", text)
			}
			return
		}
		live := config.NewLive(c)
		for _, shown := range live.Match("*") {
			if err := live.Set([][2]string{shown}); err != nil && !strings.Contains(err.Error(), "immutable") {
				t.Errorf("%s has a value that CONFIG SET refuses: %v", shown[0], err)
			}
		}
	})
}
