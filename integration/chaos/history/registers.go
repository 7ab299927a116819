package history

import (
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"
)

// value is what SET, GET and INCR of one key do: a value written, or seen.
type value struct {
	kind Kind
	text string // SET: written; GET: seen, "" for nil; INCR: the result, "" when unknown
}

var texts = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		v := input.(value)
		switch v.kind {
		case Set:
			return true, v.text
		case Get:
			return v.text == state.(string), state
		}
		n, _ := strconv.ParseInt(state.(string), 10, 64) // nothing counts as 0
		next := strconv.FormatInt(n+1, 10)
		return v.text == "" || v.text == next, next
	},
}

// Registers checks that SET and GET, or INCR and GET, of each key are linearizable.
// Each key may take so long; undecided is how many took longer.
func Registers(ops []Op, within time.Duration) (found []string, undecided int) {
	var b broken
	histories := map[string][]*Op{}
	for i := range ops {
		switch op := &ops[i]; op.Kind {
		case Set, Get, Incr:
			if op.Outcome != Refused {
				histories[op.Key] = append(histories[op.Key], op)
			}
		}
	}
	for key, of := range histories {
		switch porcupine.CheckOperationsTimeout(texts, registerOps(of), within) {
		case porcupine.Illegal:
			b.add("%s is not linearizable, %d operations; the shortest beginning that is not ends with %v", key, len(of), firstIllegal(of, within))
		case porcupine.Unknown:
			undecided++
		}
	}
	return b.list(), undecided
}

// registerOps leaves out what cannot matter, so that the search stays short: reads
// without a reply, and writes of unknown outcome that nobody saw. One that was seen
// was done before the first read that saw it returned.
func registerOps(of []*Op) (all []porcupine.Operation) {
	seen := map[string]time.Duration{}
	for _, op := range of {
		if op.Kind == Get && op.Outcome == OK {
			if at, is := seen[op.Payload]; !is || op.Return < at {
				seen[op.Payload] = op.Return
			}
		}
	}
	for _, op := range of {
		v, end := value{op.Kind, op.Payload}, op.Return
		if op.Kind == Incr && op.Outcome == OK {
			v.text = strconv.FormatInt(op.N, 10)
		}
		if op.Outcome == Unknown {
			at, is := seen[op.Payload]
			switch {
			case op.Kind == Get, op.Kind == Set && !is:
				continue
			case op.Kind == Set:
				end = max(op.Call, at)
			default:
				end = forever
			}
		}
		all = append(all, porcupine.Operation{ClientId: op.Conn, Input: v, Call: int64(op.Call), Return: int64(end)})
	}
	return all
}

// firstIllegal is the operation whose return makes the history illegal: up to it, with
// what had returned or had begun, there is no order.
func firstIllegal(of []*Op, within time.Duration) *Op {
	low, high := 0, len(of)-1
	byReturn := sortedByReturn(of)
	for low < high {
		middle := (low + high) / 2
		if porcupine.CheckOperationsTimeout(texts, registerOps(beginning(byReturn, middle)), within) == porcupine.Illegal {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return byReturn[low]
}
