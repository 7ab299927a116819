package integration

// check compares what the client says with what the server holds.
// check compares what the client says with what the server holds.
func (s *clientRun) check() {
	t := s.t
	t.Logf("%s: %d entries acknowledged over 3 kills", s.got.Library, len(s.added))
	is(t, "a read that times out says nothing", s.got.TimedOut, nil, true)
	is(t, "blocked reads", s.got.Woken, nil, []string{"one", "two"})
	is(t, "messages", s.got.Heard, nil, []string{"one", "two"})
	is(t, "claimed", s.got.Claimed, nil, s.pending)
	ids := s.checkEntries()
	is(t, "processed", s.got.Processed, nil, ids[8:])
	s.checkGroup(len(ids))
	s.checkTransactions()
}

// checkEntries demands each acknowledged entry exactly once, and beside them only
// what was on its way at a kill and then sent again.
func (s *clientRun) checkEntries() (ids []string) {
	s.t.Helper()
	all, err := s.c.XRange(s.t.Context(), "jobs", "-", "+").Result()
	if err != nil {
		s.t.Fatal(err)
	}
	acknowledged := map[string]string{}
	for _, a := range s.added {
		acknowledged[a[1]] = a[0]
	}
	for _, entry := range all {
		ids = append(ids, entry.ID)
		n := entry.Values["n"].(string)
		want, ok := acknowledged[entry.ID]
		delete(acknowledged, entry.ID)
		switch {
		case ok && want != n:
			s.t.Errorf("entry %s holds %s, acknowledged was %s", entry.ID, n, want)
		case !ok && !s.inDoubt[n]:
			s.t.Errorf("entry %s with %s was never acknowledged", entry.ID, n)
		case !ok:
			delete(s.inDoubt, n) // once each
		}
	}
	if len(acknowledged) > 0 {
		s.t.Errorf("acknowledged and gone: %v", acknowledged)
	}
	return ids
}

// checkGroup demands that all was read and acknowledged.
func (s *clientRun) checkGroup(entries int) {
	s.t.Helper()
	groups, err := s.c.XInfoGroups(s.t.Context(), "jobs").Result()
	if err != nil || len(groups) != 1 {
		s.t.Fatalf("XINFO GROUPS: %v, %v", groups, err)
	}
	g := groups[0]
	if g.Name != "crew" || g.Consumers != 3 || g.Pending != 0 || g.Lag != 0 || g.EntriesRead != int64(entries) {
		s.t.Errorf("the group in the end: %+v, with %d entries", g, entries)
	}
}

// checkTransactions: both rounds went through with one conflict each.
func (s *clientRun) checkTransactions() {
	s.t.Helper()
	ledger, err := s.c.XRange(s.t.Context(), "{total}ledger", "-", "+").Result()
	if err != nil || len(ledger) != 2 {
		s.t.Fatalf("the ledger: %v, %v", ledger, err)
	}
	is(s.t, "transactions", s.got.Transactions, nil, []tx{{10, ledger[0].ID, true}, {21, ledger[1].ID, true}})
	is(s.t, "the sum", mustDo(s.t, s.c, "GET", "total"), nil, any("22"))
}
