package keyspace

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/millrace-io/millrace/decode"
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/idmp"
)

// Restore reads what Snapshot wrote, checks all of it, and returns that state. An
// error of the reader is passed on; for what is wrong in the sections it is
// ErrCorrupt with the number of the section. It never panics.
func Restore(r SectionReader) (*State, error) {
	var rs restorer
	for {
		kind, body, err := r.Next()
		if err == io.EOF {
			return rs.finish()
		}
		if err != nil {
			return nil, fmt.Errorf("read section %d: %w", rs.sections, err)
		}
		if err := rs.section(kind, body); err != nil {
			return nil, rs.corrupt(kind, err)
		}
		rs.sections++
	}
}

// restorer is a state on its way out of sections. Its parts stand in the order in
// which the sections build them.
type restorer struct {
	st       *State
	db       *DB
	key      *Key // the one whose value is being read
	stream   *StreamValue
	group    *groups.Group // the last of stream
	produced bool          // stream's producers have come
	sections uint64        // read so far
	keys     uint64
	ended    bool
}

// corrupt says where an error was found. Only here, where the position is known,
// ErrCorrupt comes in.
func (rs *restorer) corrupt(kind uint8, err error) error {
	where := fmt.Sprintf("section %d (%s)", rs.sections, sectionName(kind))
	if rs.key != nil {
		where += fmt.Sprintf(" at key %q of database %d", rs.key.name, rs.db.index)
	}
	return fmt.Errorf("%w: %s: %w", ErrCorrupt, where, err)
}

func (rs *restorer) finish() (*State, error) {
	if !rs.ended {
		return nil, fmt.Errorf("%w: ends after %d sections without an end section", ErrCorrupt, rs.sections)
	}
	rs.st.changed = false
	return rs.st, nil
}

var (
	errMalformed = errors.New("malformed")
	errOrder     = errors.New("not expected here")
)

func (rs *restorer) section(kind uint8, body []byte) error {
	if rs.ended || (rs.st == nil) != (kind == sectionHeader) {
		return errOrder
	}
	switch kind {
	case sectionHeader:
		return rs.header(body)
	case sectionKey:
		return rs.newKey(body)
	case sectionString:
		return rs.text(body)
	case sectionStream:
		return rs.newStream(body)
	case sectionChunk:
		return rs.chunk(body)
	case sectionChunks:
		return eachPart(body, rs.chunk)
	case sectionProducers:
		return rs.producers(body)
	case sectionIIDs:
		return eachPart(body, rs.iids)
	case sectionGroup:
		return rs.newGroup(body)
	case sectionBlocks:
		return eachPart(body, rs.block)
	case sectionEnd:
		return rs.end(body)
	}
	return fmt.Errorf("kind %d is unknown", kind)
}

func (rs *restorer) header(body []byte) error {
	d := decode.Reader{Rest: body}
	version := d.Byte()
	if version != formatVersion && version != formatWithoutIDMP && !d.Failed {
		return fmt.Errorf("format version %d", version)
	}
	databases := d.Uvarint()
	n, wanted := d.Uvarint(), uint64(4)
	settings := Settings{int(d.Varint()), int(d.Varint()), idmp.DefaultLimits}
	if version == formatWithoutIDMP {
		wanted = 2
	} else {
		settings.IDMP = idmp.Limits{Duration: int(d.Varint()), MaxSize: int(d.Varint())}
	}
	switch {
	case n != wanted || !d.Done():
		return errMalformed
	case !settings.IDMP.Valid():
		return fmt.Errorf("settings %+v", settings)
	case databases == 0 || databases > MaxDatabases:
		return fmt.Errorf("%d databases", databases)
	}
	rs.st = New(int(databases))
	rs.st.settings = settings
	return nil
}

func (rs *restorer) newKey(body []byte) error {
	if err := rs.endKey(); err != nil {
		return err
	}
	d := decode.Reader{Rest: body}
	db := rs.st.DB(int(min(d.Uvarint(), math.MaxInt32)))
	kind, form := kindAndForm(d.Byte())
	k := &Key{kind: kind, form: form, deadline: d.Varint(), index: d.Uvarint()}
	ordinal := d.Uvarint()
	switch {
	case d.Failed:
		return errMalformed
	case db == nil:
		return errors.New("no such database")
	case k.kind != StreamKind && k.kind != StringKind:
		return fmt.Errorf("kind of value %d", k.kind)
	case ordinal > math.MaxUint32:
		return fmt.Errorf("ordinal %d", ordinal)
	}
	k.ordinal = uint32(ordinal)
	k.name, k.pos = string(d.Rest), positionOf(d.Rest)
	if !rs.inOrder(db, k) {
		return fmt.Errorf("key %q of database %d is out of order", k.name, db.index)
	}
	rs.db, rs.key = db, k
	rs.keys++
	return nil
}

// inOrder reports whether the key stands behind the one before it.
func (rs *restorer) inOrder(db *DB, k *Key) bool {
	if rs.key == nil || rs.db != db {
		return rs.key == nil || rs.db.index < db.index
	}
	return rs.key.placed().less(k.placed())
}

// endKey checks that the value of the last key is whole and puts it in its place.
func (rs *restorer) endKey() error {
	k := rs.key
	if k == nil {
		return nil
	}
	switch {
	case k.kind == StringKind && k.text == nil, k.kind == StreamKind && k.stream == nil:
		return errors.New("the key before has no value")
	case k.kind == StreamKind:
		if err := rs.endStream(); err != nil {
			return err
		}
		rs.db.planLook(k.name, k.stream)
	}
	rs.db.insert(k)
	rs.db.account(int64(cap(k.text)))
	if k.deadline != 0 {
		rs.db.addDeadline(k)
	}
	return nil
}

func (rs *restorer) text(body []byte) error {
	k := rs.key
	if k == nil || k.kind != StringKind || k.text != nil {
		return errOrder
	}
	k.text = append(make([]byte, 0, len(body)), body...)
	return nil
}

func (rs *restorer) end(body []byte) error {
	if err := rs.endKey(); err != nil {
		return err
	}
	d := decode.Reader{Rest: body}
	keys, sections := d.Uvarint(), d.Uvarint()
	switch {
	case !d.Done():
		return errMalformed
	case keys != rs.keys || sections != rs.sections:
		return fmt.Errorf("%d keys in %d sections, found %d in %d", keys, sections, rs.keys, rs.sections)
	}
	rs.ended = true
	return nil
}
