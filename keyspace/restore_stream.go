package keyspace

import (
	"errors"

	"github.com/millrace-io/millrace/decode"
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/streams"
)

func (rs *restorer) newStream(body []byte) error {
	k := rs.key
	if k == nil || k.kind != StreamKind || k.stream != nil {
		return errOrder
	}
	s, err := streams.NewFromHeader(body)
	if err != nil {
		return err
	}
	k.stream = &StreamValue{Stream: s, db: rs.db, epoch: rs.st.epoch, producers: idmp.New(idmp.DefaultLimits)}
	rs.stream, rs.group, rs.produced = k.stream, nil, false
	return nil
}

// reading reports whether the sections of a stream's value may come now.
func (rs *restorer) reading() bool { return rs.key != nil && rs.key.stream != nil }

func (rs *restorer) chunk(body []byte) error {
	if !rs.reading() || rs.group != nil || rs.produced {
		return errOrder
	}
	return rs.stream.AddChunk(body)
}

func (rs *restorer) producers(body []byte) error {
	if !rs.reading() || rs.group != nil || rs.produced {
		return errOrder
	}
	if err := rs.stream.Complete(); err != nil {
		return err
	}
	p, err := idmp.FromHeader(body)
	if err != nil {
		return err
	}
	if p.Untouched() {
		return errors.New("producers that need no section")
	}
	rs.stream.producers, rs.produced = p, true
	return nil
}

func (rs *restorer) iids(body []byte) error {
	if !rs.reading() || rs.group != nil || !rs.produced {
		return errOrder
	}
	return rs.stream.producers.AddBlock(body)
}

func (rs *restorer) newGroup(body []byte) error {
	if !rs.reading() {
		return errOrder
	}
	if err := rs.endParts(); err != nil {
		return err
	}
	d := decode.Reader{Rest: body}
	name := d.Take(d.Uvarint())
	if d.Failed {
		return errMalformed
	}
	if n := len(rs.stream.groups); n > 0 && rs.stream.groups[n-1].name >= string(name) {
		return errors.New("groups are out of order")
	}
	g, err := groups.NewFromHeader(d.Rest)
	if err != nil {
		return err
	}
	rs.group = g
	rs.stream.groups = append(rs.stream.groups, &heldGroup{name: string(name), group: g, epoch: rs.st.epoch})
	return nil
}

func (rs *restorer) block(body []byte) error {
	if !rs.reading() || rs.group == nil {
		return errOrder
	}
	return rs.group.AddBlock(body)
}

// endParts checks that what came last, the stream itself or one of its groups, is
// whole.
func (rs *restorer) endParts() error {
	if rs.group != nil {
		return rs.group.Complete()
	}
	if err := rs.stream.Complete(); err != nil {
		return err
	}
	return rs.stream.producers.Complete()
}

// endStream accounts for a stream that is whole.
func (rs *restorer) endStream() error {
	if err := rs.endParts(); err != nil {
		return err
	}
	s := rs.stream
	for _, g := range s.groups {
		g.bytes = g.memory()
		s.groupBytes += g.bytes
	}
	s.bytes = s.memory()
	rs.db.account(s.bytes + s.groupBytes)
	return nil
}

// eachPart calls fn with the parts that were gathered in a section.
func eachPart(body []byte, fn func([]byte) error) error {
	d := decode.Reader{Rest: body}
	for len(d.Rest) > 0 {
		part := d.Take(d.Uvarint())
		if d.Failed {
			return errMalformed
		}
		if err := fn(part); err != nil {
			return err
		}
	}
	return nil
}
