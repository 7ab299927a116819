package history_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/millrace-io/millrace/integration/chaos/history"
)

const within = 10 * time.Second

// told is a history with its end.
type told struct {
	ops   []Op
	final Final
}

// id is the ID of the n-th entry.
func id(n int) ID { return ID{Ms: 1000, Seq: uint64(n)} }

func entry(n int) Entry { return Entry{id(n), fmt.Sprint("p", n)} }

func entries(from, to int) (all []Entry) {
	for n := from; n < to; n++ {
		all = append(all, entry(n))
	}
	return all
}

// ms is a time in milliseconds.
func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// op is an operation on the stream s from one millisecond to another.
func op(conn int, kind Kind, from, to int) Op {
	return Op{Conn: conn, Seq: from, Kind: kind, Key: "s", Call: ms(from), Return: ms(to)}
}

func add(conn, n, from, to int) Op {
	o := op(conn, Add, from, to)
	o.Payload, o.Entries = entry(n).Payload, []Entry{entry(n)}
	return o
}

func unsure(o Op) Op {
	o.Outcome, o.Err, o.Entries, o.N = Unknown, "timeout", nil, 0
	return o
}

// inGroup makes an operation one of ann or bob in the group g.
func inGroup(o Op, consumer string, of ...Entry) Op {
	o.Group, o.Consumer, o.Entries = "g", consumer, of
	if o.Kind == Claim {
		o.MinIdle = ms(1000)
	}
	return o
}

func ack(conn, n, from, to int, counted int64) Op {
	o := inGroup(op(conn, Ack, from, to), "")
	o.IDs, o.N, o.Entries = []ID{id(n)}, counted, nil
	return o
}

// sample is a history that keeps all promises: six entries of three producers, the
// last of unknown outcome; a group that delivered five of them, of which two are
// acknowledged and one was claimed; one string and one counter.
func sample() *told {
	s := &told{ops: []Op{
		add(1, 0, 0, 10), add(2, 1, 0, 12), add(1, 2, 20, 30), add(3, 3, 25, 40), add(2, 4, 50, 60), unsure(add(3, 5, 55, 5000)),
		{Conn: 4, Kind: Len, Key: "s", Call: ms(11), Return: ms(22), N: 2},
		{Conn: 4, Kind: Last, Key: "s", Call: ms(26), Return: ms(45), Entries: entries(2, 3)},
		{Conn: 4, Kind: All, Key: "s", Call: ms(61), Return: ms(70), Entries: entries(0, 5)},
		inGroup(op(5, Deliver, 40, 50), "ann", entries(0, 3)...),
		ack(5, 0, 51, 55, 1),
		inGroup(op(6, Deliver, 60, 70), "bob", entry(3)),
		unsure(inGroup(op(6, Deliver, 70, 5070), "bob")),
		unsure(ack(5, 1, 60, 5060, 1)),
		inGroup(op(7, Claim, 1500, 1510), "bob", entry(2)),
		{Conn: 8, Kind: Set, Key: "t", Call: ms(0), Return: ms(5), Payload: "v1"},
		{Conn: 8, Kind: Get, Key: "t", Call: ms(6), Return: ms(9), Payload: "v1"},
		{Conn: 9, Kind: Set, Key: "t", Call: ms(10), Return: ms(5000), Payload: "v2", Outcome: Unknown},
		{Conn: 8, Kind: Get, Key: "t", Call: ms(20), Return: ms(25), Payload: "v2"},
		{Conn: 8, Kind: Incr, Key: "n", Call: ms(0), Return: ms(5), N: 1},
		{Conn: 9, Kind: Incr, Key: "n", Call: ms(6), Return: ms(5000), Outcome: Unknown},
		{Conn: 8, Kind: Get, Key: "n", Call: ms(10), Return: ms(12), Payload: "1"},
		{Conn: 8, Kind: Incr, Key: "n", Call: ms(20), Return: ms(25), N: 3},
	}}
	s.final.Streams = map[string]Stream{"s": {Entries: entries(0, 6), Length: 6, Added: 6, Groups: map[string]Group{"g": {
		LastDelivered: id(4),
		Pending:       []Pending{{ID: id(2), Consumer: "bob", Count: 2}, {ID: id(3), Consumer: "bob", Count: 1}, {ID: id(4), Consumer: "bob", Count: 1}},
		PerConsumer:   map[string]int64{"bob": 3},
	}}}}
	return s
}

// stream and group change what is there in the end.
func (s *told) stream(change func(*Stream)) {
	st := s.final.Streams["s"]
	change(&st)
	s.final.Streams["s"] = st
}

func (s *told) group(change func(*Group)) {
	s.stream(func(st *Stream) {
		g := st.Groups["g"]
		change(&g)
		st.Groups["g"] = g
	})
}

// find is the n-th operation of a kind.
func (s *told) find(kind Kind, n int) *Op {
	for i := range s.ops {
		if s.ops[i].Kind == kind {
			if n == 0 {
				return &s.ops[i]
			}
			n--
		}
	}
	panic("the sample has no such operation")
}

func (s *told) also(ops ...Op) { s.ops = append(s.ops, ops...) }

type checker func(*told) []string

func streams(s *told) []string   { return Streams(s.ops, s.final) }
func inStreams(s *told) []string { return Entries(s.ops, s.final) }
func groups(s *told) []string    { return Groups(s.ops, s.final) }

func acks(s *told) []string {
	found, undecided := Acks(s.ops, s.final, within)
	return append(found, slices.Repeat([]string{"undecided"}, undecided)...)
}

func registers(s *told) []string {
	found, undecided := Registers(s.ops, within)
	return append(found, slices.Repeat([]string{"undecided"}, undecided)...)
}

func TestCheckersAcceptWhatKeepsAllPromises(t *testing.T) {
	for name, check := range map[string]checker{"Entries": inStreams, "Streams": streams, "Groups": groups, "Acks": acks, "Registers": registers} {
		if found := check(sample()); len(found) > 0 {
			t.Errorf("%s: %q", name, found)
		}
	}
	if found := Equal(map[string]string{"a": "x", "b": "x"}); len(found) > 0 {
		t.Errorf("Equal: %q", found)
	}
}

// Each row breaks one promise; the checker that guards it must say so.
func TestCheckersSeeBrokenPromises(t *testing.T) {
	for _, row := range []struct {
		name   string
		check  checker
		doctor func(*told)
		want   string
	}{
		{"acknowledged entry lost", inStreams, func(s *told) {
			s.stream(func(st *Stream) { st.Entries = slices.Delete(st.Entries, 3, 4); st.Length, st.Added = 5, 5 })
		}, "lost: XADD s p3"},
		{"stream lost", inStreams, func(s *told) { delete(s.final.Streams, "s") }, "stream s is gone"},
		{"entry doubled", inStreams, func(s *told) {
			s.stream(func(st *Stream) { st.Entries = append(st.Entries, Entry{id(6), "p3"}); st.Length, st.Added = 7, 7 })
		}, "p3 is there twice"},
		{"refused entry there", inStreams, func(s *told) { s.find(Add, 4).Outcome = Refused }, "refused, and yet there"},
		{"other ID than acknowledged", inStreams, func(s *told) { s.find(Add, 4).Entries[0].ID = id(9) }, "was acknowledged as 1000-9 and is there as 1000-4"},
		{"entry of nobody", inStreams, func(s *told) { s.ops = slices.Delete(s.ops, 5, 6) }, "nobody sent p5"},
		{"entries out of order", inStreams, func(s *told) {
			s.stream(func(st *Stream) { st.Entries[0], st.Entries[1] = st.Entries[1], st.Entries[0] })
		}, "1000-0 stands behind 1000-1"},
		{"length wrong", inStreams, func(s *told) { s.stream(func(st *Stream) { st.Length = 7 }) }, "says it has 7"},
		{"entries-added wrong", inStreams, func(s *told) { s.stream(func(st *Stream) { st.Added = 8 }) }, "8 were added"},
		{"reordered on its connection", inStreams, func(s *told) {
			s.find(Add, 0).Call, s.find(Add, 0).Seq = ms(20), 21 // sent in one pipeline, behind p2
			s.find(Add, 0).Return, s.find(Add, 2).Return = ms(30), ms(30)
		}, "reordered on its connection"},
		{"reordered in real time", inStreams, func(s *told) { s.find(Add, 3).Call, s.find(Add, 3).Return = ms(70), ms(80) }, "though XADD s p4"},

		{"read misses an acknowledged entry", streams, func(s *told) { s.find(Len, 0).Call = ms(31); s.find(Len, 0).Return = ms(32) }, "not linearizable: XLEN s"},
		{"read sees what was not yet sent", streams, func(s *told) { s.find(Last, 0).Entries = entries(4, 5) }, "not linearizable: XADD s p4"},
		{"reads go back in time", streams, func(s *told) {
			s.find(Add, 3).Return = ms(90)
			s.also(Op{Conn: 6, Kind: Len, Key: "s", Call: ms(30), Return: ms(32), N: 4}, Op{Conn: 6, Kind: Len, Key: "s", Call: ms(33), Return: ms(35), N: 3})
		}, "not linearizable: XLEN s"},
		{"unknown entry seen and then not", streams, func(s *told) {
			s.also(Op{Conn: 6, Kind: Len, Key: "s", Call: ms(100), Return: ms(101), N: 6}, Op{Conn: 6, Kind: Len, Key: "s", Call: ms(102), Return: ms(103), N: 5})
		}, "not linearizable: XLEN s"},
		{"read returns what is not there", streams, func(s *told) { s.find(Last, 0).Entries = []Entry{{id(77), "p77"}} }, "not there in the end"},
		{"read has a hole", streams, func(s *told) { e := entries(0, 5); s.find(All, 0).Entries = slices.Delete(e, 2, 3) }, "not the first ones"},

		{"delivered as new twice", groups, func(s *told) { s.also(inGroup(op(9, Deliver, 80, 90), "ann", entry(3))) }, "1000-3 was delivered as new twice"},
		{"delivered with another payload", groups, func(s *told) { s.find(Claim, 0).Entries[0].Payload = "p77" }, `1000-2 was delivered as "p77"`},
		{"delivered and not in the stream", groups, func(s *told) { s.also(inGroup(op(9, Deliver, 80, 90), "ann", entry(9))) }, "1000-9 was delivered as"},
		{"delivered after its acknowledgement", groups, func(s *told) { s.also(inGroup(op(9, Claim, 2000, 2010), "bob", entry(0))) }, "1000-0 was delivered by XAUTOCLAIM"},
		{"acknowledged twice", groups, func(s *told) { s.also(ack(9, 0, 100, 110, 1)) }, "1000-0 was acknowledged twice"},
		{"claimed too early", groups, func(s *told) { s.find(Claim, 0).Call, s.find(Claim, 0).Return = ms(500), ms(510) }, "1000-2 has two owners"},
		{"two claims at once", groups, func(s *told) {
			s.also(inGroup(op(9, Claim, 1500, 1511), "ann", entry(2)))
			s.group(func(g *Group) { g.Pending[0].Count = 3 })
		}, "1000-2 has two owners"},
		{"acknowledged and pending", groups, func(s *told) { s.also(ack(9, 3, 100, 110, 1)) }, "1000-3 is pending for bob, though XACK"},
		{"fell out of the group", groups, func(s *told) {
			s.group(func(g *Group) { g.Pending = g.Pending[1:]; g.PerConsumer["bob"] = 2 })
		}, "1000-2 is not pending and nobody acknowledged it"},
		{"passed and delivered to nobody", groups, func(s *told) {
			s.ops = slices.DeleteFunc(s.ops, func(o Op) bool { return o.Kind == Deliver && o.Outcome == Unknown })
		}, "1000-4 was passed and delivered to nobody"},
		{"last delivered ID goes back", groups, func(s *told) { s.group(func(g *Group) { g.LastDelivered = id(2) }) }, "the last delivered ID is 1000-2"},
		{"two owners in the end", groups, func(s *told) {
			s.group(func(g *Group) { g.Pending = append(g.Pending, Pending{ID: id(3), Consumer: "ann", Count: 1}) })
		}, "pending for bob and for ann"},
		{"pending and not in the stream", groups, func(s *told) { s.stream(func(st *Stream) { st.Entries = slices.Delete(st.Entries, 3, 4) }) }, "pending and not in the stream"},
		{"delivery count too low", groups, func(s *told) { s.group(func(g *Group) { g.Pending[0].Count = 1 }) }, "1000-2 counts 1 deliveries"},
		{"delivery count too high", groups, func(s *told) { s.group(func(g *Group) { g.Pending[0].Count = 4 }) }, "1000-2 counts 4 deliveries"},
		{"owner did not get it last", groups, func(s *told) {
			s.group(func(g *Group) { g.Pending[0].Consumer = "ann"; g.PerConsumer = map[string]int64{"ann": 1, "bob": 2} })
		}, "1000-2 is pending for ann, who did not get it last"},
		{"summary wrong", groups, func(s *told) { s.group(func(g *Group) { g.PerConsumer["ann"] = 1 }) }, "the summary says"},
		{"group lost", groups, func(s *told) { s.stream(func(st *Stream) { delete(st.Groups, "g") }) }, "group g of s is gone"},

		{"acknowledgement not counted", acks, func(s *told) { s.find(Ack, 0).N = 0 }, "no order explains what happened to 1000-0"},
		{"acknowledgement counted twice", acks, func(s *told) { s.also(ack(9, 0, 100, 110, 1)) }, "no order explains what happened to 1000-0"},
		{"unknown acknowledgement seen and then not", acks, func(s *told) {
			s.also(ack(9, 1, 100, 110, 0), inGroup(op(9, Claim, 2000, 2010), "bob", entry(1)))
		}, "no order explains what happened to 1000-1"},
		{"acknowledged comes back in the end", acks, func(s *told) {
			s.group(func(g *Group) { g.Pending = append(g.Pending, Pending{ID: id(0), Consumer: "ann", Count: 1}) })
		}, "no order explains what happened to 1000-0"},
		{"pending vanishes in the end", acks, func(s *told) { s.group(func(g *Group) { g.Pending = g.Pending[1:] }) }, "no order explains what happened to 1000-2"},

		{"stale read", registers, func(s *told) {
			s.also(Op{Conn: 8, Kind: Get, Key: "t", Call: ms(30), Return: ms(31), Payload: "v1"})
		}, "t is not linearizable"},
		{"lost SET", registers, func(s *told) { s.find(Get, 0).Payload = "" }, "t is not linearizable"},
		{"refused SET is seen", registers, func(s *told) { s.find(Set, 1).Outcome = Refused }, "t is not linearizable"},
		{"INCR counts twice", registers, func(s *told) { s.find(Incr, 2).N = 4 }, "n is not linearizable"},
		{"INCR lost", registers, func(s *told) { s.find(Incr, 2).N = 1 }, "n is not linearizable"},
		{"read of a counter from the future", registers, func(s *told) { s.find(Get, 2).Payload = "3" }, "ends with GET n 3"},

		{"replicas differ", func(*told) []string { return Equal(map[string]string{"a": "x", "b": "x", "c": "y"}) }, func(*told) {}, "the replicas differ"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := sample()
			row.doctor(s)
			if found := strings.Join(row.check(s), "\n"); !strings.Contains(found, row.want) {
				t.Errorf("found %q, want %q", found, row.want)
			}
		})
	}
}

func TestReportsAreBounded(t *testing.T) {
	s := sample()
	for n := range 100 {
		s.also(add(1, 100+n, 100+n, 101+n))
	}
	found := inStreams(s)
	if len(found) != 21 || found[20] != "and 80 more" {
		t.Errorf("%d reports, the last is %q", len(found), found[len(found)-1])
	}
}

func TestCount(t *testing.T) {
	s := sample()
	s.find(Set, 1).Err = "UNCERTAIN it may have been done"
	refused := s.find(Get, 1)
	refused.Outcome, refused.Err = Refused, "MISCONF the disk is full"
	if got, want := Count(s.ops).String(), "17 ok, 1 refused -MISCONF 1, 5 unknown (1 -UNCERTAIN), slowest 19ms, longest without a write 20ms"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseID(t *testing.T) {
	if got, err := ParseID("12-7"); err != nil || got != (ID{12, 7}) || got.String() != "12-7" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "7", "a-1", "1-a", "1--1"} {
		if got, err := ParseID(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}
