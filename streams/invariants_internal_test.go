package streams

// CheckInvariants fails the test when a stream breaks what doc.go promises.
func CheckInvariants(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, s *Stream) {
	t.Helper()
	var live uint64
	var bytes int64
	var prev *chunk
	chunks := 0
	for c := s.head(); c != nil; c = s.after(c) {
		chunks++
		checked := *c
		checked.deadBytes = 0
		if err := checked.checkEntries(); err != nil {
			t.Fatalf("chunk %v: %v", c.first, err)
		}
		switch {
		case c.live == 0 || c.live > c.count || c.count > c.total:
			t.Fatalf("invariant 2, 7: chunk %v: live %d, count %d, total %d", c.first, c.live, c.count, c.total)
		case checked.deadBytes != c.deadBytes:
			t.Fatalf("chunk %v: %d bytes dead of %d, counted %d", c.first, checked.deadBytes, len(c.buf), c.deadBytes)
		case prev != nil && !prev.last.Less(c.first):
			t.Fatalf("invariant 1: chunk %v after %v", c.first, prev.last)
		case s.lastID.Less(c.last):
			t.Fatalf("invariant 9: chunk %v ends with %v, last ID %v", c.first, c.last, s.lastID)
		case c.epoch > s.epoch:
			t.Fatalf("invariant 4: chunk %v of epoch %d in a stream of %d", c.first, c.epoch, s.epoch)
		case s.before(c) != prev:
			t.Fatalf("before(%v) is not the chunk before it", c.first)
		}
		if c != &s.tail {
			bytes += c.memory()
		}
		live += uint64(c.live)
		prev = c
	}
	if live != s.length || chunks != s.Chunks() || bytes != s.sealedBytes {
		t.Fatalf("invariant 8: %d entries, %d chunks, %d bytes, counted %d, %d, %d",
			s.length, s.Chunks(), s.sealedBytes, live, chunks, bytes)
	}
	if prev != nil && prev != &s.tail {
		t.Fatalf("invariant 2: no tail")
	}
}
