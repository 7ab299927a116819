package commands_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/commands"
)

// The fields of a line of CLIENT LIST are Redis' and in its order; those behind
// "resp" came later.
func TestClientInfoLineAgainstRedis(t *testing.T) {
	redis := startRedis(t)
	ours, theirs := lineFields(t, ask(t, "CLIENT", "INFO")), lineFields(t, redis.do("CLIENT", "INFO"))
	theirs = slices.Insert(theirs, slices.Index(theirs, "multi")+1, "watch") // since 7.4
	want := append(theirs, "lib-name", "lib-ver", "io-thread", "tot-net-in", "tot-net-out", "tot-cmds")
	if strings.Join(ours, " ") != strings.Join(want, " ") {
		t.Errorf("fields\n got %q\nwant %q", ours, want)
	}
}

func lineFields(t *testing.T, reply any) (names []string) {
	t.Helper()
	line := reply.(string)
	if !strings.HasSuffix(line, "\n") || strings.Count(line, "\n") != 1 {
		t.Errorf("%q is not one line", line)
	}
	for _, pair := range strings.Fields(line) {
		name, _, ok := strings.Cut(pair, "=")
		if !ok {
			t.Errorf("%q: %q is not a pair", line, pair)
		}
		names = append(names, name)
	}
	return names
}

func TestTableIsShared(t *testing.T) {
	if first, second := commands.NewTable(), commands.NewTable(); first != second {
		t.Error("two tables, whose commands would be set up twice under running nodes")
	}
}
