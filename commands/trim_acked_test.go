package commands_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// backlog makes a stream with n entries that the group g has pending.
func backlog(n int) *applier {
	a := newApplier()
	a.do("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
	for range n {
		a.do("XADD", "s", "*", "f", "v")
	}
	a.do("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
	return a
}

func (a *applier) length() int {
	n, _ := strconv.Atoi(strings.TrimSpace(a.do("XLEN", "s")[1:]))
	return n
}

// flow adds n entries with the given trim, each delivered and acknowledged before the
// next comes, and returns the most entries that the stream ever had.
func (a *applier) flow(n int, trim ...string) (most int) {
	add := append(append([]string{"XADD", "s"}, trim...), "*", "f", "v")
	for range n {
		a.do(add...)
		most = max(most, a.length())
		a.do("XREADGROUP", "GROUP", "g", "c", "NOACK", "STREAMS", "s", ">")
	}
	return most
}

// A trim passes over what is pending. XADD with ~ pays that in shares: the mean
// of many does not grow with it.
func TestApproximateTrimOfAckedIsPaidInShares(t *testing.T) {
	const few, many, most = 500, 100_000, 10
	mean := func(n int) time.Duration {
		a := backlog(n)
		r := a.request("XADD", "s", "MAXLEN", "~", "10", "ACKED", "*", "f", "v")
		least := time.Hour
		for range 3 {
			took := processorTime(func() {
				for range 2000 {
					a.apply(r)
				}
			})
			least = min(least, took/2000)
		}
		return least
	}
	if a, b := mean(few), mean(many); b > most*a {
		t.Errorf("%v with %d pending, %v with %d", a, few, b, many)
	} else {
		t.Logf("%v, %v", a, b)
	}
}

// What all groups have acknowledged goes, behind however many that nobody
// acknowledges; with ~ a little later, if those are many.
func TestTrimOfAckedBehindABacklog(t *testing.T) {
	for _, row := range []struct {
		pending int
		trim    string
		above   int // at most so many above what is pending
	}{
		{500, "MAXLEN ~ 10 ACKED", 2}, // one that was just added, one not yet delivered
		{5000, "MAXLEN = 10 ACKED", 2},
		{5000, "MAXLEN ~ 10 ACKED", 8 * 5000 / 256},
		{5000, "MINID ~ 9999999999999 ACKED", 8 * 5000 / 256},
		{50_000, "MAXLEN ~ 10 ACKED", 8 * 50_000 / 256},
	} {
		t.Run(fmt.Sprint(row.pending, " ", row.trim), func(t *testing.T) {
			a := backlog(row.pending)
			if n := a.flow(4*row.above+100, strings.Fields(row.trim)...); n > row.pending+row.above {
				t.Errorf("%d entries with %d pending", n, row.pending)
			}
			if a.do("XTRIM", "s", "MAXLEN", "~", "10", "ACKED"); a.length() != row.pending {
				t.Errorf("%d entries behind XTRIM, %d pending", a.length(), row.pending)
			}
			if got := a.do("XPENDING", "s", "g"); !strings.HasPrefix(got, fmt.Sprintf("*4\r\n:%d\r\n", row.pending)) {
				t.Errorf("pending: %q", got)
			}
		})
	}
}

// Who adds every other entry with a trim trims, too: which ones do is no pattern of
// their number.
func TestTrimOfAckedByEveryOtherXAdd(t *testing.T) {
	const pending = 20 * 256 // one in 20 trims, and those that may are odd ones
	a := backlog(pending)
	most := 0
	for range 500 {
		most = max(most, a.flow(1, "MAXLEN", "~", "10", "ACKED"), a.flow(1))
	}
	if most > pending+400 {
		t.Errorf("%d entries with %d pending", most, pending)
	}
}
