package idmp

// CheckInvariants fails the test when a Producers breaks what doc.go promises.
func CheckInvariants(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, ps *Producers) {
	t.Helper()
	tr := ps.tracked
	if tr == nil {
		return
	}
	records, live, sealed, bytes := 0, 0, 0, int64(0)
	tr.byPID.Scan(func(item byPID) bool {
		p := item.producer
		bytes += p.size()
		sealed += p.sealed
		if p.pid != item.pid || p.empty() {
			t.Fatalf("invariant 3: producer %q under %q, empty: %v", p.pid, item.pid, p.empty())
		}
		n, alive, next, first := 0, 0, uint64(0), true
		newest := map[string]uint64{}
		tr.eachRecord(p, func(r record) bool { newest[string(r.iid)] = r.seq; return true })
		tr.eachRecord(p, func(r record) bool {
			if r.seq < next {
				t.Fatalf("invariant 1: record %d of producer %q behind %d", r.seq, p.pid, next-1)
			}
			if first && r.id.Ms != p.oldest {
				t.Fatalf("invariant 4: producer %q begins with %d, noted %d", p.pid, r.id.Ms, p.oldest)
			}
			_, isLive := tr.byIID.Get(row{p.hash(NewPair(nil, r.iid)), r.seq})
			if isLive != (newest[string(r.iid)] == r.seq) {
				t.Fatalf("invariant 2: record %d of producer %q is live: %v", r.seq, p.pid, isLive)
			}
			if isLive {
				alive++
			}
			n, next, first = n+1, r.seq+1, false
			return true
		})
		if alive != p.live || alive > ps.limits.MaxSize && ps.loading == nil {
			t.Fatalf("invariant 3: producer %q has %d live records, counted %d of %d", p.pid, alive, p.live, ps.limits.MaxSize)
		}
		if _, ok := tr.byAge.Get(byAge{p.oldest, p.pid}); !ok {
			t.Fatalf("invariant 4: producer %q is missing", p.pid)
		}
		records, live = records+n, live+alive
		return true
	})
	tr.sealed.Scan(func(s sealedBlock) bool {
		bytes += s.sealedSize()
		return true
	})
	if records != tr.records || live != tr.byIID.Len() || sealed != tr.sealed.Len() || tr.byAge.Len() != tr.byPID.Len() || bytes != tr.producer {
		t.Fatalf("counts: %d records of %d, %d live of %d, %d sealed of %d, %d producers by age of %d, %d bytes of %d",
			tr.records, records, tr.byIID.Len(), live, tr.sealed.Len(), sealed, tr.byAge.Len(), tr.byPID.Len(), tr.producer, bytes)
	}
}
