package decode

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

func TestReadsWhatWasWritten(t *testing.T) {
	b := []byte{7}
	b = binary.AppendUvarint(b, math.MaxUint64)
	b = binary.AppendVarint(b, math.MinInt64)
	b = append(binary.AppendUvarint(b, 3), "abc"...)
	b = append(b, "xy"...)
	r := Reader{Rest: b}
	if r.Byte() != 7 || r.Uvarint() != math.MaxUint64 || r.Varint() != math.MinInt64 || string(r.Bytes()) != "abc" {
		t.Errorf("other values, behind them %q", r.Rest)
	}
	if r.Done() || string(r.Take(2)) != "xy" || !r.Done() {
		t.Errorf("not done, or too early: %q, failed %v", r.Rest, r.Failed)
	}
}

func TestBadReadIsForGood(t *testing.T) {
	long := bytes.Repeat([]byte{0xff}, 11) // no number is as long
	for name, read := range map[string]func(r *Reader) bool{
		"byte":          func(r *Reader) bool { r.Rest = nil; return r.Byte() == 0 },
		"uvarint":       func(r *Reader) bool { r.Rest = long; return r.Uvarint() == 0 },
		"short uvarint": func(r *Reader) bool { r.Rest = []byte{0x80}; return r.Uvarint() == 0 },
		"varint":        func(r *Reader) bool { r.Rest = long; return r.Varint() == 0 },
		"take":          func(r *Reader) bool { return r.Take(4) == nil },
		"endless take":  func(r *Reader) bool { return r.Take(math.MaxUint64) == nil },
		"bytes":         func(r *Reader) bool { return r.Bytes() == nil }, // 5 of 2
		"failed":        func(r *Reader) bool { r.Fail(); return true },
	} {
		r := &Reader{Rest: []byte{5, 1, 2}}
		if !read(r) || !r.Failed || len(r.Rest) != 0 || r.Done() {
			t.Errorf("%s: %+v", name, r)
		}
		if r.Byte() != 0 || r.Uvarint() != 0 || r.Varint() != 0 || len(r.Take(0)) != 0 || len(r.Bytes()) != 0 || !r.Failed {
			t.Errorf("%s: a read behind it gives something", name)
		}
	}
}
