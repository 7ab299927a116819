package raftstore

import (
	"fmt"

	"github.com/hashicorp/raft"
)

// Members lists the nodes in a snapshot's configuration of the Raft group.
func Members(b []byte) (text string, err error) {
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
