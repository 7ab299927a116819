package integration

import (
	"bufio"
	"fmt"
	"hash"
	"hash/crc64"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// One argument of 512 MB comes at network speed. The server holds it as argument,
// as log entry and as stored value, and no fourth time. It is the same when read
// back, now and after a restart.
func TestArgumentOf512MB(t *testing.T) {
	needHeavy(t)
	const size = 512 * mib
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			dir := t.TempDir()
			p := serve(t, dir, "--listener", listener)
			raw := dialRaw(t, p.Addr)
			start := time.Now()
			sent := sendEntry(t, raw, size)
			raw.expect("$3\r\n1-1\r\n", false, false)
			took := time.Since(start)
			most := memory(t, p.pid(), "VmHWM")
			t.Logf("XADD of %d MiB took %v; the server had at most %d MiB", size/mib, took.Round(time.Millisecond), most/mib)
			if most > 1700_000_000 {
				t.Errorf("the server had %d MiB", most/mib)
			}
			p.readBack(size, sent)
			p.stop()
			p = serve(t, dir, "--listener", listener)
			t.Logf("started again, the server had at most %d MiB", memory(t, p.pid(), "VmHWM")/mib)
			p.readBack(size, sent)
			p.stop()
		})
	}
}

func (p *process) readBack(size int, want uint64) {
	p.t.Helper()
	start := time.Now()
	raw := dialRaw(p.t, p.Addr)
	defer raw.Close()
	if got := readEntry(p.t, raw, size); got != want {
		p.t.Errorf("read back with checksum %x, sent with %x", got, want)
	}
	p.t.Logf("reading it back took %v; the server had at most %d MiB", time.Since(start).Round(time.Millisecond), memory(p.t, p.pid(), "VmHWM")/mib)
}

// sendEntry sends an XADD with one large value, and returns its checksum.
func sendEntry(t *testing.T, raw rawConn, size int) uint64 {
	t.Helper()
	raw.SetDeadline(time.Now().Add(10 * time.Minute))
	raw.write(fmt.Sprintf("*5\r\n$4\r\nXADD\r\n$1\r\nk\r\n$3\r\n1-1\r\n$1\r\nf\r\n$%d\r\n", size))
	sum := newChecksum()
	rng := rand.New(rand.NewPCG(1, 2))
	block := make([]byte, mib)
	for i := 0; i < len(block); i += 8 {
		putUint64(block[i:], rng.Uint64())
	}
	for left := size; left > 0; left -= len(block) {
		putUint64(block, uint64(left)) // no two blocks are the same
		if _, err := raw.Write(block); err != nil {
			t.Fatalf("%d bytes before the end: %v", left, err)
		}
		sum.Write(block)
	}
	raw.write("\r\n")
	return sum.Sum64()
}

// readEntry reads the one entry of the stream and returns its value's checksum.
func readEntry(t *testing.T, raw rawConn, size int) uint64 {
	t.Helper()
	raw.SetDeadline(time.Now().Add(10 * time.Minute))
	raw.write("XRANGE k - +\r\n")
	r := bufio.NewReaderSize(raw, mib)
	head := fmt.Sprintf("*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$%d\r\n", size)
	got := make([]byte, len(head))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != head {
		t.Fatalf("got %q, %v; want %q", got, err, head)
	}
	sum := newChecksum()
	if _, err := io.CopyN(sum, r, int64(size)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, got[:2]); err != nil || string(got[:2]) != "\r\n" {
		t.Fatalf("got %q, %v behind the value", got[:2], err)
	}
	return sum.Sum64()
}

func newChecksum() hash.Hash64 { return crc64.New(crc64.MakeTable(crc64.ECMA)) }

func putUint64(b []byte, v uint64) {
	for i := range 8 {
		b[i] = byte(v >> (8 * i))
	}
}

// A request of a megabyte that comes a byte at a time costs in proportion to its
// bytes: it is not looked at from its beginning each time.
func TestRequestByteByByte(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		pending := fillGroup(t, p, 100)
		request, ids := ackRequest(mib)
		before := processorTime(t, p.pid())
		raw := dialRaw(t, p.Addr)
		raw.SetDeadline(time.Now().Add(5 * time.Minute))
		start := time.Now()
		for i := range len(request) {
			if _, err := raw.Write(request[i : i+1]); err != nil {
				t.Fatal(err)
			}
		}
		raw.expect(fmt.Sprintf(":%d\r\n", pending), false, false)
		used := processorTime(t, p.pid()) - before
		t.Logf("XACK of %d IDs, %d bytes one at a time: %v, of which the server computed %v", ids, len(request), time.Since(start).Round(time.Millisecond), used)
		if perByte := used / time.Duration(len(request)); perByte > 100*time.Microsecond {
			t.Errorf("%v of the processor for each byte", perByte)
		}
	})
}

// A request of a million arguments.
func TestXAckOfAMillionIDs(t *testing.T) {
	needHeavy(t)
	onBoth(t, nil, func(t *testing.T, p *process) {
		pending := fillGroup(t, p, 1000)
		const n = 1_000_000
		var b strings.Builder
		fmt.Fprintf(&b, "*%d\r\n$4\r\nXACK\r\n$1\r\nk\r\n$1\r\ng\r\n", n+3)
		for i := range n {
			id := fmt.Sprint(i+1, "-1")
			fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(id), id)
		}
		start := time.Now()
		raw := dialRaw(t, p.Addr)
		raw.write(b.String())
		raw.expect(fmt.Sprintf(":%d\r\n", pending), false, false)
		t.Logf("%v; the server had at most %d MiB", time.Since(start).Round(time.Millisecond), memory(t, p.pid(), "VmHWM")/mib)
	})
}

// fillGroup makes a stream k whose group g has n entries pending, 1-1 to n-1.
func fillGroup(t *testing.T, p *process, n int) int {
	t.Helper()
	c := p.client()
	mustDo(t, c, "XGROUP", "CREATE", "k", "g", "0", "MKSTREAM")
	for i := range n {
		mustDo(t, c, "XADD", "k", fmt.Sprint(i+1, "-1"), "f", "v")
	}
	mustDo(t, c, "XREADGROUP", "GROUP", "g", "ann", "COUNT", fmt.Sprint(n), "STREAMS", "k", ">")
	return n
}

// ackRequest is an XACK of about so many bytes: the IDs 1-1, 2-1 and so on.
func ackRequest(size int) (request []byte, ids int) {
	var list []byte
	for len(list) < size {
		ids++
		id := fmt.Sprint(ids, "-1")
		list = fmt.Appendf(list, "$%d\r\n%s\r\n", len(id), id)
	}
	return append(fmt.Appendf(nil, "*%d\r\n$4\r\nXACK\r\n$1\r\nk\r\n$1\r\ng\r\n", ids+3), list...), ids
}
