package commands

import (
	"strconv"

	"github.com/millrace-io/millrace/keyspace"
)

// PartitionSetting returns the internal command that changes a setting which is
// part of the replicated state: stream-node-max-bytes or stream-node-max-entries.
func PartitionSetting(name string, value int64) [][]byte {
	return [][]byte{[]byte("setting"), []byte(name), strconv.AppendInt(nil, value, 10)}
}

// applySetting is that command at its place in the log. A name that this version
// does not know is left alone.
func applySetting(state *keyspace.State, args [][]byte) {
	if len(args) != 2 {
		return
	}
	v, err := strconv.Atoi(string(args[1]))
	if err != nil {
		return
	}
	s := state.Settings()
	switch string(args[0]) {
	case "stream-node-max-bytes":
		s.StreamNodeMaxBytes = v
	case "stream-node-max-entries":
		s.StreamNodeMaxEntries = v
	}
	state.SetSettings(s)
}
