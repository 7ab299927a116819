package commands

import (
	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/streams"
)

// idmpOptions are those of XADD that make a repeated entry harmless:
//
//	IDMPAUTO pid | IDMP pid iid
type idmpOptions struct {
	pid, iid []byte // nil: not given; an iid of none: made of the fields
}

func (o *idmpOptions) given() bool { return o.pid != nil }

// parse reads the option at args[i] and returns the index behind it, or i itself when
// args[i] is neither of them. An option without its values is none.
func (o *idmpOptions) parse(args [][]byte, i int) (int, error) {
	more := len(args) - 1 - i
	auto := more >= 1 && equalFold(args[i], "idmpauto")
	if !auto && (more < 2 || !equalFold(args[i], "idmp")) {
		return i, nil
	}
	switch {
	case o.given():
		return i, errIDMPTwice
	case auto && len(args[i+1]) == 0:
		return i, errIDMPAutoNoPID
	case len(args[i+1]) == 0:
		return i, errIDMPNoPID
	case auto:
		o.pid = args[i+1]
		return i + 2, nil
	case len(args[i+2]) == 0:
		return i, errIDMPNoIID
	}
	o.pid, o.iid = args[i+1], args[i+2]
	return i + 3, nil
}

// check finds what can't be together with the ID that XADD was given.
func (o *idmpOptions) check(id addID) error {
	if o.given() && id.kind != addAuto {
		return errIDMPWithID
	}
	return nil
}

// pair names an entry with these fields. The options must be given.
func (o *idmpOptions) pair(fields [][]byte) idmp.Pair {
	if o.iid == nil {
		return idmp.NewAutoPair(o.pid, fields)
	}
	return idmp.NewPair(o.pid, o.iid)
}

// forgetWithEach is how many expired iids are forgotten with each one that is
// recorded or found: more than one comes in, so they do not pile up.
const forgetWithEach = 16

// findDuplicate returns the ID of the entry that the pair stood for, and counts it;
// false when it is to be added. s may be nil.
func (c *Call) findDuplicate(s *keyspace.StreamValue, pair idmp.Pair) (streams.ID, bool) {
	if s == nil {
		return streams.ID{}, false
	}
	id, known := s.Producers().Find(pair, c.Now)
	if known {
		p := s.ProducersForWrite()
		p.CountDuplicate()
		p.Forget(c.Now, forgetWithEach)
	}
	return id, known
}

// record lets the stream Args[1] remember the pair, which it did not know.
func (c *Call) record(s *keyspace.StreamValue, pair idmp.Pair, id streams.ID) {
	s.ProducersForWrite().Forget(c.Now, forgetWithEach)
	c.DB.Record(c.Args[1], s, pair, id)
}
