package replication

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestUntilNextNeverOverflows(t *testing.T) {
	for _, row := range []struct {
		next, now int64
		want      time.Duration
	}{
		{1500, 1000, 500 * time.Millisecond},
		{1000, 1500, 0},
		{math.MaxInt64, 0, time.Hour}, // a deadline farther away than a Duration reaches
	} {
		if got := untilNext(row.next, row.now); got != row.want {
			t.Errorf("from %d to %d: %v, want %v", row.now, row.next, got, row.want)
		}
	}
}

func TestUpkeepTriesAgainAfterARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var u upkeep
		u.init()
		u.pending, u.next = true, 1
		began := time.Now()
		u.Fill([]byte("-MISCONF no space\r\n"))
		<-u.poke
		if waited := time.Since(began); waited != afterRefusal {
			t.Errorf("tried again after %v", waited)
		}
		if _, due := u.due(2); !due {
			t.Error("nothing is due any more")
		}
	})
}
