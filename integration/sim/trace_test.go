package sim

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// maxTrace bounds what a run keeps in memory: what comes later is dropped.
const maxTrace = 64 << 20

// trace is what happened, in order: faults, and what the nodes logged.
type trace struct {
	began  time.Time
	mu     sync.Mutex
	text   []byte
	faults []string
}

func newTrace() *trace { return &trace{began: time.Now()} }

// Write takes lines of loggers.
func (tr *trace) Write(b []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if len(tr.text) < maxTrace {
		tr.text = append(tr.text, b...)
	}
	return len(b), nil
}

func (tr *trace) note(format string, args ...any) {
	fmt.Fprintf(tr, "---- %v %s\n", time.Since(tr.began), fmt.Sprintf(format, args...))
}

// fault notes what is done to the cluster.
func (tr *trace) fault(what string) {
	tr.note("%s", what)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.faults = append(tr.faults, fmt.Sprintf("%v: %s", time.Since(tr.began).Round(time.Millisecond), what))
}

// logger is that of a node. Its lines carry the time since the run began.
func (tr *trace) logger(node int) *slog.Logger {
	o := &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			return slog.Duration("at", time.Since(tr.began))
		}
		return a
	}}
	return slog.New(slog.NewTextHandler(tr, o)).With("on", node)
}

// keep writes what is needed to understand a failure into a new folder.
func (w *world) keep(found []string) (dir string, err error) {
	if dir, err = os.MkdirTemp("", fmt.Sprintf("sim-%d-", w.seed)); err != nil {
		return "", err
	}
	w.trace.mu.Lock()
	defer w.trace.mu.Unlock()
	return dir, errors.Join(history.Keep(dir, w.seed, w.ops, w.trace.faults, found),
		os.WriteFile(filepath.Join(dir, "trace.txt"), w.trace.text, 0o600))
}
