package commands

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// GroupRead is an XREADGROUP with streams in several partitions. Each of these is asked
// first what there is (Look), so that an error of one comes before anything is delivered
// in another, and before a consumer is made. Then those that have something deliver it
// (Take): side by side, or in turn when that needs an order. It makes the requests for
// that, and belongs to one goroutine at a time.
type GroupRead struct {
	args  [][]byte
	o     readOptions
	proto wire.Proto
	// What was delivered in turn.
	entries int64
	bytes   int64
}

// NewGroupRead takes the arguments as they came; they were checked.
func NewGroupRead(args [][]byte, proto wire.Proto) (*GroupRead, error) {
	o, err := parseRead(args, true)
	if err != nil {
		return nil, err
	}
	return &GroupRead{args: args, o: o, proto: proto}, nil
}

// Blocks reports whether it waits when there is nothing, and for how long; 0: for ever.
func (g *GroupRead) Blocks() (time.Duration, bool) { return g.o.timeout, g.o.block }

// InTurn reports whether the streams have to be read in their order: there are limits
// for all of them together, or one stands there twice.
func (g *GroupRead) InTurn() bool {
	if g.o.bounded() {
		return true
	}
	for i, key := range g.o.keys {
		if slices.ContainsFunc(g.o.keys[:i], func(k []byte) bool { return bytes.Equal(k, key) }) {
			return true
		}
	}
	return false
}

// OneByOne reports whether each stream has to be read by itself: a partition that has given
// no entry yet does not know that MAXSIZE holds from its first stream on.
func (g *GroupRead) OneByOne() bool { return g.o.maxSize != unlimited }

// Look is the request for some of the keys, which stand at these indexes, that waits for
// as long as is left of a time to wait.
func (g *GroupRead) Look(keys []int, left time.Duration) [][]byte {
	o := g.o
	const unit = time.Millisecond
	o.timeout = (left + unit - 1) / unit * unit // none of it must become 0, for ever
	return o.appendArgs(g.args, keys)
}

// LookOnce is Look without a wait.
func (g *GroupRead) LookOnce(keys []int) [][]byte {
	o := g.o
	o.block = false
	return o.appendArgs(g.args, keys)
}

// Take is the request that delivers what there is of some of the keys; nil: the limits
// are used up.
func (g *GroupRead) Take(keys []int) [][]byte {
	o := g.o
	o.block = false
	if o.maxCount != unlimited {
		if o.maxCount -= g.entries; o.maxCount <= 0 {
			return nil
		}
		o.limit = min(o.limit, o.maxCount)
	}
	if o.maxSize != unlimited {
		o.maxSize -= g.bytes
		if g.entries == 0 {
			o.maxSize = max(o.maxSize, 1) // the first entry is given whatever its size
		} else if o.maxSize <= int64(streamHeader(g.args[keys[0]], g.proto)) {
			return nil
		}
	}
	return o.appendArgs(g.args, keys)
}

// Took counts what a Take has delivered.
func (g *GroupRead) Took(reply []byte) {
	if IsNull(reply) || IsError(reply) {
		return
	}
	_, body := replyHead(reply)
	g.bytes += int64(len(body))
	eachStream(reply, g.proto, func(_, entries []byte) {
		n, _ := replyHead(entries)
		g.entries += int64(n)
	})
}

// appendArgs makes the arguments of an XREADGROUP with these options, for some of the
// keys of args.
func (o *readOptions) appendArgs(args [][]byte, keys []int) [][]byte {
	part := append(make([][]byte, 0, 16+2*len(keys)), args[0], []byte("GROUP"), o.group, o.consumer)
	option := func(name string, n int64) {
		part = append(part, []byte(name), strconv.AppendInt(nil, n, 10))
	}
	if o.limit != unlimited {
		option("COUNT", o.limit)
	}
	if o.maxCount != unlimited {
		option("MAXCOUNT", o.maxCount)
	}
	if o.maxSize != unlimited {
		option("MAXSIZE", o.maxSize)
	}
	if o.block {
		option("BLOCK", o.timeout.Milliseconds())
	}
	if o.claim {
		option("CLAIM", o.minIdle)
	}
	if o.noAck {
		part = append(part, []byte("NOACK"))
	}
	return appendStreamArgs(append(part, []byte("STREAMS")), args, keys, len(o.keys))
}
