package log

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Kind says what a frame records.
type Kind uint8

const (
	KindFirst         Kind = 1 // first frame of a segment: the state of every group at this point
	KindEntries       Kind = 2 // log entries of one group
	KindState         Kind = 3 // term and vote of one group
	KindTruncateFront Kind = 4 // a group's entries up to an index are given up
	KindTruncateBack  Kind = 5 // a group's entries from an index on are dropped
	KindReset         Kind = 6 // a group's log is emptied and goes on behind a snapshot
	KindMark          Kind = 7 // carries nothing but the synced offset of its header
)

func (k Kind) String() string {
	switch k {
	case KindFirst:
		return "first"
	case KindEntries:
		return "entries"
	case KindState:
		return "state"
	case KindTruncateFront:
		return "truncate-front"
	case KindTruncateBack:
		return "truncate-back"
	case KindReset:
		return "reset"
	case KindMark:
		return "mark"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Sizes of the format; doc.go draws it.
const (
	formatVersion = 1
	frameMagic    = 0x464c524d // "MRLF"
	headerSize    = 64
	entryHeadSize = 24
	frameAlign    = 8
	pageSize      = 4096
	maxExtensions = 1<<24 - 1
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	magicBytes = binary.LittleEndian.AppendUint32(nil, frameMagic)
)

// life is what tells the frames of one use of a segment file from those of
// another: the number grows with every segment, the salt is drawn at random.
type life struct {
	number SegmentNum
	salt   uint64
}

// header is the fixed part of every frame.
type header struct {
	crc    uint32
	length uint32 // header and body, without the padding to frameAlign
	kind   Kind
	life   life
	offset int64 // of the frame in its file
	synced int64 // the segment was known to be on disk up to here when the frame was written
	group  GroupID
	count  uint32 // entries, or group states in a first frame
	first  uint64 // index: of the first entry, new first, cut from, last before a reset
}

// appendHeader appends h with a zero checksum.
func appendHeader(b []byte, h *header) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, frameMagic)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, h.length)
	b = append(b, byte(h.kind), 0, 0, 0)
	b = le.AppendUint64(b, uint64(h.life.number))
	b = le.AppendUint64(b, h.life.salt)
	b = le.AppendUint64(b, uint64(h.offset))
	b = le.AppendUint64(b, uint64(h.synced))
	b = le.AppendUint32(b, uint32(h.group))
	b = le.AppendUint32(b, h.count)
	return le.AppendUint64(b, h.first)
}

// parseHeader reads a header; false if b does not begin with one. It checks
// the shape only: place and checksum are the caller's to compare.
func parseHeader(b []byte) (header, bool) {
	le := binary.LittleEndian
	if len(b) < headerSize || le.Uint32(b) != frameMagic {
		return header{}, false
	}
	h := header{
		crc:    le.Uint32(b[4:]),
		length: le.Uint32(b[8:]),
		kind:   Kind(b[12]),
		life:   life{number: SegmentNum(le.Uint64(b[16:])), salt: le.Uint64(b[24:])},
		offset: int64(le.Uint64(b[32:])),
		synced: int64(le.Uint64(b[40:])),
		group:  GroupID(le.Uint32(b[48:])),
		count:  le.Uint32(b[52:]),
		first:  le.Uint64(b[56:]),
	}
	return h, h.length >= headerSize && h.synced >= 0
}

// checksum is CRC32C over the frame with its checksum field taken as zero.
func checksum(frame []byte) uint32 {
	var zero [4]byte
	c := crc32.Update(0, castagnoli, frame[:4])
	c = crc32.Update(c, castagnoli, zero[:])
	return crc32.Update(c, castagnoli, frame[8:])
}

func alignFrame(n int64) int64 { return (n + frameAlign - 1) &^ (frameAlign - 1) }

func alignPage(n int64) int64 { return (n + pageSize - 1) &^ (pageSize - 1) }

// entrySpan is the size of e's bytes in a frame: its head and its payload.
func entrySpan(e *Entry) int64 {
	return entryHeadSize + int64(len(e.Extensions)) + int64(len(e.Data))
}

func appendEntryHead(b []byte, e *Entry) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, e.Term)
	b = le.AppendUint64(b, uint64(e.AppendedAt))
	b = le.AppendUint32(b, uint32(len(e.Data)))
	return le.AppendUint32(b, uint32(e.Type)<<24|uint32(len(e.Extensions)))
}

// parseEntries decodes the entries of a checked frame. They alias body.
func parseEntries(h *header, body []byte) ([]Entry, error) {
	if int64(h.count)*entryHeadSize > int64(len(body)) || h.count == 0 {
		return nil, fmt.Errorf("%d entries in %d bytes", h.count, len(body))
	}
	le := binary.LittleEndian
	rest := body[int64(h.count)*entryHeadSize:]
	entries := make([]Entry, h.count)
	for i := range entries {
		head := body[i*entryHeadSize:]
		data, tail := int64(le.Uint32(head[16:])), le.Uint32(head[20:])
		ext := int64(tail & maxExtensions)
		if ext+data > int64(len(rest)) {
			return nil, fmt.Errorf("entry %d reaches beyond its frame", h.first+uint64(i))
		}
		entries[i] = Entry{
			Index: h.first + uint64(i), Term: le.Uint64(head), Type: uint8(tail >> 24),
			AppendedAt: int64(le.Uint64(head[8:])),
			Extensions: sub(rest, 0, ext), Data: sub(rest, ext, ext+data),
		}
		rest = rest[ext+data:]
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("%d bytes behind the last entry", len(rest))
	}
	return entries, nil
}

// sub is b[from:to] that cannot grow into its neighbour, nil when empty.
func sub(b []byte, from, to int64) []byte {
	if from == to {
		return nil
	}
	return b[from:to:to]
}

// frame is a checked frame in memory.
type frame struct {
	header
	body []byte
}

// end is the offset of the frame behind f.
func (f *frame) end() int64 { return f.offset + alignFrame(int64(f.length)) }
