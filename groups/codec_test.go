package groups_test

import (
	"bytes"
	"slices"

	"github.com/millrace-io/millrace/groups"
)

type fataler interface{ Fatal(...any) }

// save returns the header and the blocks of a group.
func save(g *groups.Group) (parts [][]byte) {
	parts = append(parts, g.AppendHeader(nil))
	_ = g.ForEachBlock(func(b []byte) error { // fails only when the function does
		parts = append(parts, bytes.Clone(b))
		return nil
	})
	return parts
}

// load restores a group from its parts.
func load(parts [][]byte) (*groups.Group, error) {
	g, err := groups.NewFromHeader(parts[0])
	if err != nil {
		return nil, err
	}
	for _, b := range parts[1:] {
		if err := g.AddBlock(b); err != nil {
			return nil, err
		}
	}
	return g, g.Complete()
}

// restore sends the group through its snapshot, which must come out the same.
func restore(t fataler, g *groups.Group) *groups.Group {
	parts := save(g)
	restored, err := load(parts)
	if err != nil {
		t.Fatal(err)
	}
	if again := save(restored); !slices.EqualFunc(parts, again, bytes.Equal) {
		t.Fatal("the snapshot of the restored group differs")
	}
	if restored.LastID() != g.LastID() || restored.EntriesRead() != g.EntriesRead() {
		t.Fatal("position differs", restored.LastID(), restored.EntriesRead())
	}
	return restored
}
