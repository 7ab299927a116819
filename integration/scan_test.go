package integration

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// SCAN's guarantee under load: what is there from the first call to the last is
// returned, what was never there is not, while others make, rename, remove and expire
// keys by the hundred.
func TestScanWhileKeysComeAndGo(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	for _, partitions := range []string{"1", "4"} {
		t.Run("partitions="+partitions, func(t *testing.T) { scanWhileKeysComeAndGo(t, partitions) })
	}
}

func scanWhileKeysComeAndGo(t *testing.T, partitions string) {
	onBoth(t, []string{"--partitions", partitions}, func(t *testing.T, p *process) {
		const stable = 1500
		s := mustSpeak(t, p)
		for n := range stable {
			mustAsk(t, s, "SET", fmt.Sprint("stable", n), "x")
		}
		var wg sync.WaitGroup
		var done atomic.Bool
		for i := range uint64(3) {
			w := mustSpeak(t, p)
			rng := rand.New(rand.NewPCG(*seed, i))
			wg.Go(func() {
				for !done.Load() {
					if _, err := w.ask(passing(rng)...); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		rng := rand.New(rand.NewPCG(*seed, 99))
		for range 12 {
			scanAll(t, s, rng, stable)
		}
		done.Store(true)
		wg.Wait()
	})
}

// passing is a command on keys that come and go.
func passing(rng *rand.Rand) []string {
	key := func() string { return fmt.Sprint("passing", rng.IntN(2000)) }
	switch rng.IntN(6) {
	case 0:
		return []string{"DEL", key(), key(), key()}
	case 1:
		return []string{"SET", key(), "x", "PX", "1"}
	case 2:
		return []string{"RENAME", key(), key()}
	case 3:
		return []string{"MSET", key(), "1", key(), "2", key(), "3", key(), "4"}
	}
	return []string{"SET", key(), "x"}
}

func scanAll(t *testing.T, s *speaker, rng *rand.Rand, stable int) {
	t.Helper()
	found := map[string]bool{}
	calls := 0
	for cursor := "0"; calls == 0 || cursor != "0"; calls++ {
		f := mustAsk(t, s, "SCAN", cursor, "COUNT", fmt.Sprint(1+rng.IntN(200)))
		cursor = f.word(0)
		for _, k := range f.list[1].list {
			found[k.text] = true
		}
		if calls > 20_000 {
			t.Fatal("SCAN has no end")
		}
	}
	for n := range stable {
		name := fmt.Sprint("stable", n)
		if !found[name] {
			t.Fatalf("%s was there all the time and was not returned by %d calls", name, calls)
		}
		delete(found, name)
	}
	for name := range found {
		var n int
		if _, err := fmt.Sscanf(name, "passing%d", &n); err != nil || n >= 2000 {
			t.Fatalf("%s was never there", name)
		}
	}
}

func mustSpeak(t *testing.T, p *process) *speaker {
	t.Helper()
	s, err := newSpeaker(p.Addr, wire.RESP2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func mustAsk(t *testing.T, s *speaker, words ...string) *frame {
	t.Helper()
	f, err := s.ask(words...)
	if err != nil || f.kind == '-' {
		t.Fatalf("%.100q: %v, %v", words, f, err)
	}
	return f
}
