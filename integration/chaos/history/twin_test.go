package history_test

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	. "github.com/millrace-io/millrace/integration/chaos/history"
)

var seed = flag.Uint64("seed", 0, "seed of the random tests, 0 for a new one")

// growing is the plainest model of a stream: how many entries it has. An XADD says
// which entry it made, -1 when it is not known whether it made one.
var growing = porcupine.Model{
	Init: func() any { return 0 },
	Step: func(state, input, _ any) (bool, any) {
		n, op := state.(int), input.(Op)
		if op.Kind == Len {
			return n == int(op.N), n
		}
		return int(op.N) == n, n + 1
	},
}

// Streams looks at ranks where porcupine searches: both find the same histories
// linearizable.
func TestStreamsAgreesWithPorcupine(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	rng := rand.New(rand.NewPCG(*seed, 1))
	verdicts := map[bool]int{}
	for range 20_000 {
		ops, final := randomStream(rng)
		var twins []porcupine.Operation
		for _, op := range ops {
			if op.Outcome == Unknown {
				op.Return = 1 << 62
			}
			twins = append(twins, porcupine.Operation{Input: op, Call: int64(op.Call), Return: int64(op.Return)})
		}
		want := porcupine.CheckOperations(growing, twins)
		verdicts[want]++
		if found := Streams(ops, final); want != (len(found) == 0) {
			t.Fatalf("porcupine says %v, Streams %q, of %v", want, found, ops)
		}
	}
	if verdicts[true] < 1000 || verdicts[false] < 1000 {
		t.Errorf("verdicts %v: the test proves little", verdicts)
	}
}

// randomStream is a history of a few XADDs, of which all were done, and XLENs, at
// random times with some tendency to be in order. No two times are equal.
func randomStream(rng *rand.Rand) ([]Op, Final) {
	n := 1 + rng.IntN(4)
	used := map[time.Duration]bool{}
	at := func(about int) time.Duration {
		for {
			if d := time.Duration(max(0, about*100+rng.IntN(300))); !used[d] {
				used[d] = true
				return d
			}
		}
	}
	var ops []Op
	for i := range n {
		o := add(i, i, 0, 0)
		o.Call, o.N = at(i), int64(i)
		o.Return = max(o.Call+1, at(i+1))
		if rng.IntN(4) == 0 {
			o.Outcome, o.Entries = Unknown, nil
		}
		ops = append(ops, o)
	}
	for i := range rng.IntN(5) {
		about := rng.IntN(n + 2)
		o := Op{Conn: n + i, Kind: Len, Key: "s", N: int64(min(about, n)), Call: at(about)}
		o.Return = max(o.Call+1, at(about))
		ops = append(ops, o)
	}
	rng.Shuffle(len(ops), func(i, j int) { ops[i], ops[j] = ops[j], ops[i] })
	return ops, Final{Streams: map[string]Stream{"s": {Entries: entries(0, n), Length: int64(n), Added: int64(n)}}}
}
