package keyspace

import (
	"encoding/binary"

	"github.com/millrace-io/millrace/groups"
)

// Snapshot writes everything that is replicated. The same state always gives the
// same sections.
func (v *View) Snapshot(w SectionWriter) error { return writeSnapshot(w, v.dbs, v.settings, 0) }

// snapshotter writes the sections of a snapshot.
type snapshotter struct {
	w        SectionWriter
	now      int64  // keys that have expired by then are left out; 0 for none
	body     []byte // of small sections; kept to be used again
	gathered []byte // chunks or blocks that will share a section
	keys     uint64
	sections uint64
}

func writeSnapshot(w SectionWriter, dbs []*DB, settings Settings, now int64) error {
	s := &snapshotter{w: w, now: now}
	if err := s.section(sectionHeader, appendSnapshotHeader(nil, len(dbs), settings)); err != nil {
		return err
	}
	for i, d := range dbs {
		if err := s.db(i, d); err != nil {
			return err
		}
	}
	b := binary.AppendUvarint(nil, s.keys)
	return s.section(sectionEnd, binary.AppendUvarint(b, s.sections))
}

func appendSnapshotHeader(b []byte, databases int, settings Settings) []byte {
	b = append(b, formatVersion)
	b = binary.AppendUvarint(b, uint64(databases))
	b = binary.AppendUvarint(b, 4) // settings follow
	b = binary.AppendVarint(b, int64(settings.StreamNodeMaxBytes))
	b = binary.AppendVarint(b, int64(settings.StreamNodeMaxEntries))
	b = binary.AppendVarint(b, int64(settings.IDMP.Duration))
	return binary.AppendVarint(b, int64(settings.IDMP.MaxSize))
}

func (s *snapshotter) section(kind uint8, body []byte) error {
	s.sections++
	return s.w.Section(kind, body)
}

func (s *snapshotter) db(index int, d *DB) (err error) {
	d.Each(func(k *Key) bool {
		if !k.Expired(s.now) {
			err = s.key(index, k)
		}
		return err == nil
	})
	return err
}

func (s *snapshotter) key(db int, k *Key) error {
	s.keys++
	s.body = appendKey(s.body[:0], db, k)
	if err := s.section(sectionKey, s.body); err != nil {
		return err
	}
	if k.kind == StringKind {
		return s.section(sectionString, k.text)
	}
	return s.stream(k.stream)
}

func appendKey(b []byte, db int, k *Key) []byte {
	b = binary.AppendUvarint(b, uint64(db))
	b = append(b, k.stored())
	b = binary.AppendVarint(b, k.deadline)
	b = binary.AppendUvarint(b, k.index)
	b = binary.AppendUvarint(b, uint64(k.ordinal))
	return append(b, k.name...)
}

func (s *snapshotter) stream(v *StreamValue) (err error) {
	s.body = v.AppendHeader(s.body[:0])
	if err := s.section(sectionStream, s.body); err != nil {
		return err
	}
	if err := v.ForEachChunk(s.chunk); err != nil {
		return err
	}
	if err := s.flush(sectionChunks); err != nil {
		return err
	}
	if err := s.producers(v); err != nil {
		return err
	}
	v.EachGroup(func(name string, g *groups.Group) bool {
		err = s.group(name, g)
		return err == nil
	})
	return err
}

// producers writes what the stream remembers of its producers, unless that is what a
// stream of Redis' own settings begins with.
func (s *snapshotter) producers(v *StreamValue) error {
	if v.producers.Untouched() {
		return nil
	}
	s.body = v.producers.AppendHeader(s.body[:0])
	if err := s.section(sectionProducers, s.body); err != nil {
		return err
	}
	err := v.producers.ForEachBlock(func(block []byte) error { return s.gather(sectionIIDs, block) })
	if err != nil {
		return err
	}
	return s.flush(sectionIIDs)
}

// chunk gathers a chunk; a large one gets a section of its own, so that a huge
// value is not copied once more.
func (s *snapshotter) chunk(chunk []byte) error {
	if len(chunk) < gatherBytes {
		return s.gather(sectionChunks, chunk)
	}
	if err := s.flush(sectionChunks); err != nil {
		return err
	}
	return s.section(sectionChunk, chunk)
}

func (s *snapshotter) group(name string, g *groups.Group) error {
	s.body = binary.AppendUvarint(s.body[:0], uint64(len(name)))
	s.body = g.AppendHeader(append(s.body, name...))
	if err := s.section(sectionGroup, s.body); err != nil {
		return err
	}
	err := g.ForEachBlock(func(block []byte) error { return s.gather(sectionBlocks, block) })
	if err != nil {
		return err
	}
	return s.flush(sectionBlocks)
}

// gather adds a part to the section being gathered, which is of the given kind.
func (s *snapshotter) gather(kind uint8, part []byte) error {
	s.gathered = binary.AppendUvarint(s.gathered, uint64(len(part)))
	s.gathered = append(s.gathered, part...)
	if len(s.gathered) < gatherBytes {
		return nil
	}
	return s.flush(kind)
}

func (s *snapshotter) flush(kind uint8) error {
	if len(s.gathered) == 0 {
		return nil
	}
	err := s.section(kind, s.gathered)
	s.gathered = s.gathered[:0]
	return err
}
