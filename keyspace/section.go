package keyspace

// SectionWriter takes a snapshot. The order of the sections matters. body is the
// writer's until it returns.
type SectionWriter interface {
	Section(kind uint8, body []byte) error
}

// SectionReader gives the sections back in order, and io.EOF behind the last one.
// body is valid until the next call.
type SectionReader interface {
	Next() (kind uint8, body []byte, err error)
}

// The kinds of section; see doc.go for what is in them.
const (
	sectionHeader uint8 = 1 + iota
	sectionKey
	sectionString
	sectionStream
	sectionChunk
	sectionChunks
	sectionGroup
	sectionBlocks
	sectionEnd
	sectionProducers
	sectionIIDs
)

func sectionName(kind uint8) string {
	names := [...]string{"header", "key", "string", "stream", "chunk", "chunks", "group", "blocks", "end", "producers", "iids"}
	if kind < sectionHeader || kind > sectionIIDs {
		return "unknown"
	}
	return names[kind-sectionHeader]
}

const (
	formatVersion     = 2
	formatWithoutIDMP = 1         // is read, not written
	gatherBytes       = 256 << 10 // chunks and blocks share a section up to about this
)
