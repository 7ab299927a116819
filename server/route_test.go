package server

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/millrace-io/millrace/keyspace"
)

func TestSlotsAreSpreadEvenly(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 256} {
		table := newSlotTable(n)
		counts := make([]int, n)
		for slot, p := range table.of {
			counts[p]++
			if slot > 0 && p < table.of[slot-1] {
				t.Fatalf("%d partitions: slot %d is in partition %s, the one before in %s", n, slot, p, table.of[slot-1])
			}
		}
		if least, most := slices.Min(counts), slices.Max(counts); most-least > 1 {
			t.Errorf("%d partitions have %d to %d slots", n, least, most)
		}
	}
}

// Replies of a pipeline come in its order, whichever partitions answer first, and
// commands for several are made of what each has.
func TestRepliesOfSeveralPartitions(t *testing.T) {
	p := start(t, newDisk(), partitions(4))
	c := dial(t, p)
	var keys string
	for i := range 20 {
		keys += fmt.Sprint(" k", i)
	}
	for _, row := range []struct {
		command string
		want    any
	}{
		{"SET k0 zero", "OK"}, {"SET k1 one", "OK"}, {"SET k2 two", "OK"}, {"SET k3 three", "OK"},
		{"DBSIZE", int64(4)},
		{"MGET k3 k9 k0 k2 k3", []any{"three", nil, "zero", "two", "three"}},
		{"EXISTS k0 k1 k1 k9", int64(3)},
		{"TOUCH" + keys, int64(4)},
		{"XADD k7 1-1 f 7", "1-1"}, {"XADD k5 1-1 f 5", "1-1"}, {"XADD k6 2-1 f 6", "2-1"},
		{"XREAD COUNT 5 STREAMS k6 k4 k5 k7 0 0 0 1", []any{entries("k6", "2-1", "6"), entries("k5", "1-1", "5"), entries("k7", "1-1", "7")}},
		{"XREAD STREAMS k6 k5 9 9", nil},
		{"XREAD STREAMS k0 k5 0 0", errReply("WRONGTYPE Operation against a key holding the wrong kind of value")},
		{"MSET k0 a k1 b k2 c", errReply("CROSSSLOT Keys in request don't hash to the same slot")},
		{"MSET {k}0 a {k}1 b", "OK"},
		{"RENAME k0 k1", errReply("CROSSSLOT Keys in request don't hash to the same slot")},
		{"WATCH k0 k1 k2", errReply("CROSSSLOT Keys in request don't hash to the same slot")},
		{"XREAD MAXCOUNT 1 STREAMS k5 k6 0 0", []any{entries("k5", "1-1", "5")}},
		{"UNLINK k0 k1 k9", int64(2)}, {"DEL" + keys, int64(5)},
		{"DBSIZE", int64(2)},
		{"FLUSHALL", "OK"}, {"DBSIZE", int64(0)}, {"RANDOMKEY", nil}, {"KEYS *", []any{}},
	} {
		if got := c.do(t, row.command); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %v, want %v", row.command, got, row.want)
		}
	}
}

// entries is a stream with one entry in the reply of XREAD.
func entries(key, id, value string) any {
	return []any{key, []any{[]any{id, []any{"f", value}}}}
}

func TestTransactionIsOfOnePartition(t *testing.T) {
	p := start(t, newDisk(), partitions(4))
	c := dial(t, p)
	const cross = errReply("CROSSSLOT Keys in request don't hash to the same slot")
	table := newSlotTable(4)
	near := sibling(table, "k0", true)
	far := sibling(table, "k0", false)
	for _, row := range []struct {
		name  string
		queue []string
		want  any
	}{
		{"one partition", []string{"SET k0 1", "SET " + near + " 2"}, []any{"OK", "OK"}},
		{"two partitions", []string{"SET k0 3", "SET " + far + " 4"}, cross},
		{"a command for all", []string{"SET k0 3", "DBSIZE"}, cross},
		{"a scan", []string{"SCAN 0"}, cross},
		{"keys of one command", []string{"DEL k0 " + far}, cross},
		{"nothing on keys", []string{"PING"}, []any{"PONG"}},
	} {
		c.must(t, "MULTI")
		for _, q := range row.queue {
			c.must(t, q)
		}
		if got := c.do(t, "EXEC"); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
		if v := c.must(t, "GET k0"); v != "1" {
			t.Errorf("%s: k0 is %v", row.name, v)
		}
	}
	c.must(t, "WATCH "+far)
	c.must(t, "MULTI")
	c.must(t, "GET k0")
	if got := c.do(t, "EXEC"); got != cross {
		t.Errorf("watching a key of another partition: %v", got)
	}
	c.must(t, "WATCH "+near)
	dial(t, p).must(t, "SET "+near+" changed")
	c.must(t, "MULTI")
	c.must(t, "GET k0")
	if got := c.do(t, "EXEC"); got != nil {
		t.Errorf("a watched key was changed: %v", got)
	}
}

// sibling is a key in the partition of another one, or not.
func sibling(table *slotTable, of string, same bool) string {
	for i := 1; ; i++ {
		name := fmt.Sprint("k", i)
		if (table.ofKey([]byte(name)) == table.ofKey([]byte(of))) == same && keyspace.Slot([]byte(name)) != keyspace.Slot([]byte(of)) {
			return name
		}
	}
}
