package raftstore

import (
	"fmt"
	"io"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/storage/log"
)

// DumpEntry writes an entry of a partition's log as text.
func DumpEntry(w io.Writer, e *log.Entry) error {
	return replication.DumpEntry(w, &raft.Log{Index: e.Index, Term: e.Term, Type: raft.LogType(e.Type), Data: e.Data})
}

// DumpConfiguration describes a snapshot's configuration of the Raft group.
func DumpConfiguration(b []byte) (text string, err error) {
	defer func() {
		if v := recover(); v != nil { // raft's decoder panics on damage
			err = fmt.Errorf("configuration can't be decoded: %v", v)
		}
	}()
	for i, s := range raft.DecodeConfiguration(b).Servers {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s (%s)", s.ID, s.Suffrage)
	}
	return text, nil
}
