package storage_test

import (
	"testing"

	"github.com/millrace-io/millrace/storage"
)

func TestFolderThatWasTurnedAwayIsNotStartedAgain(t *testing.T) {
	for reason, says := range map[string]string{"node 1 runs elsewhere": "node 1 runs elsewhere;", "two\nlines": "two lines;", "": "old state;"} {
		m := made(t)
		f, err := storage.Open(m, dir, noNewNode(t))
		must(t, err)
		must(t, f.TurnAway(reason))
		must(t, f.Close())
		m = m.CrashKeepNothing()
		for range 2 { // the lock was given back
			_, err = storage.Open(m, dir, noNewNode(t))
			wantLine(t, err, storage.ErrTurnedAway, says)
			wantLine(t, err, storage.ErrTurnedAway, "never start this folder again")
		}
		f, err = openRead(m)
		must(t, err)
		must(t, f.Close())
	}
}
