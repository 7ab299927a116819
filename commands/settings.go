package commands

import (
	"strconv"

	"github.com/millrace-io/millrace/keyspace"
)

// PartitionSetting is a new value of a setting which is part of the replicated
// state: stream-node-max-bytes, stream-node-max-entries, stream-idmp-duration (in
// seconds) or stream-idmp-maxsize.
type PartitionSetting struct {
	Name  string
	Value int64
}

// ChangeSettings returns the internal command that changes settings, all at once.
func ChangeSettings(settings ...PartitionSetting) [][]byte {
	args := [][]byte{[]byte("setting")}
	for _, s := range settings {
		args = append(args, []byte(s.Name), strconv.AppendInt(nil, s.Value, 10))
	}
	return args
}

// applySettings is that command at its place in the log. A name that this version
// does not know is left alone.
func applySettings(state *keyspace.State, args [][]byte) {
	s := state.Settings()
	for ; len(args) >= 2; args = args[2:] {
		v, err := strconv.Atoi(string(args[1]))
		if err != nil {
			continue
		}
		switch string(args[0]) {
		case "stream-node-max-bytes":
			s.StreamNodeMaxBytes = v
		case "stream-node-max-entries":
			s.StreamNodeMaxEntries = v
		case "stream-idmp-duration":
			s.IDMP.Duration = v
		case "stream-idmp-maxsize":
			s.IDMP.MaxSize = v
		}
	}
	state.SetSettings(s)
}
