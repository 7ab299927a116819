package commands_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// stringTwin is strings as a plain map, and what commands do to them as the pages of
// Redis tell it, byte by byte.
type stringTwin map[string]string

func (tw stringTwin) get(name string) string {
	if text, ok := tw[name]; ok {
		return bulk(text)
	}
	return "$-1\r\n"
}

func bulk(text string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text) }

func integer(n int) string { return fmt.Sprintf(":%d\r\n", n) }

func (tw stringTwin) appendTo(name, tail string) string {
	tw[name] += tail
	return integer(len(tw[name]))
}

func (tw stringTwin) setRange(name string, offset int, value string) string {
	if value == "" {
		return integer(len(tw[name]))
	}
	b := []byte(tw[name])
	for len(b) < offset+len(value) {
		b = append(b, 0)
	}
	for i := range len(value) {
		b[offset+i] = value[i]
	}
	tw[name] = string(b)
	return integer(len(b))
}

// getRange takes each byte that lies between the ends.
func (tw stringTwin) getRange(name string, start, end int) string {
	text := tw[name]
	if start < 0 && end < 0 && start > end {
		return bulk("")
	}
	if start < 0 {
		start = max(0, start+len(text))
	}
	if end < 0 {
		end = max(0, end+len(text))
	}
	var part strings.Builder
	for i := range len(text) {
		if start <= i && i <= end {
			part.WriteByte(text[i])
		}
	}
	return bulk(part.String())
}

func (tw stringTwin) incrBy(name string, by int64) string {
	text, ok := tw[name]
	if !ok {
		text = "0"
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return "-ERR value is not an integer or out of range\r\n"
	}
	sum := n + by
	if by > 0 && sum < n || by < 0 && sum > n {
		return "-ERR increment or decrement would overflow\r\n"
	}
	tw[name] = strconv.FormatInt(sum, 10)
	return fmt.Sprintf(":%d\r\n", sum)
}

func (tw stringTwin) delIf(name, value string, equal bool) string {
	if text, ok := tw[name]; !ok || (text == value) != equal {
		return integer(0)
	}
	delete(tw, name)
	return integer(1)
}

func (tw stringTwin) rename(from, to string) string {
	text, ok := tw[from]
	if !ok {
		return "-ERR no such key\r\n"
	}
	delete(tw, from)
	tw[to] = text
	return "+OK\r\n"
}

func (tw stringTwin) copyTo(from, to string) string {
	_, taken := tw[to]
	text, ok := tw[from]
	switch {
	case from == to:
		return "-ERR source and destination objects are the same\r\n"
	case !ok || taken:
		return integer(0)
	}
	tw[to] = text
	return integer(1)
}

// Strings do what their naive twin does; and views taken on the way keep what they
// showed.
func TestStringsMatchTwin(t *testing.T) {
	name := rapid.SampledFrom([]string{"a", "b", "c"})
	text := rapid.OneOf(rapid.StringN(0, 5, -1), rapid.SampledFrom([]string{"0", "1", "-7", "01", "9223372036854775807"}))
	place := rapid.IntRange(-8, 8)
	number := rapid.OneOf(rapid.Int64Range(-9, 9), rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64}))
	rapid.Check(t, func(t *rapid.T) {
		a, tw := newApplier(), stringTwin{}
		same := func(want string, args ...string) {
			if got := a.do(args...); got != want {
				t.Fatalf("%q: %q, its twin says %q", args, got, want)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"SET": func(t *rapid.T) {
				n, v := name.Draw(t, "name"), text.Draw(t, "value")
				tw[n] = v
				same("+OK\r\n", "SET", n, v)
			},
			"APPEND": func(t *rapid.T) {
				n, v := name.Draw(t, "name"), text.Draw(t, "value")
				same(tw.appendTo(n, v), "APPEND", n, v)
			},
			"SETRANGE": func(t *rapid.T) {
				n, at, v := name.Draw(t, "name"), rapid.IntRange(0, 9).Draw(t, "offset"), text.Draw(t, "value")
				same(tw.setRange(n, at, v), "SETRANGE", n, fmt.Sprint(at), v)
			},
			"GETRANGE": func(t *rapid.T) {
				n, from, to := name.Draw(t, "name"), place.Draw(t, "from"), place.Draw(t, "to")
				same(tw.getRange(n, from, to), "GETRANGE", n, fmt.Sprint(from), fmt.Sprint(to))
			},
			"INCRBY": func(t *rapid.T) {
				n, by := name.Draw(t, "name"), number.Draw(t, "by")
				same(tw.incrBy(n, by), "INCRBY", n, fmt.Sprint(by))
			},
			"DELEX": func(t *rapid.T) {
				n, v, equal := name.Draw(t, "name"), text.Draw(t, "value"), rapid.Bool().Draw(t, "equal")
				same(tw.delIf(n, v, equal), "DELEX", n, map[bool]string{true: "IFEQ", false: "IFNE"}[equal], v)
			},
			"RENAME": func(t *rapid.T) {
				from, to := name.Draw(t, "from"), name.Draw(t, "to")
				same(tw.rename(from, to), "RENAME", from, to)
			},
			"COPY": func(t *rapid.T) {
				from, to := name.Draw(t, "from"), name.Draw(t, "to")
				same(tw.copyTo(from, to), "COPY", from, to)
			},
			"DUMP": func(t *rapid.T) {
				n := name.Draw(t, "name")
				if _, ok := tw[n]; ok {
					reply := a.do("DUMP", n)
					_, dump, _ := strings.Cut(strings.TrimSuffix(reply, "\r\n"), "\r\n")
					same("+OK\r\n", "RESTORE", n, "0", dump, "REPLACE")
				}
			},
			"": func(*rapid.T) {
				for _, n := range []string{"a", "b", "c"} {
					same(tw.get(n), "GET", n)
				}
			},
		})
	})
}
