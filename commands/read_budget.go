package commands

import (
	"strconv"

	"github.com/millrace-io/millrace/resp/wire"
)

// readBudget is what MAXCOUNT and MAXSIZE leave of a reply, over all its streams.
// MAXSIZE is soft: the first entry is given whatever its size, and the last one may
// cross the limit. Bytes are those of the reply but for its outermost header, so
// they depend on the protocol, which stands in the log with the request.
type readBudget struct {
	count int64 // entries that may still be given, or unlimited
	size  int64 // bytes, or unlimited
	start int   // where they begin in Out
	given bool  // an entry
}

// stream reports whether another stream may begin: there is room behind its name
// for an entry. So no stream is shown for whose entries there was no room.
func (b *readBudget) stream(c *Call, key []byte) bool {
	return b.room(c, streamHeader(key, c.Proto))
}

// streamHeader is the size of what stands before the entries of a stream.
func streamHeader(key []byte, proto wire.Proto) int {
	n := len("$\r\n\r\n") + len(strconv.Itoa(len(key))) + len(key)
	if proto == wire.RESP2 {
		n += len("*2\r\n")
	}
	return n
}

// entry reports whether another entry may be given, and counts it.
func (b *readBudget) entry(c *Call) bool {
	if !b.room(c, 0) {
		return false
	}
	if b.count > 0 {
		b.count--
	}
	b.given = true
	return true
}

func (b *readBudget) room(c *Call, more int) bool {
	return b.count != 0 && (b.size == unlimited || !b.given || int64(len(c.Out)-b.start+more) < b.size)
}
