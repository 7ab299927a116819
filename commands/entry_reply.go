package commands

import (
	"strconv"

	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// unlimited is the limit of a reply without COUNT.
const unlimited = -1

// appendID appends an ID as replies show it: "ms-seq", normalised.
func appendID(b []byte, id streams.ID) []byte {
	var text [41]byte // two numbers of 20 digits and the dash
	return wire.AppendBulk(b, id.AppendText(text[:0]))
}

// appendEntry appends the entry under the cursor: its ID and its fields, which
// are a flat array in both protocols.
func (c *Call) appendEntry(cur *streams.Cursor) {
	c.Out = wire.AppendArray(c.Out, 2)
	c.Out = appendID(c.Out, cur.ID())
	c.scratch = cur.AppendFields(c.scratch[:0])
	c.Out = wire.AppendArray(c.Out, len(c.scratch))
	for _, v := range c.scratch {
		c.Out = wire.AppendBulk(c.Out, v)
	}
}

// appendEntries appends an array of the entries that the cursor still gives, at
// most limit of them and, unless budget is nil, what it allows. Its only error is
// ErrLong.
func (c *Call) appendEntries(cur *streams.Cursor, limit int64, budget *readBudget) error {
	h := openHeader(&c.Out, limit)
	n := int64(0)
	for n != limit && cur.Next() && (budget == nil || budget.entry(c)) {
		if c.TooLong() {
			return ErrLong
		}
		c.appendEntry(cur)
		n++
	}
	h.close(&c.Out, '*', n)
	return nil
}

// header is the place of an array's or map's header whose number of elements is
// known only when they are written.
type header struct{ at, room int }

// openHeader leaves room for a header. expect is the likely number of elements:
// with a good guess closing moves nothing.
func openHeader(out *[]byte, expect int64) header {
	h := header{at: len(*out), room: len("*0\r\n")}
	for n := expect; n >= 10 && h.room < 8; n /= 10 {
		h.room++
	}
	const blank = "        "
	*out = append(*out, blank[:h.room]...)
	return h
}

// close writes the header of n elements, moving them when it takes more or less
// room than was left.
func (h header) close(out *[]byte, kind byte, n int64) {
	var text [24]byte
	head := strconv.AppendInt(append(text[:0], kind), n, 10)
	head = append(head, '\r', '\n')
	b := *out
	body := len(b) - h.at - h.room
	if grow := len(head) - h.room; grow > 0 {
		b = append(b, text[:grow]...)
	}
	copy(b[h.at+len(head):], b[h.at+h.room:h.at+h.room+body])
	copy(b[h.at:], head)
	*out = b[:h.at+len(head)+body]
}
