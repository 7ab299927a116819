package commands

import (
	"bytes"
	"slices"

	"github.com/millrace-io/millrace/resp/wire"
)

// splitStreams is for XREAD: each key has its ID.
func splitStreams(args [][]byte, keys []int) [][]byte {
	all := findReadKeys(args)
	part := append(make([][]byte, 0, all[0]+2*len(keys)), args[:all[0]]...)
	return appendStreamArgs(part, args, keys, len(all))
}

// appendStreamArgs appends some of the n keys of an XREAD, and then their IDs.
func appendStreamArgs(part, args [][]byte, keys []int, n int) [][]byte {
	for _, i := range keys {
		part = append(part, args[i])
	}
	for _, i := range keys {
		part = append(part, args[i+n])
	}
	return part
}

// streamReply is what the reply of an XREAD says of one stream.
type streamReply struct {
	key     int    // index among the arguments
	name    []byte // with its header
	entries []byte // an array
}

// mergeStreams puts streams in the order in which they were asked for. A reply leaves
// out those that have nothing.
func mergeStreams(m *merging, out []byte) []byte {
	return m.appendStreams(out, &readOptions{limit: unlimited, maxCount: unlimited, maxSize: unlimited})
}

// mergeReads is mergeStreams for what MAXCOUNT and MAXSIZE bound: each partition has
// read as much of its own streams as all together may be, and what is too much is left
// out. Reading is free to be done for nothing, delivering to a consumer is not.
func mergeReads(m *merging, out []byte) []byte {
	o, err := parseRead(m.args, false)
	if err != nil { // it was checked before
		return AppendError(out, err)
	}
	return m.appendStreams(out, &o)
}

// appendStreams appends the streams, as far as the limits for all of them go.
func (m *merging) appendStreams(out []byte, o *readOptions) []byte {
	c := &Call{Out: out, Proto: m.proto}
	r := openReadReply(c, o)
	for _, s := range m.streams() {
		_, name := replyHead(s.name)
		name = name[:len(name)-len("\r\n")]
		if !r.budget.stream(c, name) {
			break
		}
		r.stream(c, name)
		if o.bounded() {
			r.entries(c, o, s.entries)
		} else {
			c.Out = append(c.Out, s.entries...)
		}
	}
	if !r.close(c) {
		return wire.AppendNullArray(c.Out, c.Proto)
	}
	return c.Out
}

// entries appends those of a stream that there is room for.
func (r *readReply) entries(c *Call, o *readOptions, all []byte) {
	left, rest := replyHead(all)
	h := openHeader(&c.Out, o.limit)
	n := 0
	for ; n < left && r.budget.entry(c); n++ {
		size := replyLen(rest)
		c.Out = append(c.Out, rest[:size]...)
		rest = rest[size:]
	}
	h.close(&c.Out, '*', int64(n))
}

// streams are those of all parts, in the order of the arguments.
func (m *merging) streams() (all []streamReply) {
	for _, p := range m.parts {
		if IsNull(p.Reply) {
			continue
		}
		next := 0 // of the part's keys
		eachStream(p.Reply, m.proto, func(name, entries []byte) {
			length, text := replyHead(name)
			for next < len(p.Keys)-1 && !bytes.Equal(m.args[p.Keys[next]], text[:length]) {
				next++
			}
			all = append(all, streamReply{p.Keys[min(next, len(p.Keys)-1)], name, entries})
			next++
		})
	}
	slices.SortStableFunc(all, func(a, b streamReply) int { return a.key - b.key })
	return all
}

// eachStream takes the reply of an XREAD to pieces: [name, entries] each, or in RESP3 a
// map of them.
func eachStream(reply []byte, proto wire.Proto, fn func(name, entries []byte)) {
	n, rest := replyHead(reply)
	for range n {
		if proto == wire.RESP2 {
			_, rest = replyHead(rest)
		}
		at := replyLen(rest)
		end := at + replyLen(rest[at:])
		fn(rest[:at], rest[at:end])
		rest = rest[end:]
	}
}
