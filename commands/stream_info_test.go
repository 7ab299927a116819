package commands_test

import (
	"slices"
	"testing"

	"github.com/millrace-io/millrace/commands"
)

const (
	write, fast   = commands.CatWrite | commands.CatStream, commands.CatFast
	reads, slow   = commands.CatRead | commands.CatStream, commands.CatSlow
	blockingSlow  = commands.CatBlocking | slow
	streamAlone   = commands.CatStream | slow
	writes        = commands.Write
	denied        = commands.Write | commands.DenyOOM
	helps         = commands.Loading | commands.Stale
	nondetermined = "nondeterministic_output"
)

// What COMMAND INFO and the access rules say of the stream commands.
func TestStreamCommandsAreDescribed(t *testing.T) {
	table := commands.NewTable()
	for _, row := range []struct {
		name       string
		arity      int
		flags      commands.Flags
		categories commands.Categories
		tip        string
		key        int // index of the first key; 0 none; -1 movable
		keyFlags   []string
	}{
		{"xadd", -5, denied | commands.Fast, write | fast, nondetermined, 1, []string{"RW", "update"}},
		{"xlen", 2, commands.ReadOnly | commands.Fast, reads | fast, "", 1, []string{"RO"}},
		{"xrange", -4, commands.ReadOnly, reads | slow, "", 1, []string{"RO", "access"}},
		{"xrevrange", -4, commands.ReadOnly, reads | slow, "", 1, []string{"RO", "access"}},
		{"xdel", -3, writes | commands.Fast, write | fast, "", 1, []string{"RW", "delete"}},
		{"xtrim", -4, writes, write | slow, nondetermined, 1, []string{"RW", "delete"}},
		{"xread", -4, commands.ReadOnly | commands.Blocking | commands.MovableKeys, reads | blockingSlow, "", -1, []string{"RO", "access"}},
		{"xreadgroup", -7, writes | commands.Blocking | commands.MovableKeys, write | blockingSlow, "", -1, []string{"RO", "access"}},
		{"xack", -4, writes | commands.Fast, write | fast, "", 1, []string{"RW", "update"}},
		{"xpending", -3, commands.ReadOnly, reads | slow, nondetermined, 1, []string{"RO", "access"}},
		{"xclaim", -6, writes | commands.Fast, write | fast, nondetermined, 1, []string{"RW", "update"}},
		{"xautoclaim", -6, writes | commands.Fast, write | fast, nondetermined, 1, []string{"RW", "delete"}},
		{"xsetid", -3, denied | commands.Fast, write | fast, "", 1, []string{"RW", "update"}},
		{"xgroup", -2, 0, slow, "", 0, nil},
		{"xgroup|create", -5, denied, write | slow, "", 2, []string{"RW", "insert"}},
		{"xgroup|createconsumer", 5, denied, write | slow, "", 2, []string{"RW", "insert"}},
		{"xgroup|setid", -5, writes, write | slow, "", 2, []string{"RW", "update"}},
		{"xgroup|destroy", 4, writes, write | slow, "", 2, []string{"RW", "delete"}},
		{"xgroup|delconsumer", 5, writes, write | slow, "", 2, []string{"RW", "delete"}},
		{"xgroup|help", 2, helps, streamAlone, "", 0, nil},
		{"xinfo", -2, 0, slow, "", 0, nil},
		{"xinfo|stream", -3, commands.ReadOnly, reads | slow, "", 2, []string{"RO", "access"}},
		{"xinfo|groups", 3, commands.ReadOnly, reads | slow, "", 2, []string{"RO", "access"}},
		{"xinfo|consumers", 4, commands.ReadOnly, reads | slow, nondetermined, 2, []string{"RO", "access"}},
		{"xinfo|help", 2, helps, streamAlone, "", 0, nil},
	} {
		c := find(table, row.name)
		if c == nil {
			t.Errorf("%s: not in the table", row.name)
			continue
		}
		if c.Arity != row.arity || c.Flags != row.flags || c.Categories != row.categories {
			t.Errorf("%s: arity %d, flags %b, categories %b", row.name, c.Arity, c.Flags, c.Categories)
		}
		if slices.Concat(c.Tips, []string{""})[0] != row.tip {
			t.Errorf("%s: tips %q", row.name, c.Tips)
		}
		if c.Summary == "" || c.Since == "" || c.Group != "stream" || c.Complexity == "" {
			t.Errorf("%s: documentation is missing", row.name)
		}
		checkKeys(t, c, row.name, row.key, row.keyFlags)
	}
}

func checkKeys(t *testing.T, c *commands.Command, name string, key int, flags []string) {
	t.Helper()
	if key == 0 {
		if len(c.Keys) != 0 {
			t.Errorf("%s: has keys", name)
		}
		return
	}
	if len(c.Keys) != 1 || !slices.Equal(c.Keys[0].Flags, flags) {
		t.Errorf("%s: keys %+v", name, c.Keys)
		return
	}
	spec := c.Keys[0]
	if key > 0 && (spec.Begin != key || spec.Keyword != "" || spec.Last != 0 || spec.Step != 1) {
		t.Errorf("%s: keys %+v", name, spec)
	}
	if key < 0 && (spec.Keyword != "STREAMS" || spec.Last != -1 || spec.Step != 1 || spec.Limit != 2 || c.FindKeys == nil) {
		t.Errorf("%s: keys %+v", name, spec)
	}
}

func find(table *commands.Table, name string) *commands.Command {
	for _, c := range table.Commands() {
		if c.FullName() == name {
			return c
		}
		for _, sub := range c.Sub {
			if sub.FullName() == name {
				return sub
			}
		}
	}
	return nil
}
