package meta

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/millrace-io/millrace/decode"
)

// SectionWriter takes a snapshot. body is the writer's until it returns.
type SectionWriter interface {
	Section(kind uint8, body []byte) error
}

// SectionReader gives the sections back in order, and io.EOF behind the last one.
// body is valid until the next call.
type SectionReader interface {
	Next() (kind uint8, body []byte, err error)
}

// ErrCorrupt is returned by Restore for sections that Snapshot can't have written.
var ErrCorrupt = errors.New("state of the meta group is damaged")

// The kinds of section, in their order; see doc.go for what is in them.
const (
	sectionHeader uint8 = 1 + iota
	sectionNodes
	sectionRemoved
	sectionSettings
	sectionEnd
)

const formatVersion = 1

// Snapshot writes the state: the same one always as the same bytes.
func (s *State) Snapshot(w SectionWriter) error {
	for kind := sectionHeader; kind <= sectionEnd; kind++ {
		if err := w.Section(kind, s.section(kind)); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) section(kind uint8) (b []byte) {
	switch kind {
	case sectionHeader:
		b = append(b, formatVersion)
		b = binary.AppendUvarint(b, s.version)
		b = binary.AppendUvarint(b, uint64(s.lastOrder))
		b = binary.AppendUvarint(b, uint64(s.partitions))
		b = appendText(b, s.cluster)
	case sectionNodes:
		b = binary.AppendUvarint(b, uint64(len(s.nodes)))
		for _, n := range s.nodes {
			b = binary.LittleEndian.AppendUint64(b, n.ID)
			b = binary.AppendUvarint(b, uint64(n.Order))
			b = append(b, byte(n.Phase))
			b = appendText(appendText(appendText(b, n.Addr), n.Client), n.Name)
		}
	case sectionRemoved:
		b = binary.AppendUvarint(b, uint64(len(s.removed)))
		for _, id := range s.removed {
			b = binary.LittleEndian.AppendUint64(b, id)
		}
	case sectionSettings:
		b = binary.AppendUvarint(b, uint64(len(s.settings)))
		for _, key := range slices.Sorted(maps.Keys(s.settings)) {
			b = appendText(appendText(b, key), s.settings[key])
		}
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// Restore reads what Snapshot wrote and checks all of it. What is wrong in the
// sections is ErrCorrupt. It never panics.
func Restore(r SectionReader) (*State, error) {
	s := &State{}
	for want := sectionHeader; ; want++ {
		kind, body, err := r.Next()
		switch {
		case err == io.EOF && want > sectionEnd:
			if err := s.check(); err != nil {
				return nil, err
			}
			return s, nil
		case err == io.EOF:
			return nil, fmt.Errorf("%w: it ends before section %d", ErrCorrupt, want)
		case err != nil:
			return nil, fmt.Errorf("read section %d of the meta group: %w", want, err)
		case kind != want || want > sectionEnd:
			return nil, fmt.Errorf("%w: section %d where %d is expected", ErrCorrupt, kind, want)
		}
		d := &decode.Reader{Rest: body}
		if err := s.read(kind, d); err != nil {
			return nil, err
		}
		if !d.Done() {
			return nil, fmt.Errorf("%w: section %d is malformed", ErrCorrupt, kind)
		}
	}
}

func (s *State) read(kind uint8, d *decode.Reader) error {
	switch kind {
	case sectionHeader:
		if format := d.Byte(); format != formatVersion && !d.Failed {
			return fmt.Errorf("%w: format %d is not known", ErrCorrupt, format)
		}
		s.version = d.Uvarint()
		s.lastOrder = number(d, MaxOrder)
		s.partitions = number(d, MaxPartitions)
		s.cluster = text(d, maxText)
	case sectionNodes:
		for range number(d, MaxNodes) {
			n := Node{ID: fixed(d), Order: number(d, MaxOrder), Phase: Phase(d.Byte())}
			n.Addr, n.Client, n.Name = text(d, maxText), text(d, maxText), text(d, maxText)
			if d.Failed {
				break
			}
			s.nodes = append(s.nodes, n)
		}
	case sectionRemoved:
		for range number(d, maxRemoved) {
			id := fixed(d)
			if d.Failed {
				break
			}
			s.removed = append(s.removed, id)
		}
	case sectionSettings:
		return s.readSettings(d)
	}
	return nil
}

func (s *State) readSettings(d *decode.Reader) error {
	last := ""
	for range number(d, maxSettings) {
		key, value := text(d, maxSettingKey), text(d, maxSettingText)
		if d.Failed {
			break
		}
		if key <= last {
			return fmt.Errorf("%w: setting %q is out of order", ErrCorrupt, key)
		}
		if s.settings == nil {
			s.settings = make(map[string]string)
		}
		s.settings[key], last = value, key
	}
	return nil
}

func number(d *decode.Reader, most uint32) uint32 {
	n := d.Uvarint()
	if n > uint64(most) {
		d.Fail()
		return 0
	}
	return uint32(n)
}

func text(d *decode.Reader, most int) string {
	b := d.Bytes()
	if len(b) > most {
		d.Fail()
	}
	return string(b)
}

func fixed(d *decode.Reader) uint64 {
	b := d.Take(8)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}
