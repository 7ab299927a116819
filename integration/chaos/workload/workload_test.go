package workload

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// server answers each command with what is said of it, or loses it.
type server struct {
	mu    sync.Mutex
	conns int
	reply func(conn, nth int, words []string) (any, error)
}

// line is a connection to a server.
type line struct {
	*server
	number, sent int
}

func (s *server) connect(*rand.Rand) (Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns++
	return &line{server: s, number: s.conns}, nil
}

func (l *line) Close() error { return nil }

func (l *line) Do(commands ...[]string) (replies []any, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, words := range commands {
		l.sent++
		r, err := l.reply(l.number, l.sent, words)
		if err != nil {
			return replies, err
		}
		replies = append(replies, r)
	}
	return replies, nil
}

// work has all clients work for some time of a bubble.
func work(t *testing.T, reply func(conn, nth int, words []string) (any, error)) (ops []history.Op) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{reply: reply}
		w := New(Options{
			Seed: 1, Streams: 1, Producers: 1, Workers: 1, Readers: 1, Setters: 1, Counters: 1,
			Least: time.Millisecond, Most: 5 * time.Millisecond, Pipeline: 5, Operations: 20,
			Block: time.Second, Era: time.Second, Hard: 50, Connect: s.connect,
		})
		w.Start()
		time.Sleep(5 * time.Second)
		ops = w.Stop()
	})
	if len(ops) < 100 {
		t.Fatalf("%d operations: the test proves little", len(ops))
	}
	return ops
}

// fine is a reply of the form that each command has.
func fine(words []string) any {
	switch words[0] {
	case "XADD":
		return "1-1"
	case "XLEN", "INCR", "XACK":
		return int64(1)
	case "SET":
		return "OK"
	case "XREADGROUP":
		return []any{[]any{"stream:0", []any{[]any{"1-1", []any{"p", "1.1"}}}}}
	case "XAUTOCLAIM":
		return []any{"0-0", []any{}, []any{}}
	}
	return nil
}

// A connection is given up after an operation of unknown outcome, and numbers what it
// sends without gaps.
func TestConnectionsEndWithWhatIsUnknown(t *testing.T) {
	ops := work(t, func(_, nth int, words []string) (any, error) {
		switch {
		case nth == 7:
			return nil, errors.New("the network is gone")
		case nth == 5:
			return Error("UNCERTAIN it may have been done"), nil
		}
		return fine(words), nil
	})
	last := map[int]history.Op{}
	for _, op := range ops {
		before := last[op.Conn]
		if op.Seq != before.Seq+1 {
			t.Fatalf("behind operation %d: %v", before.Seq, &op)
		}
		if before.Outcome == history.Unknown && before.Call != op.Call { // it was not sent with it
			t.Fatalf("behind %v: %v", &before, &op)
		}
		last[op.Conn] = op
	}
	if !slices.ContainsFunc(ops, func(op history.Op) bool {
		return strings.HasPrefix(op.Err, "UNCERTAIN") && op.Outcome == history.Unknown
	}) {
		t.Error("nothing was uncertain")
	}
}

// What never left is no operation; what was refused is one, and the connection stays.
func TestRefusedIsRecordedNotSentIsNot(t *testing.T) {
	ops := work(t, func(conn, nth int, words []string) (any, error) {
		if nth == 1 && conn%2 == 0 {
			return nil, ErrNotSent
		}
		if nth == 2 {
			return Error("MISCONF the disk is full"), nil
		}
		return fine(words), nil
	})
	for _, op := range ops {
		if op.Conn%2 == 0 && op.Seq == 1 {
			t.Fatalf("it was not sent: %v", &op)
		}
		if refused := op.Seq == 2; refused != (op.Outcome == history.Refused) {
			t.Fatalf("operation %d is %v", op.Seq, &op)
		}
	}
}

func TestNote(t *testing.T) {
	for _, row := range []struct {
		name  string
		kind  history.Kind
		reply any
		check func(*history.Op) bool
	}{
		{"nil for a key that is not there", history.Get, nil, func(op *history.Op) bool { return op.Payload == "" }},
		{"nothing new", history.Deliver, nil, func(op *history.Op) bool { return len(op.Entries) == 0 }},
		{"entry without an ID", history.All, []any{[]any{"x", []any{}}}, func(op *history.Op) bool { return op.Outcome == history.Unknown }},
		{"entry", history.All, []any{[]any{"3-2", []any{"p", "7.1"}}}, func(op *history.Op) bool {
			return len(op.Entries) == 1 && op.Entries[0] == history.Entry{ID: history.ID{Ms: 3, Seq: 2}, Payload: "7.1"}
		}},
		{"ID that was drawn", history.Add, "3-2", func(op *history.Op) bool { return op.Entries[0].ID == history.ID{Ms: 3, Seq: 2} }},
		{"number", history.Incr, int64(4), func(op *history.Op) bool { return op.N == 4 }},
	} {
		t.Run(row.name, func(t *testing.T) {
			op := history.Op{Kind: row.kind}
			if note(&op, row.reply); !row.check(&op) {
				t.Errorf("%+v", op)
			}
		})
	}
}
