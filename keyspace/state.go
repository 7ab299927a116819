package keyspace

import (
	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/streams"
)

// Settings are those that the log changes and snapshots keep, since the state
// follows from them.
type Settings struct {
	StreamNodeMaxBytes   int         // of entries in a chunk, 0: unbounded
	StreamNodeMaxEntries int         // in a chunk, 0: unbounded
	IDMP                 idmp.Limits // that a new stream gets
}

// State is everything that one partition replicates about keys. It belongs to one
// goroutine, which applies the log; others may read while that one stands still.
type State struct {
	dbs         []*DB
	settings    Settings
	version     Version // of the command being applied
	epoch       uint64  // number of views taken
	changed     bool    // since Begin
	memory      int64   // of all databases, without what changes hold
	changes     []change
	expiring    []*DB // databases that have keys with a deadline, in no order
	remembering []*DB // databases with streams that remember producers, in no order
	next        int64 // earliest deadline of all, 0: none
	hook        func(db int, name string)
}

// MaxDatabases bounds the number of databases.
const MaxDatabases = 1 << 16

// New returns an empty state.
func New(databases int) *State {
	st := &State{settings: Settings{streams.DefaultLimits.MaxBytes, streams.DefaultLimits.MaxEntries, idmp.DefaultLimits}}
	st.Grow(max(databases, 1))
	return st
}

// Grow makes sure that there are at least so many databases, up to MaxDatabases.
func (st *State) Grow(databases int) {
	for i := len(st.dbs); i < min(databases, MaxDatabases); i++ {
		st.dbs = append(st.dbs, &DB{state: st, index: i})
	}
}

// Databases returns the number of databases.
func (st *State) Databases() int { return len(st.dbs) }

// DB returns a database, nil for a number that there is none of.
func (st *State) DB(i int) *DB {
	if i < 0 || i >= len(st.dbs) {
		return nil
	}
	return st.dbs[i]
}

// Begin starts a command: the index of its log entry and its place therein. It
// ends the time in which what was handed out for writing may be changed.
func (st *State) Begin(index uint64, ordinal uint32) {
	st.settle()
	st.version = Version{index, ordinal}
	st.changed = false
}

// Version returns what Begin has set: the place of the command being applied.
func (st *State) Version() Version { return st.version }

// Changed reports whether anything has been changed, or handed out for changing,
// since Begin.
func (st *State) Changed() bool { return st.changed }

// OnExpired sets the function that is told of keys which GetForWrite deletes.
func (st *State) OnExpired(fn func(db int, name string)) { st.hook = fn }

func (st *State) expired(db int, name string) {
	if st.hook != nil {
		st.hook(db, name)
	}
}

// Settings returns the replicated settings.
func (st *State) Settings() Settings { return st.settings }

// SetSettings changes them.
func (st *State) SetSettings(s Settings) {
	st.settings = s
	st.changed = true
}
