package server

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/replication/raftstore"
	"github.com/millrace-io/millrace/storage"
	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/snapshot"
	"github.com/millrace-io/millrace/storage/vfs"
)

// logFolder is where the log is, below the data folder.
const logFolder = "log"

func openReadOnly(dir string) (*storage.Folder, error) {
	return storage.OpenReadOnly(vfs.OS(), dir, storage.ReadOptions{})
}

// Check reads everything in a data folder, verifies every checksum, and writes what
// it found. The error says what is damaged, in which file and where, and what can
// be done. The folder is only read.
func Check(dir string, w io.Writer) error {
	folder, err := openReadOnly(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := folder.NodeErr(); err != nil {
		return err
	}
	node := folder.Node()
	fmt.Fprintf(w, "node %s of cluster %s, made on %s\n", node.ID, node.ClusterID, node.Created.Format("2006-01-02"))
	if node.Partitions > 1 {
		fmt.Fprintf(w, "%d partitions, in groups %d to %d\n", node.Partitions, groupOf(0), groupOf(replication.PartitionID(node.Partitions-1)))
	}
	return errors.Join(checkLog(dir, w), checkSnapshots(dir, w))
}

func checkLog(dir string, w io.Writer) error {
	report, err := log.Inspect(vfs.OS(), filepath.Join(dir, logFolder), nil)
	for _, s := range report.Segments {
		fmt.Fprintf(w, "segment %s: %d frames, %d entries, %d of %d bytes used\n", s.Path, s.Frames, s.Entries, s.End, s.Size)
	}
	for _, g := range report.Groups {
		fmt.Fprintf(w, "group %s: entries %d to %d, %d bytes, term %d\n", g.ID, g.First, g.Last, g.Bytes, g.State.Term)
	}
	if t := report.Torn; t != nil {
		fmt.Fprintf(w, "torn tail: %s from offset %d, %d bytes: never acknowledged, the next start cuts it off\n", t.Path, t.Offset, t.Bytes)
	}
	for _, path := range report.Unused {
		fmt.Fprintf(w, "unused: %s\n", path)
	}
	var damage *log.DamageError
	if errors.As(err, &damage) {
		return fmt.Errorf("%w: bytes that were once synced are not valid any more; the disk or another program changed them. "+
			"Restore the folder from a copy; moving it away and starting empty loses what it held", err)
	}
	return err
}

func checkSnapshots(dir string, w io.Writer) error {
	groups, err := snapshot.Groups(vfs.OS(), dir)
	if err != nil {
		return err
	}
	for _, g := range groups {
		store, err := snapshot.OpenReadOnly(vfs.OS(), dir, g)
		if err != nil {
			return err
		}
		for _, info := range store.List() {
			members, err := raftstore.Members(info.Configuration)
			if err != nil {
				members = err.Error()
			}
			fmt.Fprintf(w, "snapshot %s of group %d: index %d, term %d, %d bytes, sound; members %s\n", info.ID, g, info.Index, info.Term, info.Bytes, members)
		}
		for _, bad := range store.Damaged() {
			err = errors.Join(err, bad)
			fmt.Fprintf(w, "snapshot of group %d: %s\n", g, strings.TrimSpace(bad.Error()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
