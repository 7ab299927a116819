package commands

import (
	"bytes"
	"strconv"

	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// ScansSlots reports that the command goes through the keys in the order of their
// slots, by a cursor.
func (c *Command) ScansSlots() bool { return c.Name == scan.Name && c.container == nil }

// ScanFrom is the slot in which a SCAN goes on, of arguments that were checked, and for
// how many keys it asks.
func ScanFrom(args [][]byte) (slot uint16, count int) {
	o, _ := parseScan(args)
	return keyspace.CursorSlot(o.cursor), o.count
}

// ScanArgs are the arguments of a SCAN that goes on with a slot.
func ScanArgs(args [][]byte, slot uint16) [][]byte {
	on := append([][]byte(nil), args...)
	on[1] = strconv.AppendUint(nil, keyspace.SlotCursor(slot), 10)
	return on
}

// ScanPage is the reply of a SCAN.
type ScanPage struct {
	Cursor uint64 // 0: there is nothing more
	Count  int
	names  []byte
}

// Add appends what a reply has. It reports false for one that is an error.
func (p *ScanPage) Add(reply []byte) bool {
	rest, ok := bytes.CutPrefix(reply, []byte("*2\r\n"))
	if !ok {
		return false
	}
	n, rest := replyHead(rest)
	p.Cursor, _ = strconv.ParseUint(string(rest[:n]), 10, 64) // ours
	n, names := replyHead(rest[n+2:])
	p.Count += n
	p.names = append(p.names, names...)
	return true
}

// GoOnAt has the next call go on with a slot.
func (p *ScanPage) GoOnAt(slot uint16) { p.Cursor = keyspace.SlotCursor(slot) }

// Reply is the page as it goes to the client.
func (p *ScanPage) Reply() []byte { return appendScanPage(nil, p.Cursor, p.Count, p.names) }

func appendScanPage(out []byte, cursor uint64, n int, names []byte) []byte {
	out = wire.AppendArray(out, 2)
	out = wire.AppendBulkString(out, strconv.FormatUint(cursor, 10))
	out = wire.AppendArray(out, n)
	return append(out, names...)
}
