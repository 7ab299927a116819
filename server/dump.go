package server

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// DumpOptions choose what DumpLog shows.
type DumpOptions struct {
	Group    int64  // number of the Raft group, -1 for all
	From, To uint64 // indexes of log entries, both inclusive
}

// DumpLog writes the commands in the log of a data folder as text, in the order in
// which they stand on disk. The folder is only read.
func DumpLog(dir string, o DumpOptions, w io.Writer) error {
	folder, err := openReadOnly(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	several := o.Group < 0 && folder.Node().Partitions > 1
	_, err = log.Inspect(vfs.OS(), filepath.Join(dir, logFolder), func(f log.Frame) error {
		if o.Group >= 0 && int64(f.Group) != o.Group {
			return nil
		}
		for i := range f.Entries {
			e := &f.Entries[i]
			if e.Index < o.From || e.Index > o.To {
				continue
			}
			if several {
				fmt.Fprintf(w, "group %s, ", f.Group)
			}
			if err := replication.DumpEntry(w, replication.DumpedEntry{Index: e.Index, Term: e.Term, Type: e.Type, Data: e.Data}); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
