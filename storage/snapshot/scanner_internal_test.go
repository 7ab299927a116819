package snapshot

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// White box, since these bytes carry right checksums: trailers that are whole and right in themselves but belong to
// another file.
func TestTrailerOfAnotherFile(t *testing.T) {
	head, tag := appendHeader(nil, 1, Meta{Index: 1})
	off := int64(len(head))
	long := appendTrailer(nil, tag, off, tag, 0)
	le.PutUint64(long[16:], uint64(off)+tailLen+1)
	le.PutUint32(long[24:], sum(placeSum(tag, off), long[:24]))
	rows := map[string]struct {
		trailer []byte
		good    bool
	}{
		"right":          {appendTrailer(nil, tag, off, tag, 0), true},
		"other count":    {appendTrailer(nil, tag, off, tag, 1), false},
		"other total":    {appendTrailer(nil, tag, off, tag+1, 0), false},
		"other place":    {appendTrailer(nil, tag, off+1, tag, 0), false},
		"other header":   {appendTrailer(nil, tag+1, off, tag, 0), false},
		"other length":   {long, false},
		"more behind it": {append(appendTrailer(nil, tag, off, tag, 0), 0), false},
	}
	for name, r := range rows {
		t.Run(name, func(t *testing.T) {
			b := append(bytes.Clone(head), r.trailer...)
			rd, err := NewReader(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = rd.Next()
			if _, damaged := errors.AsType[*CorruptionError](err); damaged == r.good || r.good && err != io.EOF {
				t.Errorf("error = %v", err)
			}
		})
	}
}

// A file cut within a huge section has a right header that promises more than
// there is: the memory for it is never taken.
func TestSectionLongerThanTheFileTakesNoMemory(t *testing.T) {
	b, tag := appendHeader(nil, 1, Meta{Index: 1})
	off := int64(len(b))
	b, _ = appendSectionHeader(b, tag, off, 1, 1<<40)
	b = append(b, make([]byte, 1<<16)...)
	rd, err := NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = rd.Next()
	if damage, ok := errors.AsType[*CorruptionError](err); !ok || damage.Offset != off || rd.buf != nil {
		t.Errorf("error = %v, buffer of %d bytes", err, len(rd.buf))
	}
}
