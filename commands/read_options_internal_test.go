package commands

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func words(line string) (args [][]byte) {
	for _, w := range strings.Fields(line) {
		args = append(args, []byte(w))
	}
	return args
}

// Redis adds the timeout to the clock; what no longer fits is refused.
func TestReadTimeout(t *testing.T) {
	for _, row := range []struct {
		name, ms string
		want     time.Duration
		err      error
	}{
		{"for ever", "0", 0, nil},
		{"milliseconds", "1500", 1500 * time.Millisecond, nil},
		{"longer than a Duration", "9223372036854", math.MaxInt64 / 1000000 * 1000000, nil},
		{"a million years", "31536000000000000", math.MaxInt64 / 1000000 * 1000000, nil},
		{"more than fits", "9223372036854775807", 0, errTimeoutRange},
		{"no integer", "1.5", 0, errTimeoutNotInteger},
		{"negative", "-1", 0, errTimeoutNegative},
	} {
		o, err := parseRead(words("XREAD BLOCK "+row.ms+" STREAMS k 0"), false)
		if err != row.err || o.timeout != row.want {
			t.Errorf("%s: got %v, %v; want %v, %v", row.name, o.timeout, err, row.want, row.err)
		}
	}
}

// A group or a consumer may be called like an option.
func TestFindReadKeys(t *testing.T) {
	for _, row := range []struct {
		line  string
		want  []int
		block bool
	}{
		{"XREAD STREAMS a 0", []int{2}, false},
		{"XREAD COUNT 1 BLOCK 5 STREAMS a b 0 0", []int{6, 7}, true},
		{"XREAD streams block count 0 0", []int{2, 3}, false},
		{"XREADGROUP GROUP streams c COUNT 1 STREAMS a b 0 0", []int{7, 8}, false},
		{"XREADGROUP GROUP block STREAMS NOACK STREAMS a 0", []int{6}, false},
		{"XREADGROUP NOACK BLOCK 0 GROUP g c STREAMS a 0", []int{8}, true},
		{"XREAD STREAMS a b 0", nil, false},
		{"XREAD STREAMS", nil, false},
		{"XREAD FOO STREAMS a 0", nil, false},
		{"XREAD COUNT", nil, false},
		{"XREAD GROUP", nil, false},
	} {
		args := words(row.line)
		if got := findReadKeys(args); !slices.Equal(got, row.want) {
			t.Errorf("%s: keys at %v, want %v", row.line, got, row.want)
		}
		if got := mayBlock(args); got != row.block {
			t.Errorf("%s: may block is %v", row.line, got)
		}
	}
}

// FuzzFindReadKeys: whatever the arguments, keys are found where the parser finds
// them.
func FuzzFindReadKeys(f *testing.F) {
	f.Add("XREADGROUP GROUP g c COUNT 1 BLOCK 0 NOACK STREAMS a b > 0")
	f.Add("XREAD COUNT 2 STREAMS block 0")
	f.Fuzz(func(t *testing.T, line string) {
		args := words(line)
		if len(args) < 2 {
			return
		}
		for _, grouped := range []bool{false, true} {
			o, err := parseRead(args, grouped)
			if err != nil {
				continue
			}
			keys := findReadKeys(args)
			if len(keys) != len(o.keys) {
				t.Fatalf("%q: keys at %v, parsed %d", line, keys, len(o.keys))
			}
			for i, k := range keys {
				if string(args[k]) != string(o.keys[i]) {
					t.Fatalf("%q: key %d at %d", line, i, k)
				}
			}
			if o.block != mayBlock(args) {
				t.Fatalf("%q: block is %v", line, o.block)
			}
		}
	})
}

func TestParseInt(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 9, 10, 123456789, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1} {
		if got, ok := parseInt(strconv.AppendInt(nil, n, 10)); !ok || got != n {
			t.Errorf("%d: got %d, %v", n, got, ok)
		}
	}
	for _, s := range []string{
		"", "-", "+1", " 1", "1 ", "01", "-0", "-01", "00", "1.0", "1e3", "0x1", "a",
		"9223372036854775808", "-9223372036854775809", "10000000000000000000", "99999999999999999999", "1\x00",
	} {
		if n, ok := parseInt([]byte(s)); ok {
			t.Errorf("%q: got %d, want a refusal", s, n)
		}
	}
}
