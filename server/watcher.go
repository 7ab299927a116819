package server

import (
	"sync/atomic"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp"
	"github.com/millrace-io/millrace/tracking"
)

// watcher stands between the state and the clients that track keys. Changes are told
// command by command, before the reply of the command is filled: who gets a reply
// can be sure that those who have read the key have been sent word. It belongs to
// who applies; remember may be called by all who read.
type watcher struct {
	of   atomic.Pointer[resp.Server] // set once, before anything is applied
	keys []string                    // changed by the command being applied
	many bool                        // it changed more than can be named
}

func (w *watcher) front() *resp.Server { return w.of.Load() }

// paused reports whether clients are paused: then no key expires.
func (w *watcher) paused() bool {
	_, paused := w.front().Paused()
	return paused
}

// KeyChanged implements keyspace.Observer.
func (w *watcher) KeyChanged(name string) {
	if !w.front().Tracked().Active() {
		return
	}
	// A command may make several changes of one key, one behind the other.
	if n := len(w.keys); n == 0 || w.keys[n-1] != name {
		w.keys = append(w.keys, name)
	}
}

// ManyChanged implements keyspace.Observer.
func (w *watcher) ManyChanged() { w.many = true }

// tell tells what a request has changed; nil stands for what nobody asked for.
func (w *watcher) tell(r *replication.Request) {
	if w.many {
		w.many = false
		if table := w.front().Tracked(); table.Active() {
			table.InvalidateAll()
		}
	}
	if len(w.keys) == 0 {
		return
	}
	w.front().Tracked().Invalidate(w.keys, trackerOf(r))
	clear(w.keys)
	if w.keys = w.keys[:0]; cap(w.keys) > maxKeptKeys {
		w.keys = nil
	}
}

// maxKeptKeys is how many names a list may hold to be kept for the next command.
const maxKeptKeys = 1024

// trackerOf is the tracker of a request's client, nil for none.
func trackerOf(r *replication.Request) *tracking.Tracker {
	if r == nil {
		return nil
	}
	if c, ok := r.Client.(tracking.Reader); ok {
		return c.Tracker()
	}
	return nil
}

// remember notes what a request has read for its client, under the lock under which
// it was read.
func (w *watcher) remember(r *replication.Request) {
	if !r.Tracks {
		return
	}
	reader, _ := r.Client.(tracking.Reader)
	cmd, _ := r.Op.(*commands.Command)
	if reader == nil || cmd == nil {
		return
	}
	keys := cmd.TrackedKeys(r.Args)
	if len(keys) == 0 {
		return
	}
	reader.Looked()
	if w.front().Tracked().Remember(reader.Tracker(), keys) {
		w.front().Flush()
	}
}
