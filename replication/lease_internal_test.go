package replication

import (
	"testing"
	"time"
)

func TestLease(t *testing.T) {
	var l lease
	wants := func(what string, now time.Duration, want bool) {
		t.Helper()
		if got := l.holds(now); got != want {
			t.Errorf("%s: holds is %v", what, got)
		}
	}
	wants("never proved", time.Second, false)
	l.renew(time.Second, 500*time.Millisecond)
	wants("within", 1400*time.Millisecond, true)
	wants("at its end", 1500*time.Millisecond, false)
	l.bar()
	l.renew(2*time.Second, 500*time.Millisecond)
	wants("leadership is handed over", 2100*time.Millisecond, false)
	l.begin(true)
	l.renew(3*time.Second, 500*time.Millisecond)
	wants("the same term goes on", 3100*time.Millisecond, false)
	l.begin(false)
	wants("a new term, not proved", 3100*time.Millisecond, false)
	l.renew(4*time.Second, 500*time.Millisecond)
	wants("a new term", 4100*time.Millisecond, true)
}

func TestElapsedGoesOn(t *testing.T) {
	a := elapsed()
	if b := elapsed(); a <= 0 || b < a {
		t.Errorf("%v, then %v", a, b)
	}
}
