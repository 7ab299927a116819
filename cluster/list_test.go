package cluster_test

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/replication"
)

// list is a state machine: what was written, in order.
type list struct {
	mu      sync.Mutex // for the test, which looks from outside
	words   []string
	changed bool
}

func (l *list) Begin(uint64, int64) {}
func (l *list) Apply(r *replication.Request, _ uint32, out []byte) ([]byte, *blocking.Wait) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.words, l.changed = append(l.words, string(r.Args[0])), true
	return fmt.Appendf(out, ":%d\r\n", len(l.words)), nil
}
func (l *list) Unchanged(*replication.Watched, int64) bool { return true }
func (l *list) Changed() bool                              { return l.changed }
func (l *list) Ready() ([]blocking.Key, bool)              { return nil, false }
func (l *list) Read(_ *replication.Request, _ int64, _ bool, out []byte) ([]byte, *blocking.Wait, replication.ReadOutcome) {
	return fmt.Appendf(out, ":%d\r\n", len(l.words)), nil, replication.ReadDone
}
func (l *list) Quiet(*replication.Request, int64) bool         { return false }
func (l *list) Adds(*replication.Request) (blocking.Key, bool) { return blocking.Key{}, false }
func (l *list) Upkeep(int64, bool) *replication.Request        { return nil }
func (l *list) NextUpkeep(bool) int64                          { return 0 }
func (l *list) View() replication.View                         { return listView(slices.Clone(l.words)) }
func (l *list) Clear()                                         { l.words = nil }
func (l *list) Restore(r replication.SectionReader) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.words = nil
	for {
		_, body, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		l.words = append(l.words, string(body))
	}
}
func (l *list) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.words)
}

type listView []string

func (v listView) Snapshot(w replication.SectionWriter) error {
	for _, word := range v {
		if err := w.Section(1, []byte(word)); err != nil {
			return err
		}
	}
	return nil
}
func (v listView) Read(*replication.Request, int64, []byte) []byte { return nil }
