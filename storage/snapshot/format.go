package snapshot

import (
	"encoding/binary"
	"hash/crc32"
)

// The layout is drawn in doc.go.
const (
	fileFormat = 1

	headMagic    = "MILLSNAP"
	sectionMagic = "SECT"
	tailMagic    = "TAIL"
	endMagic     = "SNAPDONE"

	prefixLen  = 16 // magic, format, checksum: the same in every format
	headLen    = 60 // the header up to the configuration
	sectionLen = 20 // a section before its body
	sumLen     = 4
	tailLen    = 36
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	le         = binary.LittleEndian
)

func sum(seed uint32, b []byte) uint32 { return crc32.Update(seed, castagnoli, b) }

// placeSum begins the checksum of whatever stands at offset off of the file
// with this tag.
func placeSum(tag uint32, off int64) uint32 {
	var b [12]byte
	le.PutUint32(b[:], tag)
	le.PutUint64(b[4:], uint64(off))
	return sum(0, b[:])
}

// bodySum begins the checksum of the body behind a section header with checksum h.
func bodySum(h uint32) uint32 {
	var b [sumLen]byte
	le.PutUint32(b[:], h)
	return sum(0, b[:])
}

// appendHeader returns the tag too, from which the checksum of the whole goes on.
func appendHeader(b []byte, group uint32, m Meta) ([]byte, uint32) {
	start := len(b)
	b = append(b, headMagic...)
	b = le.AppendUint32(b, fileFormat)
	b = le.AppendUint32(b, sum(0, b[start:]))
	b = le.AppendUint32(b, group)
	b = le.AppendUint32(b, uint32(m.Version))
	b = le.AppendUint64(b, m.Index)
	b = le.AppendUint64(b, m.Term)
	b = le.AppendUint64(b, m.ConfigurationIndex)
	b = le.AppendUint32(b, m.Format)
	b = le.AppendUint32(b, uint32(len(m.Configuration)))
	head := sum(0, b[start+prefixLen:])
	b = le.AppendUint32(b, head)
	b = append(b, m.Configuration...)
	tag := sum(head, m.Configuration)
	return le.AppendUint32(b, tag), tag
}

// appendSectionHeader returns the header's checksum too, with which the body's begins.
func appendSectionHeader(b []byte, tag uint32, off int64, kind uint8, n int) ([]byte, uint32) {
	start := len(b)
	b = append(b, sectionMagic...)
	b = append(b, kind, 0, 0, 0)
	b = le.AppendUint64(b, uint64(n))
	h := sum(placeSum(tag, off), b[start:])
	return le.AppendUint32(b, h), h
}

func appendTrailer(b []byte, tag uint32, off int64, total uint32, sections uint64) []byte {
	start := len(b)
	b = append(b, tailMagic...)
	b = le.AppendUint32(b, total)
	b = le.AppendUint64(b, sections)
	b = le.AppendUint64(b, uint64(off)+tailLen)
	b = le.AppendUint32(b, sum(placeSum(tag, off), b[start:]))
	return append(b, endMagic...)
}
