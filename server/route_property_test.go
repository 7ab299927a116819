package server

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
)

// Whatever a connection pipelines, several partitions answer as one does, in the order
// of the requests; and they end with the same keys and values.
func TestPartitionsAnswerAsOneDoes(t *testing.T) {
	first := firstSeed(t)
	for i := range uint64(4) {
		rng := rand.New(rand.NewPCG(first+i, 0))
		one := start(t, newDisk(), debugAllowed)
		disk := newDisk()
		many := start(t, disk, debugAllowed, partitions(2+rng.IntN(6)))
		a, b := dial(t, one), dial(t, many)
		for range 60 {
			pipe := randomPipeline(rng)
			if want, got := a.pipe(t, pipe), b.pipe(t, pipe); !reflect.DeepEqual(want, got) {
				for j := range want {
					if !reflect.DeepEqual(want[j], got[j]) {
						t.Fatalf("seed %d, command %d of\n%s\ngave %v, one partition %v", first+i, j, strings.Join(pipe, "\n"), got[j], want[j])
					}
				}
			}
		}
		for n := range 24 { // groups say when they delivered
			destroy := []string{fmt.Sprint("SELECT ", n%2), fmt.Sprint("XGROUP DESTROY s", n/2, " g")}
			if want, got := a.pipe(t, destroy), b.pipe(t, destroy); !reflect.DeepEqual(want, got) {
				t.Errorf("seed %d: %s gave %v, one partition %v", first+i, destroy, got, want)
			}
		}
		digest := a.must(t, "DEBUG DIGEST")
		if got := b.must(t, "DEBUG DIGEST"); got != digest {
			t.Errorf("seed %d: digest %v, of one partition %v", first+i, got, digest)
		}
		if want, got := scanned(t, a), scanned(t, b); !slices.Equal(want, got) {
			t.Errorf("seed %d: SCAN gave %v, one partition %v", first+i, got, want)
		}
		if err := many.stop(t); err != nil {
			t.Fatal(err)
		}
		many = start(t, disk, debugAllowed)
		if got := dial(t, many).must(t, "DEBUG DIGEST"); got != digest {
			t.Errorf("seed %d: digest %v after a restart, was %v", first+i, got, digest)
		}
		one.stop(t)
		many.stop(t)
	}
}

// pipe sends commands at once and returns their replies; what has no order is sorted.
func (c *client) pipe(t testing.TB, pipe []string) (replies []any) {
	t.Helper()
	if err := c.send(pipe...); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range pipe {
		v, err := c.receive()
		if err != nil {
			t.Fatalf("%s: %v", cmd, err)
		}
		if list, ok := v.([]any); ok && strings.HasPrefix(cmd, "KEYS") {
			sort.Slice(list, func(i, j int) bool { return list[i].(string) < list[j].(string) })
		}
		replies = append(replies, v)
	}
	return replies
}

// scanned are the names that SCAN gives, in the order of its cursor.
func scanned(t testing.TB, c *client) (names []string) {
	t.Helper()
	for cursor := "0"; ; {
		page := c.must(t, "SCAN "+cursor+" COUNT 7").([]any)
		for _, name := range page[1].([]any) {
			names = append(names, name.(string))
		}
		if cursor = page[0].(string); cursor == "0" {
			return names
		}
	}
}

// randomPipeline are commands on few enough keys that they meet. Commands that need
// their keys in one partition get them by hash tags.
func randomPipeline(rng *rand.Rand) (pipe []string) {
	key := func() string { return fmt.Sprint("k", rng.IntN(40)) }
	stream := func() string { return fmt.Sprint("s", rng.IntN(12)) }
	streams := func() (names []string) {
		for range 1 + rng.IntN(5) {
			names = append(names, stream())
		}
		return names
	}
	read := func(id string) string {
		names := streams()
		return strings.Join(names, " ") + strings.Repeat(" "+id, len(names))
	}
	for range 1 + rng.IntN(40) {
		next := fmt.Sprint(1+rng.IntN(60), "-", rng.IntN(9))
		pipe = append(pipe, [...]func() string{
			func() string { return "SET " + key() + " " + next },
			func() string { return "GET " + key() },
			func() string { return "INCR n" + key() },
			func() string { return "MGET " + key() + " " + key() + " " + stream() + " " + key() },
			func() string { return "EXISTS " + key() + " " + key() + " " + key() },
			func() string { return "DEL " + key() + " " + stream() + " " + key() },
			func() string { return "UNLINK " + key() + " " + key() },
			func() string { return "MSET {t}" + key() + " 1 {t}" + key() + " 2" },
			func() string { return "RENAME {t}" + key() + " {t}" + key() },
			func() string { return "XADD " + stream() + " " + next + " f v" },
			func() string { return "XADD " + stream() + " " + next + " f v" },
			func() string { return "XGROUP CREATE " + stream() + " g 0 MKSTREAM" },
			func() string { return "XREAD COUNT 3 STREAMS " + read(next) },
			func() string { return "XREAD BLOCK 1 STREAMS " + read("0") },
			func() string { return "XREADGROUP GROUP g c COUNT 2 STREAMS " + stream() + " >" },
			func() string { return "XREAD" + limits(rng) + " STREAMS " + read(next) },
			func() string { return "XREADGROUP GROUP g c COUNT 2 STREAMS " + read(">") },
			func() string { return "XREADGROUP GROUP g c" + counts(rng) + " STREAMS " + read(">") },
			func() string { return "XREADGROUP GROUP g c" + counts(rng) + " BLOCK 1 STREAMS " + read("0") },
			func() string { return "XREADGROUP GROUP g d" + counts(rng) + " NOACK STREAMS " + read(">") },
			func() string { return "XACK " + stream() + " g " + next },
			func() string { return "XLEN " + stream() },
			func() string { return "DBSIZE" },
			func() string { return "KEYS *1*" },
			func() string { return "SELECT " + fmt.Sprint(rng.IntN(2)) },
			func() string { return "TYPE " + stream() },
			func() string { return "EXPIREAT " + key() + " 99999999999" },
			func() string { return "PERSIST " + key() },
		}[rng.IntN(28)]())
	}
	if rng.IntN(8) == 0 {
		pipe = append(pipe, [...]string{"FLUSHDB", "SWAPDB 0 1", "FLUSHALL"}[rng.IntN(3)])
	}
	return append(pipe, "SELECT 0")
}

// limits are some of what bounds a read.
func limits(rng *rand.Rand) string {
	if rng.IntN(3) == 0 {
		return fmt.Sprint(" MAXSIZE ", 1+rng.IntN(200))
	}
	return counts(rng)
}

// counts are those without MAXSIZE, which an XREADGROUP of several partitions takes a little
// differently where there is room for a stream's name only (docs/commands.md).
func counts(rng *rand.Rand) (options string) {
	count := 1 + rng.IntN(3)
	if rng.IntN(2) == 0 {
		options += fmt.Sprint(" COUNT ", count)
	}
	if rng.IntN(2) == 0 {
		options += fmt.Sprint(" MAXCOUNT ", count+rng.IntN(4))
	}
	return options
}
