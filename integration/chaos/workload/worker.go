package workload

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// minIdle is after which time a worker takes over what another has.
const minIdle = time.Second

// worker is a member of a stream's consumer group. It crashes now and then: what it
// had is left pending, and it comes back under another name.
type worker struct {
	*client
	key      string
	consumer string
	lives    int
}

// work takes some entries, new ones or those of a worker that crashed, and
// acknowledges them.
func (w *worker) work() {
	if !w.open() {
		return
	}
	if w.consumer == "" {
		w.lives++
		w.consumer = fmt.Sprintf("%s-%d-%d", w.key, w.rng.Uint32(), w.lives)
	}
	var got []history.Entry
	if w.rng.IntN(8) == 0 {
		got = w.claim()
	} else {
		got = w.receive()
	}
	switch w.rng.IntN(40) {
	case 0: // crashed
		w.consumer = ""
		w.close()
	default:
		w.acknowledge(slices.DeleteFunc(slices.Clone(got), w.tooHard))
	}
}

// tooHard picks entries that no worker can do: they are delivered again and again and
// pending in the end, with all their deliveries counted.
func (w *worker) tooHard(e history.Entry) bool {
	h := fnv.New32a()
	h.Write([]byte(e.Payload))
	return h.Sum32()%w.w.Hard == 0
}

func (w *worker) next(kind history.Kind) history.Op {
	op := w.client.next(kind, w.key)
	op.Group, op.Consumer = Group, w.consumer
	return op
}

// receive takes new entries; mostly it waits for them.
func (w *worker) receive() []history.Entry {
	command := []string{"XREADGROUP", "GROUP", Group, w.consumer, "COUNT", strconv.Itoa(1 + w.rng.IntN(30))}
	wait := w.rng.IntN(3) > 0
	if wait {
		command = append(command, "BLOCK", strconv.FormatInt(1+w.rng.Int64N(w.w.Block.Milliseconds()), 10))
	}
	got := w.one(w.next(history.Deliver), append(command, "STREAMS", w.key, ">")...).Entries
	if !wait {
		w.rest()
	}
	return got
}

func (w *worker) claim() []history.Entry {
	op := w.next(history.Claim)
	if !w.w.AnyIdle { // idle is what the clock says, and that may say anything then
		op.MinIdle = minIdle
	}
	return w.one(op, "XAUTOCLAIM", w.key, Group, w.consumer, strconv.FormatInt(minIdle.Milliseconds(), 10), "0-0", "COUNT", "20").Entries
}

// acknowledge sends one XACK for all entries, or one for each in a pipeline.
func (w *worker) acknowledge(entries []history.Entry) {
	if len(entries) == 0 || !w.open() {
		return
	}
	var ops []history.Op
	var commands [][]string
	each := w.rng.IntN(2) == 0
	for i, e := range entries {
		if i == 0 || each {
			op := w.next(history.Ack)
			op.Consumer = ""
			ops = append(ops, op)
			commands = append(commands, []string{"XACK", w.key, Group})
		}
		last := len(ops) - 1
		ops[last].IDs = append(ops[last].IDs, e.ID)
		commands[last] = append(commands[last], e.ID.String())
	}
	w.do(ops, commands...)
}
