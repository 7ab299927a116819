package idmp

import (
	"testing"

	"github.com/millrace-io/millrace/streams"
)

// Equal hashes, within a producer and of two, lead to no iid but the one asked for.
func TestHashCollisionIsNoDuplicate(t *testing.T) {
	p := New(DefaultLimits)
	const spread = 0x9E3779B97F4A7C15 // the second producer's number is 1
	pairs := []Pair{
		{[]byte("first"), []byte("a"), 7}, {[]byte("first"), []byte("b"), 7}, {[]byte("first"), []byte("aa"), 7},
		{[]byte("second"), []byte("a"), 7 ^ spread}, {[]byte("second"), []byte("c"), 7 ^ spread},
	}
	for i, pair := range pairs {
		if id, ok := p.Find(pair, 0); ok {
			t.Errorf("%q of %q is %v before it was recorded", pair.iid, pair.pid, id)
		}
		p.Record(pair, streams.ID{Ms: uint64(i)})
	}
	if n := p.tracked.byIID.Len(); n != len(pairs) {
		t.Fatalf("%d rows", n)
	}
	p.tracked.byIID.Scan(func(r row) bool {
		if r.hash != 7 {
			t.Errorf("hash %d: the test proves nothing", r.hash)
		}
		return true
	})
	for i, pair := range pairs {
		if id, ok := p.Find(pair, 0); !ok || id.Ms != uint64(i) {
			t.Errorf("%q of %q is %v, %v", pair.iid, pair.pid, id, ok)
		}
	}
	for _, pair := range []Pair{{[]byte("first"), []byte("c"), 7}, {[]byte("second"), []byte("b"), 7 ^ spread}} {
		if id, ok := p.Find(pair, 0); ok {
			t.Errorf("%q of %q is %v", pair.iid, pair.pid, id)
		}
	}
}
