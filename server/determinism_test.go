package server

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp/wire"
)

// replayed are commands with holes for a key, a consumer and a small number, that
// between them draw IDs, read the clock, walk the pending entries and expire keys.
var replayed = []string{
	"XADD k%[1]d * f v%[3]d", "XADD k%[1]d MAXLEN ~ 20 * f v g w", "XADD k%[1]d NOMKSTREAM * f v",
	"XGROUP CREATE k%[1]d g 0 MKSTREAM", "XGROUP CREATE k%[1]d h $ MKSTREAM", "XGROUP DESTROY k%[1]d h",
	"XREADGROUP GROUP g c%[2]d COUNT 3 STREAMS k%[1]d >", "XREADGROUP GROUP h c%[2]d BLOCK 1 STREAMS k%[1]d >",
	"XAUTOCLAIM k%[1]d g c%[2]d 0 0 COUNT 2", "XCLAIM k%[1]d g c%[2]d 1 1-0 FORCE JUSTID",
	"XTRIM k%[1]d MAXLEN %[3]d", "XGROUP DELCONSUMER k%[1]d g c%[2]d", "DEL k%[1]d",
	"EXPIRE k%[1]d 1", "EXPIRE k%[1]d 100 NX", "EXPIRE k%[1]d -1", "PERSIST k%[1]d", "XSETID k%[1]d 9999999999999-%[3]d",
}

// replayedKeys are the same for keys and strings.
var replayedKeys = []string{
	"SET k%[1]d v%[3]d", "SET k%[1]d %[3]d PX 3%[3]d", "SET k%[1]d w EX 100 XX GET", "SET k%[1]d w KEEPTTL", "SET k%[1]d x IFEQ v%[3]d", "SETEX k%[1]d 1 y", "GETSET k%[1]d z",
	"GETEX k%[1]d PX 1%[3]d", "GETEX k%[1]d PERSIST", "GETDEL k%[1]d", "APPEND k%[1]d abc", "SETRANGE k%[1]d %[3]d abc", "INCR k%[1]d", "DECRBY k%[1]d %[3]d", "INCRBYFLOAT k%[1]d 0.%[3]d",
	"MSET k%[1]d 1 k%[2]d 2", "MSETNX k%[1]d 1 k%[2]d 2", "MSETEX 2 k%[1]d 1 k%[2]d 2 PX 2%[3]d", "DELEX k%[1]d IFEQ 1", "RENAME k%[1]d k%[2]d", "RENAMENX k%[1]d k%[2]d",
	"COPY k%[1]d k%[2]d REPLACE", "COPY k%[1]d k%[2]d DB %[2]d", "MOVE k%[1]d %[2]d", "SWAPDB 0 %[2]d", "SELECT %[2]d", "RANDOMKEY", "PEXPIRE k%[1]d 1%[3]d", "PEXPIREAT k%[1]d 1", "TOUCH k%[1]d",
	"XNACK k%[1]d g FAIL IDS 1 1-0 FORCE", "XACKDEL k%[1]d g IDS 1 1-0", "XDELEX k%[1]d IDS 1 1-0", "WATCH k%[1]d", "UNWATCH", "MULTI", "MULTI", "EXEC", "EXEC", "DISCARD",
}

// lasting are commands that take a time from the clock and leave it in the state.
var lasting = []string{
	"FLUSHDB", "SET l1 v EX 1000", "PSETEX l2 100000 v", "SETEX l3 100 v", "SET l4 v", "GETEX l4 EX 1000", "SET l5 v", "EXPIRE l5 1000", "XADD l6 * f v", "PEXPIRE l6 100000",
	"MSETEX 1 l7 v PX 100000", "XGROUP CREATE l6 g 0", "XREADGROUP GROUP g c STREAMS l6 >", "XAUTOCLAIM l6 g d 0 0",
}

// sendWords sends one command whose words may hold anything.
func (c *client) sendWords(words ...string) error {
	b := wire.AppendArray(nil, len(words))
	for _, w := range words {
		b = wire.AppendBulkString(b, w)
	}
	_, err := c.Write(b)
	return err
}

// changeAtRandom sends n random commands, those that DUMP gives back by RESTORE among
// them, and leaves no transaction open.
func changeAtRandom(t *testing.T, c *client, rng *rand.Rand, n int) {
	shapes := slices.Concat(replayed, replayedKeys)
	for range n {
		key := fmt.Sprint("k", rng.IntN(6))
		words := strings.Fields(fmt.Sprintf(shapes[rng.IntN(len(shapes))]+"%.0[1]d%.0[2]d%.0[3]d", rng.IntN(6), rng.IntN(3), rng.IntN(9)))
		if rng.IntN(40) == 0 {
			if payload, ok := exchange(t, c, "DUMP", key).(string); ok && payload != "QUEUED" {
				words = []string{"RESTORE", key + "r", fmt.Sprint(rng.IntN(2) * 20), payload, "REPLACE"}
			}
		}
		if rng.IntN(300) == 0 {
			words = []string{"FLUSHDB"}
		}
		exchange(t, c, words...)
	}
	exchange(t, c, "DISCARD")
}

// holds reports whether the state has a key of database 0, expired or not.
func (p *process) holds(key string) (yes bool) {
	p.partitions[0].Inspect(func(replication.StateMachine, int64) {
		k, _ := p.partitions[0].machine.State().DB(0).Get([]byte(key), 0)
		yes = k != nil
	})
	return yes
}

func exchange(t *testing.T, c *client, words ...string) any {
	if err := c.sendWords(words...); err != nil {
		t.Errorf("%q: %v", words, err)
		return nil
	}
	v, err := c.receive()
	if err != nil {
		t.Errorf("%q: %v", words, err)
	}
	return v
}

// The log alone makes the state: run again on an empty one, by another process and at
// another time, it gives the same hash, expired keys and all. So does a snapshot that
// was taken on the way, with the rest of the log.
func TestReplayGivesTheSameState(t *testing.T) {
	first := firstSeed(t)
	for _, snapshot := range []bool{false, true} {
		t.Run(fmt.Sprint("snapshot=", snapshot), func(t *testing.T) { replayAgain(t, first, snapshot) })
	}
}

func replayAgain(t *testing.T, first uint64, snapshot bool) {
	disk := newDisk()
	p := start(t, disk)
	for round := range uint64(2) {
		var wg sync.WaitGroup
		for i := range uint64(3) {
			c := dial(t, p)
			wg.Go(func() { changeAtRandom(t, c, rand.New(rand.NewPCG(first, round<<8|i)), 400) })
		}
		wg.Wait()
		if snapshot && round == 0 {
			if err := p.Snapshot(); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := dial(t, p)
	for _, cmd := range lasting {
		c.must(t, cmd)
	}
	c.must(t, "DEL gone")
	c.must(t, "XADD gone * f v")
	c.must(t, "EXPIRE gone 1")
	eventually(t, "the key expires by the log", func() bool { return !p.holds("gone") })
	image := disk.KillProcess()
	if err := p.stop(t); err != nil {
		t.Error(err)
	}
	hash, _ := p.hash()
	sameAfterReplay(t, disk, hash)
	// What the key's deadline was is decided in the log, not by who reads it later.
	other := start(t, image)
	if v := dial(t, other).must(t, "EXISTS gone"); v != int64(0) {
		t.Errorf("EXISTS of an expired key: %v", v)
	}
}
