package commands

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/millrace-io/millrace/resp/wire"
)

// Spread says how a command is run that concerns several partitions: in each of them
// on its own, for the keys that are there, and its reply is made of theirs. What one
// partition does is one moment, the whole is not.
type Spread struct {
	// split returns the arguments for a partition that has some of the keys, which
	// stand at these indexes; nil: all get the same, as the command names no keys.
	split func(args [][]byte, keys []int) [][]byte
	// merge makes one reply of those of the parts, none of which is an error.
	merge func(m *merging, out []byte) []byte
	// looksFirst: the partitions are asked what there is before any of them changes
	// anything, see GroupRead.
	looksFirst bool
}

// SpreadPart is what one partition does of a spread command.
type SpreadPart struct {
	Keys  []int  // indexes of its keys among the arguments, ascending
	Reply []byte // as it came
}

// merging is what replies are merged of.
type merging struct {
	args  [][]byte
	proto wire.Proto
	parts []SpreadPart
}

// LooksFirst reports whether a command is run as a GroupRead.
func (s *Spread) LooksFirst() bool { return s.looksFirst }

// Split returns the arguments for the partition of some of the keys.
func (s *Spread) Split(args [][]byte, keys []int) [][]byte {
	if s.split == nil {
		return args
	}
	return s.split(args, keys)
}

// Merge makes one reply of the parts' replies. An error of the first part that has one
// is the reply.
func (s *Spread) Merge(args [][]byte, proto wire.Proto, parts []SpreadPart) []byte {
	for _, p := range parts {
		if IsError(p.Reply) {
			return p.Reply
		}
	}
	return s.merge(&merging{args: args, proto: proto, parts: parts}, nil)
}

// The ways to spread a command: numbers are added up, of keys that are counted or of
// all there are; one OK stands for all; lists are joined; one thing is enough; each key
// or stream has its place.
var (
	spreadSum   = &Spread{split: splitKeys, merge: mergeSum}
	spreadCount = &Spread{merge: mergeSum}
	spreadOK    = &Spread{merge: func(m *merging, out []byte) []byte { return append(out, m.parts[0].Reply...) }}
	spreadNames = &Spread{merge: mergeLists}
	spreadAny   = &Spread{merge: mergeAny}
	spreadList  = &Spread{split: splitKeys, merge: mergeByKey}
	spreadRead  = &Spread{split: splitStreams, merge: mergeReads}
	spreadGroup = &Spread{merge: mergeStreams, looksFirst: true}
)

// splitKeys is for commands whose arguments are keys.
func splitKeys(args [][]byte, keys []int) [][]byte {
	part := append(make([][]byte, 0, len(keys)+1), args[0])
	for _, i := range keys {
		part = append(part, args[i])
	}
	return part
}

func mergeSum(m *merging, out []byte) []byte {
	total := int64(0)
	for _, p := range m.parts {
		n, _ := strconv.ParseInt(string(bytes.TrimSpace(p.Reply[1:])), 10, 64) // ours
		total += n
	}
	return wire.AppendInt(out, total)
}

func mergeLists(m *merging, out []byte) []byte {
	total := 0
	for _, p := range m.parts {
		n, _ := replyHead(p.Reply)
		total += n
	}
	out = wire.AppendArray(out, total)
	for _, p := range m.parts {
		_, rest := replyHead(p.Reply)
		out = append(out, rest...)
	}
	return out
}

// mergeAny takes the first that is something.
func mergeAny(m *merging, out []byte) []byte {
	for _, p := range m.parts {
		if !IsNull(p.Reply) {
			return append(out, p.Reply...)
		}
	}
	return append(out, m.parts[0].Reply...)
}

// replyOf is a part of a reply that stands for a key.
type replyOf struct {
	key  int // index among the arguments
	text []byte
}

// mergeByKey puts what stands for each key at the place of the key.
func mergeByKey(m *merging, out []byte) []byte {
	var all []replyOf
	for _, p := range m.parts {
		_, rest := replyHead(p.Reply)
		for _, i := range p.Keys {
			n := replyLen(rest)
			all = append(all, replyOf{i, rest[:n]})
			rest = rest[n:]
		}
	}
	slices.SortFunc(all, func(a, b replyOf) int { return a.key - b.key })
	out = wire.AppendArray(out, len(all))
	for _, r := range all {
		out = append(out, r.text...)
	}
	return out
}

// IsError reports whether a reply is an error.
func IsError(reply []byte) bool { return len(reply) > 0 && reply[0] == '-' }

// IsNull reports whether a reply says that there is nothing, in either protocol.
func IsNull(reply []byte) bool {
	return len(reply) == 0 || reply[0] == '_' || len(reply) > 1 && reply[1] == '-' && (reply[0] == '*' || reply[0] == '$')
}
