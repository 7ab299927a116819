package commands

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// Spread says how a command is run that concerns several partitions: in each of them
// on its own, for the keys that are there, and its reply is made of theirs. What one
// partition does is one moment, the whole is not.
type Spread struct {
	// split returns the arguments for a partition that has some of the keys, which
	// stand at these indexes; nil: all get the same, as the command names no keys.
	split func(args [][]byte, keys []int) [][]byte
	// refuses reports arguments with which the command can't be spread; nil: none.
	refuses func(args [][]byte) bool
	// merge makes one reply of those of the parts, none of which is an error.
	merge func(m *merging, out []byte) []byte
	// deliversFirst: what a part brings must reach the client, whatever became of
	// the others.
	deliversFirst bool
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

// Fits reports whether a command can be spread with these arguments.
func (s *Spread) Fits(args [][]byte) bool { return s.refuses == nil || !s.refuses(args) }

// Split returns the arguments for the partition of some of the keys.
func (s *Spread) Split(args [][]byte, keys []int) [][]byte {
	if s.split == nil {
		return args
	}
	return s.split(args, keys)
}

// Merge makes one reply of the parts' replies. An error of the first part that has one
// is the reply; but what was delivered to a consumer is never kept from it.
func (s *Spread) Merge(args [][]byte, proto wire.Proto, parts []SpreadPart) []byte {
	m := &merging{args: args, proto: proto}
	var failed []byte
	for _, p := range parts {
		switch {
		case len(p.Reply) > 0 && p.Reply[0] == '-':
			if failed == nil {
				failed = p.Reply
			}
		default:
			m.parts = append(m.parts, p)
		}
	}
	if failed != nil && !(s.deliversFirst && slices.ContainsFunc(m.parts, func(p SpreadPart) bool { return !IsNull(p.Reply) })) {
		return failed
	}
	return s.merge(m, nil)
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
	spreadRead  = &Spread{split: splitStreams, refuses: limitsAll, merge: mergeStreams}
	spreadGroup = &Spread{split: splitStreams, refuses: limitsAll, merge: mergeStreams, deliversFirst: true}
)

// splitKeys is for commands whose arguments are keys.
func splitKeys(args [][]byte, keys []int) [][]byte {
	part := append(make([][]byte, 0, len(keys)+1), args[0])
	for _, i := range keys {
		part = append(part, args[i])
	}
	return part
}

// splitStreams is for XREAD and XREADGROUP: each key has its ID.
func splitStreams(args [][]byte, keys []int) [][]byte {
	all := findReadKeys(args)
	part := append(make([][]byte, 0, all[0]+2*len(keys)), args[:all[0]]...)
	for _, i := range keys {
		part = append(part, args[i])
	}
	for _, i := range keys {
		part = append(part, args[i+len(all)])
	}
	return part
}

// limitsAll reports whether an XREAD has a limit for all of its streams together, which
// no partition can keep alone.
func limitsAll(args [][]byte) bool {
	o, err := parseRead(args, equalFold(args[0], "xreadgroup"))
	return err != nil || o.maxCount != unlimited || o.maxSize != unlimited
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
	out = wire.AppendArray(out, len(all))
	return appendInOrder(out, all)
}

// mergeStreams puts streams in the order in which they were asked for. A reply leaves
// out those that have nothing.
func mergeStreams(m *merging, out []byte) []byte {
	var all []replyOf
	for _, p := range m.parts {
		if !IsNull(p.Reply) {
			all = m.appendStreams(all, p)
		}
	}
	if len(all) == 0 {
		return wire.AppendNullArray(out, m.proto)
	}
	if m.proto == wire.RESP3 {
		out = wire.AppendMap(out, m.proto, len(all))
	} else {
		out = wire.AppendArray(out, len(all))
	}
	return appendInOrder(out, all)
}

// appendStreams takes the reply of a part to pieces: [name, entries] each, or in RESP3
// a map of them.
func (m *merging) appendStreams(all []replyOf, p SpreadPart) []replyOf {
	n, rest := replyHead(p.Reply)
	next := 0 // of the part's keys
	for range n {
		name, size := rest, replyLen(rest)
		if m.proto == wire.RESP3 {
			size += replyLen(rest[size:])
		} else {
			_, name = replyHead(rest)
		}
		length, text := replyHead(name)
		for next < len(p.Keys) && !bytes.Equal(m.args[p.Keys[next]], text[:length]) {
			next++
		}
		all = append(all, replyOf{p.Keys[min(next, len(p.Keys)-1)], rest[:size]})
		next++
		rest = rest[size:]
	}
	return all
}

func appendInOrder(out []byte, all []replyOf) []byte {
	slices.SortStableFunc(all, func(a, b replyOf) int { return a.key - b.key })
	for _, r := range all {
		out = append(out, r.text...)
	}
	return out
}

// IsNull reports whether a reply says that there is nothing, in either protocol.
func IsNull(reply []byte) bool {
	return len(reply) == 0 || reply[0] == '_' || len(reply) > 1 && reply[1] == '-' && (reply[0] == '*' || reply[0] == '$')
}

// ScansSlots reports that the command goes through the keys in the order of their
// slots, by a cursor.
func (c *Command) ScansSlots() bool { return c.Name == scan.Name && c.container == nil }

// ScanSlot is the slot in which a SCAN goes on, of arguments that were checked.
func ScanSlot(args [][]byte) uint16 {
	o, _ := parseScan(args)
	return keyspace.CursorSlot(o.cursor)
}

// ScanOn makes of a SCAN's reply, when it has come to its end, one that goes on in a
// slot.
func ScanOn(reply []byte, slot uint16) []byte {
	const end = "*2\r\n$1\r\n0\r\n"
	rest, ended := bytes.CutPrefix(reply, []byte(end))
	if !ended {
		return reply
	}
	on := wire.AppendArray(nil, 2)
	on = wire.AppendBulkString(on, strconv.FormatUint(keyspace.SlotCursor(slot), 10))
	return append(on, rest...)
}
