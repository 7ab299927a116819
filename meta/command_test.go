package meta_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/meta"
)

func TestCommands(t *testing.T) {
	long := strings.Repeat("x", 256)
	two := [][]string{{"JOIN", id(2), "h2:7001", "h2:6379", "b"}}
	left := append(two, []string{"REMOVE", id(1)})
	gone := append(left, []string{"FORGET", id(1)})
	rows := []struct {
		name  string
		first [][]string // on a cluster of node 1
		then  []string
		fails string // part of the error; empty: works
	}{
		{"join", nil, []string{"JOIN", id(2), "h:1", "", ""}, ""},
		{"join again", two, []string{"JOIN", id(2), "h:9", "", ""}, ""},
		{"join of a removed id", gone, []string{"JOIN", id(1), "h:1", "", ""}, "was removed"},
		{"join of one that leaves", left, []string{"JOIN", id(1), "h:1", "", ""}, "is leaving"},
		{"join without an address", nil, []string{"JOIN", id(2), "", "", ""}, "address is needed"},
		{"join with a long name", nil, []string{"JOIN", id(2), "h:1", "", long}, "at most 255"},
		{"join of id 0", nil, []string{"JOIN", strings.Repeat("0", 16), "h:1", "", ""}, "16 hex digits"},
		{"join of a short id", nil, []string{"JOIN", "2", "h:1", "", ""}, "16 hex digits"},
		{"join with few arguments", nil, []string{"JOIN", id(2)}, "takes 4 arguments, got 1"},
		{"begin twice", nil, []string{"BEGIN", "c2", "1", id(2), "h:1", "", ""}, "has begun already"},
		{"member", two, []string{"MEMBER", id(2)}, ""},
		{"member that leaves", left, []string{"MEMBER", id(1)}, "is leaving"},
		{"member unknown", nil, []string{"MEMBER", id(2)}, "no such node"},
		{"readdress", nil, []string{"READDRESS", id(1), "h:2", "c:3", "n"}, ""},
		{"readdress unknown", nil, []string{"READDRESS", id(2), "h:2", "", ""}, "no such node"},
		{"readdress removed", gone, []string{"READDRESS", id(1), "h:2", "", ""}, "was removed"},
		{"remove", two, []string{"REMOVE", id(2)}, ""},
		{"remove twice", left, []string{"REMOVE", id(1)}, ""},
		{"remove the last", nil, []string{"REMOVE", id(1)}, "last node"},
		{"remove the last that stays", left, []string{"REMOVE", id(2)}, "last node"},
		{"forget one that stays", two, []string{"FORGET", id(2)}, "is not leaving"},
		{"forget", left, []string{"FORGET", id(1)}, ""},
		{"forget twice", gone, []string{"FORGET", id(1)}, ""},
		{"forget unknown", nil, []string{"FORGET", id(7)}, "no such node"},
		{"set", nil, []string{"SET", "k", "v"}, ""},
		{"set without a key", nil, []string{"SET", "", "v"}, "1 to 128"},
		{"set too much", nil, []string{"SET", "k", strings.Repeat("x", 64<<10+1)}, "at most 65536"},
		{"unset what is not there", nil, []string{"UNSET", "k"}, ""},
		{"unknown", nil, []string{"FROB"}, "unknown command"},
		{"nothing", nil, nil, "empty command"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			s := begun(t)
			for _, words := range r.first {
				must(t, s, words...)
			}
			before := text(dump(t, s))
			_, err := apply(s, r.then...)
			if r.fails == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), r.fails) {
				t.Errorf("error %v, want one with %q", err, r.fails)
			}
			if after := text(dump(t, s)); after != before {
				t.Errorf("changed something:\n%s\n%s", before, after)
			}
		})
	}
}

func TestNothingRunsBeforeTheClusterBegins(t *testing.T) {
	for _, words := range [][]string{{"JOIN", id(2), "h:1", "", ""}, {"REMOVE", id(2)}, {"SET", "k", "v"}} {
		_, err := apply(&meta.State{}, words...)
		wantIs(t, err, meta.ErrNotBegun)
	}
}

func TestBeginRefuses(t *testing.T) {
	for name, words := range map[string][]string{
		"no partition": {"BEGIN", "c", "0", id(1), "h:1", "", ""}, "too many": {"BEGIN", "c", "16385", id(1), "h:1", "", ""},
		"no cluster": {"BEGIN", "", "1", id(1), "h:1", "", ""}, "no address": {"BEGIN", "c", "1", id(1), "", "", ""},
	} {
		s := &meta.State{}
		if _, err := apply(s, words...); err == nil || s.Begun() {
			t.Errorf("%s: begun, error %v", name, err)
		}
	}
}

func TestOrderIsNeverGivenTwice(t *testing.T) {
	s := begun(t)
	for n := uint64(2); n < 40; n++ {
		if order := must(t, s, "JOIN", id(n), "h:1", "", ""); order != n {
			t.Fatalf("node %d got number %d", n, order)
		}
		if again := must(t, s, "JOIN", id(n), "h:1", "", ""); again != n {
			t.Fatalf("node %d got number %d when it joined again", n, again)
		}
		must(t, s, "REMOVE", id(n))
		must(t, s, "FORGET", id(n))
	}
}

func TestClusterIsFull(t *testing.T) {
	s := begun(t)
	for n := uint64(2); n <= meta.MaxNodes; n++ {
		must(t, s, "JOIN", id(n), "h:1", "", "")
	}
	_, err := apply(s, "JOIN", id(meta.MaxNodes+1), "h:1", "", "")
	wantIs(t, err, meta.ErrFull)
	for i := range 1024 {
		must(t, s, "SET", strconv.Itoa(i), "v")
	}
	must(t, s, "SET", "0", "w")
	_, err = apply(s, "SET", "one more", "v")
	wantIs(t, err, meta.ErrFull)
}
