package commands_test

import (
	"testing"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/keyspace"
)

func TestNodeIDHasTwoForms(t *testing.T) {
	id := commands.NodeID(0x0123456789abcdef)
	// Clients keep the id: it must never change.
	const redisID = "0123456789abcdef171601195a7523aad518b994"
	if id.String() != "0123456789abcdef" || id.RedisID() != redisID {
		t.Errorf("id %s, as Redis has it %s, want %s", id, id.RedisID(), redisID)
	}
	if len(id.ShardID()) != 40 || id.ShardID() == id.RedisID() {
		t.Errorf("shard id %s", id.ShardID())
	}
	for _, row := range []struct {
		text string
		ok   bool
	}{
		{"0123456789abcdef", true}, {"0123456789ABCDEF", true}, {redisID, true},
		{"", false}, {"0123456789abcde", false}, {"0123456789abcdeg", false}, {redisID[:39] + "0", false}, {redisID + "0", false}, {"+123456789abcdef", false},
	} {
		got, ok := commands.ParseNodeID(row.text)
		if ok != row.ok || ok && got != id {
			t.Errorf("ParseNodeID(%q) = %v, %v", row.text, got, ok)
		}
	}
}

func TestEverySlotHasItsOwner(t *testing.T) {
	topology := commandstest.ThreeNodes()
	for slot := range keyspace.Slots {
		want := commandstest.NodeA
		if slot > 8191 {
			want = commandstest.NodeB
		}
		if p := topology.Owner(uint16(slot)); p == nil || topology.LeaderOf(p).ID != want {
			t.Fatalf("slot %d: owner %+v, want it led by %s", slot, p, want)
		}
	}
	part := commands.NewTopology(1, 0, nil, []commands.ClusterPartition{{Slots: []commands.SlotRange{{First: 5, Last: 6}}}})
	for slot, owned := range map[uint16]bool{4: false, 5: true, 6: true, 7: false, 16383: false} {
		if got := part.Owner(slot) != nil; got != owned {
			t.Errorf("slot %d: owned %v", slot, got)
		}
	}
}

// A leader that was removed, is unknown or listens nowhere is none.
func TestLeaderThatClientsCannotReachIsNone(t *testing.T) {
	for _, row := range []struct {
		name  string
		node  commands.ClusterNode
		leads bool
	}{
		{"up", commands.ClusterNode{ID: 1, Client: commands.Endpoint{Port: 1}}, true},
		{"down, as far as we know", commands.ClusterNode{ID: 1, Client: commands.Endpoint{Port: 1}, State: commands.NodeDown}, true},
		{"removed", commands.ClusterNode{ID: 1, Client: commands.Endpoint{Port: 1}, State: commands.NodeRemoved}, false},
		{"without an address", commands.ClusterNode{ID: 1}, false},
		{"another one", commands.ClusterNode{ID: 2, Client: commands.Endpoint{Port: 1}}, false},
	} {
		topology := commands.NewTopology(3, 0, []commands.ClusterNode{row.node}, []commands.ClusterPartition{{Leader: 1}})
		if got := topology.LeaderOf(&topology.Partitions[0]) != nil; got != row.leads {
			t.Errorf("%s: leads %v", row.name, got)
		}
	}
}

func TestSlotOfCommand(t *testing.T) {
	table := commands.NewTable()
	for _, row := range []struct {
		line  string
		slot  int // -1: none
		cross bool
	}{
		{"GET foo", 12182, false},
		{"PING", -1, false},
		{"DBSIZE", -1, false},
		{"DEL foo", 12182, false},
		{"DEL foo bar", 0, true},
		{"DEL {foo}1 foo", 12182, false},
		{"MSET foo 1 bar 2", 0, true},
		{"MSET foo 1 {foo}bar 2", 12182, false},
		{"XREAD COUNT 1 STREAMS foo bar 0 0", 0, true},
		{"XREAD COUNT 1 STREAMS foo {foo}bar 0 0", 12182, false},
		{"XREADGROUP GROUP streams foo STREAMS bar >", 5061, false},
		{"XGROUP CREATE foo g 0", 12182, false},
		{"XADD foo * bar 1", 12182, false},
		{"OBJECT ENCODING foo", 12182, false},
		{"MEMORY USAGE foo", 12182, false},
		{"RENAME foo bar", 0, true},
		{"COPY foo bar", 0, true},
		{"MSETEX 2 foo 1 bar 2 EX 10", 0, true},
		{"MSETEX 1 foo 1 EX 10", 12182, false},
		{"SPUBLISH foo bar", 12182, false},
		{"PUBLISH foo bar", -1, false},
		{"SSUBSCRIBE foo bar", 0, true},
		{"WATCH foo {foo}2", 12182, false},
		{"EXEC", -1, false},
		{"XREAD COUNT 1 STRIMS foo 0", -1, false},
	} {
		args, err := commandstest.SplitArgs(row.line)
		if err != nil {
			t.Fatal(err)
		}
		cmd, err := table.Find(args)
		if err != nil {
			t.Fatal(row.line, err)
		}
		slot, keyed, err := cmd.SlotOf(args)
		if row.cross != (err == commands.ErrCrossSlot) || !row.cross && keyed != (row.slot >= 0) || keyed && !row.cross && int(slot) != row.slot {
			t.Errorf("%s: slot %d, %v, %v", row.line, slot, keyed, err)
		}
	}
}

// What most commands cost where clients are sent to the leaders.
func TestSlotOfOneKeyAllocatesNothing(t *testing.T) {
	args := [][]byte{[]byte("GET"), []byte("foo")}
	cmd, err := commands.NewTable().Find(args)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _, _ = cmd.SlotOf(args) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// WAIT promises no more than what a majority has, and no partition less.
func TestCopiesAreThoseOfTheSmallestMajority(t *testing.T) {
	partition := func(voters, learners int) (p commands.ClusterPartition) {
		for i := range voters + learners {
			p.Replicas = append(p.Replicas, commands.ClusterReplica{Node: commands.NodeID(i + 1), Voter: i < voters})
		}
		return p
	}
	for _, row := range []struct {
		partitions []commands.ClusterPartition
		want       int
	}{
		{nil, 0},
		{[]commands.ClusterPartition{partition(1, 2)}, 0},
		{[]commands.ClusterPartition{partition(2, 0)}, 1},
		{[]commands.ClusterPartition{partition(3, 0)}, 1},
		{[]commands.ClusterPartition{partition(4, 0)}, 2},
		{[]commands.ClusterPartition{partition(5, 0), partition(3, 1)}, 1},
	} {
		if got := commands.NewTopology(1, 1, nil, row.partitions).Copies(); got != row.want {
			t.Errorf("%d partitions: %d copies, want %d", len(row.partitions), got, row.want)
		}
	}
}
