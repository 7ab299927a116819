package integration

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const oom = "OOM command not allowed when used memory > 'maxmemory'."

// filling is one way to fill a node. Command i adds to what is there.
type filling struct {
	name  string
	heavy bool // takes long for its size
	add   func(ctx context.Context, p redis.Pipeliner, i int)
}

func sets(size int) func(context.Context, redis.Pipeliner, int) {
	value := strings.Repeat("x", size)
	return func(ctx context.Context, p redis.Pipeliner, i int) { p.Set(ctx, fmt.Sprintf("key:%09d", i), value, 0) }
}

func xadds(size, perStream int) func(context.Context, redis.Pipeliner, int) {
	value := strings.Repeat("x", size)
	return func(ctx context.Context, p redis.Pipeliner, i int) {
		p.Do(ctx, "XADD", fmt.Sprint("s", i/perStream), "*", "f", value)
	}
}

var fillings = []filling{
	{"strings of 1 byte", true, sets(1)},
	{"strings of 100 bytes", true, sets(100)},
	{"strings of 1000 bytes", true, sets(1000)},
	{"strings of 16000 bytes", false, sets(16000)},
	{"strings with a deadline", true, func(ctx context.Context, p redis.Pipeliner, i int) {
		p.Set(ctx, fmt.Sprintf("key:%09d", i), "a value", time.Hour)
	}},
	{"entries of 1 byte", true, xadds(1, math.MaxInt)},
	{"entries of 100 bytes", false, xadds(100, math.MaxInt)},
	{"entries of 16000 bytes", true, xadds(16000, math.MaxInt)},
	{"streams of three entries", true, xadds(1, 3)},
	{"pending entries", true, func(ctx context.Context, p redis.Pipeliner, i int) {
		p.Do(ctx, "XADD", "s", "*", "f", "v")
		if i == 0 {
			p.Do(ctx, "XGROUP", "CREATE", "s", "g", "0")
		}
		if i%100 == 99 {
			p.Do(ctx, "XREADGROUP", "GROUP", "g", fmt.Sprint("c", i/100%10), "COUNT", 100, "STREAMS", "s", ">")
		}
	}},
}

// A node refuses writes when the process is as large as maxmemory says, whatever it
// is filled with: the difference is at most a tenth.
func TestMaxMemoryIsTheProcess(t *testing.T) {
	for _, l := range fillings {
		t.Run(l.name, func(t *testing.T) {
			if l.heavy {
				needHeavy(t)
			}
			fillUpTo(t, l, 200*mib)
		})
	}
	t.Run("a gigabyte", func(t *testing.T) {
		needHeavy(t)
		fillUpTo(t, fillings[1], 1000*mib)
	})
}

func fillUpTo(t *testing.T, l filling, limit int64) {
	dir := t.TempDir()
	args := []string{"--maxmemory", fmt.Sprint(limit), "--fsync", "no"}
	p := serve(t, dir, args...)
	c := p.client()
	n := fillUntilRefused(t, c, l)
	size := memory(t, p.pid(), "VmRSS")
	t.Logf("refused after %d commands; resident %d of %d MiB (%.3f), at most %d", n, size/mib, limit/mib,
		float64(size)/float64(limit), memory(t, p.pid(), "VmHWM")/mib)
	within(t, size, limit)

	// The same after a start, which reads all of it back.
	p.stop()
	p = serve(t, dir, args...)
	defer p.stop()
	eventually(t, "no larger after a start", func() bool {
		size = memory(t, p.pid(), "VmRSS")
		return size <= limit+limit/10
	})
	t.Logf("after a start: resident %d MiB", size/mib)
	n = fillUntilRefused(t, p.client(), l)
	t.Logf("refused after %d commands", n)
	within(t, memory(t, p.pid(), "VmRSS"), limit)
}

func within(t *testing.T, size, limit int64) {
	t.Helper()
	if size < limit-limit/10 || size > limit+limit/10 {
		t.Errorf("refused at resident %d, maxmemory %d: %.3f of it", size, limit, float64(size)/float64(limit))
	}
}

// fillUntilRefused adds until the first command is refused, and returns their number.
func fillUntilRefused(t *testing.T, c *redis.Client, l filling) int {
	t.Helper()
	ctx := t.Context()
	for i := 0; ; {
		pipe := c.Pipeline()
		for range 200 {
			l.add(ctx, pipe, i)
			i++
		}
		replies, _ := pipe.Exec(ctx)
		for _, r := range replies {
			switch err := r.Err(); {
			case err == nil, errors.Is(err, redis.Nil), redis.HasErrorPrefix(err, "BUSYGROUP"):
			case err.Error() == oom:
				return i
			default:
				t.Fatal(err)
			}
		}
	}
}

// What frees memory makes room at once, not when the collector has found it.
func TestMaxMemoryAfterDel(t *testing.T) {
	onBoth(t, []string{"--maxmemory", "100mb", "--fsync", "no"}, func(t *testing.T, p *process) {
		c := p.client()
		ctx := t.Context()
		n := fillUntilRefused(t, c, filling{add: sets(100_000)})
		if v := infoField(t, c, "memory", "maxmemory"); v != fmt.Sprint(100*mib) {
			t.Errorf("INFO: maxmemory %s", v)
		}
		for i := range n / 5 {
			is(t, "DEL", c.Del(ctx, fmt.Sprintf("key:%09d", i)).Val(), nil, 1)
		}
		got, err := c.Set(ctx, "k", strings.Repeat("x", 100_000), 0).Result()
		is(t, "SET", got, err, "OK")
		mustDo(t, c, "CONFIG", "SET", "maxmemory", "1")
		if err := c.Set(ctx, "k0", "v", 0).Err(); err == nil || err.Error() != oom {
			t.Errorf("SET with less: %v", err)
		}
		mustDo(t, c, "CONFIG", "SET", "maxmemory", "0")
		mustDo(t, c, "SET", "k0", "v")
	})
}

// An argument counts before it is stored: what can't fit is refused, and does no
// harm.
func TestMaxMemoryAndALargeArgument(t *testing.T) {
	size := 60 * mib
	if *heavy {
		size = 512 * mib
	}
	onBoth(t, []string{"--maxmemory", "50mb", "--fsync", "no"}, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "XADD", "s", "*", "f", "v")
		if err := c.Do(t.Context(), "XADD", "s", "*", "f", strings.Repeat("x", size)).Err(); err == nil || err.Error() != oom {
			t.Fatalf("XADD of %d bytes: %v", size, err)
		}
		mustDo(t, c, "XADD", "s", "*", "f", "v")
		eventually(t, "its memory is given back", func() bool { return memory(t, p.pid(), "VmRSS") < 100*mib })
	})
}

// What is in the log is applied whatever maxmemory says by now.
func TestMaxMemoryIsNotAskedAtApply(t *testing.T) {
	dir := t.TempDir()
	p := serve(t, dir)
	mustDo(t, p.client(), "SET", "k", strings.Repeat("x", 1000))
	p.stop()
	p = serve(t, dir, "--maxmemory", "1b")
	defer p.stop()
	is(t, "STRLEN", p.client().StrLen(t.Context(), "k").Val(), nil, 1000)
	if err := p.client().Set(t.Context(), "k", "v", 0).Err(); err == nil || !strings.HasPrefix(err.Error(), "OOM ") {
		t.Errorf("SET behind the start: %v", err)
	}
}
