package resp

// White-box: the parser is not exported.

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var heavy = flag.Bool("heavy", false, "run tests that take a gigabyte or minutes")

var testLimits = parseLimits{bulk: 512 << 20, query: 1 << 30, authenticated: true}

// parsed is what a stream is parsed to.
type parsed struct {
	requests [][]string
	err      error
}

func (p parsed) String() string { return fmt.Sprintf("%q %v", p.requests, p.err) }

// feed is a stream on its way through a parser. Requests are held for a while, as ones in
// flight are, and checked when they are released: nobody may have written over them.
type feed struct {
	p        parser
	stream   []byte
	got      parsed
	inFlight []request
	texts    [][]string
}

func (f *feed) over() bool { return len(f.stream) == 0 || f.got.err != nil }

// step has the parser read as much as piece says, and parse it.
func (f *feed) step(t testing.TB, piece func(max int) int, keep int) {
	space := f.p.space()
	if len(space) == 0 {
		t.Fatal("no space")
	}
	n := copy(space, f.stream[:piece(min(len(f.stream), len(space)))])
	f.p.wrote(n)
	f.stream = f.stream[n:]
	for {
		ok, err := f.p.next()
		if err != nil {
			f.got.err = err
			break
		}
		if !ok {
			break
		}
		var r request
		f.p.take(&r)
		f.got.requests = append(f.got.requests, words(r.args))
		f.inFlight, f.texts = append(f.inFlight, r), append(f.texts, words(r.args))
		f.release(t, keep)
	}
	f.p.rest()
}

// release gives back the oldest requests, but for some.
func (f *feed) release(t testing.TB, keep int) {
	for ; len(f.inFlight) > keep; f.inFlight, f.texts = f.inFlight[1:], f.texts[1:] {
		if fmt.Sprint(words(f.inFlight[0].args)) != fmt.Sprint(f.texts[0]) {
			t.Fatalf("a request changed while it was held")
		}
		f.p.pool.release(&f.inFlight[0].mem)
	}
}

func (f *feed) close(t testing.TB) {
	f.release(t, 0)
	f.p.close()
}

// parseAll feeds the stream in pieces of the sizes that piece draws.
func parseAll(t testing.TB, limits parseLimits, stream []byte, piece func(max int) int, keep int) parsed {
	f := feed{p: parser{pool: &pool{maxChunks: 8}, limits: limits}, stream: stream}
	for !f.over() {
		f.step(t, piece, keep)
	}
	f.close(t)
	return f.got
}

func words(args [][]byte) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = string(a)
	}
	return out
}

func whole(n int) int { return n }

// reference is the simple parser: it looks at the whole stream at once.
func reference(limits parseLimits, b []byte) parsed {
	var got parsed
	for len(b) > 0 {
		var args []string
		var done bool
		if b[0] == '*' {
			args, b, done, got.err = referenceArray(limits, b)
		} else {
			args, b, done, got.err = referenceInline(b)
		}
		if !done || got.err != nil {
			return got
		}
		if len(args) > 0 {
			got.requests = append(got.requests, args)
		}
	}
	return got
}

func referenceInline(b []byte) (args []string, rest []byte, done bool, err error) {
	i := bytes.IndexByte(b, '\n')
	if i > maxLine || i < 0 && len(b) > maxLine {
		return nil, nil, false, errBigInline
	}
	if i < 0 {
		return nil, nil, false, nil
	}
	line := strings.TrimSuffix(string(b[:i]), "\r")
	args, ok := referenceSplit(line)
	if !ok {
		return nil, nil, false, errUnbalanced
	}
	return args, b[i+1:], true, nil
}

func referenceSplit(line string) ([]string, bool) {
	var args []string
	blanks := " \t\n\v\f\r"
	for {
		line = strings.TrimLeft(line, blanks)
		if line == "" {
			return args, true
		}
		word, quote := "", byte(0)
		for {
			if line == "" {
				if quote != 0 {
					return nil, false
				}
				break
			}
			c := line[0]
			if quote == 0 && strings.IndexByte(" \n\r\t", c) >= 0 {
				break
			}
			line = line[1:]
			switch {
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
				continue
			case quote != 0 && c == quote:
				if line != "" && strings.IndexByte(blanks, line[0]) < 0 {
					return nil, false
				}
				quote = 0
				goto word
			case quote == '\'' && c == '\\' && strings.HasPrefix(line, "'"):
				c, line = '\'', line[1:]
			case quote == '"' && c == '\\' && line != "":
				if v, err := strconv.ParseUint(line[min(len(line), 1):min(len(line), 3)], 16, 8); line[0] == 'x' && len(line) >= 3 && err == nil {
					c, line = byte(v), line[3:]
				} else {
					c = line[0]
					if i := strings.IndexByte("nrtba", c); i >= 0 {
						c = "\n\r\t\b\a"[i]
					}
					line = line[1:]
				}
			}
			word += string([]byte{c})
		}
	word:
		args = append(args, word)
	}
}

func referenceArray(limits parseLimits, b []byte) (args []string, rest []byte, done bool, err error) {
	head, b, ok, err := referenceLine(b, errBigArray)
	if !ok {
		return nil, nil, false, err
	}
	n, ok := referenceNumber(head[1:])
	switch {
	case !ok || n > maxArrayLen:
		return nil, nil, false, errArrayLen
	case n > 10 && !limits.authenticated:
		return nil, nil, false, errEarlyArray
	}
	sum := int64(len(head) + 2)
	for range n {
		if head, b, ok, err = referenceLine(b, errBigBulk); !ok {
			return nil, nil, false, err
		}
		if head == "" || head[0] != '$' {
			c := byte('\r')
			if head != "" {
				c = head[0]
			}
			return nil, nil, false, expectedDollar(c)
		}
		size, ok := referenceNumber(head[1:])
		if !ok || size < 0 || size > limits.bulk {
			return nil, nil, false, errBulkLen
		}
		if size > 16384 && !limits.authenticated {
			return nil, nil, false, errEarlyBulk
		}
		if sum += size + int64(len(head)) + 4 + argBookkeeping; sum > limits.query {
			return nil, nil, false, errQueryLimit
		}
		if int64(len(b)) < size+2 {
			return nil, nil, false, nil
		}
		args = append(args, string(b[:size]))
		b = b[size+2:]
	}
	return args, b, true, nil
}

func referenceLine(b []byte, tooLong error) (string, []byte, bool, error) {
	i := bytes.IndexByte(b, '\r')
	switch {
	case i > maxLine || i < 0 && len(b) > maxLine:
		return "", nil, false, tooLong
	case i < 0 || i+1 >= len(b):
		return "", nil, false, nil
	}
	return string(b[:i]), b[i+2:], true, nil
}

func referenceNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == s && len(strings.TrimPrefix(s, "-")) <= 18
}

// streamGen draws streams of good requests, with damage now and then.
func streamGen(t *rapid.T) []byte {
	var b []byte
	for range rapid.IntRange(1, 30).Draw(t, "requests") {
		switch rapid.IntRange(0, 20).Draw(t, "kind") {
		case 0:
			b = append(b, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "noise")...)
		case 1:
			b = append(b, rapid.StringMatching(`( |\*|\$|[0-9a-c]|"|'|\\|x|\r|\n){0,20}\r\n`).Draw(t, "line")...)
		case 2:
			b = append(b, rapid.SampledFrom([]string{"\r\n", "*0\r\n", "*-1\r\n", "PING\n", "set 'a b' \"c\\x41\"\r\n"}).Draw(t, "odd")...)
		case 3:
			b = appendCommand(b, "set", strings.Repeat("v", rapid.IntRange(0, 200000).Draw(t, "long")))
		default:
			args := rapid.SliceOfN(rapid.StringN(-1, -1, 300), 1, 12).Draw(t, "args")
			b = appendCommand(b, args...)
		}
	}
	return b
}

func appendCommand(b []byte, args ...string) []byte {
	b = fmt.Appendf(b, "*%d\r\n", len(args))
	for _, a := range args {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(a), a)
	}
	return b
}

func TestParserTakesAnySplit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		stream := streamGen(rt)
		limits := testLimits
		limits.authenticated = rapid.Bool().Draw(rt, "authenticated")
		want := reference(limits, stream)
		keep := rapid.IntRange(0, 40).Draw(rt, "in flight")
		typical := rapid.SampledFrom([]int{1, 7, 1000, 40000}).Draw(rt, "piece")
		got := parseAll(t, limits, stream, func(n int) int {
			return rapid.IntRange(1, min(n, typical)).Draw(rt, "size")
		}, keep)
		if got.String() != want.String() {
			rt.Fatalf("in pieces %.300v\nreference %.300v", got, want)
		}
		if got := parseAll(t, limits, stream, whole, keep); got.String() != want.String() {
			rt.Fatalf("at once %.300v\nreference %.300v", got, want)
		}
	})
}

// Connections of a home are read into one chunk, turn by turn, and nobody reads over what
// another has not parsed or has in flight.
func TestParsersShareAChunk(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pl := &pool{maxChunks: 8}
		var feeds []*feed
		var want []parsed
		for range rapid.IntRange(2, 6).Draw(rt, "connections") {
			stream := streamGen(rt)
			feeds = append(feeds, &feed{p: parser{pool: pl, limits: testLimits}, stream: stream})
			want = append(want, reference(testLimits, stream))
		}
		keep := rapid.IntRange(0, 10).Draw(rt, "in flight")
		typical := rapid.SampledFrom([]int{7, 300, 5000, 40000}).Draw(rt, "piece")
		for left := slices.Clone(feeds); len(left) > 0; {
			i := rapid.IntRange(0, len(left)-1).Draw(rt, "turn")
			if left[i].over() {
				left = slices.Delete(left, i, i+1)
				continue
			}
			left[i].step(t, func(n int) int { return rapid.IntRange(1, min(n, typical)).Draw(rt, "size") }, keep)
		}
		for i, f := range feeds {
			if f.close(t); f.got.String() != want[i].String() {
				rt.Fatalf("among others %.300v\nreference %.300v", f.got, want[i])
			}
		}
		if pl.common != nil && pl.common.holds != 0 {
			rt.Fatalf("%d holds are left", pl.common.holds)
		}
	})
}

func FuzzParser(f *testing.F) {
	for _, s := range []string{
		"*1\r\n$-2\r\n", "*2\r\n$3\r\nGET\r\n$1\r\na\r\nPING\r\n", "echo \"a\\x41\" 'b'\r\n", "*0\r\n*-1\r\n\r\n",
		"*1\r\n$4\r\nPINGxx", "*1\n$4\nPING\n", "*2\r\n$0\r\n\r\n$01\r\n", "a\"b\"c\r\n", "'\\'",
	} {
		f.Add([]byte(s), uint8(1), true)
		f.Add([]byte(s), uint8(3), false)
	}
	f.Fuzz(func(t *testing.T, stream []byte, size uint8, authenticated bool) {
		limits := parseLimits{bulk: 100000, query: 200000, authenticated: authenticated}
		want := reference(limits, stream)
		got := parseAll(t, limits, stream, func(n int) int { return min(n, int(size)+1) }, 3)
		if got.String() != want.String() {
			t.Fatalf("got %v\nwant %v", got, want)
		}
	})
}

func TestHeaderEndsAreLookedUpByCR(t *testing.T) {
	got := parseAll(t, testLimits, []byte("*1\n$4\nPING\n"), whole, 0)
	if len(got.requests) != 0 || got.err != nil {
		t.Errorf("got %v, want to wait", got)
	}
}

// TestLinesUpTo65536 holds the border of the three length limits.
func TestLinesUpTo65536(t *testing.T) {
	line := strings.Repeat("x", maxLine)
	for _, row := range []struct {
		name, stream string
		err          error
	}{
		{"inline", line + "\n", nil},
		{"inline too long", line + "x\n", errBigInline},
		{"array", "*" + line[1:] + "\r\n", errArrayLen},
		{"array too long", "*" + line + "\r\n", errBigArray},
		{"bulk", "*1\r\n$" + line[1:] + "\r\n", errBulkLen},
		{"bulk too long", "*1\r\n$" + line + "\r\n", errBigBulk},
	} {
		for _, piece := range []int{1, 1 << 20} {
			got := parseAll(t, testLimits, []byte(row.stream), func(n int) int { return min(n, piece) }, 0)
			if !errors.Is(got.err, row.err) {
				t.Errorf("%s: got %v, want %v", row.name, got.err, row.err)
			}
		}
	}
}

// TestMillionArguments is an XACK of a million IDs: what is taken of it is never looked
// at again, and moved only as often as lists that grow are.
func TestMillionArguments(t *testing.T) {
	const n, element = 1_000_000, len("$15\r\n0000000000000-0\r\n")
	stream := manyArguments(n)
	pl := &pool{maxChunks: 8}
	p := parser{pool: pl, limits: testLimits}
	moves, list := 0, 0 // how often the list of arguments was moved, and its room
	parseInPieces(t, &p, stream, func() {
		if p.buffered() >= element {
			t.Fatalf("%d bytes are left to look at again, an argument has %d", p.buffered(), element)
		}
		if cap(p.req.args) != list {
			list = cap(p.req.args)
			moves++
		}
	})
	if moves > 80 {
		t.Errorf("a list of %d arguments was moved %d times", n, moves)
	}
	var r request
	p.take(&r)
	if len(r.args) != n || string(r.args[n-1]) != fmt.Sprintf("%013d-0", n-1) || string(r.args[0]) != "0000000000000-0" {
		t.Fatalf("%d arguments", len(r.args))
	}
	if held, enough := len(r.mem.more)+1, len(stream)/(chunkSize-minSpace)+1; held > enough {
		t.Errorf("%d chunks are held for %d bytes, %d would be enough", held, len(stream), enough)
	}
	pl.release(&r.mem)
	p.close()
}

// BenchmarkManyArguments parses one request that comes in packets. What an argument
// takes must not grow with their number. The timer leaves out what makes the stream.
func BenchmarkManyArguments(b *testing.B) {
	for _, n := range []int{1000, 125_000, 1_000_000} {
		b.Run(fmt.Sprintf("arguments=%d", n), func(b *testing.B) {
			stream := manyArguments(n)
			pl := &pool{maxChunks: 8}
			p := parser{pool: pl, limits: testLimits}
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				parseInPieces(b, &p, stream, func() {})
				var r request
				p.take(&r)
				pl.release(&r.mem)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/argument")
		})
	}
}

func manyArguments(n int) []byte {
	stream := fmt.Appendf(nil, "*%d\r\n", n)
	for i := range n {
		stream = fmt.Appendf(stream, "$15\r\n%013d-0\r\n", i)
	}
	return stream
}

// parseInPieces has one request parsed that comes in packets; each is called after
// each of them but the last.
func parseInPieces(t testing.TB, p *parser, stream []byte, each func()) {
	for {
		n := copy(p.space(), stream[:min(len(stream), 1500)])
		p.wrote(n)
		stream = stream[n:]
		switch ok, err := p.next(); {
		case err != nil || ok != (len(stream) == 0):
			t.Fatalf("%d bytes before the end: %t, %v", len(stream), ok, err)
		case ok:
			return
		}
		each()
	}
}

// TestMegabyteByteAtATime is a slow client.
func TestMegabyteByteAtATime(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
	}{
		{"one argument", []string{"set", "k", strings.Repeat("v", 1<<20)}},
		{"many", append([]string{"XACK", "s", "g"}, strings.Split(strings.Repeat("1700000000000-0 ", 60000), " ")...)},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := parseAll(t, testLimits, appendCommand(nil, row.args...), func(int) int { return 1 }, 0)
			if len(got.requests) != 1 || fmt.Sprint(got.requests[0]) != fmt.Sprint(row.args) {
				t.Fatalf("%d requests, %v", len(got.requests), got.err)
			}
		})
	}
}

// TestAnnouncedBytesTakeNoMemory announces 512 MB on many connections.
func TestAnnouncedBytesTakeNoMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rss := residentBytes(t)
	pl := &pool{}
	var all []*parser
	for range 200 {
		p := &parser{pool: pl, limits: testLimits}
		p.wrote(copy(p.space(), "*1000000000\r\n$536870912\r\nabc"))
		if ok, err := p.next(); ok || err != nil {
			t.Fatal(ok, err)
		}
		all = append(all, p)
	}
	runtime.ReadMemStats(&after)
	if grew := int64(after.HeapAlloc) - int64(before.HeapAlloc); grew > 64<<20 {
		t.Errorf("heap grew by %d MB", grew>>20)
	}
	if grew := residentBytes(t) - rss; grew > 64<<20 {
		t.Errorf("resident memory grew by %d MB", grew>>20)
	}
	for _, p := range all {
		p.close()
	}
}

// residentBytes is the memory of this process, 0 where it cannot be told.
func residentBytes(t testing.TB) int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}

// TestLargestArgumentOnce reads 512 MB and finds them in memory once.
func TestLargestArgumentOnce(t *testing.T) {
	if !*heavy {
		t.Skip("needs -heavy")
	}
	const size = 512 << 20
	pl := &pool{}
	p := &parser{pool: pl, limits: testLimits}
	start := residentBytes(t)
	p.wrote(copy(p.space(), "*1\r\n$536870912\r\n"))
	var peak int64
	for left := size + 2; ; {
		if ok, err := p.next(); err != nil {
			t.Fatal(err)
		} else if ok {
			break
		}
		b := p.space()
		b = b[:min(len(b), left)]
		for i := range b {
			b[i] = 'x'
		}
		p.wrote(len(b))
		left -= len(b)
		peak = max(peak, residentBytes(t)-start)
	}
	var r request
	p.take(&r)
	if len(r.args) != 1 || len(r.args[0]) != size || cap(r.args[0]) != size {
		t.Fatal("not the argument")
	}
	t.Logf("peak %d MB", peak>>20)
	if peak > size*11/10 {
		t.Errorf("peak %d MB", peak>>20)
	}
	pl.release(&r.mem)
	if left := residentBytes(t) - start; left > 64<<20 {
		t.Errorf("%d MB left", left>>20)
	}
	p.close()
}

func BenchmarkParser(b *testing.B) {
	for _, depth := range []int{1, 16, 128} {
		var stream []byte
		for range depth {
			stream = appendCommand(stream, "XADD", "stream", "*", "field", strings.Repeat("v", 100))
		}
		b.Run(fmt.Sprintf("value=100B/depth=%d", depth), func(b *testing.B) {
			pl := &pool{maxChunks: 8, maxSlots: 256}
			p := parser{pool: pl, limits: testLimits}
			slots := make([]*slot, 0, depth)
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				p.wrote(copy(p.space(), stream))
				for {
					if ok, _ := p.next(); !ok {
						break
					}
					sl := pl.slot()
					p.take(&sl.request)
					slots = append(slots, sl)
				}
				for _, sl := range slots {
					pl.recycle(sl)
				}
				slots = slots[:0]
				p.rest()
			}
		})
	}
}
