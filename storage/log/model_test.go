package log_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// model is what the log must hold: the simple twin.
type model struct {
	groups map[log.GroupID]*modelGroup
}

type modelGroup struct {
	entries []log.Entry // from first on
	state   log.State
}

// newModel knows a few groups from the start: what it does not know it does not
// compare.
func newModel() *model {
	m := &model{groups: map[log.GroupID]*modelGroup{}}
	for id := range log.GroupID(4) {
		m.group(id)
	}
	return m
}

func (m *model) group(id log.GroupID) *modelGroup {
	if m.groups[id] == nil {
		m.groups[id] = &modelGroup{}
	}
	return m.groups[id]
}

func (g *modelGroup) first() uint64 {
	if len(g.entries) == 0 {
		return 0
	}
	return g.entries[0].Index
}

func (g *modelGroup) last() uint64 {
	if len(g.entries) == 0 {
		return 0
	}
	return g.entries[len(g.entries)-1].Index
}

func (m *model) clone() *model {
	c := newModel()
	for id, g := range m.groups {
		c.groups[id] = &modelGroup{entries: slices.Clone(g.entries), state: g.state}
	}
	return c
}

// change is one operation, on the log and on the model.
type change struct {
	name  string
	do    func(*log.Log) error
	apply func(*model)
	// partial: what the model may be as well when do did not return.
	partial func(*model) []*model
}

func appendTo(id log.GroupID, es []log.Entry) change {
	return change{
		name: fmt.Sprintf("append %d+%d to %d", es[0].Index, len(es), id),
		do:   func(l *log.Log) error { return l.Group(id).Append(es) },
		apply: func(m *model) {
			g := m.group(id)
			g.entries = append(g.entries, es...)
		},
		partial: func(m *model) (all []*model) {
			for n := 1; n < len(es); n++ {
				c := m.clone()
				c.group(id).entries = append(c.group(id).entries, es[:n]...)
				all = append(all, c)
			}
			return all
		},
	}
}

func setState(id log.GroupID, s log.State) change {
	return change{
		name:  fmt.Sprintf("state of %d", id),
		do:    func(l *log.Log) error { return l.Group(id).SetState(s) },
		apply: func(m *model) { m.group(id).state = s },
	}
}

func truncateFront(id log.GroupID, upto uint64) change {
	return change{
		name: fmt.Sprintf("truncate %d up to %d", id, upto),
		do:   func(l *log.Log) error { return l.Group(id).TruncateFront(upto) },
		apply: func(m *model) {
			g := m.group(id)
			if g.first() > 0 && upto >= g.first() {
				g.entries = g.entries[upto+1-g.first():]
			}
		},
	}
}

func truncateBack(id log.GroupID, from uint64) change {
	return change{
		name: fmt.Sprintf("truncate %d from %d", id, from),
		do:   func(l *log.Log) error { return l.Group(id).TruncateBack(from) },
		apply: func(m *model) {
			g := m.group(id)
			if g.first() > 0 && from <= g.last() {
				g.entries = g.entries[:max(from, g.first())-g.first()]
			}
		},
	}
}

func reset(id log.GroupID, last, term uint64) change {
	return change{
		name:  fmt.Sprintf("reset %d to %d", id, last),
		do:    func(l *log.Log) error { return l.Group(id).Reset(last, term) },
		apply: func(m *model) { m.group(id).entries = nil },
	}
}

func nothing(name string, do func(*log.Log) error) change {
	return change{name: name, do: do, apply: func(*model) {}}
}

func collect() change {
	return nothing("collect", func(l *log.Log) error {
		return l.Collect(func(log.GroupID) uint64 { return 1 << 62 })
	})
}

// differs says how the log differs from the model, "" if it does not.
func (m *model) differs(l *log.Log) string {
	for id, want := range m.groups {
		g := l.Group(id)
		if g.FirstIndex() != want.first() || g.LastIndex() != want.last() {
			return fmt.Sprintf("group %d holds %d to %d, want %d to %d", id, g.FirstIndex(), g.LastIndex(), want.first(), want.last())
		}
		if s := g.State(); s.Term != want.state.Term || s.VoteTerm != want.state.VoteTerm || string(s.VoteFor) != string(want.state.VoteFor) {
			return fmt.Sprintf("group %d has state %+v, want %+v", id, s, want.state)
		}
		for i := range want.entries {
			var e log.Entry
			if err := g.Entry(want.entries[i].Index, &e); err != nil {
				return err.Error()
			}
			if !sameEntry(&e, &want.entries[i]) {
				return fmt.Sprintf("group %d, entry %d differs", id, e.Index)
			}
			if t, err := g.Term(e.Index); err != nil || t != e.Term {
				return fmt.Sprintf("group %d, entry %d has term %d in memory: %v", id, e.Index, t, err)
			}
		}
	}
	return ""
}

func itoa(n int) string { return fmt.Sprint(n) }

func openFile(t testing.TB, fs vfs.FS, path string) vfs.File {
	t.Helper()
	f, err := fs.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	return f
}

const createFlags = os.O_RDWR | os.O_CREATE
