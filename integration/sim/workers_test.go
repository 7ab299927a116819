package sim

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

const (
	group   = "crew"
	minIdle = time.Second // after which a worker takes over what another has
)

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
		w.acknowledge(slices.DeleteFunc(slices.Clone(got), tooHard))
	}
}

// tooHard picks entries that no worker can do: they are delivered again and again and
// pending in the end, with all their deliveries counted.
func tooHard(e history.Entry) bool {
	h := fnv.New32a()
	h.Write([]byte(e.Payload))
	return h.Sum32()%50 == 0
}

func (w *worker) next(kind history.Kind) history.Op {
	op := w.client.next(kind, w.key)
	op.Group, op.Consumer = group, w.consumer
	return op
}

// receive takes new entries; half of the time it waits for them.
func (w *worker) receive() []history.Entry {
	count := strconv.Itoa(1 + w.rng.IntN(20))
	command := []string{"XREADGROUP", "GROUP", group, w.consumer, "COUNT", count}
	wait := w.rng.IntN(2) == 0
	if wait {
		command = append(command, "BLOCK", strconv.Itoa(100+w.rng.IntN(2000)))
	}
	got := w.one(w.next(history.Deliver), append(command, "STREAMS", w.key, ">")...).Entries
	if !wait {
		w.pause(50*time.Millisecond, 300*time.Millisecond)
	}
	return got
}

func (w *worker) claim() []history.Entry {
	op := w.next(history.Claim)
	if !w.w.jumps { // idle is what the clock says, and that may say anything then
		op.MinIdle = minIdle
	}
	return w.one(op, "XAUTOCLAIM", w.key, group, w.consumer, strconv.Itoa(int(minIdle/time.Millisecond)), "0-0", "COUNT", "20").Entries
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
			commands = append(commands, []string{"XACK", w.key, group})
		}
		last := len(ops) - 1
		ops[last].IDs = append(ops[last].IDs, e.ID)
		commands[last] = append(commands[last], e.ID.String())
	}
	w.do(ops, commands...)
}

// makeGroups creates the streams with their groups, empty.
func (w *world) makeGroups() error {
	for i := range streams {
		if _, err := w.ask(0, "XGROUP", "CREATE", streamKey(i), group, "0", "MKSTREAM"); err != nil {
			return err
		}
	}
	return nil
}
